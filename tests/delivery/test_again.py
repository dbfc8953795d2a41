"""A post without an answer over a channel whose receiver keeps our key: made again by itself, while the key lives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

import pytest

from campaign.channels.base import Replay, ReplayKind
from campaign.delivery import views
from campaign.errors import Refused, TryLater, Uncertain
from campaign.model import Delivery, DeliveryState
from tests.delivery.world import EIGHT, Recorder, Swallowed, World, a_post, a_week

NINE = EIGHT + timedelta(hours=1)


class Killed(BaseException):
    """The process ends here."""


class Keeping(Recorder):
    """A receiver that drops a key that it has had, for so long."""

    replay: ClassVar[Replay] = Replay(ReplayKind.SAFE, "Once.", timedelta(hours=20))
    window = timedelta(hours=20)

    def promise(self) -> Replay:
        return Replay(ReplayKind.SAFE, "Once.", self.window)


@pytest.fixture
def receiver(world: World) -> Keeping:
    recorder = Keeping("a", world.clock)
    world.ways.made["a"] = recorder
    world.load(a_week(a_post(stop_at=None)))
    return recorder


def delivery(world: World) -> Delivery:
    [row] = world.store.ledger.of("week").values()
    [found] = world.store.deliveries.of(row.id)
    return found


def keys(receiver: Keeping) -> set[str]:
    return {key for _, key, _ in receiver.accepted}


@pytest.mark.parametrize("fault", [Swallowed("no answer"), Uncertain("no answer")])
def test_it_is_made_again_with_the_same_key(world: World, receiver: Keeping, fault: Exception) -> None:
    receiver.faults = [fault]
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert len(keys(receiver)) == 1
    assert timedelta(minutes=5) <= receiver.accepted[-1][0] - NINE < timedelta(minutes=6)
    assert world.states() == {"week/hello/mon/a": "done"}
    assert views.needs(world.parts) == []
    assert [each.outcome for each in world.store.deliveries.attempts(delivery(world).id)] == [
        type(fault).__name__,
        "accepted",
    ]


def killed_while_sending(world: World, receiver: Keeping) -> None:
    def die() -> None:
        raise Killed

    receiver.before = die
    with pytest.raises(Killed):
        world.play(world.start(), EIGHT + timedelta(hours=3))
    assert delivery(world).state is DeliveryState.SENDING
    receiver.before = lambda: None
    world.crash()


def test_after_a_kill_it_is_made_again_and_nobody_is_asked(world: World, receiver: Keeping) -> None:
    killed_while_sending(world, receiver)
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert world.sent("a") == [NINE + timedelta(seconds=60)]
    assert world.states() == {"week/hello/mon/a": "done"}
    assert views.needs(world.parts) == []


def test_after_a_restart_of_the_machine_too(world: World, receiver: Keeping) -> None:
    killed_while_sending(world, receiver)
    world.play(world.start(boot="boot-2"), EIGHT + timedelta(hours=3))
    assert world.sent("a") == [NINE + timedelta(seconds=60)]
    assert views.needs(world.parts) == []


def test_a_key_that_is_kept_no_longer_asks_a_person(world: World, receiver: Keeping) -> None:
    receiver.window = timedelta(minutes=2)
    receiver.faults = [Swallowed("no answer")]
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert len(receiver.accepted) == 1
    [need] = views.needs(world.parts)
    assert (need.kind, need.why) == ("uncertain", "no answer")


def test_after_a_kill_too_late_a_person_is_asked(world: World, receiver: Keeping) -> None:
    killed_while_sending(world, receiver)
    receiver.window = timedelta(seconds=59)
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert receiver.accepted == []
    assert [need.kind for need in views.needs(world.parts)] == ["uncertain"]


def test_a_pause_in_between_that_outlives_the_key(world: World, receiver: Keeping) -> None:
    receiver.window = timedelta(minutes=30)
    receiver.faults = [Swallowed("no answer"), TryLater("busy", after=3000.0)]
    world.play(world.start(), EIGHT + timedelta(hours=5))
    assert len(receiver.accepted) == 1, "no second attempt after the key's time"
    assert delivery(world).state is DeliveryState.UNCERTAIN


def test_what_comes_next_says_that_an_earlier_attempt_may_have_arrived(world: World, receiver: Keeping) -> None:
    receiver.faults = [Swallowed("no answer"), Refused("not this")]
    world.play(world.start(), EIGHT + timedelta(hours=3))
    found = delivery(world)
    assert found.state is DeliveryState.FAILED
    assert found.reason.startswith("made again with the same key")


def test_a_day_that_ends_in_between_leaves_it_in_doubt(world: World, receiver: Keeping) -> None:
    over: list[Any] = [Swallowed("no answer"), *(TryLater("busy") for _ in range(30))]
    receiver.faults = over
    world.play(world.start(), EIGHT + timedelta(hours=14))
    assert len(receiver.accepted) == 1
    assert delivery(world).state is DeliveryState.UNCERTAIN, "missed would say that it did not go"
