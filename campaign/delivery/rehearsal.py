"""A week in seconds: the same ring, ledger, engine and channels on a clock that jumps to the next due instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.clock import SettableClock
from campaign.delivery.service import Service

#: A rehearsal that does not come to an end after so many instants has a plan that never ends.
MOST_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """One instant that was played, and the share of the whole time that is behind (0 to 1)."""

    at: datetime
    done: float


def play(service: Service, clock: SettableClock, *, until: datetime) -> Iterator[Step]:
    """Play from the clock's time to `until` (aware UTC), one step an instant at which something is due."""
    start = clock.now()
    whole = max((until - start).total_seconds(), 1.0)
    for _ in range(MOST_STEPS):
        service.settle()
        yield Step(clock.now(), min(1.0, (clock.now() - start).total_seconds() / whole))
        due = service.next_due()
        if due is None or due > until:
            return
        clock.set(max(due, clock.now() + timedelta(milliseconds=1)))
    raise RuntimeError("the rehearsal does not come to an end")


Progress = Callable[[Step], None]
