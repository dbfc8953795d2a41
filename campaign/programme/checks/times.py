"""Rules of time: clock changes, closures, quiet hours, order within a day, holds, stops, and meetings with events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaign.errors import Problem
from campaign.model import CampaignKind, PlannedMailing, PlannedPost, Strength
from campaign.plan import changed_clocks, resolve_start
from campaign.programme.checks import bank_holidays
from campaign.programme.checks.bank_holidays import ENGLAND
from campaign.programme.checks.sheet import Occurrence, Sheet
from campaign.programme.dates import long_date
from campaign.programme.whole import wall_times
from campaign.render.visible import visible_from

QUIET_FROM, QUIET_TO = time(20, 0), time(7, 0)
BRITAIN = frozenset({"Europe/London", "GB", "Europe/Belfast"})


def rules(sheet: Sheet) -> Iterator[Problem]:
    """Every rule of time, over each message on each day."""
    yield from _autumn(sheet)
    closed = closures(sheet)
    said: set[tuple[str, str, date]] = set()
    for one in sheet.occurrences:
        for problem in (*_own(sheet, one), *_closed(sheet, one, closed)):
            key = (problem.code, problem.where, one.wall.date())
            if key not in said:
                said.add(key)
                yield problem
    yield from _order(sheet)
    yield from _outside(sheet)


def _autumn(sheet: Sheet) -> Iterator[Problem]:
    for where, wall in wall_times(sheet.programme):
        if changed_clocks(wall, sheet.zone) == "twice":
            message = f"{wall:%H:%M} on {long_date(wall.date())} comes twice: the clocks go back over it"
            yield sheet.warning("T1", message, where, "The first of the two counts, once. Another hour is plainer.")


def _own(sheet: Sheet, one: Occurrence) -> Iterator[Problem]:
    stop = sheet.stop_at(one)
    day = long_date(one.wall.date())
    where = f"{one.where}.{'at' if one.message.when.at else 'time'}"
    if one.wall >= stop:
        message = f"planned for {one.wall:%H:%M} on {day}, at or past its stop at {stop:%H:%M}"
        yield sheet.error("P4", message, where, "Plan it earlier, or write a later stop_at.")
    elif not (QUIET_TO <= one.wall.time() < QUIET_FROM):
        message = f"{one.wall:%H:%M} on {day} is in the quiet hours, 20:00 to 07:00"
        yield sheet.warning("T5", message, where, "Plan it for the day.")
    for index, hold in enumerate(sheet.programme.campaign.holds):
        passes = one.message.essential and hold.strength is Strength.PROACTIVE
        if hold.start <= one.wall < hold.end and not passes:
            message = f"{day} is in the hold '{hold.reason}': it will be held, and a person asked"
            yield sheet.warning("P5", message, where, f"Move it, or change campaign.holds.{index}.")
    yield from _events(sheet, one, where)


def _events(sheet: Sheet, one: Occurrence, where: str) -> Iterator[Problem]:
    post = one.message
    names = {*post.needs, *([post.link] if isinstance(post, PlannedPost) else [])}
    for name in sorted(names & set(sheet.programme.resources)):
        event = sheet.programme.resources[name].event
        if event is None or event.recording or event.starts is None or not _begun(event.starts, one.wall):
            continue
        begun = f"at {event.starts:%H:%M}" if isinstance(event.starts, datetime) else f"on {long_date(event.starts)}"
        message = f"it goes when '{sheet.programme.resources[name].title}' has begun, {begun}"
        yield sheet.warning("T5", message, where, "Invite people before it starts, or link to its recording.")


def _begun(starts: datetime | date, wall: datetime) -> bool:
    """Whether an event has begun by then; one of a date alone has, once its day is over."""
    return starts <= wall if isinstance(starts, datetime) else starts < wall.date()


def _closed(sheet: Sheet, one: Occurrence, closed: Mapping[date, str]) -> Iterator[Problem]:
    name = closed.get(one.wall.date())
    if name and not sheet.pretended:
        where = f"{one.where}.{'at' if one.message.when.at else 'day'}"
        message = f"{long_date(one.wall.date())} is a bank holiday ({name}): few practitioners will read it"
        yield sheet.warning("T3", message, where, "Move it to a working day, or accept this with a reason.")


def closures(sheet: Sheet) -> Mapping[date, str]:
    """Bank holidays of the installation's division, and its own closures; elsewhere than Britain its closures alone."""
    own = dict(sheet.installation.closures) if sheet.installation else {}
    if sheet.programme.campaign.timezone not in BRITAIN or sheet.pretended:
        return own
    division = sheet.installation.division if sheet.installation else ENGLAND
    return {**bank_holidays.of(division), **own}


def _order(sheet: Sheet) -> Iterator[Problem]:
    """Unlock, then mailing, then the first post that links to the day; a post that IS the page is exempt."""
    for day in sheet.programme.days:
        opens = resolve_start(day, sheet.programme)
        if opens is None:
            continue
        mailings = [one for one in sheet.occurrences if one.day is day and isinstance(one.message, PlannedMailing)]
        posts = [one for one in sheet.occurrences if one.day is day and _links_to_day(sheet, one)]
        clock = opens.astimezone(sheet.zone)
        for one in (*mailings, *posts):
            if one.at < opens:
                message = f"on {day.weekday} it goes at {one.wall:%H:%M}, before the page unlocks at {clock:%H:%M}"
                yield sheet.error("T4", message, one.where, "Send it at the unlock or later.")
        last = max((one for one in mailings if not one.message.theme), key=lambda one: one.at, default=None)
        first = min(posts, key=lambda one: one.at, default=None)
        if last and first and first.at < last.at:
            message = (
                f"on {day.weekday} it goes at {first.wall:%H:%M}, before the mailing {last.message.id} "
                f"at {last.wall:%H:%M}"
            )
            yield sheet.error("T4", message, first.where, "The order of a day is unlock, mailing, then posts.")


def _links_to_day(sheet: Sheet, one: Occurrence) -> bool:
    post = one.message
    if not isinstance(post, PlannedPost) or post.link != "day":
        return False
    kinds = {sheet.programme.channels[name].kind for name in post.channels if name in sheet.programme.channels}
    return kinds != {"wordpress"}


def _outside(sheet: Sheet) -> Iterator[Problem]:
    campaign = sheet.programme.campaign
    if campaign.kind is not CampaignKind.WEEK or campaign.starts is None or campaign.ends is None:
        return
    for one in sheet.occurrences:
        if campaign.ends < one.wall.date() or one.wall.date() < campaign.starts - timedelta(days=42):
            message = f"{long_date(one.wall.date())} is not in the week, nor in the six weeks before it"
            yield sheet.warning("P4", message, f"{one.where}.at", "Is the date right?")


def opens_at(sheet: Sheet, name: str) -> datetime | None:
    """When a resource is first seen (aware UTC); None: nothing holds it back."""
    return visible_from(sheet.programme, sheet.programme.resources[name])


def local(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as people of the zone say it."""
    wall = moment.astimezone(zone)
    return f"{wall:%H:%M} on {long_date(wall.date())}"
