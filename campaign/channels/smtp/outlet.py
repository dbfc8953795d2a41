"""The lanes of an `smtp` channel, opened in this process or in another from plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.channels.bulk import Rate
from campaign.channels.smtp.lane import PipelinedLane
from campaign.channels.smtp.places import Auth, Place, Setup
from campaign.channels.smtp.relays import Relays
from campaign.channels.smtp.session import Entry, tls_context
from campaign.errors import ChannelDown
from campaign.model import Email

if TYPE_CHECKING:
    from campaign.channels.smtp.dkim import Signer

#: Gives an access token other than the one just refused ("": none was).
Access = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class OpensOutlet:
    """Makes the outlet in another process: see `Elsewhere`."""

    setup: Setup

    def open(self, now: Callable[[], datetime]) -> Outlet:
        """The outlet; SettingsError where a DKIM key cannot be used."""
        return Outlet(self.setup, now)


class Outlet:
    """Lanes to the relays of one channel in one process. `now` gives aware UTC; `access` is for relays with XOAUTH2.

    Raises SettingsError where a DKIM key cannot be used.
    """

    def __init__(self, setup: Setup, now: Callable[[], datetime], access: Access | None = None) -> None:
        self.lanes = setup.lanes
        self._setup = setup
        self._now = now
        self._signer = _signer(setup)
        self.relays = Relays([self._entry(place, access) for place in setup.places], now)

    def open_lane(self) -> PipelinedLane:
        """A lane for one worker thread; at most `lanes` are meant to be open at a time."""
        return PipelinedLane(self.relays, self._sign, self._now)

    @property
    def limited(self) -> bool:
        """Whether a relay, a recipient domain or a slow start limits it."""
        setup = self._setup
        return bool(setup.start or setup.domain_rates or any(place.rate for place in setup.places))

    def rate(self, relay: str) -> Rate:
        """The limit of one relay; that of the only one, where it is not said which."""
        setup = self._setup
        rate = next((place.rate for place in setup.places if relay in (place.name, "")), 0.0)
        return Rate(rate, setup.start, setup.doubles_every) if setup.start else Rate(rate)

    def domain_rate(self, domain: str) -> float:
        """The limit of one recipient domain."""
        return self._setup.domain_rates.get(domain.lower(), 0.0)

    def covers(self, from_address: str) -> bool:
        """Whether mail from that address is signed with DKIM."""
        return self._signer is not None and self._signer.covers(from_address)

    def _sign(self, message: Email) -> bytes:
        if self._signer is None:
            return message.raw
        return self._signer.sign(message.raw, message.from_address, self._now, relaxed=message.relaxed_body)

    def _entry(self, place: Place, access: Access | None) -> Entry:
        return Entry(
            place=place,
            waits=self._setup.waits,
            helo=self._setup.helo,
            now=self._now,
            secret=access if place.auth is Auth.XOAUTH2 and access is not None else lambda refused: _password(place),
            context=tls_context(place.security, place.ca_file),
        )


def _signer(setup: Setup) -> Signer | None:
    if not setup.keys:
        return None
    from campaign.channels.smtp.dkim import Signer  # cryptography takes several megabytes

    return Signer.from_keys(setup.keys)


def _password(place: Place) -> str:
    if place.password is not None:
        return place.password
    if place.password_file is None:
        raise ChannelDown(f"No password is set for {place.name}", code="auth")
    try:
        return Path(place.password_file).read_text("utf-8").strip()
    except OSError as error:
        words = f"The password file of {place.name} cannot be read: {error.strerror}"
        raise ChannelDown(words, code="auth") from None
