"""Waiting for answers: awake for a moment where they come fast, asleep where they do not.

It takes a processor long to wake who sleeps, and a relay on the same machine pays for it: where answers come within
tens of microseconds, a sleep for each is a tenth of all the time. So who waits looks again some times, and lets
others have the processor between two looks. A relay that takes longer than a moment is slept for at once.
"""

from __future__ import annotations

import os
from typing import Protocol

from campaign.clock import Clock

#: So many looks, a few microseconds each, before it sleeps; twice or half as many did a little worse.
LOOKS = 100
#: After a sleep that lasted longer than this, in seconds, the next wait begins with a sleep.
MOMENT = 0.0005
#: How long it sleeps at most, in seconds.
SILENT = 1.0


class Poller(Protocol):
    """As `select.epoll`."""

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """The descriptors that can be read, each with its events, after `timeout` seconds at most."""
        ...


class Lookout:
    """One thread's wait for any of the descriptors of a poller. Linux alone."""

    def __init__(self, ready: Poller, clock: Clock) -> None:
        self._ready = ready
        self._clock = clock
        self._looks = LOOKS

    def wait(self) -> list[tuple[int, int]]:
        """Which can be read; none where all were silent for `SILENT` seconds."""
        for _ in range(self._looks):
            if answered := self._ready.poll(0):
                return answered
            os.sched_yield()
        slept_at = self._clock.monotonic()
        answered = self._ready.poll(SILENT)
        self._looks = LOOKS if self._clock.monotonic() - slept_at < MOMENT else 0
        return answered
