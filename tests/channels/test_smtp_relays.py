"""Several relays: mail goes round one that takes none, and comes back; and over no more connections than it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from campaign.channels.base import LaneResult, Receipt, Tools
from campaign.channels.smtp import Smtp
from campaign.channels.smtp.lane import PipelinedLane
from campaign.channels.smtp.relays import FULL_REST
from campaign.errors import ChannelDown, Refused, TryLater
from campaign.model import Email
from tests.channels.test_smtp_lane import LOCK_STEP, always
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.mail import NOON, email, key_of, smtp
from tests.waiting import until

FEATURES = pytest.mark.parametrize("features", [Script().features, LOCK_STEP], ids=["pipelined", "lock-step"])


class Ticking:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


def both(first: CountingServer, second: CountingServer, clock: Ticking, weight: int = 1) -> Smtp:
    """A channel over two relays, the first of that weight."""
    return smtp(
        first.port, Tools(name="mail", now=clock.now), weight=weight, relays=[{"port": second.port, "weight": 1}]
    )


@contextmanager
def lanes_of(channel: Smtp, count: int = 1) -> Iterator[list[PipelinedLane]]:
    lanes = [lane for lane in (channel.open_lane() for _ in range(count)) if isinstance(lane, PipelinedLane)]
    try:
        yield lanes
    finally:
        for lane in lanes:
            lane.close()
        channel.close()


def give(lane: PipelinedLane, numbers: range) -> list[LaneResult]:
    messages: Iterator[tuple[str, Email]] = ((key_of(n), email(f"p{n}@example.org")) for n in numbers)
    return list(lane.send(messages, always))


@FEATURES
@pytest.mark.parametrize(
    "bad",
    [
        {"mail": ["451 4.3.0 out of order"] * 9},
        {"mail": ["452 4.3.1 no room on the disk"] * 9},
        {"mail": ["550 5.7.1 we do not know you"] * 9},
        {"mail": ["421 4.7.0 busy"] * 9},
        {"rcpt": {"*": ["421 4.7.0 busy"] * 9}},
        {"greeting": "421 4.3.2 not now"},
    ],
)
def test_a_relay_that_takes_no_mail_is_gone_round(features: tuple[str, ...], bad: dict[str, object]) -> None:
    script = Script(features=features)
    for name, value in bad.items():
        setattr(script, name, value)
    clock = Ticking()
    with (
        CountingServer(script) as first,
        CountingServer(Script(features=features)) as second,
        lanes_of(both(first, second, clock, weight=9)) as [lane],
    ):
        assert all(isinstance(outcome, Receipt) for _, outcome in give(lane, range(5)))
        assert (first.counts.total(), second.counts.total()) == (0, 5)
        assert first.connections == 1, "it is left alone meanwhile"


def test_where_no_relay_takes_mail_all_slows_down_and_nobody_is_refused() -> None:
    clock = Ticking()
    busy, strict = Script(mail=["451 4.3.0 not now"] * 9), Script(mail=["550 5.7.1 not you"] * 9)
    with (
        CountingServer(busy) as first,
        CountingServer(strict) as second,
        lanes_of(both(first, second, clock)) as [lane],
    ):
        [(_, outcome)] = give(lane, range(1))
        assert isinstance(outcome, TryLater | ChannelDown)
        [(_, outcome)] = give(lane, range(1))
        assert isinstance(outcome, TryLater)
        assert outcome.slow_all
        assert not first.counts + second.counts


def test_a_refusal_of_one_person_moves_nobody_to_another_relay() -> None:
    clock = Ticking()
    script = Script(rcpt={"p1@example.org": ["550 5.1.1 nobody"], "p2@example.org": ["450 4.2.1 busy"]})
    with (
        CountingServer(script) as first,
        CountingServer() as second,
        lanes_of(both(first, second, clock, weight=9)) as [lane],
    ):
        outcomes = [outcome for _, outcome in give(lane, range(4))]
        assert [type(outcome) for outcome in outcomes] == [Receipt, Refused, TryLater, Receipt]
        assert (first.counts.total(), second.counts.total()) == (2, 0)


@FEATURES
def test_mail_comes_back_to_a_relay_that_recovered(features: tuple[str, ...]) -> None:
    clock = Ticking()
    with (
        CountingServer(Script(features=features)) as first,
        CountingServer(Script(features=features)) as second,
        lanes_of(both(first, second, clock, weight=3), 4) as lanes,
    ):
        first.die()
        for number, lane in enumerate(lanes):
            give(lane, range(number, number + 1))
        assert (first.counts.total(), second.counts.total()) == (0, 4)
        first.revive()
        give(lanes[0], range(10, 30))
        assert first.counts.total() == 0, "it rests"
        clock.time += timedelta(seconds=6)
        for round_ in range(8):
            for lane in lanes:
                outcomes = give(lane, range(100 * round_, 100 * round_ + 3))
                assert all(isinstance(outcome, Receipt) for _, outcome in outcomes)
            clock.time += timedelta(seconds=2)
        assert [lane.relay for lane in lanes].count(f"127.0.0.1:{first.port}") == 3, "three of four, by its weight"


def test_a_connection_moves_in_the_middle_of_a_long_run_and_loses_nothing() -> None:
    clock = Ticking()
    with (
        CountingServer() as first,
        CountingServer() as second,
        lanes_of(both(first, second, clock, weight=9)) as [lane],
    ):
        first.die()
        seen: list[LaneResult] = []
        for result in lane.send(((key_of(n), email(f"p{n}@example.org")) for n in range(60)), always):
            seen.append(result)
            if len(seen) == 20:
                first.revive()
                clock.time += timedelta(seconds=6)
        assert all(isinstance(outcome, Receipt) for _, outcome in seen)
        assert set((first.counts + second.counts).values()) == {1}
        assert (first.counts + second.counts).total() == 60
        assert first.counts.total() > 20
        assert second.counts.total() >= 20


def test_a_relay_that_takes_so_many_connections_is_used_over_those() -> None:
    clock = Ticking()
    with (
        CountingServer(Script(room=2)) as relay,
        lanes_of(smtp(relay.port, Tools(name="mail", now=clock.now)), 4) as lanes,
    ):
        outcomes = [give(lane, range(number, number + 1))[0][1] for number, lane in enumerate(lanes[:3])]
        assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt, TryLater]
        assert isinstance(outcomes[2], TryLater)
        assert (outcomes[2].slow_all, outcomes[2].code) == (False, "withdrawn")
        assert [lane.ready for lane in lanes] == [True, True, False, False]
        assert relay.turned_away == 1
        lanes[0].close()
        until(lambda: relay.open_now == 1, "the relay to see the end of it")
        assert lanes[3].ready, "one ended, so there is room for one"
        assert isinstance(give(lanes[3], range(9, 10))[0][1], Receipt)
        assert not lanes[2].ready
        clock.time += timedelta(seconds=FULL_REST)
        assert lanes[2].ready, "and after a while one more is tried"


def test_a_relay_that_died_is_not_thought_to_be_full() -> None:
    clock = Ticking()
    with CountingServer() as relay, lanes_of(smtp(relay.port, Tools(name="mail", now=clock.now)), 2) as lanes:
        give(lanes[0], range(1))
        relay.die()
        [(_, outcome)] = give(lanes[1], range(1, 2))
        assert isinstance(outcome, TryLater)
        assert outcome.slow_all
