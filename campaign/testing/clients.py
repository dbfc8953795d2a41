"""Clients for tests: one that sends everything to this machine, and one that opens no socket at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Any
from urllib.parse import urlsplit

from campaign.channels.http import Answer, Http, Reply, Sent, Timeouts, fake_transport
from campaign.clock import SystemClock

FIRST_HOST = "x-first-host"
#: How long a client waits here for what is sure to come, and for an answer that never will, in seconds.
PATIENCE, IN_VAIN = 30.0, 0.2


@dataclass(frozen=True, slots=True)
class Door:
    """The port that a request goes to. `silent`: no answer will ever come out of it, and it counts what it took."""

    port: int
    silent: Semaphore | None = None


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
        headers = {**(options.pop("headers", None) or {}), FIRST_HOST: parts.netloc}
        if door.silent is None:
            return super().request(method, there, headers=headers, **options)
        with _taken(door.silent):
            return super().request(method, there, headers=headers, **options | {"timeout": _waits(IN_VAIN)})


@contextmanager
def _taken(silent: Semaphore) -> Iterator[None]:
    """Go on only when the request was taken, however much slower than our patience the other side is."""
    while silent.acquire(blocking=False):
        continue
    try:
        yield
    finally:
        silent.acquire(timeout=PATIENCE)


def _waits(patience: float) -> Timeouts:
    return Timeouts(connect=PATIENCE, write=PATIENCE, read=patience, whole=max(patience, PATIENCE) * 4)


def detour(port: int, *, patience: float = PATIENCE) -> Http:
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
