"""One message: a post over its channels or an email, its approval, what happened to it, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from campaign.delivery import approving, figures, settling, showing, versions, views
from campaign.errors import RefusedError
from campaign.plan import Planned
from campaign.web.desk import acts, cards, mailing, pictures, progress, refresh, show, times
from campaign.web.desk.door import Ask
from campaign.web.desk.found import Message, find
from campaign.web.desk.live import Drawn
from campaign.web.desk.needs import moment_of
from campaign.web.words import PageWords

#: What the ledger calls the outcomes of attempts.
OUTCOMES = frozenset({"accepted", "Refused", "TryLater", "Uncertain", "ChannelDown"})


def message(ask: Ask) -> Response:
    """The page of a message."""
    found = find(ask)
    words = ask.door.templates.words()
    approvals = ask.work.store.approvals.standing(f"{found.force.slug}/")
    ahead = any(item.state in showing.AHEAD for item in found.entry.items)
    keys = {item.key for item in found.entry.items}
    late = any(_late(found, each, ask.now) for each in found.planned)
    return ask.page(
        "desk/mailing.html" if found.entry.is_mailing else "desk/post.html",
        here="week",
        week=found.force.programme.campaign.title,
        live=refresh.shown(ask, f"/desk/live{_tail(found)}", found.path, found.zone, lambda: _drawn(ask, found)),
        message=found,
        entry=found.entry,
        when=times.dated(found.entry.at, found.zone, words.shared),
        approvals=[approvals[item.key] for item in found.entry.items if item.key in approvals],
        approving=ask.work.approving(),
        unapproved=[item for item in found.entry.items if show.state_of(item) in {"approval", "changes"}],
        asked=next((item.sent_back for item in found.entry.items if item.sent_back), None),
        ahead=ahead,
        names=ask.door.names(found.force),
        held_by=next((hold.author for hold in ask.work.store.holds.current(ask.now) if hold.target in keys), ""),
        late=late,
        editable=ahead and ask.may("editor"),
        moment=f"{found.entry.at.astimezone(ZoneInfo(found.zone)):%Y-%m-%dT%H:%M}",
        versions=_versions(ask, found),
        state_of=show.state_of,
        **(mailing.shown(ask, found) if found.entry.is_mailing else _post(ask, found)),
    )


def live(ask: Ask) -> Response:
    """What is new of a message that somebody has open."""
    found = find(ask)
    return refresh.news(ask, f"/desk/live{_tail(found)}", found.path, found.zone, lambda: _drawn(ask, found))


def _tail(found: Message) -> str:
    return found.path.removeprefix("/desk")


def _drawn(ask: Ask, found: Message) -> Drawn:
    """What happened to it, and of an email how far it is."""
    words, entry = ask.door.templates.words(), found.entry
    names = ask.door.names(found.force)
    context: dict[str, Any] = {"message": found, "entry": entry, "names": names, "history": _history(ask, found)}
    if entry.is_mailing:
        context["progress"] = progress.of(ask, found)
    item = entry.first
    states = {entry.path: (item.title, words(f"state.{entry.state}"))}
    if entry.is_mailing and item.total:
        states["progress"] = (item.title, words("mailing.quarters", percent=progress.quarter(item)))
    return Drawn(
        html=ask.door.templates.render("desk/message_live.html", **context),
        beside=ask.door.templates.render("desk/message_state.html", out=True, **context),
        states=states,
        sending=entry.state == "sending",
    )


def _versions(ask: Ask, found: Message) -> list[tuple[str, versions.Version]]:
    """Every revision that changed it, newest first, each with its time in words."""
    words = ask.door.templates.words()
    return [
        (times.moment(each.at, found.zone, ask.now, words.shared), each)
        for each in versions.versions(ask.work, found.force.slug, found.id)
    ]


def _post(ask: Ask, found: Message) -> dict[str, Any]:
    items = {item.key: item for item in found.entry.items}
    words, drawn = ask.door.templates.words(), []
    readings = figures.of_message(ask.work, found.force.slug, found.id, ask.path("day"))
    for each in found.planned:
        row = found.rows.get(str(each.key))
        shown = showing.post(ask.work, ask.door.shelf, found.force, each, row)
        number = row.revision if row is not None and row.opened_at is not None else found.force.number
        drawn.append(
            cards.card(
                shown,
                found.force.programme,
                words,
                picture=pictures.of(found.force.slug, number),
                item=items[str(each.key)],
            )
        )
    said = {
        channel: (figures.words(reading.numbers), times.moment(reading.read_at, found.zone, ask.now, words.shared))
        for channel, reading in readings.items()
    }
    return {"shown": drawn, "figures": said}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of what happened."""

    when: str
    iso: str
    who: str
    act: str
    channels: tuple[str, ...]


def _history(ask: Ask, message: Message) -> list[Happening]:
    """Acts of people, openings, and each attempt of a post, in the order of time; alike on many channels, once."""
    names = ask.door.names(message.force)
    words, store = ask.door.templates.words(), ask.work.store
    lines: list[tuple[datetime, str, str, str]] = []
    for item in message.entry.items:
        lines += [
            (each.at, each.who, acts.with_comment(each, words), item.channel)
            for each in store.log.entries(target=item.key, limit=50)
        ]
        row = message.rows.get(item.key)
        if row is None or row.opened_at is None:
            continue
        lines.append((row.opened_at, words("message.service"), words("message.opened"), item.channel))
        for delivery in [] if message.entry.is_mailing else store.deliveries.of(row.id, limit=5):
            lines += [
                (
                    each.ended_at,
                    words("message.service"),
                    _outcome(each.outcome, each.reply or delivery.reason, words),
                    item.channel,
                )
                for each in store.deliveries.attempts(delivery.id)
            ]
    found: dict[tuple[str, str, str], tuple[datetime, list[str]]] = {}
    for at, who, act, channel in sorted(lines, key=lambda line: line[0]):
        when = times.moment(at, message.zone, ask.now, words.shared)
        found.setdefault((when, who, act), (at, []))[1].append(names.get(channel, channel))
    return [
        Happening(when, at.isoformat(), who, act, tuple(dict.fromkeys(channels)))
        for (when, who, act), (at, channels) in found.items()
    ]


def _outcome(outcome: str, reason: str, words: PageWords) -> str:
    """What an attempt came to, in words, with the network's own beside it."""
    said = words(f"attempt.{outcome}") if outcome in OUTCOMES else outcome
    return f"{said}: {words.said(reason)}" if reason else said


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
