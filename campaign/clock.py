"""The only room that reads time: the system's clock, and a settable one for tests and rehearsals."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Where the program learns what time it is."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread for `seconds`."""
        time.sleep(seconds)


class SettableClock:
    """A clock that stands still until it is set: for rehearsals and tests."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock is set to an aware datetime")
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The time it was last set to, aware UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds moved forward so far; setting the clock back does not lower it."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Move forward by `seconds` at once."""
        self.advance(timedelta(seconds=max(0.0, seconds)))

    def advance(self, step: timedelta) -> None:
        """Move by `step`, which may be negative (a clock set back)."""
        self.set(self._now + step)

    def set(self, moment: datetime) -> None:
        """Jump to `moment` (aware)."""
        target = moment.astimezone(UTC)
        self._elapsed += max(0.0, (target - self._now).total_seconds())
        self._now = target


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime: the one form in which the store keeps time."""
    if moment.tzinfo is None:
        raise ValueError("only aware datetimes are kept")
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of a number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)
