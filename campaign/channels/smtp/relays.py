"""Which relay the next connection goes to: by weight, leaving out those that just failed; shared by all lanes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaign.channels.smtp.session import Entry, Session, open_session
from campaign.errors import ChannelDown, ChannelError, TryLater

FIRST_REST = 5.0
LONGEST_REST = 300.0


@dataclass(slots=True)
class Relay:
    """One relay and what was learnt of it. `pipelining` turns False once it proved not to keep its promise."""

    entry: Entry
    open: int = 0
    pipelining: bool = True
    proved: bool = False
    failures: int = 0
    rest_until: datetime | None = None
    error: ChannelError | None = field(default=None, repr=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.entry.endpoint.name

    @property
    def load(self) -> float:
        """Open connections for its weight: the next one goes where this is least."""
        return (self.open + 1) / self.entry.endpoint.weight


class Relays:
    """All relays of one channel in one process."""

    def __init__(self, entries: Sequence[Entry], now: Callable[[], datetime]) -> None:
        self._relays = [Relay(entry) for entry in entries]
        self._now = now
        self._lock = threading.Lock()

    def connect(self) -> tuple[Relay, Session]:
        """A session with the best relay that answers.

        Raises ChannelDown where every relay needs a person, TryLater where any may work later. A relay that failed is
        left alone for 5 s, doubled each time up to 5 minutes; while all rest, this fails at once.
        """
        tried: set[int] = set()
        while (relay := self._choose(tried)) is not None:
            tried.add(id(relay))
            try:
                session = open_session(relay.entry)
            except ChannelError as error:
                self._failed(relay, error)
            else:
                self._works(relay)
                return relay, session
        raise self._verdict()

    def next_name(self) -> str:
        """The name of the relay that the next connection is likely to go to."""
        now = self._now()
        with self._lock:
            fit = [relay for relay in self._relays if relay.rest_until is None or relay.rest_until <= now]
            return min(fit or self._relays, key=lambda relay: relay.load).name

    def left(self, relay: Relay) -> None:
        """A connection to `relay` ended."""
        with self._lock:
            relay.open -= 1

    def _choose(self, tried: set[int]) -> Relay | None:
        now = self._now()
        with self._lock:
            fit = [
                relay
                for relay in self._relays
                if id(relay) not in tried and (relay.rest_until is None or relay.rest_until <= now)
            ]
            if not fit:
                return None
            best = min(fit, key=lambda relay: relay.load)
            best.open += 1
            return best

    def _failed(self, relay: Relay, error: ChannelError) -> None:
        with self._lock:
            relay.open -= 1
            relay.failures += 1
            relay.error = error
            rest = min(LONGEST_REST, FIRST_REST * 2 ** (relay.failures - 1))
            relay.rest_until = self._now() + timedelta(seconds=rest)

    def _works(self, relay: Relay) -> None:
        with self._lock:
            relay.failures = 0
            relay.error = relay.rest_until = None

    def _verdict(self) -> ChannelError:
        now = self._now()
        with self._lock:
            errors = [relay.error for relay in self._relays if relay.error is not None]
            waits = [(relay.rest_until - now).total_seconds() for relay in self._relays if relay.rest_until is not None]
        soft = [error for error in errors if not isinstance(error, ChannelDown)]
        if not soft and errors:
            return ChannelDown(str(errors[0]), code=errors[0].code, raw=errors[0].raw)
        words = str(soft[0]) if soft else "No relay can be reached"
        after = max(0.0, min(waits, default=0.0))
        code, raw = (soft[0].code, soft[0].raw) if soft else ("connect", "")
        return TryLater(words, after=after, slow_all=True, code=code, raw=raw)
