"""What is due, what is late, what is still ahead. Pure: a programme, what the ledger knows, and `now` go in.

Wall times become UTC here, each time anew, so that a change of the zone's rules moves what is not yet opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from campaign.model import (
    DAY_IDS,
    ONCE,
    BroadcastKey,
    BroadcastKind,
    BroadcastState,
    CampaignStatus,
    Day,
    Hold,
    HoldScope,
    PlannedMailing,
    PlannedPost,
    Programme,
)

#: A message whose `late_ok` is zero may still open within this long of its time: a ring comes once a second.
ON_TIME = timedelta(seconds=60)
#: After an outage a channel carries at most one late post in this long, oldest first.
CATCH_UP_GAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One broadcast as the programme plans it, its times resolved to UTC.

    It may open from `at` to `late_until`; nothing of it begins after `stop_at`. `wall` is the local time as written.
    """

    key: BroadcastKey
    kind: BroadcastKind
    message: PlannedPost | PlannedMailing
    day: Day | None
    wall: datetime
    at: datetime
    late_until: datetime
    stop_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """The instant from which a day's page is public."""

    campaign: str
    day: Day
    at: datetime


def resolve(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local wall time.

    A time that comes twice (clocks back) means the first; one that does not exist (clocks forward) means the same
    distance after the change. `check` refuses the latter.
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def start_of(day: Day, programme: Programme, zone: ZoneInfo) -> datetime | None:
    """When a day's page unlocks, aware UTC; None while the day has no date."""
    if not day.dates:
        return None
    return resolve(datetime.combine(day.dates[0], day.unlock or programme.campaign.defaults.unlock), zone)


def resolve_start(day: Day, programme: Programme) -> datetime | None:
    """When a day's page unlocks, aware UTC; None while the day has no date."""
    return start_of(day, programme, ZoneInfo(programme.campaign.timezone))


def unlocks(programme: Programme) -> tuple[Unlock, ...]:
    """The unlock of every dated day of a ready programme, in time order."""
    if programme.campaign.status is not CampaignStatus.READY:
        return ()
    zone = ZoneInfo(programme.campaign.timezone)
    moments = ((day, start_of(day, programme, zone)) for day in programme.days)
    found = [Unlock(campaign=programme.campaign.id, day=day, at=at) for day, at in moments if at]
    return tuple(sorted(found, key=lambda unlock: unlock.at))


def broadcasts(programme: Programme) -> tuple[Planned, ...]:
    """Every broadcast of a ready programme, in time order, posts before mailings of the same minute."""
    if programme.campaign.status is not CampaignStatus.READY:
        return ()
    messages: list[PlannedPost | PlannedMailing] = [*programme.posts.values(), *programme.mailings.values()]
    found = [planned for message in messages for planned in _of_message(programme, message)]
    return tuple(
        sorted(found, key=lambda planned: (planned.at, planned.kind is BroadcastKind.MAILING, str(planned.key)))
    )


def _of_message(programme: Programme, message: PlannedPost | PlannedMailing) -> Iterator[Planned]:
    channels = message.channels if isinstance(message, PlannedPost) else (message.channel,)
    for day, wall in occurrences(programme, message):
        for channel in channels:
            yield _planned(programme, message, day, wall, channel)


def occurrences(programme: Programme, message: PlannedPost | PlannedMailing) -> Iterator[tuple[Day | None, datetime]]:
    """The days and wall times of one message; nothing while its time or its days' dates are missing."""
    when = message.when
    if when.at is not None:
        yield _day_of(programme, when.at.date(), message.theme), when.at
        return
    days = programme.days if when.each_day else [day for day in programme.days if day.id == when.day]
    for day in days:
        moment = _time_on(programme, message, day)
        if day.dates and moment is not None:
            yield day, datetime.combine(day.dates[0], moment)


def _day_of(programme: Programme, on: date, theme: str) -> Day | None:
    by_theme = (day for day in programme.days if any(theme and t.id == theme for t in day.themes))
    by_date = (day for day in programme.days if on in day.dates)
    return next(by_theme, None) or next(by_date, None)


def _time_on(programme: Programme, message: PlannedPost | PlannedMailing, day: Day) -> time | None:
    defaults = programme.campaign.defaults
    written = message.when.time
    if isinstance(written, time):
        return written
    if written == "unlock":
        return day.unlock or defaults.unlock
    return defaults.post if isinstance(message, PlannedPost) else defaults.mailing


def _planned(
    programme: Programme, message: PlannedPost | PlannedMailing, day: Day | None, wall: datetime, channel: str
) -> Planned:
    zone = ZoneInfo(programme.campaign.timezone)
    kind = BroadcastKind.POST if isinstance(message, PlannedPost) else BroadcastKind.MAILING
    key = BroadcastKey(
        campaign=programme.campaign.id,
        message=message.id,
        day=ONCE if message.when.at is not None else (day.id if day else ONCE),
        channel=channel,
    )
    at = resolve(wall, zone)
    window = opening_window(programme, message, kind, at)
    return Planned(
        key=key, kind=kind, message=message, day=day, wall=wall, at=at, late_until=window[0], stop_at=window[1]
    )


def opening_window(
    programme: Programme, message: PlannedPost | PlannedMailing, kind: BroadcastKind, at: datetime
) -> tuple[datetime, datetime]:
    """`late_until` and `stop_at` (aware UTC) of a message that is to open at `at` (aware UTC)."""
    defaults = programme.campaign.defaults
    zone = ZoneInfo(programme.campaign.timezone)
    usual = defaults.late_ok.post if kind is BroadcastKind.POST else defaults.late_ok.mailing
    late = message.late_ok if message.late_ok is not None else usual
    local_day = at.astimezone(zone).date()
    stop_at = resolve(datetime.combine(local_day, message.stop_at or defaults.stop_at), zone)
    return min(at + max(late, ON_TIME), max(stop_at, at)), stop_at


def changed_clocks(wall: datetime, zone: ZoneInfo) -> str:
    """Whether the clocks change over `wall`: "gap" (it does not exist), "twice" (it comes twice), or ""."""
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return ""
    back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return "twice" if back == wall else "gap"


class Verdict(StrEnum):
    """What to do with one planned broadcast now."""

    AHEAD = "ahead"
    OPEN = "open"
    WAIT = "wait"
    QUEUE = "queue"
    HOLD = "hold"
    MISS = "miss"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict, why, and when to look again at the latest (aware UTC; None: no need)."""

    verdict: Verdict
    reason: str = ""
    look_again: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger and the installation know of one broadcast that is due.

    `state` is None where it has no row yet. `waits_for` are the reasons it cannot open (approval, embargo, a
    channel not set up); a late approval empties it. `last_opened` is when the channel last opened a post.
    """

    state: BroadcastState | None = None
    holds: tuple[Hold, ...] = ()
    waits_for: tuple[str, ...] = ()
    last_opened: datetime | None = None
    moved: bool = False


def decide(planned: Planned, known: Known, now: datetime) -> Decision:
    """What to do with one broadcast at `now`.

    Never opens before its time, after `late_until`, in a hold that stops it, or once it has been opened, held, missed,
    dropped or cancelled.
    """
    if known.state not in (None, BroadcastState.PLANNED, BroadcastState.WAITING):
        return Decision(verdict=Verdict.NOTHING)
    if now < planned.at:
        return Decision(verdict=Verdict.AHEAD, look_again=planned.at)
    stopping = _stopping(planned, known.holds, now)
    if stopping:
        return Decision(verdict=Verdict.HOLD, reason=_pause_words(stopping, planned.at))
    if now > planned.late_until or now > planned.stop_at:
        return Decision(verdict=Verdict.MISS, reason="; ".join(known.waits_for) or "nothing could open it in its time")
    if known.waits_for:
        return Decision(verdict=Verdict.WAIT, reason="; ".join(known.waits_for), look_again=planned.late_until)
    if planned.kind is BroadcastKind.POST and not known.moved and now - planned.at > ON_TIME and known.last_opened:
        free = known.last_opened + CATCH_UP_GAP
        if now < free:
            return Decision(verdict=Verdict.QUEUE, reason="late posts go one in 15 minutes", look_again=free)
    return Decision(verdict=Verdict.OPEN)


def _stopping(planned: Planned, holds: Iterable[Hold], now: datetime) -> Hold | None:
    """The hold that was on when the broadcast's time fell, or that is on now."""
    for hold in holds:
        concerned = hold.covers(
            campaign=planned.key.campaign, channel=planned.key.channel, broadcast=str(planned.key)
        ) and hold.stops(planned.message.essential)
        if concerned and (hold.on_at(planned.at) or hold.stands(now)):
            return hold
    return None


def _pause_words(hold: Hold, at: datetime) -> str:
    reason = f": {hold.reason}" if hold.reason else ""
    if hold.on_at(at):
        return f"its time fell in a pause by {hold.author}{reason}"
    return f"it had not opened when {hold.author} paused{reason}"


def planned_holds(programme: Programme) -> tuple[Hold, ...]:
    """The holds that the programme itself announces, as the ledger would keep them (id 0)."""
    zone = ZoneInfo(programme.campaign.timezone)
    return tuple(
        Hold(
            id=0,
            scope=HoldScope.CAMPAIGN,
            target=programme.campaign.id,
            strength=hold.strength,
            reason=hold.reason,
            author="the programme",
            since=resolve(hold.start, zone),
            until=resolve(hold.end, zone),
            pages=hold.pages,
        )
        for hold in programme.campaign.holds
    )


def day_id(dates: tuple[date, ...]) -> str:
    """`mon` for one date, `sat-sun` for a span."""
    ids = [DAY_IDS[on.weekday()] for on in dates]
    return ids[0] if len(ids) == 1 else f"{ids[0]}-{ids[-1]}"
