"""A week through the real ledger and engine: once, in time, and never against a pause, an approval or an embargo."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random

import pytest

from campaign.address import KeyRing
from campaign.delivery import approving, settling, views
from campaign.delivery.shelf import Shelf
from campaign.errors import ChannelDown, Refused, RefusedError, TryLater, Uncertain
from campaign.model import (
    DeliveryState,
    Event,
    EventState,
    HoldScope,
    Resource,
    ResourceApproval,
    ResourceType,
    Strength,
    When,
)
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week

NINE = EIGHT + timedelta(hours=1)
FRIDAY = EIGHT + timedelta(days=4, hours=12)


def test_a_week_goes_out_once_and_on_time(world: World) -> None:
    world.load(a_week(a_post(channels=("a", "b")), mailings=(a_mailing(),)))
    world.play(world.start(), FRIDAY)
    assert world.sent("a") == [NINE + timedelta(days=day) for day in range(5)]
    assert world.sent("b") == world.sent("a")
    assert world.sent("mail") == [EIGHT + timedelta(days=day) for day in range(5)]
    assert set(world.states().values()) == {"done"}


def test_two_services_open_each_message_once(world: World) -> None:
    world.load(a_week(a_post(channels=("a", "b")), mailings=(a_mailing(),)))
    one, two = world.start(), world.start()
    for service in (one, two, one, two):
        world.play(service, world.now + timedelta(days=1))
    assert world.ways.made["a"].twice == []
    assert len(world.sent("a")) == 4
    assert len(world.sent("mail")) == 4


def test_unlocks_are_events_of_the_plan(world: World) -> None:
    world.load(a_week(a_post()))
    world.play(world.start(), FRIDAY)
    entries = world.store.log.entries(act="unlock", campaign="week")
    assert [(entry.target, entry.at) for entry in reversed(entries)] == [
        (day, EIGHT - timedelta(hours=1) + timedelta(days=number))
        for number, day in enumerate(("mon", "tue", "wed", "thu", "fri"))
    ]


def test_several_campaigns_play_at_once(world: World) -> None:
    world.load(a_week(a_post()))
    world.load(a_week(a_post(), slug="other"))
    world.play(world.start(), EIGHT + timedelta(hours=2))
    assert world.states("week") == {"week/hello/mon/a": "done"}
    assert world.states("other") == {"other/hello/mon/a": "done"}


def test_nothing_goes_without_approval_and_a_late_one_releases_what_is_timely(world: World) -> None:
    world.approvals = True
    world.load(a_week(a_post()))
    service = world.start()
    world.play(service, NINE + timedelta(minutes=30))
    assert world.sent("a") == []
    assert world.states() == {"week/hello/mon/a": "waiting"}
    force = Shelf(world.store).get("week")
    approving.approve(world.parts, force, force.planned, author="Grace", now=world.now)
    service.settle()
    assert world.sent("a") == [NINE + timedelta(minutes=30)]


def test_an_approval_that_never_comes_is_a_missed_message_that_asks(world: World) -> None:
    world.approvals = True
    world.load(a_week(a_post()))
    world.play(world.start(), NINE + timedelta(hours=3))
    assert world.states() == {"week/hello/mon/a": "missed"}
    (need,) = views.needs(world.parts)
    assert need.kind == "missed"
    assert "not approved" in need.why


def test_an_edit_after_approval_makes_it_wait_again(world: World) -> None:
    world.approvals = True
    world.load(a_week(a_post()))
    force = Shelf(world.store).get("week")
    approving.approve(world.parts, force, force.planned, author="Grace", now=world.now)
    world.load(a_week(a_post(text="Other words")))
    world.play(world.start(), NINE)
    assert world.sent("a") == []
    assert "changed after Grace approved it" in world.store.ledger.of("week")["week/hello/mon/a"].reason


def test_a_pause_holds_what_falls_in_it_and_resuming_sends_nothing_late(world: World) -> None:
    world.load(a_week(a_post(), a_post("urgent", essential=True)))
    service = world.start()
    hold = world.store.holds.place(
        scope=HoldScope.ALL, target="", strength=Strength.PROACTIVE, reason="mourning", author="Ada", now=world.now
    )
    world.play(service, NINE + timedelta(minutes=5))
    world.store.holds.lift(hold, author="Ada", now=world.now)
    world.play(service, NINE + timedelta(minutes=30))
    assert world.states() == {"week/hello/mon/a": "held", "week/urgent/mon/a": "done"}
    force = Shelf(world.store).get("week")
    settling.send_now(world.parts, force, "week/hello/mon/a", author="Ada", now=world.now)
    service.settle()
    assert world.states()["week/hello/mon/a"] == "done"
    assert world.ways.made["a"].twice == []


def test_settling_cannot_send_while_the_pause_is_on(world: World) -> None:
    world.load(a_week(a_post()))
    world.store.holds.place(
        scope=HoldScope.CHANNEL, target="a", strength=Strength.ALL, reason="", author="Ada", now=world.now
    )
    world.play(world.start(), NINE)
    with pytest.raises(RefusedError, match="pause by Ada"):
        settling.send_now(world.parts, Shelf(world.store).get("week"), "week/hello/mon/a", author="Ada", now=world.now)


def test_a_moved_message_goes_at_its_new_time_and_only_then(world: World) -> None:
    world.load(a_week(a_post()))
    force = Shelf(world.store).get("week")
    settling.move(world.parts, force, "week/hello/mon/a", NINE + timedelta(hours=5), author="Ada", now=world.now)
    world.play(world.start(), EIGHT + timedelta(hours=12))
    assert world.sent("a") == [NINE + timedelta(hours=5)]


def test_a_dropped_message_never_goes(world: World) -> None:
    world.load(a_week(a_post()))
    settling.drop(world.parts, Shelf(world.store).get("week"), "week/hello/mon/a", author="Ada", now=world.now)
    world.play(world.start(), EIGHT + timedelta(hours=12))
    assert world.sent("a") == []


def test_after_an_outage_posts_go_one_in_fifteen_minutes_oldest_first_and_yesterdays_never(world: World) -> None:
    posts = [a_post(f"p{n}", when=When(each_day=True, time=time(8, 10 * n))) for n in range(3)]
    world.load(a_week(*posts, mailings=(a_mailing(late_ok=timedelta(hours=4)),)))
    world.clock.set(EIGHT + timedelta(days=1, minutes=40))
    world.play(world.start(), EIGHT + timedelta(days=1, hours=3))
    back = EIGHT + timedelta(days=1, minutes=40)
    assert world.sent("a") == [back, back + timedelta(minutes=15), back + timedelta(minutes=30)]
    assert world.sent("mail") == [back]
    states = world.states()
    assert [states[f"week/p{n}/mon/a"] for n in range(3)] == ["missed"] * 3
    assert states["week/daily/mon/mail"] == "missed"


def test_an_embargo_is_asked_again_at_the_moment_of_sending(world: World) -> None:
    week = a_week(a_post(needs=("kit",)))
    kit = Resource(
        id="kit", type=ResourceType.TOOLKIT, title="The kit", approval=ResourceApproval.APPROVED, embargo_until="held"
    )
    world.load(replace(week, resources={"kit": kit}))
    service = world.start()
    world.play(service, NINE + timedelta(minutes=10))
    assert world.states() == {"week/hello/mon/a": "waiting"}
    world.store.campaigns.change_resource("week", "kit", "embargo_until", "released", author="Ada", now=world.now)
    service.settle()
    assert world.sent("a") == [NINE + timedelta(minutes=10)]


@pytest.mark.parametrize("way", ["link", "needs"])
def test_an_event_that_was_cancelled_is_invited_to_no_more(world: World, way: str) -> None:
    event = Event(starts=datetime(2023, 10, 9, 15), booking="https://example.org/b", state=EventState.OPEN)
    launch = Resource(
        id="launch", type=ResourceType.EVENT, title="The launch", approval=ResourceApproval.APPROVED, event=event
    )
    about = {"link": "launch"} if way == "link" else {"needs": ("launch",)}
    world.load(replace(a_week(a_post(**about), a_post("other", channels=("b",))), resources={"launch": launch}))
    service = world.start()
    world.play(service, EIGHT)
    world.store.campaigns.change_resource("week", "launch", "event.state", "cancelled", author="Ada", now=world.now)
    world.play(service, NINE + timedelta(minutes=10))
    assert world.sent("a") == []
    (need,) = views.needs(world.parts)
    assert (need.key, need.why) == ("week/hello/mon/a", "The launch was cancelled")
    assert len(world.sent("b")) == 1
    world.store.campaigns.change_resource("week", "launch", "event.state", "open", author="Ada", now=world.now)
    service.settle()
    assert world.sent("a") == [NINE + timedelta(minutes=10)]


def test_a_document_withdrawn_before_a_retry_holds_the_post(world: World) -> None:
    kit = Resource(id="kit", type=ResourceType.TOOLKIT, title="The kit", approval=ResourceApproval.APPROVED)
    world.load(replace(a_week(a_post(needs=("kit",))), resources={"kit": kit}))
    world.ways.made["a"].faults = [TryLater("busy")]
    service = world.start()
    world.play(service, NINE)
    world.store.campaigns.change_resource("week", "kit", "approval", "withdrawn", author="Ada", now=world.now)
    world.play(service, EIGHT + timedelta(hours=12))
    assert world.sent("a") == []
    assert any(hold.target == "week/hello/mon/a" for hold in world.store.holds.all())


def test_try_later_is_tried_later_and_refused_never_again(world: World) -> None:
    world.load(a_week(a_post(channels=("a", "b"))))
    world.ways.made["a"].faults = [TryLater("busy"), TryLater("busy")]
    world.ways.made["b"].faults = [Refused("too long")]
    world.play(world.start(), EIGHT + timedelta(hours=12))
    (sent,) = world.sent("a")
    assert timedelta(minutes=20) <= sent - NINE <= timedelta(minutes=22)
    assert world.sent("b") == []
    (need,) = views.needs(world.parts)
    assert (need.kind, need.why) == ("failed", "too long")


def test_a_channel_that_is_down_waits_and_the_rest_goes_on(world: World) -> None:
    world.load(a_week(a_post(channels=("a", "b"))))
    world.ways.made["a"].faults = [ChannelDown("signed out")]
    service = world.start()
    world.play(service, NINE + timedelta(minutes=5))
    assert world.sent("a") == []
    assert world.sent("b") == [NINE]
    world.store.channels.set_down("a", "recorder", "", now=world.now, author="Ada")
    service.settle()
    assert world.sent("a") == [NINE + timedelta(minutes=5)]


def test_a_post_in_doubt_is_never_sent_again_unasked(world: World) -> None:
    world.load(a_week(a_post()))
    world.ways.made["a"].faults = [Uncertain("no answer")]
    service = world.start()
    world.play(service, EIGHT + timedelta(hours=3))
    assert world.sent("a") == []
    (need,) = views.needs(world.parts)
    assert need.kind == "uncertain"
    settling.did_not(world.parts, need.delivery, author="Ada", now=world.now)
    service.settle()
    assert len(world.sent("a")) == 1
    assert set(world.states().values()) == {"done"}


def test_any_other_failure_of_a_channel_counts_as_in_doubt(world: World) -> None:
    world.load(a_week(a_post()))
    world.ways.made["a"].faults = [ZeroDivisionError()]
    world.play(world.start(), EIGHT + timedelta(hours=3))
    row = world.store.ledger.of("week")["week/hello/mon/a"]
    (delivery,) = world.store.deliveries.of(row.id)
    assert delivery.state is DeliveryState.UNCERTAIN


def test_a_post_by_hand_waits_to_be_pasted_and_is_marked(world: World) -> None:
    world.load(a_week(a_post(channels=("hand",))))
    service = world.start()
    world.play(service, NINE)
    (need,) = views.needs(world.parts)
    assert need.choices[0] == "it went out"
    force = Shelf(world.store).get("week")
    settling.pasted(world.parts, force, "week/hello/mon/hand", author="Ada", now=world.now, url="https://example.org/1")
    assert world.states() == {"week/hello/mon/hand": "done"}
    assert views.needs(world.parts) == []


def test_a_person_on_two_lists_gets_one_email(world: World) -> None:
    world.load(a_week(mailings=(a_mailing(lists=("parents", "friends")),)))
    with world.store.database.write() as connection:
        from campaign.store.bases import Evidence
        from campaign.store.lists import get_list
        from campaign.store.subscribers import find_one, subscribe

        person = find_one(connection, "parents@example.org")
        assert person is not None
        evidence = Evidence(given_at=world.now, how="test", wording="Yes")
        subscribe(connection, person.id, get_list(connection, "friends"), evidence=evidence, who="Ada", now=world.now)
    world.play(world.start(), EIGHT + timedelta(hours=1))
    addresses = [email.to for _, _, email in world.ways.made["mail"].accepted]
    assert addresses.count("parents@example.org") == 1


def test_two_mailings_of_a_day_reach_a_person_once(world: World) -> None:
    late = a_mailing("later", when=When(each_day=True, time=time(10)))
    world.load(a_week(mailings=(a_mailing(), late)))
    world.play(world.start(), EIGHT + timedelta(hours=4))
    assert len(world.sent("mail")) == 1
    row = world.store.ledger.of("week")["week/later/mon/mail"]
    (delivery,) = world.store.deliveries.of(row.id)
    assert (delivery.state, delivery.reason) == (DeliveryState.SKIPPED, "had today's")


def test_someone_who_left_between_opening_and_sending_gets_nothing(world: World) -> None:
    world.load(a_week(mailings=(a_mailing(),)))
    world.ways.made["mail"].faults = [TryLater("busy")]
    service = world.start()
    world.play(service, EIGHT)
    with world.store.database.write() as connection:
        from campaign.store.subscribers import find_one, leave_all

        person = find_one(connection, "parents@example.org")
        assert person is not None
        leave_all(connection, KeyRing(world.key), person, who="self", how="test", now=world.now)
    world.play(service, EIGHT + timedelta(hours=4))
    assert world.sent("mail") == []


class BrokenDice(Random):
    """Breaks the first time it is thrown: a fault of ours in the middle of an attempt."""

    def __init__(self) -> None:
        super().__init__(1)
        self.thrown = 0

    def random(self) -> float:
        self.thrown += 1
        if self.thrown == 1:
            raise ZeroDivisionError
        return 0.5


def test_a_thread_that_breaks_off_in_an_attempt_leaves_it_in_doubt_and_goes_on(world: World) -> None:
    world.parts = replace(world.parts, random=BrokenDice())
    world.load(a_week(a_post(), a_post("second", when=When(each_day=True, time=time(10)))))
    world.ways.made["a"].faults = [TryLater("busy")]
    service = world.start()
    world.clock.set(NINE)
    service.ring(world.now)
    with pytest.raises(ZeroDivisionError):
        service.engine.run()
    world.play(service, NINE + timedelta(hours=2))
    (need,) = views.needs(world.parts)
    assert (need.kind, need.key) == ("uncertain", "week/hello/mon/a")
    assert world.sent("a") == [NINE + timedelta(hours=1)]
