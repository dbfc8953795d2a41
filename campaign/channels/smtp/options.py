"""The settings of an `smtp` channel. Times are seconds, rates are messages a second, 0 means no limit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from campaign.channels import base
from campaign.channels.smtp.places import Auth, KeyFile, Place, Security, Setup, Waits

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Seconds = Annotated[float, Field(gt=0, le=3600)]
Rate = Annotated[float, Field(ge=0, le=100_000)]


class Part(BaseModel):
    """A group of settings; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OAuth(Part):
    """Where XOAUTH2 gets its tokens. Without a refresh token the client's own credentials are used (Microsoft 365)."""

    token_url: str = Field(pattern=r"^https://")
    client_id: str = Field(min_length=1)
    scope: str = ""


class Timeouts(Part):
    """How long to wait. Defaults are those of RFC 5321 4.5.3.2, save `connect`.

    `stall`: how long the rest of a group of pipelined replies may take once its first has come.
    `idle`: an unused connection is not used again after this.
    """

    connect: Seconds = 30
    command: Seconds = 300
    final: Seconds = 600
    stall: Seconds = 30
    idle: Seconds = 60


class SlowStart(Part):
    """A relay not used before begins at `rate` a second, doubled every `doubles_every` seconds until its own rate."""

    rate: Rate = 5
    doubles_every: Annotated[float, Field(ge=1, le=604_800)] = 600


class Endpoint(Part):
    """One relay: where it is and how to speak to it."""

    host: str = Field(min_length=1, max_length=255, pattern=r"^[^\s/@]+$", examples=["smtp.example.org"])
    port: int = Field(default=587, ge=1, le=65535)
    security: Security = Security.STARTTLS
    ca_file: str = ""
    username: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    auth: Auth | None = None
    weight: int = Field(default=1, ge=1, le=1000)
    rate: Rate = 0
    messages_per_connection: int = Field(default=0, ge=0)

    @property
    def name(self) -> str:
        """Host and port: the relay's name in messages, limits and figures."""
        return f"{self.host}:{self.port}"

    @model_validator(mode="after")
    def _sound(self) -> Self:
        exposed = self.security in (Security.OFF, Security.OPPORTUNISTIC)
        if self.username and exposed and self.host not in LOOPBACK:
            raise ValueError(f"a password would go unprotected: set security to tls or starttls for {self.host}")
        if self.password is not None and self.password_file is not None:
            raise ValueError("give password or password_file, not both")
        return self


class DkimKey(Part):
    """A DKIM key: signs mail whose From is at `domain` or below it. The file holds a PEM private key."""

    domain: str = Field(min_length=1)
    selector: str = Field(min_length=1)
    key_file: Path


class SmtpOptions(Endpoint, base.Options):
    """An `smtp` channel: its first relay, any further relays, and what holds for all of them.

    A further relay takes each setting that it does not state from the channel itself.
    """

    relays: tuple[dict[str, object], ...] = ()
    connections: int = Field(default=4, ge=1, le=64)
    domain_rates: dict[str, Rate] = Field(default_factory=dict)
    slow_start: SlowStart | None = None
    helo: str = Field(default="", pattern=r"^[A-Za-z0-9.\[\]:-]*$")
    oauth: OAuth | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    dkim: tuple[DkimKey, ...] = ()
    timeouts: Timeouts = Timeouts()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every relay, the channel's own first."""
        own = {name: getattr(self, name) for name in Endpoint.model_fields}
        others = [own | ({"password": None} if "password_file" in relay else {}) | relay for relay in self.relays]
        return tuple(Endpoint.model_validate(each) for each in (own, *others))

    def setup(self, ca_file: str) -> Setup:
        """All of it that lanes need, as plain values. `ca_file`: for relays that state none."""
        slow = self.slow_start or SlowStart(rate=0)
        return Setup(
            places=tuple(_place(endpoint, ca_file) for endpoint in self.endpoints),
            waits=Waits(**dict(self.timeouts)),
            helo=self.helo,
            keys=tuple(KeyFile(key.domain, key.selector, key.key_file) for key in self.dkim),
            lanes=self.connections,
            domain_rates={name.lower(): float(rate) for name, rate in self.domain_rates.items()},
            start=slow.rate,
            doubles_every=slow.doubles_every,
        )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if any("password" in relay for relay in self.relays):
            raise ValueError("a password does not belong in channels.yaml: give each further relay a password_file")
        names = [endpoint.name for endpoint in self.endpoints]
        if len(set(names)) != len(names):
            raise ValueError("two relays have the same host and port")
        if self.auth is Auth.XOAUTH2 and (self.oauth is None or not self.username):
            raise ValueError("xoauth2 needs a username and the settings token_url and client_id under oauth")
        return self


def _place(endpoint: Endpoint, ca_file: str) -> Place:
    values = {name: getattr(endpoint, name) for name in Endpoint.model_fields}
    password = endpoint.password.get_secret_value() if endpoint.password is not None else None
    return Place(**values | {"password": password, "ca_file": endpoint.ca_file or ca_file})
