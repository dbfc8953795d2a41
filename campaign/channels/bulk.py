"""The shape of a bulk way out: what lanes are given, what they answer, how fast they may go.

Part of the shape of a channel (`base`, which names all of it), kept apart for processes that only send: nothing here
loads what reads settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from campaign.errors import ChannelError
from campaign.model import Email


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the network said of its own limit: `remaining` calls until `reset` (aware UTC)."""

    remaining: int
    reset: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The next hop accepted the message. `duplicate`: it had it already. `reply` is a short extract for the log."""

    remote_id: str = ""
    url: str = ""
    pace: Pace | None = None
    duplicate: bool = False
    reply: str = ""
    code: str = ""
    parked: bool = False


Begun = Callable[[str], bool]
LaneResult = tuple[str, Receipt | ChannelError]
#: An outcome, or what a lane says of itself between two: see `Stepped`.
Step = LaneResult | int | None
#: The step of a lane that has given its relay work, and makes its next message meanwhile.
LATER = -1


class Lane(Protocol):
    """A bulk way out: many messages over few connections."""

    def send(self, messages: Iterator[tuple[str, Email]], begun: Begun) -> Iterable[LaneResult]:
        """Send all of `messages` (key, email), yielding (key, outcome) in any order.

        `begun(key)` is called before the irreversible byte; where it answers False the message must not be sent, and
        its outcome is `TryLater`.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Stepped(Protocol):
    """A lane that says when it waits, so that one thread can drive many of them."""

    def steps(self, messages: Iterator[tuple[str, Email]], begun: Begun) -> Iterator[Step]:
        """As `Lane.send`; and between two outcomes it may yield a number or None.

        The number is a socket's descriptor: nothing is to be done until that can be read, and what follows then, up to
        the next number or None, does not block. None: what follows may block, and belongs to a thread of its own.
        `LATER`: what follows does not block either, and nobody waits for it: other lanes that have something to write
        go first, so that a relay is woken once for all of them.
        Whoever minds none of them goes on at once, and is blocked where there is something to wait for.
        """
        ...


@runtime_checkable
class OpensLane(Protocol):
    """A channel with a bulk lane."""

    def open_lane(self) -> Lane:
        """A lane for one worker thread."""
        ...


class Outlet(Protocol):
    """What sends a mailing's emails in another process: see `Channel.elsewhere`."""

    #: How many lanes may be open at a time.
    lanes: int

    def open_lane(self) -> Lane:
        """A lane for one worker thread."""
        ...


class Elsewhere(Protocol):
    """Opens a channel's lanes in another process, to which it travels as plain values (pickled)."""

    def open(self, now: Callable[[], datetime]) -> Outlet | OneAtATime:
        """What sends there. Raises SettingsError where it cannot be made there."""
        ...


class OneAtATime(Protocol):
    """A mail channel without lanes: single attempts, see `Channel.send`."""

    lanes: int

    def send(self, message: Email, *, key: str, notes: Mapping[str, str]) -> Receipt:
        """One irreversible attempt."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages a second, 0: no limit. `start`: what a new relay begins with, doubled each `doubles_every` seconds."""

    per_second: float = 0.0
    start: float = 0.0
    doubles_every: float = 600.0


@runtime_checkable
class Paced(Protocol):
    """A mail channel that wants to be sent to no faster than it says."""

    @property
    def limited(self) -> bool:
        """Whether it has a limit at all: where it has none, nobody asks before each message."""
        ...

    def rate(self, relay: str) -> Rate:
        """The limit of one relay (as `Lane.relay` names it; "" where there is one way only)."""
        ...

    def domain_rate(self, domain: str) -> float:
        """The limit of one recipient domain, messages a second; 0: none."""
        ...
