"""Who waits for answers looks again some times where they come fast, and sleeps at once where they do not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaign.clock import SettableClock, SystemClock
from campaign.delivery.mail.lookout import LOOKS, MOMENT, SILENT, Lookout

ANSWER = [(7, 1)]


class Relays:
    """A poller over relays that answer `after` so many looks, or within `takes` seconds of a sleep; 0: never."""

    def __init__(self, clock: SettableClock) -> None:
        self.clock = clock
        self.after = 0
        self.takes = 0.0
        self.asked: list[float] = []

    @property
    def looks(self) -> int:
        return self.asked.count(0)

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        assert timeout is not None
        self.asked.append(timeout)
        if timeout == 0:
            return ANSWER if 0 < self.after <= self.looks else []
        self.clock.advance(timedelta(seconds=self.takes or timeout))
        return ANSWER if self.takes else []


@pytest.fixture
def relays() -> Relays:
    return Relays(SettableClock(SystemClock().now()))


def wait(lookout: Lookout, relays: Relays) -> list[tuple[int, int]]:
    relays.asked.clear()
    return lookout.wait()


def test_an_answer_that_is_there_costs_one_look(relays: Relays) -> None:
    relays.after = 1
    assert wait(Lookout(relays, relays.clock), relays) == ANSWER
    assert relays.asked == [0]


def test_an_answer_that_comes_in_a_moment_is_seen_without_a_sleep(relays: Relays) -> None:
    relays.after = LOOKS
    assert wait(Lookout(relays, relays.clock), relays) == ANSWER
    assert relays.asked == [0] * LOOKS


def test_it_sleeps_after_so_many_looks_and_no_longer_than_it_may(relays: Relays) -> None:
    relays.takes = MOMENT / 2
    lookout = Lookout(relays, relays.clock)
    assert wait(lookout, relays) == ANSWER
    assert relays.asked == [*[0] * LOOKS, SILENT]
    assert wait(lookout, relays) == ANSWER
    assert relays.looks == LOOKS  # it was a short sleep


def test_a_relay_that_takes_its_time_is_slept_for_at_once_until_it_is_fast_again(relays: Relays) -> None:
    relays.takes = MOMENT * 2
    lookout = Lookout(relays, relays.clock)
    wait(lookout, relays)
    assert wait(lookout, relays) == ANSWER
    assert relays.asked == [SILENT]
    relays.takes = MOMENT / 2
    wait(lookout, relays)
    assert relays.asked == [SILENT]
    wait(lookout, relays)
    assert relays.looks == LOOKS


def test_silence_is_told(relays: Relays) -> None:
    lookout = Lookout(relays, relays.clock)
    assert wait(lookout, relays) == []
    assert wait(lookout, relays) == []
    assert relays.asked == [SILENT]
