"""Every cause of an alert: it stands under `needs you`, is told once however often is rung, and clears when settled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest

from campaign.delivery import settling, views
from campaign.delivery.alerts import Teller
from campaign.delivery.service import Service
from campaign.delivery.shelf import Shelf
from campaign.errors import ChannelDown, Refused, RefusedError, TryLater, Uncertain
from campaign.model import Broadcast, BroadcastState, DeliveryState, HoldScope, Strength, When
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week
from tests.figures import agree

NINE = EIGHT + timedelta(hours=1)
KEY = "week/daily/mon/mail"
MONDAY = When(day="mon", time=time(9))


def held(world: World) -> None:
    world.load(a_week(a_post(when=MONDAY)))
    reason = {"strength": Strength.ALL, "reason": "mourning", "author": "Ada"}
    world.store.holds.place(scope=HoldScope.ALL, target="", now=world.now, **reason)  # type: ignore[arg-type]


def missed(world: World) -> None:
    world.load(a_week(a_post(when=MONDAY)))
    world.clock.set(NINE + timedelta(hours=5))


def waiting(world: World) -> None:
    world.load(a_week(a_post(when=MONDAY)))
    world.ways.broken["a"] = "the channel a is not set up"


def uncertain(world: World) -> None:
    world.load(a_week(a_post(when=MONDAY)))
    world.ways.made["a"].faults = [Uncertain("no answer")]


def refused(world: World) -> None:
    world.load(a_week(a_post(when=MONDAY)))
    world.ways.made["a"].faults = [Refused("not allowed")]


def out_of_time(world: World) -> None:
    world.load(a_week(a_post(when=MONDAY, stop_at=time(9, 4))))
    world.ways.made["a"].faults = [TryLater("busy")]


def down(world: World) -> None:
    world.load(a_week(a_post(when=MONDAY)))
    world.ways.made["a"].faults = [ChannelDown("signed out")]


def stopped_mailing(world: World) -> None:
    world.load(a_week(mailings=(a_mailing(when=MONDAY),)))
    world.ways.made["mail"].faults = [TryLater("nobody home", slow_all=True) for _ in range(1000)]


def rest_of_a_mailing(world: World) -> None:
    world.load(a_week(mailings=(a_mailing(when=MONDAY, stop_at=time(9, 4)),)))
    world.ways.made["mail"].faults = [TryLater("busy")]


CAUSES: dict[str, tuple[Callable[[World], None], str]] = {
    "held": (held, "week/hello/mon/a is held: its time fell in a pause by Ada: mourning."),
    "missed": (missed, "week/hello/mon/a was missed: nothing could open it in its time."),
    "waiting": (waiting, "week/hello/mon/a waits: the channel a is not set up."),
    "uncertain": (uncertain, "week/hello/mon/a: 1 may or may not have gone out. Look, then run campaign settle."),
    "refused": (refused, "week/hello/mon/a was refused: not allowed."),
    "out of time": (out_of_time, "week/hello/mon/a was missed: no time left today: busy."),
    "down": (down, "The channel a is down: signed out."),
    "rest": (rest_of_a_mailing, "week/daily/mon/mail: 1 person was missed: no time left today: busy."),
}


def rung_often(world: World, service: Service, teller: Teller) -> None:
    """Ring again and again, on new services and tellers too: alerts are kept in the ledger."""
    for _ in range(3):
        world.clock.advance(timedelta(seconds=1))
        service.settle()
        teller.tell(world.now)


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_told_once_and_stands_under_needs_you(world: World, cause: str) -> None:
    prepare, words = CAUSES[cause]
    told: list[str] = []
    service = world.start()
    prepare(world)
    world.play(service, max(NINE + timedelta(minutes=5), world.now))
    assert views.needs(world.parts)
    for _ in range(2):
        rung_often(world, service, Teller(world.store, [told.append]))
    assert told == [words]


def test_a_mailing_that_stands_still_is_told_once(world: World) -> None:
    told: list[str] = []
    service, teller = world.start(), Teller(world.store, [told.append])
    stopped_mailing(world)
    world.play(service, NINE + timedelta(minutes=4))
    rung_often(world, service, teller)
    assert len(told) == 1
    assert "no email has left since 08:00 UTC: nobody home" in told[0]


def the_mailing(world: World) -> tuple[Broadcast, dict[DeliveryState, int]]:
    (row,) = world.store.ledger.of("week").values()
    return row, world.store.deliveries.tally(row.id)[row.id]


@pytest.fixture
def late(world: World) -> Service:
    """Monday's mailing, the only one of its day, found no way in its time; it is Monday evening."""
    service = world.start()
    rest_of_a_mailing(world)
    world.play(service, NINE + timedelta(minutes=10))
    return service


