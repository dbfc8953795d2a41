"""Clients for tests: one that sends everything to this machine, and one that opens no socket at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from campaign.channels.http import Answer, Http, Reply, Sent, Timeouts, fake_transport
from campaign.clock import SystemClock

FIRST_HOST = "x-first-host"


@dataclass(frozen=True, slots=True)
class Door:
    """The port that a request goes to, and whether no answer will ever come out of it."""

    port: int
    silent: bool = False


class Detour(Http):
    """A client that sends every request to one port of this machine; the host it was for is in `x-first-host`."""

    def __init__(self, door: Callable[[], Door], patience: float) -> None:
        super().__init__(monotonic=SystemClock().monotonic, allow_private=True, timeouts=_waits(patience))
        self._door = door

    def request(self, method: str, url: str, **options: Any) -> Reply:
        """The same request, to this machine."""
        parts = urlsplit(url)
        if not parts.hostname:
            return super().request(method, url, **options)
        door = self._door()
        there = parts._replace(scheme="http", netloc=f"127.0.0.1:{door.port}").geturl()
        if door.silent:
            options["timeout"] = _waits(0.2)
        headers = {**(options.pop("headers", None) or {}), FIRST_HOST: parts.netloc}
        return super().request(method, there, headers=headers, **options)


def _waits(patience: float) -> Timeouts:
    return Timeouts(connect=5.0, write=patience, read=patience, whole=max(patience * 4, 4.0))


def detour(port: int, *, patience: float = 5.0) -> Http:
    """A client whose every request goes to 127.0.0.1:`port`, in any process; it waits `patience` seconds."""
    return Detour(lambda: Door(port), patience)


@dataclass(slots=True)
class Recording:
    """A client in memory: no socket is opened. `sent` is what the channel asked, in order."""

    http: Http
    sent: list[Sent] = field(default_factory=list)


def recording(answer: Callable[[Sent], Answer] | Answer | None = None) -> Recording:
    """A client that remembers what it was asked and answers by a function (an `Imitation` is one), or always the same.

    The function may raise `campaign.channels.http.Fault` to fail in a phase of the connection.
    """
    fixed = answer if isinstance(answer, Answer) else Answer(200, {"content-type": "application/json"}, b"{}")
    sent: list[Sent] = []

    def reply(request: Sent) -> Answer:
        sent.append(request)
        return answer(request) if callable(answer) else fixed

    clock = SystemClock()
    return Recording(Http(monotonic=clock.monotonic, transport=fake_transport(reply)), sent)
