"""What needs a person besides what states say: sign-ins that run out, mailings that stand still, checks that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from campaign.delivery import views
from campaign.delivery.alerts import of_silent
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce
from campaign.delivery.views import Need
from campaign.model import BroadcastState
from campaign.programme.dates import long_date
from campaign.render import speak
from campaign.render.words import words

#: Until when a channel stays signed in, as was last heard; None: not known, or without an end. Asks no network.
Until = Callable[[str], datetime | None]


def more(parts: Parts, forces: Iterable[InForce], now: datetime, until: Until) -> list[Need]:
    """Silent services, sign-ins that end before their last message, mailings that stand still, checks that fail."""
    ahead = views.ahead(parts, forces, now)
    return [*silent(parts, now), *runs_out(parts, ahead, now, until), *still(parts), *checks(parts, ahead)]


def silent(parts: Parts, now: datetime) -> list[Need]:
    """Services that live and have not been heard of: what they have begun waits for them."""
    return [
        Need(
            kind="silent",
            key=f"{worker.pid} on {worker.host}",
            text=of_silent(worker),
            why="its process is stopped, its machine sleeps, or it cannot reach the ledger",
            choices=("let it go on", "end its process"),
            at=worker.beat_at,
        )
        for worker in parts.store.workers.silent(now)
    ]


def runs_out(parts: Parts, forces: Iterable[InForce], now: datetime, until: Until) -> list[Need]:
    """Live channels whose sign-in ends before the last message that is planned over them."""
    lasts: dict[str, tuple[datetime, InForce]] = {}
    for force in forces:
        for planned in force.planned:
            known = lasts.get(planned.key.channel)
            if planned.at > now and (known is None or planned.at > known[0]):
                lasts[planned.key.channel] = planned.at, force
    found = []
    for channel, (last, force) in sorted(lasts.items()):
        end = until(channel) if parts.ways.is_live(channel) else None
        if end is not None and end < last:
            zone = ZoneInfo(force.programme.campaign.timezone)
            why = f"messages are planned over it until {_moment(last, zone)}"
            text = f"The sign-in of {channel} ends at {_moment(end, zone)}"
            found.append(Need(kind="runs out", key=channel, text=text, why=why, choices=("connect",), at=end))
    return found


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{speak.clock_time(local, words())} on {long_date(local.date())}"


def still(parts: Parts) -> list[Need]:
    """Messages that are open and do not go on: a relay that asks to wait, a channel that is down."""
    return [
        Need(
            kind="still",
            key=str(row.key),
            text=f"{row.key} stands still",
            why=row.reason,
            choices=("pause",),
            at=row.planned_at,
        )
        for row in parts.store.ledger.in_state(BroadcastState.OPEN)
        if row.reason
    ]


def checks(parts: Parts, forces: Iterable[InForce]) -> list[Need]:
    """Programmes ahead in which the checks last found errors, each with the first of them."""
    known = parts.store.judgements.all()
    found = []
    for force in forces:
        kept = known.get(force.slug)
        if kept is not None and kept.revision == force.number and kept.errors:
            text = f"{force.programme.campaign.title}: the checks found {kept.errors} to mend"
            why = kept.problems[0].message
            found.append(Need(kind="checks", key=force.slug, text=text, why=why, choices=("look",)))
    return found
