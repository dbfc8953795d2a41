"""Rules over the whole of a programme: dates of the week, spans, kinds, clock changes, and the files that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaign.errors import Problem
from campaign.model import DAY_IDS, CampaignKind, Day, PlannedMessage, PlannedPost, Programme
from campaign.plan import changed_clocks
from campaign.programme.dates import long_date
from campaign.programme.kinds import RESOURCE_LINK
from campaign.programme.reading import Source, nearest
from campaign.programme.shelf import FileProblem, Shelf

LONGEST_WEEK = 7


def with_dates(programme: Programme) -> Programme:
    """The programme with what its dates imply: a weekday's date from `starts`, `starts` and `ends` from the days."""
    campaign = programme.campaign
    days = tuple(_dated(day, campaign.starts) for day in programme.days)
    days = tuple(sorted(days, key=lambda day: (day.dates[:1] or (date.max,), DAY_IDS.index(day.id[:3]))))
    known = [each for day in days for each in day.dates]
    if known and all(day.dates for day in days):
        campaign = replace(campaign, starts=campaign.starts or min(known), ends=campaign.ends or max(known))
    return replace(programme, campaign=campaign, days=days)


def _dated(day: Day, starts: date | None) -> Day:
    if day.dates or starts is None:
        return day
    first = starts + timedelta(days=(DAY_IDS.index(day.id[:3]) - starts.weekday()) % 7)
    length = (DAY_IDS.index(day.id[-3:]) - DAY_IDS.index(day.id[:3])) % 7
    return replace(day, dates=tuple(first + timedelta(days=step) for step in range(length + 1)))


def rules(programme: Programme, source: Source) -> Iterator[Problem]:
    """Every breach of a whole-file rule."""
    yield from _week(programme, source)
    yield from _kind(programme, source)
    yield from _messages(programme, source)
    yield from _spans(programme, source)
    yield from _clock_changes(programme, source)
    if "day" in programme.resources:
        yield source.problem("V7", "'day' is a word of its own in links", "resources.day", hint="Rename the resource.")


def _week(programme: Programme, source: Source) -> Iterator[Problem]:
    starts, ends = programme.campaign.starts, programme.campaign.ends
    if starts and ends and ends < starts:
        yield source.problem("V14", "the week ends before it starts", "campaign.ends", hint="Mend `starts` or `ends`.")
        return
    if starts and ends and (ends - starts).days >= LONGEST_WEEK:
        hint = "Make each week a campaign of its own, with the same `series`."
        yield source.problem("V14", "the week is longer than seven days", "campaign.ends", hint=hint)
    for day in programme.days:
        outside = [each for each in day.dates if (starts and each < starts) or (ends and each > ends)]
        if outside:
            span = f"{long_date(starts) if starts else '...'} to {long_date(ends) if ends else '...'}"
            message = f"{long_date(outside[0])} is outside the week, which is {span}"
            yield source.problem("V14", message, f"days.{day.id}", hint="Mend the date, or `starts` and `ends`.")


def _kind(programme: Programme, source: Source) -> Iterator[Problem]:
    if programme.campaign.kind is CampaignKind.WEEK:
        return
    for part, there in (("days", programme.days), ("posts", programme.posts)):
        if there:
            hint = "Make it `kind: week`, or take them out."
            yield source.problem("V15", f"a briefing has no {part}", part, hint=hint)
    if len(programme.mailings) != 1:
        message = f"a briefing has one mailing, and here are {len(programme.mailings)}"
        yield source.problem("V15", message, "mailings", hint="Give each briefing a file of its own.")


def _messages(programme: Programme, source: Source) -> Iterator[Problem]:
    for where, message in messages(programme):
        if message.when.each_day and not programme.days:
            yield source.problem("V15", "`each_day` needs days, and the file has none", f"{where}.each_day")
        if not isinstance(message, PlannedPost):
            continue
        for name in message.text_for:
            if name not in message.channels:
                hint = f"Its channels are {', '.join(message.channels)}."
                yield source.problem("R2", f"this post does not go to {name}", f"{where}.text_for.{name}", hint=hint)
        for index, name in enumerate(message.channels):
            if name in message.channels[:index]:
                yield source.problem("V8", f"{name} is here twice", f"{where}.channels.{index}", hint="Keep one.")


def _spans(programme: Programme, source: Source) -> Iterator[Problem]:
    for index, hold in enumerate(programme.campaign.holds):
        if hold.end <= hold.start:
            yield source.problem("V14", "the hold ends before it begins", f"campaign.holds.{index}.to")
    for name, resource in programme.resources.items():
        event = resource.event
        if event is None or event.starts is None or event.ends is None:
            continue
        if _moment(event.ends, time.max) <= _moment(event.starts, time.min):
            yield source.problem("V14", "the event ends before it starts", f"resources.{name}.event.ends")


