"""What a killed service left of a mailing, where the provider can tell whether an email arrived."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaign.channels.base import UNKNOWN, Receipt
from campaign.delivery import asking
from campaign.delivery.mail.journal import Journal, Mark, files_of
from campaign.delivery.outcomes import KILLED, REBOOTED, RESENT
from campaign.delivery.service import Service
from campaign.errors import TryLater
from campaign.model import Broadcast, Delivery, InDoubt
from campaign.store.mailings import Audience
from tests.delivery.world import EIGHT, Recorder, World, a_mailing, a_week


class Teller(Recorder):
    """A mail provider that can be asked. `knows`: what it answers, by the wire's key."""

    knows: Callable[[str], Any]
    asked: list[tuple[datetime, str, datetime]]

    def find(self, message: Any, *, key: str, since: datetime) -> Any:
        self.asked.append((self.tools.now(), key, since))
        assert message.to.endswith("@example.org")
        answer = self.knows(key)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def provider(world: World) -> Teller:
    made = Teller("mail", world.clock)
    made.asked, made.knows = [], lambda key: UNKNOWN
    world.ways.made["mail"] = made
    return made


def taken(world: World, in_doubt: InDoubt, marks: tuple[Mark | None, ...]) -> tuple[Broadcast, list[Delivery]]:
    """A mailing whose service was killed once the journal told these marks of its people (None: not begun)."""
    areas = {f"A{number}": f"Area {number}" for number in range(len(marks))}
    world.load(replace(a_week(mailings=(a_mailing(in_doubt=in_doubt),)), areas=areas))
    service = world.start()
    world.clock.set(EIGHT)
    service.ring(world.now)
    (row,) = world.store.ledger.of("week").values()
    service.engine._mailing.fill(row)
    (worker,) = world.store.workers.unended()
    world.store.workers.beat(worker.id, now=world.now)
    rows = sorted(world.store.groups.take(row.id, worker=worker.id, now=world.now, limit=100))
    journal = Journal(world.store.journals, worker.id, itertools.count(1))
    for one, mark in zip(rows, marks, strict=True):
        if mark is not None:
            journal.begun(one[0])
        if mark not in (None, Mark.BEGUN):
            journal.ended(one[0], Mark(mark), None)
    journal.close()
    world.crash()
    return row, world.store.deliveries.of(row.id)


def states(world: World, row: Broadcast) -> list[tuple[str, str]]:
    return [(each.state.value, each.reason) for each in world.store.deliveries.of(row.id)]


def settled(world: World, minutes: float = 4) -> Service:
    service = world.start()
    world.play(service, world.now + timedelta(minutes=minutes))
    return service


def test_the_provider_is_asked_once_it_can_know_and_believed(world: World, provider: Teller) -> None:
    row, rows = taken(world, InDoubt.HOLD, (Mark.BEGUN, Mark.BEGUN, Mark.BEGUN, None, Mark.SENT, Mark.REFUSED))
    there, gone = (world.parts.wire_key(row.key, each.subscriber) for each in rows[:2])
    answers = {there: Receipt(remote_id="p-1"), gone: None}
    provider.knows = lambda key: answers.get(key, UNKNOWN)
    service = world.start()
    service.settle()
    assert not provider.asked, "its listing does not show what it took a moment ago"
    assert world.store.deliveries.get(rows[0].id).state.value == "taken"
    world.play(service, EIGHT + asking.SETTLES + timedelta(seconds=5))
    assert {at for at, _, _ in provider.asked} == {EIGHT + asking.SETTLES}
    assert {since for _, _, since in provider.asked} == {EIGHT}
    found = world.store.deliveries.of(row.id)
    assert [each.state.value for each in found] == ["sent", "sent", "uncertain", "sent", "sent", "failed"]
    assert found[0].remote_id == "p-1"
    assert found[2].reason == KILLED
    sent = [key for _, key, _ in provider.accepted]
    assert sorted(sent) == sorted([gone, world.parts.wire_key(row.key, rows[3].subscriber)]), "only who has none"
    assert not files_of(world.store.journals, found[0].worker)


@pytest.mark.parametrize(("in_doubt", "accepted"), [(InDoubt.HOLD, 0), (InDoubt.RESEND, 1)])
def test_where_it_cannot_tell_the_mailing_says_what_becomes_of_it(
    world: World, provider: Teller, in_doubt: InDoubt, accepted: int
) -> None:
    row, _ = taken(world, in_doubt, (Mark.BEGUN,))
    settled(world)
    assert len(provider.asked) == 1
    assert len(provider.accepted) == accepted
    assert states(world, row) == [("sent", RESENT)] if accepted else [("uncertain", KILLED)]


def test_a_provider_that_gives_no_answer_is_asked_until_the_day_is_over(world: World, provider: Teller) -> None:
    row, _ = taken(world, InDoubt.RESEND, (Mark.BEGUN,))
    provider.knows = lambda key: TryLater("no network")
    service = settled(world, 10)
    assert len(provider.asked) > 3
    assert not provider.accepted
    provider.knows = lambda key: Receipt(remote_id="p-9")
    world.play(service, world.now + timedelta(minutes=2))
    assert states(world, row) == [("sent", "")]
    assert not provider.accepted


def test_one_that_did_not_arrive_by_the_end_of_its_day_is_missed(world: World, provider: Teller) -> None:
    row, _ = taken(world, InDoubt.RESEND, (Mark.BEGUN,))
    provider.knows = lambda key: None
    world.clock.set(row.stop_at + timedelta(minutes=5))
    settled(world)
    assert [state for state, _ in states(world, row)] == ["missed"]
    assert not provider.accepted


def test_after_a_restart_of_the_machine_every_row_taken_is_asked_after(world: World, provider: Teller) -> None:
    row, rows = taken(world, InDoubt.RESEND, (Mark.LATER, Mark.SENT, None))
    arrived = world.parts.wire_key(row.key, rows[2].subscriber)
    provider.knows = lambda key: Receipt() if key == arrived else UNKNOWN
    world.play(world.start(boot="boot-2"), EIGHT + timedelta(minutes=5))
    assert len(provider.asked) == 3
    assert states(world, row) == [("uncertain", REBOOTED), ("uncertain", REBOOTED), ("sent", "")]
    assert not provider.accepted


def test_many_are_asked_after_some_at_a_time(world: World, provider: Teller) -> None:
    count = asking.MOST * 2 + 1
    row, _ = taken(world, InDoubt.HOLD, (Mark.BEGUN,) * count)
    provider.knows = lambda key: Receipt()
    settled(world)
    assert [state for state, _ in states(world, row)] == ["sent"] * count
    moments = [at for at, _, _ in provider.asked]
    assert len(moments) == count
    assert max(moments.count(at) for at in moments) == asking.MOST


def test_an_address_that_the_relay_called_dead_is_suppressed_though_its_answer_was_only_in_the_journal(
    world: World,
) -> None:
    row, rows = taken(world, InDoubt.HOLD, (Mark.DEAD, Mark.REFUSED, None))
    audience = Audience(lists=("parents",))
    before = world.store.mailings.count(audience, now=world.now)
    settled(world)
    assert world.store.mailings.count(audience, now=world.now) == before - 1
    assert list(world.store.mailings.lapsed(audience, [each.subscriber for each in rows], now=world.now)) == [
        rows[0].subscriber
    ]
    assert [state for state, _ in states(world, row)] == ["failed", "failed", "sent"]
