"""The pace of one channel: limits a relay and a recipient domain, and the slow start of a relay not used before."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Protocol

from campaign.channels.bulk import Paced, Rate
from campaign.clock import Clock

#: How long to go without asking the store again, in seconds: a lease that gave nothing, and the look at a slow start.
PATIENCE = 0.5
AGAIN = 5.0
#: A rate above this is no limit.
UNLIMITED = 20_000.0


class Bucket:
    """What one name still has of its last lease."""

    __slots__ = ("asked", "judged", "left", "rate")

    def __init__(self) -> None:
        self.left = 0
        self.asked = -1.0
        self.judged = -AGAIN
        self.rate = 0.0


class Buckets(Protocol):
    """Where leases come from: see `store.paces.Paces`."""

    def first(self, name: str, *, now: datetime) -> datetime:
        """When `name` was first used; now, where it never was."""
        ...

    def lease(self, name: str, *, rate: float, most: int, now: datetime) -> int:
        """Take up to `most` of what `name` has in its bucket at `rate` a second; how many were taken."""
        ...


class Pace:
    """Asked before each message, from any thread. `channel` is the channel's name, which its buckets begin with."""

    def __init__(self, paces: Buckets, clock: Clock, channel: str, way: Paced) -> None:
        self._paces = paces
        self._clock = clock
        self._channel = channel
        self._way = way
        self._buckets: dict[str, Bucket] = {}
        self._turns: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._free: set[str] = set()

    def relay(self, name: str) -> bool:
        """Whether one more message may go to the relay `name` now."""
        if name in self._free:
            return True
        rate = self._way.rate(name)
        if not rate.per_second and not rate.start:
            self._free.add(name)
            return True
        with self._lock:
            bucket = self._buckets.setdefault(f"{self._channel}/{name}", Bucket())
            moment = self._clock.monotonic()
            if moment - bucket.judged >= AGAIN:
                bucket.rate, bucket.judged = self._effective(f"{self._channel}/{name}", rate), moment
            return self._spend(f"{self._channel}/{name}", bucket, bucket.rate)

    def domain(self, domain: str) -> bool:
        """Whether one more message may go to a recipient at `domain` now."""
        mark = f"@{domain}"
        if mark in self._free:
            return True
        rate = self._way.domain_rate(domain)
        if not rate:
            self._free.add(mark)
            return True
        name = f"{self._channel}@{domain}"
        with self._lock:
            return self._spend(name, self._buckets.setdefault(name, Bucket()), rate)

    def turn(self, domain: str) -> float:
        """Seconds after which a message to `domain` that may not go now should come again: each its own."""
        step = timedelta(seconds=1 / self._way.domain_rate(domain))
        now = self._clock.now()
        with self._lock:
            turn = max(self._turns.get(domain, now), now) + step
            self._turns[domain] = turn
        return (turn - now).total_seconds()

    def _spend(self, name: str, bucket: Bucket, rate: float) -> bool:
        if rate >= UNLIMITED:
            return True
        if not bucket.left:
            moment = self._clock.monotonic()
            if moment - bucket.asked < PATIENCE:
                return False
            bucket.asked = moment
            bucket.left = self._paces.lease(name, rate=rate, most=max(1, int(rate)), now=self._clock.now())
        if not bucket.left:
            return False
        bucket.left -= 1
        return True

    def _effective(self, name: str, rate: Rate) -> float:
        """The relay's own rate, or what its slow start allows by now."""
        full = rate.per_second or UNLIMITED
        if not rate.start:
            return full
        now = self._clock.now()
        age = (now - self._paces.first(name, now=now)).total_seconds()
        doubled = min(age / rate.doubles_every, 40.0)
        return float(min(full, rate.start * 2**doubled))


def pace_of(paces: Buckets, clock: Clock, channel: str, way: object) -> Pace | None:
    """The pace of a channel; None where nothing limits it."""
    return Pace(paces, clock, channel, way) if isinstance(way, Paced) and way.limited else None
