"""What pages show of a campaign: plain values that hold nothing a reader may not see yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from markupsafe import Markup

EMPTY = Markup("")
Dates = tuple[date, ...]


class Phase(StrEnum):
    """Where a week stands."""

    BEFORE = "before"
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class OneThing:
    """ "If you do one thing". False where there is none."""

    text: Markup = EMPTY
    link: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Item:
    """A resource that may be seen. Words are ready to print; "" where there is nothing to say.

    `starts` and `ends` are aware where the programme states a time, dates where it states a day alone.
    """

    id: str
    title: str
    kind: str
    icon: str
    text: Markup
    link: str
    pending: str
    organisations: str
    is_event: bool = False
    when: str = ""
    place: str = ""
    speakers: str = ""
    state: str = ""
    state_words: str = ""
    booking: str = ""
    recording: str = ""
    ended: bool = False
    starts: datetime | date | None = None
    ends: datetime | date | None = None
    minutes: str = ""
    captions: bool = False
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A theme of a day. `text` is whole where the day is open, else its first paragraph or nothing."""

    id: str
    title: str
    text: Markup
    tbc: bool = False
    areas: str = ""
    audiences: str = ""
    one_thing: OneThing = OneThing()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class DayShown:
    """A day as it shows now. Where it is locked, `subjects` hold only what `before` allows.

    `path` is the page's, below the site's root; `opens_at` is aware UTC; `opens` says it in words. `gone`: its time
    came, and every theme of it was cancelled, so that its page is taken down; it counts as not open.
    """

    id: str
    number: int
    weekday: str
    date: str
    short: str
    dates: Dates
    path: str
    open: bool
    today: bool
    opens_at: datetime
    opens: str
    title: str
    subjects: tuple[Subject, ...]
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation of the week. `logo` is the path of its picture, "" where it has none."""

    name: str
    url: str
    logo: str
    logo_alt: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter."""

    id: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Week:
    """A campaign as it shows now, to one choice of area and audience. `query` is that choice as `?area=...`, or "".

    `events` are all that show, of days still locked too (so that they can be booked), by time.
    """

    id: str
    path: str
    query: str
    title: str
    language: str
    summary: str
    text: Markup
    dates: str
    starts: date
    ends: date
    zone: str
    timezone: str
    phase: Phase
    series: str
    hashtags: tuple[str, ...]
    contact_name: str
    contact_email: str
    help_line: str
    one_thing: OneThing
    items: tuple[Item, ...]
    events: tuple[Item, ...]
    days: tuple[DayShown, ...]
    partners: tuple[Partner, ...]
    areas: tuple[Choice, ...]
    audiences: tuple[Choice, ...]
    since: datetime

    def day(self, day_id: str) -> DayShown | None:
        """The day of that id, or None."""
        return next((day for day in self.days if day.id == day_id), None)

    @property
    def today(self) -> DayShown | None:
        """The open day of today's date."""
        return next((day for day in self.days if day.today and day.open), None)

    @property
    def open_days(self) -> tuple[DayShown, ...]:
        """The days that have opened, in order."""
        return tuple(day for day in self.days if day.open)
