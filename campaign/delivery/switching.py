"""What the desk asks of the installation about its channels: accounts, signing in, trying, and switching live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a channel's network last said of its account, or why it could not be asked. `at`, `until`: aware UTC."""

    account: str = ""
    rights: tuple[str, ...] = ()
    until: datetime | None = None
    detail: str = ""
    error: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret that a channel takes: whether it must have one, and whether it has. Its value is never told."""

    name: str
    label: str
    required: bool
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test message that was posted. `deletable`: it can be taken back from here."""

    url: str
    deletable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """How much may go over a channel: its own limit in messages a second (0: none), and until when (aware UTC) the
    network takes nothing more (None: it takes messages, as far as is known)."""

    rate: float = 0.0
    closed_until: datetime | None = None


class Switchboard(Protocol):
    """Each raises RefusedError, SettingsError or ChannelError with words for a person. Secrets are never given back."""

    def settable(self, name: str) -> str:
        """Why nothing can be set up for a channel here ("" where it can): it is not in channels.yaml."""
        ...

    def until(self, name: str) -> datetime | None:
        """Until when it stays signed in, as far as is known; asks no network."""
        ...

    def known(self, name: str) -> Known | None:
        """What was last heard of its account; None where it was never asked."""
        ...

    def headroom(self, name: str) -> Headroom:
        """How much may go over it."""
        ...

    def verify(self, name: str, *, now: datetime) -> Known:
        """Ask the network whose account it is, sending nothing; kept for `known`."""
        ...

    def secrets(self, name: str) -> list[Secret]:
        """The secrets that it takes."""
        ...

    def keep(self, name: str, values: Mapping[str, str], *, who: str, now: datetime) -> None:
        """Keep secrets that were typed in, encrypted."""
        ...

    def forget(self, name: str, *, who: str, now: datetime) -> None:
        """Forget every secret that was typed in or granted here."""
        ...

    def begin(self, name: str, callback: str, *, now: datetime) -> str:
        """Where a person signs in with the network, to come back to `callback`; "" where it goes by secrets alone."""
        ...

    def finish(self, answer: str, *, who: str, now: datetime) -> str:
        """Take the answer that `begin` led to (the query of the address); the channel's name."""
        ...

    def trial(self, name: str, *, now: datetime) -> str:
        """The words of the test message that `try_out` would post."""
        ...

    def try_out(self, name: str, *, who: str, now: datetime) -> Trial:
        """Post a marked test message, live or not."""
        ...

    def take_back(self, name: str, *, who: str, now: datetime) -> None:
        """Delete the last test message."""
        ...

    def effect(self, name: str, *, live: bool) -> tuple[str, ...]:
        """What switching it would change, in sentences. RefusedError where mail could go to people who cannot leave."""
        ...

    def switch(self, name: str, *, live: bool, who: str, now: datetime) -> None:
        """Switch it live, or back to the outbox."""
        ...
