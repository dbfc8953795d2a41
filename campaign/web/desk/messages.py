"""One message: a post over its channels or an email, its approval, what happened to it, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from campaign.delivery import approving, settling, showing, views
from campaign.errors import RefusedError
from campaign.model import BroadcastState, DeliveryState
from campaign.plan import Planned
from campaign.web.desk import cards, pictures, show, times
from campaign.web.desk.door import Ask
from campaign.web.desk.found import Message, find
from campaign.web.desk.needs import moment_of
from campaign.web.security import policy
from campaign.web.words import PageWords

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


#: What the ledger calls the outcomes of attempts.
OUTCOMES = frozenset({"accepted", "Refused", "TryLater", "Uncertain", "ChannelDown"})


def message(ask: Ask) -> Response:
    """The page of a message."""
    found = find(ask)
    words = ask.door.templates.words()
    approvals = ask.work.store.approvals.standing(f"{found.force.slug}/")
    mine = [approvals[item.key] for item in found.entry.items if item.key in approvals]
    ahead = any(item.state in showing.AHEAD for item in found.entry.items)
    return ask.page(
        "desk/mailing.html" if found.entry.is_mailing else "desk/post.html",
        here="week",
        week=found.force.programme.campaign.title,
        message=found,
        entry=found.entry,
        when=times.moment(found.entry.at, found.zone, ask.now, words.shared),
        approvals=mine,
        approving=ask.work.approving(),
        unapproved=[item for item in found.entry.items if show.state_of(item) == "approval"],
        ahead=ahead,
        editable=ahead and ask.may("editor"),
        moment=f"{found.entry.at.astimezone(ZoneInfo(found.zone)):%Y-%m-%dT%H:%M}",
        history=_history(ask, found),
        state_of=show.state_of,
        **(_mailing(ask, found) if found.entry.is_mailing else _post(ask, found)),
    )


def _post(ask: Ask, found: Message) -> dict[str, Any]:
    items = {item.key: item for item in found.entry.items}
    drawn = []
    for each in found.planned:
        row = found.rows.get(str(each.key))
        shown = showing.post(ask.work, ask.door.shelf, found.force, each, row)
        number = row.revision if row is not None and row.opened_at is not None else found.force.number
        drawn.append(
            cards.card(
                shown,
                found.force.programme,
                ask.door.templates.words(),
                picture=pictures.of(found.force.slug, number),
                item=items[str(each.key)],
            )
        )
    return {"shown": drawn}


def _mailing(ask: Ask, found: Message) -> dict[str, Any]:
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


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of what happened."""

    when: str
    iso: str
    who: str
    act: str
    channel: str


def _history(ask: Ask, found: Message) -> list[Happening]:
    """Acts of people, openings, and each attempt of a post, in the order of time."""
    words, store = ask.door.templates.words(), ask.work.store
    lines: list[tuple[datetime, str, str, str]] = []
    for item in found.entry.items:
        lines += [(each.at, each.who, each.act, item.channel) for each in store.log.entries(target=item.key, limit=50)]
        row = found.rows.get(item.key)
        if row is None or row.opened_at is None:
            continue
        lines.append((row.opened_at, words("message.service"), words("message.opened"), item.channel))
        for delivery in [] if found.entry.is_mailing else store.deliveries.of(row.id, limit=5):
            lines += [
                (
                    each.ended_at,
                    words("message.service"),
                    _outcome(each.outcome, each.reply or delivery.reason, words),
                    item.channel,
                )
                for each in store.deliveries.attempts(delivery.id)
            ]
    return [
        Happening(times.moment(at, found.zone, ask.now, words.shared), at.isoformat(), who, act, channel)
        for at, who, act, channel in sorted(lines, key=lambda line: line[0])
    ]


def _outcome(outcome: str, reason: str, words: PageWords) -> str:
    """What an attempt came to, in words, with the network's own beside it."""
    said = words(f"attempt.{outcome}") if outcome in OUTCOMES else outcome
    return f"{said}: {reason}" if reason else said


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


def approve(ask: Ask) -> Response:
    """Approve this version. RefusedError where it is not the one that was shown any more."""
    found = find(ask)
    if ask.text("revision") != str(found.force.number):
        raise RefusedError("The programme was changed while you read. Read this message again, then approve it.")
    late = [each for each in found.planned if _late(found, each, ask.now)]
    approving.approve(
        ask.work,
        found.force,
        found.planned,
        author=ask.who,
        now=ask.now,
        comment=ask.text("comment")[:1000],
        other=ask.door.desk.other,
    )
    return ask.back(found.path, "message.approved_late" if late else "message.approved")


def _late(found: Message, planned: Planned, now: datetime) -> bool:
    row = found.rows.get(str(planned.key))
    return now > planned.late_until and (row is None or row.opened_at is None)


def withdraw(ask: Ask) -> Response:
    """Take the approval back, with a comment for whoever wrote it."""
    found = find(ask)
    if not ask.text("comment"):
        raise RefusedError("Say what should change: whoever wrote it has to know.")
    approving.withdraw(
        ask.work, found.force, found.planned, author=ask.who, now=ask.now, comment=ask.text("comment")[:1000]
    )
    return ask.back(found.path, "message.withdrawn")


def move(ask: Ask) -> Response:
    """Give everything of it that has not opened another time."""
    found = find(ask)
    to = moment_of(ask.text("to"), found.zone)
    for item in _ahead(found):
        settling.move(ask.work, found.force, item.key, to, author=ask.who, now=ask.now)
    return ask.back(found.path, "needs.done_move")


def skip(ask: Ask) -> Response:
    """Decide that what has not opened of it never goes."""
    found = find(ask)
    for item in _ahead(found):
        settling.drop(ask.work, found.force, item.key, author=ask.who, now=ask.now, reason=ask.text("reason")[:300])
    return ask.back(found.path, "needs.done_drop")


def _ahead(found: Message) -> list[views.Item]:
    items = [item for item in found.entry.items if item.state in showing.AHEAD]
    if not items:
        raise RefusedError("It has gone on its way; it can be moved and skipped no more.")
    return items


def approve_all(ask: Ask) -> Response:
    """Approve every message of the week that is ahead and not approved as it stands."""
    force = ask.door.shelf.get(ask.path("campaign"))
    if ask.text("revision") != str(force.number):
        raise RefusedError("The programme was changed while you read. Look at the week again, then approve it.")
    waiting = {item.key for item in ask.week(force).items if show.state_of(item) == "approval"}
    chosen = [each for each in force.planned if str(each.key) in waiting]
    approving.approve(ask.work, force, chosen, author=ask.who, now=ask.now, other=ask.door.desk.other)
    return ask.back(f"/desk?week={force.slug}", "message.approved_all", number=len(chosen))
