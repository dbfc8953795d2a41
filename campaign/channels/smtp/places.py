"""What is set of an `smtp` channel, as plain values: what connections and lanes are made from, here or elsewhere.

`options` reads and judges it. Times are seconds, rates are messages a second, 0 means no limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class Security(StrEnum):
    """How the connection is protected. `opportunistic`: encrypted where the relay offers it, its name unproved."""

    TLS = "tls"
    STARTTLS = "starttls"
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


class Auth(StrEnum):
    """How we sign in to the relay."""

    PLAIN = "plain"
    LOGIN = "login"
    XOAUTH2 = "xoauth2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One relay: where it is and how to speak to it. See `options.Endpoint`."""

    host: str
    port: int
    security: Security
    ca_file: str
    username: str
    password: str | None = field(repr=False)
    password_file: Path | None
    auth: Auth | None
    weight: int
    rate: float
    messages_per_connection: int

    @property
    def name(self) -> str:
        """Host and port: the relay's name in messages, limits and figures."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long to wait. See `options.Timeouts`."""

    connect: float
    command: float
    final: float
    stall: float
    idle: float


class KeyFile(NamedTuple):
    """A DKIM key: signs mail whose From is at `domain` or below it. The file holds a PEM private key."""

    domain: str
    selector: str
    key_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that lanes need. A relay not used before begins at `start` (0: at its own rate)."""

    places: tuple[Place, ...]
    waits: Waits
    helo: str
    keys: tuple[KeyFile, ...]
    lanes: int
    domain_rates: Mapping[str, float]
    start: float
    doubles_every: float
