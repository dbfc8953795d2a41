"""A mailing: as any reader gets it, whom it is for, how it goes, and what became of anybody's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from campaign.delivery import showing, views
from campaign.errors import RefusedError
from campaign.model import BroadcastState, DeliveryState
from campaign.web.desk import show
from campaign.web.desk.door import Ask
from campaign.web.desk.found import Message, find
from campaign.web.security import policy

#: The frame of an email: nothing but its own styles, and no script, whatever it says.
FRAME = {
    "Content-Security-Policy": policy(
        {"default-src": "'none'", "style-src": "'unsafe-inline'", "img-src": "data:", "frame-ancestors": "'self'"}
    )
    + "; sandbox",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def shown(ask: Ask, found: Message) -> dict[str, Any]:
    """What the page of a mailing has besides that of any message."""
    words, programme = ask.door.templates.words(), found.force.programme
    planned, item = found.planned[0], found.entry.first
    area, audience = _reader(ask, found)
    email = showing.email(
        ask.work, ask.door.shelf, found.force, planned, found.rows.get(item.key), area=area, audience=audience
    )
    try:
        lists, everybody = showing.reach(ask.work, found.force, planned, ask.now)
        left_out = showing.left_out(ask.work, found.force, planned, ask.now)
        trouble = ""
    except RefusedError as error:
        lists, everybody, left_out, trouble = [], 0, [], str(error)
    wanted = item.total - item.tally.get(DeliveryState.SKIPPED, 0)
    kept = {"area": area, "audience": audience}
    return {
        "email": email,
        "lists": lists,
        "everybody": everybody,
        "left_out": left_out,
        "trouble": trouble,
        "sent": item.tally.get(DeliveryState.SENT, 0),
        "wanted": wanted,
        "tiles": show.tiles(item.tally, words),
        "areas": {"": words("mailing.all_areas"), **programme.areas},
        "audiences": {
            "": words("mailing.all_audiences"),
            **{key: each.name for key, each in programme.audiences.items()},
        },
        "reader": kept,
        "frame": f"{found.path}/frame?{urlencode(kept)}",
        "failures": _failures(ask, item),
        "over": item.state in {BroadcastState.DONE, BroadcastState.DROPPED, BroadcastState.CANCELLED},
    }


def _reader(ask: Ask, found: Message) -> tuple[str, str]:
    programme = found.force.programme
    area, audience = ask.text("area"), ask.text("audience")
    return area if area in programme.areas else "", audience if audience in programme.audiences else ""


def _failures(ask: Ask, item: views.Item) -> list[tuple[str, str, int]]:
    """Why emails did not go: state, reason, how many; most first."""
    states = (DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.MISSED, DeliveryState.SKIPPED)
    if not item.broadcast or not any(item.tally.get(state) for state in states):
        return []
    counts: dict[tuple[str, str], int] = {}
    for delivery in ask.work.store.deliveries.of(item.broadcast, *states, limit=2000):
        name = (delivery.state.value, delivery.reason)
        counts[name] = counts.get(name, 0) + 1
    return sorted(((*name, count) for name, count in counts.items()), key=lambda row: -row[2])


def frame(ask: Ask) -> Response:
    """The email itself, for the frame: under a policy of its own, without scripts."""
    found = find(ask)
    if not found.entry.is_mailing:
        raise HTTPException(404)
    area, audience = _reader(ask, found)
    row = found.rows.get(found.entry.first.key)
    email = showing.email(
        ask.work, ask.door.shelf, found.force, found.planned[0], row, area=area, audience=audience
    )  # fmt: skip
    return HTMLResponse(email.html or "<!doctype html><title>–</title>", 200, FRAME)
