"""What the pages are given. They fetch nothing themselves: wiring hands these in, and tests hand in plain fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlsplit

from campaign.clock import Clock
from campaign.model import Hold, Programme


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Published:
    """One campaign as the ledger has it now.

    `programme` has the ledger's facts about resources applied (`programme.states.apply`). `files` are the images it
    uses by their name (`images/ce.png`). `holds` are the holds now on; those with `pages` keep pages locked.
    """

    programme: Programme
    files: Mapping[str, bytes] = field(default_factory=_nothing, repr=False)
    holds: tuple[Hold, ...] = ()


class Weeks(Protocol):
    """The programmes in force."""

    def count(self) -> int:
        """A number that moves with every change of the ledger: one cheap read."""
        ...

    def all(self) -> Sequence[Published]:
        """Every campaign, newest last. Called again only when `count` moved."""
        ...


@dataclass(frozen=True, slots=True)
class Theme:
    """An organisation's look. Colours are `#rrggbb`; each must stand out from the page by 4.5 to 1 (WCAG 2.2, 1.4.3).

    `logo` is a whole PNG, JPEG, GIF or WebP file.
    """

    name: str = ""
    logo: bytes = field(default=b"", repr=False)
    logo_alt: str = ""
    primary: str = ""
    primary_dark: str = ""


@dataclass(frozen=True, slots=True)
class Statements:
    """What the privacy and accessibility statements say of this installation. Dates as people write them."""

    controller: str = ""
    controller_address: str = ""
    officer: str = ""
    officer_email: str = ""
    privacy_url: str = ""
    keep_months: int = 12
    accessibility_contact: str = ""
    prepared_on: str = ""
    known_problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """The settings that pages need.

    `base_url` is where readers find the pages, without a slash at its end (`https://week.example.org`). Requests for
    another host are refused, save those named in `hosts`. `proxies` are networks (CIDR) whose X-Forwarded-For is
    believed. `frames` are the origins that may show the widget; none stated means every site.
    `rehearsal`: the clock is not the world's, and every page says so. `frozen` is set on pages that are saved as files:
    when they were made, in words; what needs a server is left out of them.
    """

    base_url: str
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    theme: Theme = field(default_factory=Theme)
    statements: Statements = field(default_factory=Statements)
    language: str = "en-GB"
    rehearsal: bool = False
    frozen: str = ""

    @property
    def host(self) -> str:
        """The host and port of `base_url`, lower case."""
        return urlsplit(self.base_url).netloc.lower()

    @property
    def root(self) -> str:
        """The path of `base_url`, without a slash at its end: "" where the pages have a host of their own."""
        return urlsplit(self.base_url).path.rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether readers come by https."""
        return self.base_url.lower().startswith("https://")


@dataclass(frozen=True, slots=True)
class Open:
    """A list that people may join. `wording` is the consent sentence shown; it is kept with the consent."""

    slug: str
    title: str
    description: str = ""
    organisations: tuple[str, ...] = ()
    wording: str = ""
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a person sent by the subscribe form. `page` is where the form stood; `wording` what it showed."""

    address: str = field(repr=False)
    lists: tuple[str, ...]
    first_name: str = ""
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    language: str = "en-GB"
    wording: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One list on a person's preferences page. `state` is confirmed, unconfirmed, paused or unsubscribed."""

    slug: str
    title: str
    state: str
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What a person's own link may show: the address only masked (`j•••@example.org`).

    `leaving` are the lists that the link's unsubscribe leaves: all that chose the person for that email.
    """

    masked: str
    lists: tuple[Subscribed, ...]
    leaving: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose on the preferences page: lists to be on, and what to get there."""

    lists: tuple[str, ...]
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    pause_days: int | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """A request for erasure or a copy, opened by its emailed link: not done yet."""

    kind: str
    masked: str


class Joining(Protocol):
    """Joining and leaving. No answer tells whether an address is known, save to the holder of a secret link."""

    def lists(self) -> Sequence[Open]:
        """The public lists, in the order to show them."""
        ...

    def labels(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Areas and audiences that may be chosen: id -> name, each."""
        ...

    def sign_up(self, form: SignUp, now: datetime) -> None:
        """Take a sign-up; an email with a link to confirm goes out where one is due. AddressError for no address."""
        ...

    def pending(self, token: str, now: datetime) -> Person | None:
        """What a link to confirm would join; None where it is unknown or too old. Changes nothing."""
        ...

    def confirm(self, token: str, now: datetime) -> Person | None:
        """Join; again is the same as once. None where the link is unknown or too old."""
        ...

    def person(self, token: str) -> Person | None:
        """The person of a link from an email; None where it is unknown. Changes nothing."""
        ...

    def leave(self, token: str, now: datetime, *, everything: bool = False, how: str = "page") -> bool:
        """Leave the lists of the link, or all; again is the same as once. False where the link is unknown.

        `how` is `page` or `one-click`.
        """
        ...

    def choose(self, token: str, choices: Choices, now: datetime) -> Person | None:
        """Keep what the person chose; None where the link is unknown."""
        ...

    def send_link(self, address: str, now: datetime) -> None:
        """Email the person's own link, where the address is known and none went lately. Tells nothing."""
        ...

    def ask_rights(self, token: str, kind: str, now: datetime) -> bool:
        """Email a link for `erase` or `copy`; False where the person's link is unknown."""
        ...

    def rights(self, token: str, now: datetime) -> Rights | None:
        """What an emailed link for erasure or a copy is for; None where unknown or too old. Changes nothing."""
        ...

    def erase(self, token: str, now: datetime) -> bool:
        """Erase the person of such a link; False where unknown or too old."""
        ...

    def copy(self, token: str, now: datetime) -> bytes | None:
        """Everything held about the person of such a link, as JSON; None where unknown or too old."""
        ...


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What a provider is answered: an HTTP status and a few words without anybody's details."""

    status: int
    text: str = ""


#: A provider's callback: body, headers (names in lower case) and the present -> an answer.
Hook = Callable[[bytes, Mapping[str, str], datetime], HookAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the app is made of. Where a part is None, its pages are not there."""

    site: Site
    clock: Clock
    weeks: Weeks
    joining: Joining | None = None
    hooks: Mapping[str, Hook] = field(default_factory=_nothing)
    look_every: float = 0.5
