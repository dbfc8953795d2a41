"""A mailing: as any reader gets it, whom it is for, a test of it, and what became of anybody's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from campaign.address import mask
from campaign.delivery import audience, showing
from campaign.errors import ChannelError, RefusedError
from campaign.model import DeliveryState, HoldScope, Programme, Strength
from campaign.web.desk import times
from campaign.web.desk.door import Ask
from campaign.web.desk.found import Message, find
from campaign.web.security import policy

#: How the email may be looked at.
VIEWS = ("computer", "phone", "words", "inbox")
#: How many people a search shows.
MOST = 10
_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")


def shown(ask: Ask, found: Message) -> dict[str, Any]:
    """What the page of a mailing has besides that of any message."""
    words, programme, planned = ask.door.templates.words(), found.force.programme, found.planned[0]
    reader = _reader(ask, found)
    email = _email(ask, found, reader)
    try:
        reach = showing.reach(ask.work, found.force, planned, ask.now)
        left_out = showing.left_out(ask.work, found.force, planned, ask.now)
        trouble = ""
    except RefusedError as error:
        reach, left_out, trouble = showing.Reach(0, (), (), ()), [], str(error)
    view, dark, plain = _look(ask)
    kept = {"area": reader.area, "audience": reader.audience, "person": reader.person or ""}
    look = {"dark": "yes" if dark else "", "images": "off" if plain else ""}
    return {
        "email": email,
        "reach": _reach(ask, programme, reach),
        "everybody": reach.everybody,
        "left_out": [(words(f"mailing.why_{why.replace(' ', '_')}"), number) for why, number in left_out],
        "trouble": trouble,
        "areas": {"": words("mailing.all_areas"), **programme.areas},
        "audiences": {
            "": words("mailing.all_audiences"),
            **{key: each.name for key, each in programme.audiences.items()},
        },
        "reader": kept,
        "views": {name: words(f"mailing.view_{name}") for name in VIEWS},
        "view": view,
        "look": look,
        "has_images": "<img" in email.html,
        "frame": f"{found.path}/frame?{urlencode({k: v for k, v in {**kept, **look}.items() if v})}",
        "looked_for": ask.text("find"),
        "people": _people(ask, found) if ask.text("find") else [],
        "most": MOST,
        "test_to": ask.account.login if ask.door.desk.send_test else "",
    }


def _reach(ask: Ask, programme: Programme, reach: showing.Reach) -> dict[str, list[tuple[str, int]]]:
    """The people by list, area and audience, each under its name; what nobody is told apart by is left out."""
    words = ask.door.templates.words()
    lists = {each.list.slug: each.list.title for each in audience.lists(ask.work)}
    groups = {key: each.name for key, each in programme.audiences.items()}
    named = {
        "list": [(lists.get(name) or name, number) for name, number in reach.lists],
        "area": [(programme.areas.get(name, name) or words("mailing.no_area"), number) for name, number in reach.areas],
        "audience": [
            (groups.get(name, name) or words("mailing.no_audience"), number) for name, number in reach.audiences
        ],
    }
    return {
        kind: rows
        for kind, rows in named.items()
        if kind == "list" or any(name for name, _ in getattr(reach, f"{kind}s"))
    }


def _reader(ask: Ask, found: Message) -> showing.Reader:
    programme = found.force.programme
    area, group = ask.text("area"), ask.text("audience")
    return showing.Reader(
        area if area in programme.areas else "",
        group if group in programme.audiences else "",
        ask.number("person") if ask.may("editor") else 0,
    )


def _email(ask: Ask, found: Message, reader: showing.Reader) -> showing.ShownEmail:
    row = found.rows.get(found.entry.first.key)
    return showing.email(ask.work, ask.door.shelf, found.force, found.planned[0], row, reader, ask.now)


def _look(ask: Ask) -> tuple[str, bool, bool]:
    view = ask.text("view")
    return view if view in VIEWS else VIEWS[0], ask.text("dark") == "yes", ask.text("images") == "off"


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who was looked for: what they got, when, and what the relay said. `state` "": nothing, as yet."""

    id: int
    address: str
    name: str
    state: str = ""
    when: str = ""
    reply: str = ""


def _people(ask: Ask, found: Message) -> list[Found]:
    """Who matches the search, and what became of their email."""
    words, store, item = ask.door.templates.words(), ask.work.store, found.entry.first
    people = audience.find(ask.work, ask.text("find"))[0][:MOST]
    rows = store.outcomes.for_people(item.broadcast, [each.id for each in people]) if item.broadcast else {}
    shown_people = []
    for each in people:
        row = rows.get(each.id)
        address = each.address if ask.may("editor") else mask(each.address)
        name = f"{each.details.first_name} {each.details.last_name}".strip()
        if row is None:
            shown_people.append(Found(each.id, address, name))
            continue
        tries = store.deliveries.attempts(row.id)
        words = ask.door.templates.words()
        said = [words.said(part) for part in (row.code, row.reason, tries[-1].reply if tries else "") if part]
        at = row.settled_at or row.began_at
        when = times.moment(at, found.zone, ask.now, words.shared) if at else ""
        state = {DeliveryState.TAKEN: "sending", DeliveryState.DROPPED: "skipped"}.get(row.state, row.state.value)
        shown_people.append(Found(each.id, address, name, state, when, ": ".join(dict.fromkeys(said))))
    return shown_people


def frame(ask: Ask) -> Response:
    """The email itself, for the frame: under a policy of its own, without scripts.

    It is shown as on a light page, or as on a dark one, whatever the desk itself is.
    """
    found = find(ask)
    if not found.entry.is_mailing:
        raise HTTPException(404)
    email = _email(ask, found, _reader(ask, found))
    _, dark, plain = _look(ask)
    html = _DARK.sub("@media all" if dark else "@media not all", email.html)
    rules = {"default-src": "'none'", "style-src": "'unsafe-inline'", "frame-ancestors": "'self'"}
    rules |= {} if plain else {"img-src": "data:"}
    headers = {
        "Content-Security-Policy": policy(rules) + "; sandbox",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return HTMLResponse(html or "<!doctype html><title>–</title>", 200, headers)


def send_test(ask: Ask) -> Response:
    """Send a marked test of it to whoever asks."""
    found, send = find(ask), ask.door.desk.send_test
    if not found.entry.is_mailing:
        raise HTTPException(404)
    if send is None or not ask.account.login:
        raise RefusedError("There is no address of yours to send a test to.")
    try:
        send(found.force, found.planned[0], ask.account.login, ask.who)
    except ChannelError as error:
        raise RefusedError(f"The test was not taken: {error}") from error
    return ask.back(found.path, "mailing.test_sent", address=ask.account.login)


def pause(ask: Ask) -> Response:
    """Hold this mailing, and nothing else, until somebody lifts it."""
    found = find(ask)
    ask.work.store.holds.place(
        scope=HoldScope.BROADCAST,
        target=found.entry.first.key,
        strength=Strength.ALL,
        reason=ask.text("reason")[:300],
        author=ask.who,
        now=ask.now,
    )
    return ask.back(found.path, "mailing.held")