def _moment(when: datetime | date, clock: time) -> datetime:
    return when if isinstance(when, datetime) else datetime.combine(when, clock)


def messages(programme: Programme) -> Iterator[tuple[str, PlannedMessage]]:
    """Every planned post and mailing with its dotted path."""
    for name, post in programme.posts.items():
        yield f"posts.{name}", post
    for name, mailing in programme.mailings.items():
        yield f"mailings.{name}", mailing


def wall_times(programme: Programme) -> Iterator[tuple[str, datetime]]:
    """Every wall time at which something of the programme happens, with the dotted path that sets it."""
    defaults = programme.campaign.defaults
    for index, hold in enumerate(programme.campaign.holds):
        yield f"campaign.holds.{index}.from", hold.start
        yield f"campaign.holds.{index}.to", hold.end
    for name, resource in programme.resources.items():
        times = [("embargo_until", resource.embargo_until), ("visible_from", resource.visible_from)]
        if resource.event:
            times += [("event.starts", _timed(resource.event.starts)), ("event.ends", _timed(resource.event.ends))]
        yield from ((f"resources.{name}.{key}", at) for key, at in times if isinstance(at, datetime))
    for day in programme.days:
        path = f"days.{day.id}.unlock" if day.unlock else "campaign.defaults.unlock"
        yield from ((path, datetime.combine(each, day.unlock or defaults.unlock)) for each in day.dates[:1])
    for where, message in messages(programme):
        default = defaults.post if isinstance(message, PlannedPost) else defaults.mailing
        yield from _message_times(programme, where, message, default)


def _message_times(
    programme: Programme, where: str, message: PlannedMessage, default: time
) -> Iterator[tuple[str, datetime]]:
    when = message.when
    if when.at:
        yield f"{where}.at", when.at
    if isinstance(when.time, str):
        return
    for day in programme.days:
        if (when.each_day or when.day == day.id) and day.dates:
            yield f"{where}.time", datetime.combine(day.dates[0], when.time or default)


def _timed(moment: datetime | date | None) -> datetime | None:
    return moment if isinstance(moment, datetime) else None


def _clock_changes(programme: Programme, source: Source) -> Iterator[Problem]:
    zone = ZoneInfo(programme.campaign.timezone)
    for where, wall in wall_times(programme):
        if changed_clocks(wall, zone) == "gap":
            day = long_date(wall.date())
            message = f"{wall:%H:%M} on {day} does not exist: the clocks go forward over it"
            yield source.problem("T1", message, where, hint="Write a time outside that hour.")


def gather(programme: Programme, source: Source, shelf: Shelf) -> tuple[dict[str, bytes], list[Problem]]:
    """Every file that the programme uses, by name, and a problem for each that is not to be had."""
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for where, name in _named_files(programme):
        try:
            files[name] = shelf.read(name)
        except FileProblem as problem:
            problems.append(source.problem(problem.code, str(problem), where, hint=problem.hint))
    try:
        files |= shelf.templates()
    except FileProblem as problem:
        problems.append(source.problem(problem.code, str(problem), "campaign", hint=problem.hint))
    problems.extend(_bodies(programme, source, files))
    return dict(sorted(files.items())), problems


def _named_files(programme: Programme) -> Iterator[tuple[str, str]]:
    for name, body in programme.organisations.items():
        if body.logo and body.logo.file:
            yield f"organisations.{name}.logo.file", f"images/{body.logo.file}"
    for name, post in programme.posts.items():
        for index, image in enumerate(post.images):
            if not image.file:
                continue
            yield f"posts.{name}.images.{index}.file", f"images/{image.file}"
    for name, mailing in programme.mailings.items():
        if mailing.body:
            yield f"mailings.{name}.body", f"messages/{mailing.body}"


def _bodies(programme: Programme, source: Source, files: Mapping[str, bytes]) -> Iterator[Problem]:
    for name, mailing in programme.mailings.items():
        file = f"messages/{mailing.body}"
        for number, line in enumerate(files.get(file, b"").decode("utf-8", "replace").splitlines(), start=1):
            for resource in RESOURCE_LINK.findall(line):
                if resource in programme.resources:
                    continue
                near = nearest(resource, programme.resources)
                hint = f"Did you mean '{near}'?" if near else "Add it to `resources`."
                message = f"there is no resource '{resource}'"
                yield Problem("R1", message, where=f"mailings.{name}.body", hint=hint, file=file, line=number, column=1)
