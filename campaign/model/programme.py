"""What a programme file says, as frozen values. Field names are the file's own keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from campaign.model.exclusion import NOBODY_LEFT_OUT, Exclusion

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_IDS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _none() -> Mapping[str, Any]:
    return MappingProxyType({})


class CampaignKind(StrEnum):
    """A week of days, or a one-off briefing."""

    WEEK = "week"
    BRIEFING = "briefing"


class CampaignStatus(StrEnum):
    """Whether the file may be scheduled. Running, paused and closed are the ledger's to know."""

    DRAFT = "draft"
    READY = "ready"


class Before(StrEnum):
    """What the public sees of a day before its unlock."""

    NOTHING = "nothing"
    TITLE = "title"
    SUMMARY = "summary"


class ThemeStatus(StrEnum):
    """Whether a theme stands."""

    CONFIRMED = "confirmed"
    TBC = "tbc"
    CANCELLED = "cancelled"


class ResourceType(StrEnum):
    """What kind of thing is linked to."""

    TOOLKIT = "toolkit"
    DOCUMENT = "document"
    GUIDANCE = "guidance"
    EVENT = "event"
    TRAINING = "training"
    VIDEO = "video"
    INTERVIEW = "interview"
    MESSAGE = "message"
    QUIZ = "quiz"
    POSTER = "poster"
    LINK = "link"


class ResourceApproval(StrEnum):
    """What a document's owners have said about it."""

    APPROVED = "approved"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


class IfPending(StrEnum):
    """How a resource that is not approved shows in messages."""

    OMIT = "omit"
    NAME_ONLY = "name_only"
    BLOCK = "block"


class EventState(StrEnum):
    """Whether people can still book."""

    TBC = "tbc"
    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Strength(StrEnum):
    """How much a hold stops: `proactive` lets essential messages pass, `all` lets nothing pass."""

    PROACTIVE = "proactive"
    ALL = "all"


