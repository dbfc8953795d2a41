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
#: How long no further connection is tried with a relay that took some of ours and not one more.
FULL_REST = 60.0
#: At most one connection in so long moves to a relay that came back.
MOVE_GAP = 1.0
#: From so many people's messages on, each cut off or not taken for trouble of its own, the relay takes no mail now.
ALIKE = 3
CROWDED = "crowded"
UNFIT = "unfit"
#: Codes of relays that said nothing: those that are open may be as dead.
NO_ANSWER = frozenset({"", "connect"})


@dataclass(slots=True)
class Relay:
    """One relay and what was learnt of it. `pipelining` turns False once it proved not to keep its promise.

    `room`: how many connections it took when it took no more, until `full_until`. `parted`: whose messages it has
    answered with a goodbye, or a trouble of its own, since it last took one.
    """

    entry: Entry
    open: int = 0
    pipelining: bool = True
    proved: bool = False
    failures: int = 0
    rest_until: datetime | None = None
    room: int = 0
    full_until: datetime | None = None
    error: ChannelError | None = field(default=None, repr=False)
    parted: set[str] = field(default_factory=set, repr=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.entry.place.name

    @property
    def load(self) -> float:
        """Open connections for its weight: the next one goes where this is least."""
        return (self.open + 1) / self.entry.place.weight

    def parts(self, to: str) -> bool:
        """It cut off the message to somebody, or spoke of trouble of its own. True: so it did with several in a row.

        Once is that recipient's own matter: else one address that the relay cannot bear would stop all others.
        """
        if len(self.parted) < ALIKE:
            self.parted.add(to)
        return len(self.parted) >= ALIKE

    def fit(self, now: datetime) -> bool:
        """Whether one more connection may be tried with it now."""
        full = self.full_until is not None and self.full_until > now and self.open >= max(1, self.room)
        return not full and (self.rest_until is None or self.rest_until <= now)


class Relays:
    """All relays of one channel in one process. `several`: there is another to go to."""

    def __init__(self, entries: Sequence[Entry], now: Callable[[], datetime]) -> None:
        self._relays = [Relay(entry) for entry in entries]
        self._now = now
        self._lock = threading.Lock()
        self._moved: datetime | None = None
        self.several = len(self._relays) > 1

    def connect(self, unfit: frozenset[str] = frozenset()) -> tuple[Relay, Session]:
        """A session with the best relay that answers, and whose name is not among the `unfit`.

        Raises ChannelDown where every relay needs a person, TryLater where any may work later, with the code `CROWDED`
        where a relay works over the connections that are open and takes no more of them. A relay that failed is left
        alone for 5 s, doubled each time up to 5 minutes; while all rest, this fails at once. TryLater with the code
        `UNFIT` where those that would be fit are not to be had: that says nothing of the others.
        """
        tried = {id(relay) for relay in self._relays if relay.name in unfit}
        while (relay := self._choose(tried)) is not None:
            tried.add(id(relay))
            try:
                session = open_session(relay.entry)
            except ChannelError as error:
                self._failed(relay, error)
            else:
                self._works(relay)
                return relay, session
        if unfit:
            raise TryLater("The relay that could carry this message takes none now", code=UNFIT)
        raise self._verdict()

    def others(self, unfit: frozenset[str]) -> bool:
        """Whether there is a relay whose name is not among the `unfit`."""
        return any(relay.name not in unfit for relay in self._relays)

    def next_name(self) -> str:
        """The name of the relay that the next connection is likely to go to."""
        now = self._now()
        with self._lock:
            fit = [relay for relay in self._relays if relay.fit(now)]
            return min(fit or self._relays, key=lambda relay: relay.load).name

    def room(self) -> bool:
        """Whether to try one more connection: not while those that are open are all that the relays take."""
        now = self._now()
        with self._lock:
            return any(relay.fit(now) for relay in self._relays) or not any(relay.open for relay in self._relays)

    def left(self, relay: Relay, *, gave: bool = False) -> None:
        """A connection to `relay` ended; `gave`: messages were given over it."""
        with self._lock:
            relay.open -= 1
            if gave:
                relay.failures = 0

    def troubled(self, relay: Relay, error: ChannelError) -> bool:
        """A relay took our connection and no mail: it rests like one that cannot be reached. True: try another."""
        with self._lock:
            if self.several:
                self._rest(relay, error)
        return self.several

    def better(self, relay: Relay) -> bool:
        """Whether a connection to `relay` would do better with another: one that rested, and has fewer for its weight.

        So mail comes back to a relay that recovered, one connection a second.
        """
        now = self._now()
        with self._lock:
            if self._moved is not None and (now - self._moved).total_seconds() < MOVE_GAP:
                return False
            mine = relay.open / relay.entry.place.weight
            found = any(other.load < mine and other.fit(now) for other in self._relays if other is not relay)
            if found:
                self._moved = now
            return found

    def _choose(self, tried: set[int]) -> Relay | None:
        now = self._now()
        with self._lock:
            fit = [relay for relay in self._relays if id(relay) not in tried and relay.fit(now)]
            if not fit:
                return None
            best = min(fit, key=lambda relay: relay.load)
            best.open += 1
            return best

    def _failed(self, relay: Relay, error: ChannelError) -> None:
        with self._lock:
            relay.open -= 1
            if relay.open and isinstance(error, TryLater) and error.code not in NO_ANSWER:
                # it said so itself, and works over those that are open: it takes no more of them
                relay.room, relay.full_until = relay.open, self._now() + timedelta(seconds=FULL_REST)
            else:
                self._rest(relay, error)

    def _rest(self, relay: Relay, error: ChannelError) -> None:
        relay.failures += 1
        relay.error = error
        rest = min(LONGEST_REST, FIRST_REST * 2 ** (relay.failures - 1))
        relay.rest_until = self._now() + timedelta(seconds=rest)

    def _works(self, relay: Relay) -> None:
        with self._lock:
            relay.error = relay.rest_until = None

    def _verdict(self) -> ChannelError:
        now = self._now()
        with self._lock:
            if any(relay.open and relay.full_until is not None and relay.full_until > now for relay in self._relays):
                return TryLater("The relay takes no more connections from us", code=CROWDED)
            errors = [relay.error for relay in self._relays if relay.error is not None]
            waits = [(relay.rest_until - now).total_seconds() for relay in self._relays if relay.rest_until is not None]
        soft = [error for error in errors if not isinstance(error, ChannelDown)]
        if not soft and errors:
            return ChannelDown(str(errors[0]), code=errors[0].code, raw=errors[0].raw)
        words = str(soft[0]) if soft else "No relay can be reached"
        after = max(0.0, min(waits, default=0.0))
        code, raw = (soft[0].code, soft[0].raw) if soft else ("connect", "")
        return TryLater(words, after=after, slow_all=True, code=code, raw=raw)
