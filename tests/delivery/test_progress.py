"""How a mailing goes on: tiles that add up, the rate, what fails where, time left, and why nothing leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.cli.showing import draw_going
from campaign.delivery import views
from campaign.delivery.health import Health
from campaign.delivery.progress import TILES, Going, by_code, going, tiles_of
from campaign.delivery.shelf import Shelf
from campaign.model import Broadcast, DeliveryState, HoldScope, Strength
from campaign.model.rows import Accepted, Settled, Taken
from campaign.store.progress import Trouble
from tests.delivery.world import EIGHT, World, a_mailing, a_week

PEOPLE = 12


@pytest.fixture
def opened(world: World) -> Broadcast:
    """A mailing to twelve people, open since eight, of which nothing was sent."""
    areas = {f"A{number}": f"Area {number}" for number in range(PEOPLE)}
    world.load(replace(a_week(mailings=(a_mailing(),)), areas=areas))
    service = world.start()
    world.clock.set(EIGHT)
    service.ring(world.now)
    (row,) = world.store.ledger.of("week").values()
    while not service.engine._mailing.fill(row):
        pass
    return row


def take(world: World, row: Broadcast, count: int) -> list[Taken]:
    (worker,) = world.store.workers.unended()
    return world.store.groups.take(row.id, worker=worker.id, now=world.now, limit=count)


def settle(world: World, sent: Iterable[Taken] = (), others: Iterable[Settled] = ()) -> None:
    (worker,) = world.store.workers.unended()
    ids = [row[0] for row in sent]
    (row,) = world.store.ledger.of("week").values()
    world.store.groups.settle(
        worker=worker.id, began=world.now, now=world.now, broadcast=row.id,
        sent=[Accepted("250", "", "", ids, [f"Q{number}" for number in ids])] if ids else [], others=others,
    )  # fmt: skip


def only(world: World) -> Going:
    (one,) = going(world.parts, world.now)
    assert sum(one.tiles.values()) == one.total == PEOPLE
    return one


def refused(row: Taken, code: str) -> Settled:
    return Settled(delivery=row[0], state=DeliveryState.FAILED, code=code, reason="no such box", outcome="Refused")


def test_tiles_rate_time_left_and_what_fails_where(world: World, opened: Broadcast) -> None:
    assert only(world).tiles == dict.fromkeys(TILES, 0) | {"waiting": PEOPLE}
    rows = take(world, opened, 8)
    assert only(world).tiles["on the way"] == 8
    later = Settled(
        delivery=rows[3][0], state=DeliveryState.PENDING, code="4.2.0", reason="greylisted", outcome="TryLater",
        not_before=world.now + timedelta(minutes=5),
    )  # fmt: skip
    doubt = Settled(delivery=rows[4][0], state=DeliveryState.UNCERTAIN, reason="cut", outcome="Uncertain")
    settle(world, rows[:3], [later, doubt, refused(rows[5], "5.1.1"), refused(rows[6], "5.1.1")])
    one = only(world)
    assert {name: count for name, count in one.tiles.items() if count} == {
        "sent": 3, "on the way": 1, "waiting": 4, "deferred": 1, "failed": 2, "in doubt": 1,
    }  # fmt: skip
    assert one.rate == 3 / 60
    assert one.left == 6
    assert one.seconds_left == 6 / (3 / 60)
    assert one.deferred == [Trouble(code="4.2.0", domain="example.org", people=1)]
    assert one.failed == [Trouble(code="5.1.1", domain="example.org", people=2)]
    assert not one.still_since
    text = draw_going(one, "Europe/London")
    assert "3 sent + 1 on the way + 4 waiting + 1 deferred + 2 failed + 1 in doubt" in text
    assert "about 2 minutes left" in text
    assert "failed: 2 at example.org: 5.1.1" in text


def test_why_no_email_has_left_is_said_with_since_when(world: World, opened: Broadcast) -> None:
    settle(world, take(world, opened, 2))
    world.clock.set(EIGHT + timedelta(minutes=1, seconds=59))
    assert not only(world).because
    world.clock.set(EIGHT + timedelta(minutes=6))
    one = only(world)
    assert (one.still_since, one.because) == (EIGHT, "the relay has not answered yet")
    assert one.seconds_left is None
    assert "No email has left since 8am, because the relay has not answered yet." in draw_going(one, "Europe/London")
    world.store.ledger.explain(opened.id, "no email has left since 07:00 UTC: 421 too busy", world.now)
    assert only(world).because == "421 too busy"
    world.store.channels.set_down("mail", "recorder", "535 wrong password", now=world.now)
    assert only(world).because == "the channel mail is down: 535 wrong password"
    hold = world.store.holds.place(
        scope=HoldScope.CAMPAIGN, target="week", strength=Strength.ALL, reason="a flood", author="Ada", now=world.now
    )
    assert only(world).because == "Ada paused it: a flood"
    world.store.holds.lift(hold, author="Ada", now=world.now)
    world.crash()
    assert only(world).because == "no service is running: start it with `campaign run`"


def test_when_all_that_is_left_waits_for_another_try_it_is_said(world: World, opened: Broadcast) -> None:
    again = world.now + timedelta(hours=1)
    settle(
        world,
        others=[
            Settled(delivery=row[0], state=DeliveryState.PENDING, code="4.7.1", not_before=again, outcome="TryLater")
            for row in take(world, opened, PEOPLE)
        ],
    )
    world.clock.set(EIGHT + timedelta(minutes=6))
    assert only(world).because == "everyone left was asked to be tried again later"
    assert world.store.progress.next_try(opened.id) == again


def test_who_would_be_too_late_is_counted(world: World, opened: Broadcast) -> None:
    world.clock.set(opened.stop_at - timedelta(seconds=30))
    settle(world, take(world, opened, 6))
    assert only(world).too_late == 6 - 3


def test_metrics_tell_of_each_open_mailing_and_name_nobody(world: World, opened: Broadcast) -> None:
    rows = take(world, opened, 4)
    settle(world, rows[:3], [refused(rows[3], "5.1.1")])
    figures = Health(world.parts, lambda: world.now).metrics().decode()
    key = 'broadcast="week/daily/mon/mail"'
    assert f"campaign_mail_rate{{{key}}} {3 / 60}" in figures
    assert f"campaign_mail_seconds_left{{{key}}} {8 / (3 / 60)}" in figures
    assert f'campaign_mail_failed{{{key},code="5.1.1",domain="example.org"}} 1.0' in figures
    assert f"campaign_mail_still_seconds{{{key}}} 0.0" in figures
    assert "@" not in figures
    world.clock.advance(timedelta(minutes=10))
    assert f"campaign_mail_still_seconds{{{key}}} 600.0" in Health(world.parts, lambda: world.now).metrics().decode()


@given(tally=st.dictionaries(st.sampled_from(DeliveryState), st.integers(0, 10**6)), deferred=st.integers(0, 2 * 10**6))
def test_tiles_always_add_up(tally: dict[DeliveryState, int], deferred: int) -> None:
    tiles = tiles_of(tally, deferred)
    assert sum(tiles.values()) == sum(tally.values())
    assert min(tiles.values()) >= 0


def test_beyond_ten_the_rest_is_one_line() -> None:
    many = [Trouble(code="4.2.0", domain=f"d{number}", people=20 - number) for number in range(13)]
    shown = by_code(many)
    assert len(shown) == 11
    assert sum(one.people for one in shown) == sum(one.people for one in many)


def test_the_sentence_of_the_day_names_what_is_under_way(world: World, opened: Broadcast) -> None:
    def said() -> str:
        return views.sentence(views.week(world.parts, Shelf(world.store).get("week"), world.now), 0, world.now)

    assert "0 of 1 sent, 1 under way, next at 8am" in said()
    settle(world, take(world, opened, PEOPLE))
    assert "under way" not in said()