class InDoubt(StrEnum):
    """What to do with an email that may have gone when a process was killed."""

    HOLD = "hold"
    RESEND = "resend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom readers can ask; also the Reply-To."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneThing:
    """ "If you do one thing"."""

    text: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateOk:
    """How late a mailing and a post may open."""

    mailing: timedelta = timedelta(hours=4)
    post: timedelta = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Times that hold where a day or a message states none (local wall time)."""

    unlock: time = time(7, 0)
    mailing: time = time(8, 0)
    post: time = time(9, 0)
    late_ok: LateOk = field(default_factory=LateOk)
    stop_at: time = time(20, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedHold:
    """A hold known in advance, such as a pre-election period (`from` and `to` in the file; wall times)."""

    start: datetime
    end: datetime
    reason: str
    strength: Strength = Strength.PROACTIVE
    pages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A warning accepted, with a reason."""

    code: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """An organisation's logo: a file under `images/`."""

    file: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A partner body."""

    id: str
    name: str
    areas: tuple[str, ...] = ()
    url: str = ""
    address: str = ""
    logo: Logo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom a theme, resource or message is for."""

    id: str
    name: str
    reading_age_max: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRef:
    """A channel the programme speaks to."""

    id: str
    kind: str
    organisation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """When and where, and how to book. `starts` is wall time, or a date alone. `no_booking` is the reason for none."""

    starts: datetime | date | None = None
    ends: datetime | date | None = None
    place: str = ""
    booking: str = ""
    no_booking: str = ""
    state: EventState = EventState.TBC
    speakers: tuple[str, ...] = ()
    recording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A recording to watch, listen to or read."""

    link: str = ""
    captions: bool = False
    transcript: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something linked to, with its approval and embargo.

    `embargo_until` is wall time, or the word "held": until a person releases it. `approval` is None where the file does
    not state it (it then counts as pending). `areas` are as written (groups not yet expanded); () means everywhere.
    """

    id: str
    type: ResourceType
    title: str
    link: str = ""
    no_link: str = ""
    text: str = ""
    organisations: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    approval: ResourceApproval | None = None
    approved_by: str = ""
    approved_on: date | None = None
    if_pending: IfPending = IfPending.OMIT
    embargo_until: datetime | str | None = None
    visible_from: datetime | None = None
    event: Event | None = None
    media: Media | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """One subject of a day, for stated audiences and areas."""

    id: str
    title: str
    status: ThemeStatus = ThemeStatus.CONFIRMED
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    text: str = ""
    one_thing: OneThing = field(default_factory=OneThing)
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A date of the week, or a span under one theme.

    `id` is `mon` ... `sun`, or `sat-sun`. `dates` is empty while a draft has none. `weekday`: for readers.
    """

    id: str
    dates: tuple[date, ...] = ()
    weekday: str = ""
    unlock: time | None = None
    before: Before = Before.NOTHING
    themes: tuple[Theme, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A moment as written: `at`, or `day` + `time`, or `each_day` + `time`. All wall time; `time` may be "unlock"."""

    at: datetime | None = None
    day: str = ""
    each_day: bool = False
    time: time | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedImage:
    """An image of a post: a file under `images/`."""

    file: str
    alt: str = ""
    decorative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMessage:
    """What planned posts and mailings share."""

    id: str
    when: When = field(default_factory=When)
    theme: str = ""
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    essential: bool = False
    late_ok: timedelta | None = None
    stop_at: time | None = None
    again: bool = False
    owner: str = ""
    notes: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPost(PlannedMessage):
    """A social message to channels at a time. `link` is a resource id, a URL, or "day"."""

    channels: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    text_for: Mapping[str, str] = field(default_factory=_none)
    link: str = ""
    hashtags: tuple[str, ...] = ()
    images: tuple[PlannedImage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMailing(PlannedMessage):
    """An email to lists at a time. `body` is a Markdown file under `messages/`."""

    channel: str = ""
    lists: tuple[str, ...] = ()
    exclude: Exclusion = NOBODY_LEFT_OUT
    subject: str = ""
    preheader: str = ""
    body: str = ""
    skip_if_empty: bool = True
    in_doubt: InDoubt = InDoubt.HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """The head of a programme file: one awareness week, or a one-off briefing."""

    id: str
    title: str
    kind: CampaignKind = CampaignKind.WEEK
    status: CampaignStatus = CampaignStatus.DRAFT
    series: str = ""
    edition: int | None = None
    aliases: tuple[str, ...] = ()
    starts: date | None = None
    ends: date | None = None
    timezone: str = "Europe/London"
    language: str = "en-GB"
    summary: str = ""
    text: str = ""
    resources: tuple[str, ...] = ()
    privacy_url: str = ""
    hashtags: tuple[str, ...] = ()
    home_url: str = ""
    contact: Contact | None = None
    help_line: str = ""
    one_thing: OneThing = field(default_factory=OneThing)
    defaults: Defaults = field(default_factory=Defaults)
    holds: tuple[PlannedHold, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A whole programme file."""

    campaign: Campaign
    organisations: Mapping[str, Organisation] = field(default_factory=_none)
    areas: Mapping[str, str] = field(default_factory=_none)
    area_groups: Mapping[str, tuple[str, ...]] = field(default_factory=_none)
    audiences: Mapping[str, Audience] = field(default_factory=_none)
    channels: Mapping[str, ChannelRef] = field(default_factory=_none)
    resources: Mapping[str, Resource] = field(default_factory=_none)
    days: tuple[Day, ...] = ()
    posts: Mapping[str, PlannedPost] = field(default_factory=_none)
    mailings: Mapping[str, PlannedMailing] = field(default_factory=_none)

    def day(self, day_id: str) -> Day | None:
        """The day of that id, or None."""
        return next((day for day in self.days if day.id == day_id), None)

    def themes(self) -> tuple[Theme, ...]:
        """Every theme of every day, in order."""
        return tuple(theme for day in self.days for theme in day.themes)

    def expand_areas(self, names: tuple[str, ...]) -> frozenset[str]:
        """The areas that `names` (areas and area groups) stand for; empty means everywhere."""
        return frozenset(area for name in names for area in self.area_groups.get(name, (name,)))