def test_a_missed_rest_of_a_mailing_goes_only_when_a_person_says_so(world: World, late: Service) -> None:
    (need,) = views.needs(world.parts)
    assert (need.kind, need.choices) == ("missed", ("send now", "move to", "drop"))
    force = Shelf(world.store).get("week")
    longer = replace(
        force, planned=tuple(replace(p, message=replace(p.message, stop_at=time(18))) for p in force.planned)
    )
    world.play(late, NINE + timedelta(hours=2))
    assert world.sent("mail") == []
    with pytest.raises(RefusedError, match="must stop"):
        settling.send_now(world.parts, force, need.key, author="Ada", now=world.now)
    settling.send_now(world.parts, longer, need.key, author="Ada", now=world.now)
    late.settle()
    row, tally = the_mailing(world)
    assert (row.state, tally) == (BroadcastState.DONE, {DeliveryState.SENT: 1})
    assert len(world.sent("mail")) == 1
    assert views.needs(world.parts) == []
    agree(world.store.database)


def test_a_missed_rest_of_a_mailing_goes_at_the_time_a_person_gives_it(world: World, late: Service) -> None:
    force = Shelf(world.store).get("week")
    with pytest.raises(RefusedError, match="time is over"):
        settling.move(world.parts, force, KEY, NINE, author="Ada", now=world.now)
    with pytest.raises(RefusedError, match="must stop"):
        settling.move(world.parts, force, KEY, NINE + timedelta(hours=1), author="Ada", now=world.now)
    tomorrow = NINE + timedelta(days=1)
    settling.move(world.parts, force, KEY, tomorrow, author="Ada", now=world.now)
    assert views.needs(world.parts) == []
    world.play(late, tomorrow - timedelta(seconds=1))
    row, tally = the_mailing(world)
    assert (row.state, tally, world.sent("mail")) == (BroadcastState.OPEN, {DeliveryState.PENDING: 1}, [])
    world.play(late, tomorrow)
    row, tally = the_mailing(world)
    assert (row.state, tally) == (BroadcastState.DONE, {DeliveryState.SENT: 1})
    assert len(world.sent("mail")) == 1
    agree(world.store.database)


def test_a_rest_that_was_moved_and_missed_again_asks_again(world: World, late: Service) -> None:
    force = Shelf(world.store).get("week")
    settling.move(world.parts, force, KEY, NINE + timedelta(days=1), author="Ada", now=world.now)
    world.clock.set(NINE + timedelta(days=1, minutes=10))
    late.settle()
    assert [(need.kind, need.key) for need in views.needs(world.parts)] == [("missed", KEY)]
    assert world.sent("mail") == []


def test_a_missed_rest_of_a_mailing_that_is_dropped_asks_no_more(world: World, late: Service) -> None:
    force = Shelf(world.store).get("week")
    settling.drop(world.parts, force, "week/daily/mon/mail", author="Ada", now=world.now, reason="too late")
    late.settle()
    assert the_mailing(world)[1] == {DeliveryState.DROPPED: 1}
    assert views.needs(world.parts) == []
    assert world.sent("mail") == []
    agree(world.store.database)


def test_a_day_with_something_lost_is_not_called_complete_until_it_is_settled(world: World) -> None:
    service = world.start()
    world.load(a_week(a_post(when=MONDAY), a_post("second", channels=("b",), when=MONDAY)))
    world.ways.made["a"].faults = [Refused("not allowed")]
    world.play(service, NINE)
    forces = Shelf(world.store).all()
    assert views.completed(world.parts, forces, world.now) == []
    (need,) = views.needs(world.parts)
    settling.drop_delivery(world.parts, need.delivery, author="Ada", now=world.now)
    assert [text for _, text in views.completed(world.parts, forces, world.now)] == [
        "A week: Monday is complete: 1 of 2"
    ]


def test_a_mailing_that_one_address_refused_has_gone(world: World) -> None:
    service = world.start()
    world.load(a_week(mailings=(a_mailing(when=MONDAY),)))
    world.ways.made["mail"].faults = [Refused("no such user")]
    world.play(service, NINE)
    force = Shelf(world.store).get("week")
    assert [item.is_sent for item in views.week(world.parts, force, world.now).items] == [True]
    assert [text for _, text in views.completed(world.parts, [force], world.now)] == [
        "A week: Monday is complete: 1 of 1"
    ]
