"""A week with which nothing is wrong, and the codes that a change to it brings."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from campaign.errors import Problem, Severity
from campaign.model import Post, Sender
from campaign.programme.checks import Installation, ListFacts, Sheet, images, installed, measured, ready
from campaign.programme.checks.child import events
from campaign.programme.checks.report import Report, sort_out
from campaign.programme.checks.sheet import sheet
from tests.unit.programmes import load

TODAY = date(2024, 1, 1)

GOOD: dict[str, Any] = {
    "schema": "1",
    "campaign": {
        "id": "road-week",
        "title": "Road Safety Week",
        "status": "ready",
        "starts": "2024-03-04",
        "ends": "2024-03-08",
        "summary": "A week about safe roads.",
        "privacy_url": "https://roads.gov.uk/privacy",
        "home_url": "https://roads.gov.uk/week",
        "hashtags": ["RoadSafetyWeek"],
        "contact": {"name": "Roads team", "email": "roads@roads.gov.uk"},
    },
    "organisations": {"ROADS": {"name": "Roads Partnership", "areas": ["NORTH"], "address": "1 High Street"}},
    "areas": {"NORTH": "The North", "SOUTH": "The South"},
    "audiences": {
        "staff": {"name": "Staff", "reading_age_max": "18"},
        "parents": {"name": "Parents", "reading_age_max": "11"},
    },
    "channels": {
        "x-roads": {"kind": "x", "organisation": "ROADS"},
        "masto-roads": {"kind": "mastodon", "organisation": "ROADS"},
        "mail": {"kind": "smtp", "organisation": "ROADS"},
    },
    "resources": {
        "kit": {"type": "toolkit", "title": "The road kit", "link": "https://roads.gov.uk/kit", "approval": "approved"},
        "launch": {
            "type": "event",
            "title": "The launch",
            "approval": "approved",
            "event": {
                "starts": "2024-03-05 14:00",
                "ends": "3pm",
                "state": "open",
                "booking": "https://roads.gov.uk/b",
            },
        },
    },
    "days": [
        {"date": "2024-03-04", "themes": [{"id": "walk", "title": "Walking", "text": "Walk to school."}]},
        {
            "date": "2024-03-05",
            "themes": [{"id": "ride", "title": "Riding", "text": "Ride a bike.", "resources": ["kit", "launch"]}],
        },
    ],
    "posts": {
        "walk": {"day": "mon", "time": "09:00", "channels": ["x-roads"], "text": "Walk today.", "link": "day"},
        "ride": {
            "day": "tue",
            "time": "09:00",
            "channels": ["x-roads", "masto-roads"],
            "text": "Ride today.",
            "link": "kit",
            "needs": ["launch"],
            "images": [{"file": "bike.png", "alt": "A child on a red bike"}],
        },
    },
    "mailings": {
        "daily": {
            "each_day": "true",
            "time": "08:00",
            "channel": "mail",
            "lists": ["staff"],
            "subject": "{{ day.weekday }}: {{ day.title }}",
            "preheader": "Today in {{ campaign.title }}: what to read and what to do.",
        }
    },
}


class Ruler:
    """A network that counts characters."""

    carries: ClassVar[Any] = Post
    title: ClassVar[str] = "Ruler"

    def __init__(self, limits: Any, problems: list[Problem] | None = None) -> None:
        self.limits = limits
        self.problems = problems or []

    def length(self, text: str) -> int:
        return len(text)

    def words(self, message: Any) -> str:
        return str(message.whole)

    def check(self, message: Any) -> list[Problem]:
        return list(self.problems)


def png(width: int = 8, height: int = 8) -> bytes:
    """A small PNG."""
    import io

    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(data, "PNG")
    return data.getvalue()


PICTURE = png()


def good() -> dict[str, Any]:
    """A copy of GOOD to change."""
    return copy.deepcopy(GOOD)


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with the value at `a/b/0/c` changed; None takes the key out."""
    data = good()
    inner: Any = data
    parts: list[Any] = [int(part) if part.isdigit() else part for part in path.split("/")]
    *heads, last = parts
    for part in heads:
        inner = inner[part] if isinstance(inner, list) else inner.setdefault(part, {})
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return data


def laid_out(
    data: dict[str, Any], *, files: dict[str, bytes] | None = None, installation: Installation | None = None
) -> Sheet:
    """The sheet of a week given as plain data."""
    loaded = load(data, {"images/bike.png": PICTURE, **(files or {})})
    return sheet(loaded, today=TODAY, installation=installation)


def judged(one: Sheet, measures: dict[str, Any] | None = None) -> Report:
    """What every rule says, in this process."""
    problems: list[Problem] = [*ready.rules(one), *images.rules(one), *installed.rules(one)]
    posts = []
    emails = 0
    for event in events(one):
        if "problem" in event:
            fields = event["problem"]
            problems.append(Problem(**{**fields, "severity": Severity(fields["severity"])}))
        elif "post" in event:
            posts.append(measured.read_post(one, event["post"]))
        emails += "email" in event
    problems += measured.rules(one, posts, measures or {})
    return sort_out(one.programme, one.source, problems, posts=len(posts), emails=emails)


def codes(data: dict[str, Any], **more: Any) -> dict[str, Problem]:
    """The problems of a week by code."""
    return {each.code: each for each in judged(laid_out(data, **more)).problems}


def installation(**changes: Any) -> Installation:
    """An installation with which nothing is wrong."""
    known: dict[str, Any] = {
        "base_url": "https://roads.gov.uk",
        "channels": {"x-roads": "x", "masto-roads": "mastodon", "mail": "smtp"},
        "lists": {"staff": ListFacts(size=1000, sender="roads")},
        "senders": {
            "roads": Sender(
                id="roads", from_name="Roads", from_address="news@roads.gov.uk", postal_address="1 High Street"
            )
        },
        "rates": {"mail": 10.0},
    }
    return Installation(**{**known, **changes})


def at(text: str) -> datetime:
    """An aware UTC moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
