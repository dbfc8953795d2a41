"""Activity: who did what, when; searched, and taken away as a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response, StreamingResponse

from campaign.delivery import noted
from campaign.delivery.noted import Entry, Search, Word
from campaign.programme.dates import WordsError, parse_date
from campaign.sheets import neutralise
from campaign.web.desk import acts, called, times
from campaign.web.desk.door import Ask

#: Lines on a page.
PAGE = 50
#: What may be asked for: words, a person, an act, a campaign, and the first and the last day.
ASKED = ("q", "who", "act", "campaign", "since", "until")
#: A moment as it is noted: in full, with its offset.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?[+-]\d\d:\d\d")
#: The most words of a search that count.
WORDS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log as it is drawn. `path` is where its message is, "" for what is about none."""

    id: int
    when: str
    iso: str
    who: str
    act: str
    about: str
    more: str
    path: str
    target: str
    detail: str


def activity(ask: Ask) -> Response:
    """The log, newest first: by words, person, act, campaign and days."""
    wanted = {name: ask.text(name) for name in ASKED}
    errors: dict[str, str] = {}
    known = called.planned(ask, ask.door.shelf.all())
    search = _search(ask, wanted, known, errors)
    before = ask.number("before")
    lines = [_line(ask, each, known) for each in noted.newest(ask.work, search, before=before, limit=PAGE + 1)]
    kept = {name: value for name, value in wanted.items() if value}
    words = ask.door.templates.words()
    every = {"": words("week.any")}
    return ask.page(
        "desk/activity.html",
        status=422 if errors else 200,
        here="activity",
        errors=errors,
        lines=lines[:PAGE],
        wanted=wanted,
        filtered=bool(kept),
        people={**every, **{name: words.said(name) for name in noted.people(ask.work)}},
        acts={**every, **acts.choices(words)},
        weeks={**every, **{force.slug: force.programme.campaign.title for force in ask.door.shelf.all()}},
        older=f"/desk/activity?{urlencode({**kept, 'before': lines[PAGE - 1].id})}" if len(lines) > PAGE else "",
        newest=f"/desk/activity?{urlencode(kept)}" if before else "",
        table=f"/desk/activity.csv?{urlencode(kept)}",
        zone=ask.door.zone(),
    )


def _search(ask: Ask, wanted: Mapping[str, str], known: Mapping[str, called.Called], errors: dict[str, str]) -> Search:
    """What is looked for; `errors` hears of days that are none."""
    words = ask.door.templates.words()
    said = {act: acts.said(act, words).lower() for act in acts.KNOWN}
    titles = {key: f"{one.title} {one.name} {one.channel}".lower() for key, one in known.items()}
    return Search(
        campaign=wanted["campaign"],
        act=wanted["act"],
        who=wanted["who"],
        words=tuple(
            Word(
                text=word,
                acts=[act for act, text in said.items() if word.lower() in text],
                targets=[key for key, text in titles.items() if word.lower() in text],
            )
            for word in wanted["q"].split()[:WORDS]
        ),
        since=_midnight(ask, wanted, "since", 0, errors),
        until=_midnight(ask, wanted, "until", 1, errors),
    )


def _midnight(ask: Ask, wanted: Mapping[str, str], name: str, days: int, errors: dict[str, str]) -> datetime | None:
    """The midnight with which the day begins, or, with `days` 1, ends."""
    if not wanted[name]:
        return None
    zone = ZoneInfo(ask.door.zone())
    try:
        day = parse_date(wanted[name], ask.now.astimezone(zone).year)
        return datetime.combine(day + timedelta(days=days), time(), zone)
    except (WordsError, OverflowError) as error:
        errors[name] = str(error)
        return None


def _line(ask: Ask, entry: Entry, known: Mapping[str, called.Called]) -> Line:
    words, about = ask.door.templates.words(), known.get(entry.target)
    title, target, more = _week(ask, entry.campaign), entry.target, ""
    if about:
        target, more = about.title, f"{about.name} · {about.channel}"
    elif entry.act == "load":
        target, more = words("versions.number", number=target), title
    elif target and title:
        more = title
    return Line(
        entry.id,
        times.moment(entry.at, ask.door.zone(), ask.now, words.shared),
        entry.at.isoformat(),
        words.said(entry.who),
        acts.said(entry.act, words),
        target or title,
        more,
        about.path if about else "",
        entry.target or entry.campaign,
        acts.detail(entry, words, partial(_value, ask)),
    )


def _week(ask: Ask, slug: str) -> str:
    """What a campaign is called; its name in the ledger where it is not loaded any more."""
    titles = {force.slug: force.programme.campaign.title for force in ask.door.shelf.all()}
    return titles.get(slug, slug)


def _value(ask: Ask, value: object) -> object:
    """A detail as it was noted; moments as people say them."""
    if isinstance(value, str) and MOMENT.fullmatch(value):
        at = datetime.fromisoformat(value)
        return times.moment(at, ask.door.zone(), ask.now, ask.door.templates.words().shared)
    return value


def as_table(ask: Ask) -> Response:
    """What the search finds, all of it, as a spreadsheet file, in cells that a spreadsheet will not run."""
    wanted = {name: ask.text(name) for name in ASKED}
    errors: dict[str, str] = {}
    known = called.planned(ask, ask.door.shelf.all())
    search = _search(ask, wanted, known, errors)
    if errors:
        return activity(ask)
    kept = {"Content-Disposition": 'attachment; filename="activity.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(_rows(ask, search, known), 200, kept, "text/csv; charset=utf-8")


def _rows(ask: Ask, search: Search, known: Mapping[str, called.Called]) -> Iterator[str]:
    words = ask.door.templates.words()
    heads = ("when_utc", "who", "act", "target", "called", "detail")
    yield "\ufeff" + _cells([words(f"activity.{name}") for name in heads])
    for some in noted.whole(ask.work, search):
        for line in (_line(ask, each, known) for each in some):
            about = f"{line.about} ({line.more})" if line.more else ""
            yield _cells([line.iso, line.who, line.act, line.target, about, line.detail])


def _cells(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([neutralise(cell) for cell in cells])
    return out.getvalue()
