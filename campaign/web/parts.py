"""What the pages are given. They fetch nothing themselves: wiring hands these in, and tests hand in plain fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from campaign.clock import Clock
from campaign.delivery.forms import Hook, Labels, Offer, PreferencesForm, Published, SignUpForm
from campaign.delivery.parts import Parts as Work
from campaign.delivery.switching import Switchboard
from campaign.model import Role

if TYPE_CHECKING:
    from campaign.channels.base import Receipt
    from campaign.delivery.shelf import InForce
    from campaign.plan import Planned
    from campaign.programme.checks import Installation
    from campaign.store.joining import Asked, Joined, Left
    from campaign.store.preferences import Preferences, Saved


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


def _not_known(channel: str) -> datetime | None:
    return None


def _no_letter(kind: str, to: str, values: Mapping[str, str], now: datetime) -> bool:
    return False


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
    when they were made, in words; what needs a server is left out of them. `probe` is what `/unsubscribe/probe`
    answers: by it an installation knows that its own unsubscribe address leads to itself.
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
    probe: str = ""

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


class Visitors(Protocol):
    """Joining and leaving. No answer tells whether an address is known, save to the holder of a secret link.

    A `link` stands in every email to a person; a `token` in a letter that answers what they asked. Every act is at
    once, and safe to repeat. What only shows (`asked`, `preferences`) changes nothing.
    """

    def offers(self, campaign: str = "") -> Sequence[Offer]:
        """The public lists, in the order to show them: those of one campaign, where it has any."""
        ...

    def labels(self, campaign: str = "") -> Labels:
        """What may be chosen beside the lists: of one campaign, where it is there."""
        ...

    def sign_up(self, form: SignUpForm, *, client: str, now: datetime) -> None:
        """Take a sign-up; a letter with a link to confirm goes out where one is due.

        AddressError for no address, RefusedError for lists that are not open, BusyError for too many from one network.
        """
        ...

    def asked(self, token: str, *, now: datetime) -> Asked | None:
        """What the button behind a letter's link would do; None where the link is unknown or too old."""
        ...

    def confirm(self, token: str, *, now: datetime) -> Joined | None:
        """The button of a sign-up: join."""
        ...

    def erase(self, token: str, *, now: datetime) -> bool:
        """The button of an erasure: erase. False where the link is unknown or too old."""
        ...

    def copy(self, token: str, *, now: datetime) -> Mapping[str, Any] | None:
        """The button of a copy: everything held, part -> facts or rows. None where the link is unknown or too old."""
        ...

    def preferences(self, link: str, *, now: datetime) -> Preferences | None:
        """A person's page; None where the link is nobody's."""
        ...

    def save(self, link: str, form: PreferencesForm, *, now: datetime) -> Saved | None:
        """Keep what the person chose; None where the link is nobody's. RefusedError says what cannot be chosen."""
        ...

    def leave(self, link: str, *, how: str, everything: bool, now: datetime) -> Left | None:
        """Leave the lists of the link, or all; None where the link is nobody's."""
        ...

    def rejoin(self, link: str, *, wording: str, now: datetime) -> None:
        """Leaving was a mistake: send a letter with a link to join those lists again."""
        ...

    def ask_about_self(self, link: str, kind: str, *, now: datetime) -> str | None:
        """Send a letter with a link for `erase` or `export`: the masked address, None where the link is nobody's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where the team signs in elsewhere (OpenID Connect). `name` stands on the button.

    `tenants` are those of an issuer for several (Microsoft Entra) that may sign in. `roles`: (claim, value) -> role;
    where there are any, the role follows them at each sign-in. `call` makes one HTTP request (method, address, form,
    headers, what of it is secret) and gives status and body; it follows no redirect, and raises CampaignError.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    call: Callable[[str, str, Mapping[str, str], Mapping[str, str], tuple[str, ...]], tuple[int, bytes]]
    tenants: tuple[str, ...] = ()
    roles: tuple[tuple[str, str, Role], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the desk works with. `kinds`: every channel's kind by name; `promise` is what a channel
    (name, kind) can promise as it is set up.

    `other`: nobody approves what they last edited. `facts` is what the checks of a message want to know of the
    installation; None: what needs it is not judged. `letter` queues a letter of a kind to a member of the team (kind,
    address, values, now), and says whether it will leave the installation: where not, the page shows the link in it.
    `until` tells until when a channel stays signed in, as was last heard (None: not known). `outbox` is
    the folder of what did not leave: an erasure deletes a person's copies there.
    `board` looks after the channels; None: that is done on the command line.
    """

    work: Work
    kinds: Callable[[], Mapping[str, str]]
    promise: Callable[[str, str], str]
    other: bool = False
    facts: Callable[[], Installation] | None = None
    send_test: Callable[[InForce, Planned, str, str], Receipt] | None = None
    letter: Callable[[str, str, Mapping[str, str], datetime], bool] = _no_letter
    until: Callable[[str], datetime | None] = _not_known
    provider: Provider | None = None
    outbox: Path | None = None
    board: Switchboard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the app is made of. Where a part is None, its pages are not there."""

    site: Site
    clock: Clock
    weeks: Weeks
    visitors: Visitors | None = None
    hooks: Mapping[str, Hook] = field(default_factory=_nothing)
    look_every: float = 0.5
    media: Path | None = None
    desk: Desk | None = None
