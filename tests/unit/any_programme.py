"""Any programme: a strategy that makes programme files by the schema itself, so that a new key is tried at once."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from campaign.model import Programme
from campaign.programme import load_bytes
from campaign.programme.kinds import Address, Choice, Flag, Hashtag, Id, Language, Line, Link, Number, Ref, Text, Worded
from campaign.programme.kinds import Zone as ZoneKind
from campaign.programme.makers import Booking, DayRef
from campaign.programme.schema import ListOf, MapOf, Table
from campaign.programme.tables import CAMPAIGN, DEFAULTS, MAILING, ORGANISATION, POST, RESOURCE, THEME

MONDAY = date(2023, 10, 9)
AREAS = ["HAM", "IOW", "north-1", "HIOW"]
AUDIENCES = ["parents", "Prac_1"]
BODIES = ["HSCP", "b2"]
CHANNELS = {"x-a": "x", "sky": "bluesky", "fb": "facebook", "mail": "smtp", "x": "x"}
RESOURCES = ["kit", "r--2", "launch-", "all", "tbc"]
THEMES = ["t1", "prevent", "tbc", "t4"]
POOLS = {"area": AREAS, "audience": AUDIENCES, "organisation": BODIES, "resource": RESOURCES, "theme": THEMES}
ODD = ["=1+1", "+44", "-x", "@me", "'=a", "12:30", "yes", "no", "null", "1.0", "09/10/2023", "TBC", "same", "all",
       "a: b", "# not a comment", '"quoted"', "[x]", "{y}", "(none)", "- dash",
       "it\u2019s \u2013 \u201cso\u201d", "a\u00a0b",
       "caf\u00e9 \U0001f600", "Monday", "decorative", "A, B; C / D", "example-x"]  # fmt: skip

_LETTERS = st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"], exclude_characters="\u00ad")
_WORDS = st.text(_LETTERS, min_size=1, max_size=20).map(lambda text: " ".join(text.split(" ")).strip()).filter(bool)
LINES = st.one_of(st.sampled_from(ODD), _WORDS)
TEXTS = st.one_of(LINES, st.lists(st.one_of(LINES, st.just("")), min_size=1, max_size=4).map("\n".join)).filter(
    str.strip
)
DATES = st.integers(0, 6).map(lambda step: MONDAY + timedelta(days=step))
TIMES = st.times(time(3), time(23, 59)).map(lambda clock: clock.replace(second=0, microsecond=0))
MOMENTS = st.tuples(DATES, TIMES).map(lambda pair: datetime.combine(*pair))
LINKS = st.sampled_from(["https://example.org/a?b=c&d=e#f", "http://example.org/\u00e9", "#", "mailto:a@example.org"])


def _kind(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, Table):
        return table(kind)
    if isinstance(kind, ListOf):
        unique = isinstance(kind.kind, Ref)
        return st.lists(_kind(kind.kind), max_size=3, unique_by=json.dumps if unique else None)
    if isinstance(kind, Ref):
        return st.sampled_from(POOLS[kind.to])
    if isinstance(kind, Link):
        return st.one_of(LINKS, st.sampled_from([*kind.words, *(RESOURCES if kind.to else [])] or ["#"]))
    if isinstance(kind, Choice):
        return st.sampled_from([member.value for member in kind.words])
    if isinstance(kind, Number):
        return st.integers(kind.least, kind.top).map(str)
    if isinstance(kind, Flag):
        return st.sampled_from(["true", "false"])
    if isinstance(kind, Worded):
        return st.one_of(_WORDED[kind.form], st.sampled_from(kind.words)) if kind.words else _WORDED[kind.form]
    if isinstance(kind, Booking):
        return st.one_of(LINKS, st.just("no_link: not yet"))
    if isinstance(kind, Text):
        return TEXTS
    return next((made for known, made in _ONES if isinstance(kind, known)), LINES)


_ONES: tuple[tuple[type, st.SearchStrategy[Any]], ...] = (
    (Id, st.sampled_from(["abc", "a--b", "x1-"])),
    (Address, st.just("team@example.org")),
    (Hashtag, st.sampled_from(["DemoWeek", "a_b", "caf\u00e9", "Two"])),
    (Language, st.sampled_from(["en-GB", "cy"])),
    (ZoneKind, st.sampled_from(["Europe/London", "Europe/Dublin"])),
    (DayRef, st.sampled_from(["mon", "tue"])),
    (Line, LINES),
)
_WORDED: dict[str, st.SearchStrategy[str]] = {
    "date": DATES.map(str),
    "time": TIMES.map("{:%H:%M}".format),
    "datetime": MOMENTS.map("{:%Y-%m-%d %H:%M}".format),
    "moment": st.one_of(MOMENTS.map("{:%Y-%m-%d %H:%M}".format), DATES.map(str)),
    "end": st.just("2023-10-17 10:00"),
    "duration": st.integers(1, 3000).map("{}m".format),
    "day": st.sampled_from(["mon", "tue"]),
}


@st.composite
def table(draw: st.DrawFn, kind: Table, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """A group of keys: the required ones, and some of the others."""
    made: dict[str, Any] = {}
    for key in kind.keys:
        if key.name in skip or isinstance(key.kind, MapOf):
            continue
        if key.required or draw(st.booleans()):
            made[key.name] = draw(_kind(key.kind))
    return made


@st.composite
def messages(draw: st.DrawFn, kind: Table, days: list[str]) -> dict[str, Any]:
    """A post or a mailing, with its moment in one of the ways there are, and wordings for channels it goes to."""
    made = draw(
        table(kind, skip=("at", "day", "each_day", "time", "channels", "channel", "text_for", "template", "body"))
    )
    way = draw(st.sampled_from(["at", "each_day", "day", "none"]))
    if way == "at":
        made["at"] = draw(_WORDED["datetime"])
    elif way != "none":
        made |= {"each_day": "true"} if way == "each_day" else {"day": draw(st.sampled_from(days))}
        made["time"] = draw(st.one_of(_WORDED["time"], st.just("unlock"), st.just("")))
    if kind is POST:
        made["channels"] = draw(st.lists(st.sampled_from(sorted(CHANNELS)), max_size=3, unique=True))
        some = draw(st.lists(st.sampled_from(made["channels"]), unique=True)) if made["channels"] else []
        made["text_for"] = {name: draw(TEXTS) for name in some}
        for image in made.get("images", ()):
            image["file"] = "ce.png"
    else:
        made["channel"] = draw(st.sampled_from(sorted(CHANNELS)))
    return made


@st.composite
def days_of(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A week's days: some of seven, or the last two as one, dated or by their weekday alone."""
    dated = draw(st.booleans())
    steps = draw(st.lists(st.integers(0, 4), min_size=1, max_size=3, unique=True))
    names = ["mon", "tue", "wed", "thu", "fri"]
    themes = draw(st.permutations(THEMES))
    found: list[dict[str, Any]] = []
    for number, step in enumerate(sorted(steps)):
        held = [draw(table(THEME)) | {"id": themes[number]}] if draw(st.booleans()) else []
        day = {"date": str(MONDAY + timedelta(days=step))} if dated else {"weekday": names[step]}
        stated = {"weekday": names[step]} if draw(st.booleans()) else {}
        found.append(day | stated | {"unlock": draw(_WORDED["time"]), "themes": held})
    if dated and draw(st.booleans()):
        rest = [theme for theme in THEMES if not any(t["id"] == theme for day in found for t in day["themes"])]
        found.append(
            {"dates": ["2023-10-14", "2023-10-15"], "themes": [draw(table(THEME)) | {"id": each} for each in rest]}
        )
    else:
        rest = [theme for theme in THEMES if not any(t["id"] == theme for day in found for t in day["themes"])]
        found[-1]["themes"] += [draw(table(THEME)) | {"id": each} for each in rest]
    return found


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """A programme file as nested text."""
    days = draw(days_of())
    ids = [day.get("weekday", "sat-sun") for day in days]
    named = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    ids = [
        named[date.fromisoformat(day["date"]).weekday()] if day.get("date") else name
        for day, name in zip(days, ids, strict=True)
    ]
    head = draw(table(CAMPAIGN, skip=("starts", "ends", "kind", "holds", "defaults")))
    head["defaults"] = draw(table(DEFAULTS))
    posts = draw(st.lists(messages(POST, ids), max_size=4))
    mailings = draw(st.lists(messages(MAILING, ids), max_size=2))
    return {
        "schema": "1",
        "campaign": head | {"id": draw(st.sampled_from(["demo", "a--b", "x-"]))},
        "organisations": {name: draw(table(ORGANISATION, skip=("logo",))) for name in BODIES},
        "areas": {"HAM": draw(LINES), "IOW": "Isle of Wight", "north-1": draw(LINES)},
        "area_groups": {"HIOW": ["HAM", "IOW"]},
        "audiences": {name: {"name": draw(LINES)} for name in AUDIENCES},
        "channels": {name: {"kind": kind} for name, kind in CHANNELS.items()},
        "resources": {name: draw(table(RESOURCE)) for name in RESOURCES},
        "days": days,
        "posts": {
            draw(st.sampled_from(["p", "a--", "0", "example-post"])) + str(n): post for n, post in enumerate(posts)
        },
        "mailings": {f"m{number}": mailing for number, mailing in enumerate(mailings)},
    }


def programmes() -> st.SearchStrategy[Programme]:
    """Any programme that the loader gives."""
    return trees().map(lambda tree: load_bytes(json.dumps(tree, ensure_ascii=False).encode()).programme)
