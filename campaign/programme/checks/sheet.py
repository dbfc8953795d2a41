"""What every rule is given: the programme with its dates, its occurrences, and what the installation knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from campaign import plan
from campaign.errors import Problem, ProgrammeError, Severity
from campaign.model import (
    CampaignKind,
    Day,
    PlannedMailing,
    PlannedPost,
    Programme,
    Sender,
    When,
)
from campaign.programme.checks.bank_holidays import ENGLAND
from campaign.programme.loader import Loaded
from campaign.programme.reading import Source
from campaign.programme.week import with_monday


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFacts:
    """A mailing list as far as a check needs it. `size` counts the confirmed."""

    size: int
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What an installation knows that a file does not.

    `channels`: name -> kind of those set up. `rates`: emails a second of a mail channel. `tokens`: when a channel's
    token dies (aware UTC). `closures`: extra days without work, with their names. `division`: whose bank holidays.
    `troubled`: why nothing can go over a channel, for those over which nothing can.
    """

    base_url: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)
    live: frozenset[str] = frozenset()
    lists: Mapping[str, ListFacts] = field(default_factory=dict)
    senders: Mapping[str, Sender] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, datetime] = field(default_factory=dict)
    closures: Mapping[date, str] = field(default_factory=dict)
    division: str = ENGLAND
    troubled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One message on one day. `wall` is local time as planned, `at` aware UTC."""

    where: str
    message: PlannedPost | PlannedMailing
    day: Day | None
    wall: datetime
    at: datetime

    @property
    def day_id(self) -> str:
        """The day's id, or "" where the message belongs to none."""
        return self.day.id if self.day else ""


@dataclass(frozen=True)
class Sheet:
    """One programme under check. `pretended`: it has no dates of its own, and was given a Monday to look at."""

    programme: Programme
    source: Source
    files: Mapping[str, bytes]
    installation: Installation | None = None
    pretended: bool = False

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of the programme's times."""
        return ZoneInfo(self.programme.campaign.timezone)

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """Every message on every day it goes, in time order."""
        found = [
            Occurrence(where=where, message=message, day=day, wall=wall, at=plan.resolve(wall, self.zone))
            for where, message in self.messages()
            for day, wall in plan.occurrences(self.programme, message)
        ]
        return tuple(sorted(found, key=lambda each: (each.at, each.where)))

    def messages(self) -> Iterator[tuple[str, PlannedPost | PlannedMailing]]:
        """Every planned message with its dotted path."""
        yield from ((f"posts.{name}", post) for name, post in self.programme.posts.items())
        yield from ((f"mailings.{name}", mailing) for name, mailing in self.programme.mailings.items())

    def error(self, code: str, message: str, where: str, hint: str = "") -> Problem:
        """An error at a dotted path."""
        return self.source.problem(code, message, where, hint=hint)

    def warning(self, code: str, message: str, where: str, hint: str = "") -> Problem:
        """A warning at a dotted path."""
        return self.source.problem(code, message, where, hint=hint, severity=Severity.WARNING)

    def stop_at(self, one: Occurrence) -> datetime:
        """The local time after which nothing of the message begins."""
        clock = one.message.stop_at or self.programme.campaign.defaults.stop_at
        return datetime.combine(one.wall.date(), clock)

    def reading_age(self, audiences: tuple[str, ...]) -> tuple[int, str] | None:
        """The strictest limit among the audiences, and whose it is; None where the file has no audiences."""
        known = self.programme.audiences
        limits = [
            (known[name].reading_age_max, known[name].name) for name in audiences or tuple(known) if name in known
        ]
        return min(limits, default=None)


def sheet(loaded: Loaded, *, today: date, installation: Installation | None) -> Sheet:
    """The sheet of a loaded programme. A week, or a briefing, without dates is looked at as if it were next week."""
    programme, pretended = loaded.programme, False
    monday = today + timedelta(days=7 - today.weekday())
    campaign = programme.campaign
    if programme.days and not campaign.starts and not any(day.dates for day in programme.days):
        with suppress(ProgrammeError):
            programme, pretended = with_monday(programme, monday, loaded.source), True
    if campaign.kind is CampaignKind.BRIEFING:
        timeless = {name for name, one in programme.mailings.items() if one.when == When()}
        at = When(at=datetime.combine(monday, campaign.defaults.mailing))
        mailings = {n: replace(one, when=at) if n in timeless else one for n, one in programme.mailings.items()}
        programme, pretended = replace(programme, mailings=mailings), pretended or bool(timeless)
    return Sheet(programme, loaded.source, loaded.files, installation, pretended)
