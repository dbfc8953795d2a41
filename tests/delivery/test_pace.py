"""Limits hold over processes and restarts, and a relay not used before starts slowly."""

from __future__ import annotations

from datetime import timedelta

from campaign.channels.base import Rate
from campaign.clock import SettableClock
from campaign.delivery.mail.pace import Pace
from campaign.store.database import Database
from campaign.store.paces import Paces
from tests.delivery.mailworld import NOW


class Way:
    """A channel with limits."""

    def __init__(self, rate: Rate, domains: dict[str, float] | None = None) -> None:
        self._rate = rate
        self._domains = domains or {}

    @property
    def limited(self) -> bool:
        return True

    def rate(self, relay: str) -> Rate:
        return self._rate

    def domain_rate(self, domain: str) -> float:
        return self._domains.get(domain, 0.0)


def count(clock: SettableClock, *paces: Pace, seconds: int) -> int:
    """How many messages may go in so many seconds, over several processes."""
    gone = 0
    for _ in range(seconds * 20):
        for pace in paces:
            while pace.relay("relay:25"):
                gone += 1
                assert gone < 100_000
        clock.advance(timedelta(seconds=0.05))
    return gone


def test_the_limit_holds_over_processes(database: Database) -> None:
    clock = SettableClock(NOW)
    both = [Pace(Paces(database), clock, "mail", Way(Rate(30))) for _ in range(2)]
    assert 9 * 30 <= count(clock, *both, seconds=10) <= 11 * 30


def test_the_limit_holds_over_a_restart(database: Database) -> None:
    clock = SettableClock(NOW)
    gone = sum(count(clock, Pace(Paces(database), clock, "mail", Way(Rate(30))), seconds=1) for _ in range(10))
    assert 8 * 30 <= gone <= 11 * 30


def test_less_than_one_a_second(database: Database) -> None:
    clock = SettableClock(NOW)
    assert 5 <= count(clock, Pace(Paces(database), clock, "mail", Way(Rate(0.5))), seconds=12) <= 7


def test_no_limit_asks_nobody(database: Database) -> None:
    pace = Pace(Paces(database), SettableClock(NOW), "mail", Way(Rate()))
    assert all(pace.relay("relay:25") and pace.domain("example.org") for _ in range(1000))


def test_a_new_relay_starts_slowly_and_an_old_one_does_not_start_again(database: Database) -> None:
    clock = SettableClock(NOW)
    way = Way(Rate(40, start=5, doubles_every=60))
    assert 45 <= count(clock, Pace(Paces(database), clock, "mail", way), seconds=10) <= 65
    clock.advance(timedelta(minutes=1))
    assert 90 <= count(clock, Pace(Paces(database), clock, "mail", way), seconds=10) <= 135
    clock.advance(timedelta(hours=1))
    assert 360 <= count(clock, Pace(Paces(database), clock, "mail", way), seconds=10) <= 440


def test_a_domain_has_its_own_limit_and_its_rows_come_again_in_turn(database: Database) -> None:
    clock = SettableClock(NOW)
    pace = Pace(Paces(database), clock, "mail", Way(Rate(), {"slow.example.org": 2}))
    assert all(pace.domain("quick.example.org") for _ in range(100))
    gone = sum(pace.domain("slow.example.org") for _ in range(10))
    assert gone == 2
    assert [pace.turn("slow.example.org") for _ in range(3)] == [0.5, 1.0, 1.5]
