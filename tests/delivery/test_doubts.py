"""A post without an answer, on a network that can be asked: looked for while the service lives, never sent blind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from campaign.channels.base import UNKNOWN, Receipt, Unknown
from campaign.delivery import views
from campaign.errors import TryLater, Uncertain
from campaign.model import Delivery, Post
from tests.delivery.world import EIGHT, Recorder, Swallowed, World, a_post, a_week

NINE = EIGHT + timedelta(hours=1)


class Askable(Recorder):
    """A network that lists what it has; the first `silent` questions go without a clear answer."""

    silent = 0
    broken = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.asked: list[datetime] = []

    def find(self, message: Post, *, key: str, since: datetime) -> Receipt | Unknown | None:
        now = self.tools.now()
        assert now - since >= timedelta(seconds=120), "too early to say"
        self.asked.append(now)
        if len(self.asked) <= self.silent:
            if self.broken:
                raise TryLater("no answer")
            return UNKNOWN
        had = [kept for _, kept, _ in self.accepted if kept == key]
        return Receipt(remote_id=key, url=f"https://example.org/{key}") if had else None


@pytest.fixture
def network(world: World) -> Askable:
    recorder = Askable("a", world.clock)
    world.ways.made["a"] = recorder
    world.load(a_week(a_post()))
    return recorder


def delivery(world: World) -> Delivery:
    [row] = world.store.ledger.of("week").values()
    [found] = world.store.deliveries.of(row.id)
    return found


def test_what_was_taken_is_found_and_not_sent_again(world: World, network: Askable) -> None:
    network.faults = [Swallowed("no answer")]
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert world.sent("a") == [NINE]
    assert [at - NINE for at in network.asked] == [timedelta(seconds=121)]
    assert world.states() == {"week/hello/mon/a": "done"}
    assert delivery(world).url.startswith("https://example.org/")
    assert views.needs(world.parts) == []


def test_what_was_not_taken_is_sent_once_the_network_says_so(world: World, network: Askable) -> None:
    network.faults = [Uncertain("no answer")]
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert world.sent("a") == [NINE + timedelta(seconds=121)]
    assert world.states() == {"week/hello/mon/a": "done"}


@pytest.mark.parametrize("broken", [False, True])
def test_a_network_that_cannot_tell_is_asked_again_for_a_while(world: World, network: Askable, broken: bool) -> None:
    network.faults, network.silent, network.broken = [Swallowed("no answer")], 3, broken
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert (len(network.asked), world.sent("a")) == (4, [NINE])
    assert views.needs(world.parts) == []


def test_then_a_person_is_asked(world: World, network: Askable) -> None:
    network.faults, network.silent = [Swallowed("no answer")], 99
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert (len(network.asked), world.sent("a")) == (5, [NINE])
    [need] = views.needs(world.parts)
    assert need.kind == "uncertain"
    assert "no answer; the network was asked, and cannot tell" in need.why


def test_a_service_that_dies_in_between_leaves_the_question_to_the_next(world: World, network: Askable) -> None:
    network.faults = [Swallowed("no answer")]
    first = world.start()
    world.play(first, NINE + timedelta(seconds=5))
    assert network.asked == []
    world.crash()
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert world.sent("a") == [NINE]
    assert len(network.asked) == 1
    assert world.states() == {"week/hello/mon/a": "done"}


@pytest.mark.parametrize("broken", [False, True])
def test_a_network_that_is_silent_after_a_restart_is_asked_again_before_a_person(
    world: World, network: Askable, broken: bool
) -> None:
    network.faults, network.silent, network.broken = [Swallowed("no answer")], 3, broken
    world.play(world.start(), NINE + timedelta(seconds=5))
    world.crash()
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert (len(network.asked), world.sent("a")) == (4, [NINE])
    assert views.needs(world.parts) == []
    assert world.states() == {"week/hello/mon/a": "done"}


def test_one_that_stays_silent_after_a_restart_leaves_it_to_a_person(world: World, network: Askable) -> None:
    network.faults, network.silent = [Swallowed("no answer")], 99
    world.play(world.start(), NINE + timedelta(seconds=5))
    world.crash()
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert (len(network.asked), world.sent("a")) == (5, [NINE])
    assert [need.kind for need in views.needs(world.parts)] == ["uncertain"]


def test_other_posts_of_the_channel_do_not_wait(world: World, network: Askable) -> None:
    world.load(a_week(a_post(), a_post("second")))
    network.faults = [Swallowed("no answer")]
    world.play(world.start(), NINE + timedelta(seconds=5))
    assert len(network.accepted) == 2
