"""What breaks off in the middle: what is known is kept, nothing goes twice, and one fault stops no other message."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from campaign.delivery import views
from campaign.delivery.alerts import Teller
from campaign.delivery.health import Health
from campaign.delivery.mail.journal import Journal
from campaign.delivery.mail.replay import settle_left
from campaign.delivery.troubles import LEDGER, Trouble, Troubles
from campaign.errors import BusyError, StoreError, TryLater
from campaign.model import DeliveryState
from campaign.store.database import Database, append_lines
from campaign.store.restoring import read_suppressions
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week

NINE = EIGHT + timedelta(hours=1)


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another process keeps the ledger locked."""
    other = Database(url)
    with other.write() as connection:
        if not other.sqlite:
            connection.execute(text("LOCK TABLE deliveries, broadcasts IN EXCLUSIVE MODE"))
        yield
    other.close()


@pytest.fixture
def hasty(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A world whose writes wait for a lock for a tenth of a second."""
    world = World(database_url, tmp_path, patience=0.1)
    yield world
    world.close()


def test_an_answer_that_could_not_be_written_is_kept_and_not_in_doubt(hasty: World) -> None:
    hasty.load(a_week(a_post()))
    service = hasty.start()
    hasty.clock.set(NINE)
    service.ring(hasty.now)
    holding = locked(hasty.url)
    hasty.ways.made["a"].before = holding.__enter__
    with pytest.raises(BusyError):
        service.engine.run()
    holding.__exit__(None, None, None)
    hasty.ways.made["a"].before = lambda: None
    service.engine.run()
    (row,) = hasty.store.ledger.of("week").values()
    (delivery,) = hasty.store.deliveries.of(row.id)
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 1)
    assert len(hasty.sent("a")) == 1
    assert views.needs(hasty.parts) == []


def test_a_locked_ledger_rests_and_is_tried_by_one_small_write(hasty: World) -> None:
    hasty.load(a_week(a_post(channels=("a", "b"))))
    service = hasty.start()
    hasty.clock.set(NINE)
    service.ring(hasty.now)
    with locked(hasty.url):
        service.engine.start()
        with pytest.raises(BusyError):
            service.engine.finish()
        assert service.troubles.stands(LEDGER)
        assert service.troubles.rests(LEDGER)
        service.tick()
        service.engine.finish()
        assert hasty.sent("a") == hasty.sent("b") == []
    hasty.clock.advance(timedelta(seconds=2))
    service.tick()
    service.engine.finish()
    assert not service.troubles.stands(LEDGER)
    assert len(hasty.sent("a")) == len(hasty.sent("b")) == 1


class BrokenDice(Random):
    """Breaks whenever it is thrown: a fault of ours that does not go away."""

    def random(self) -> float:
        raise ZeroDivisionError


def test_a_message_that_breaks_at_every_try_stops_no_other_of_its_channel(world: World) -> None:
    world.parts = replace(world.parts, random=BrokenDice())
    world.load(a_week(a_post("first"), a_post("second")))
    world.ways.made["a"].faults = [TryLater("busy")]
    service = world.start()
    world.clock.set(NINE)
    service.tick()
    with pytest.raises(ZeroDivisionError):
        service.engine.finish()
    assert len(world.sent("a")) == 1
    (trouble,) = service.troubles.standing()
    assert trouble.where == "week/first/mon/a"


def test_rows_of_a_living_worker_without_a_journal_were_never_begun(world: World) -> None:
    world.load(a_week(mailings=(a_mailing(),)))
    service = world.start()
    world.clock.set(EIGHT)
    service.ring(world.now)
    (row,) = world.store.ledger.of("week").values()
    service.engine._mailing.fill(row)
    (worker,) = world.store.workers.unended()
    assert world.store.groups.take(row.id, worker=worker.id, now=world.now, limit=10)
    settle_left(world.parts, worker.id, rebooted=False, now=world.now, broadcast=row.id)
    assert set(world.store.deliveries.tally(row.id)[row.id]) == {DeliveryState.PENDING}


def test_a_ledger_that_takes_nothing_for_a_minute_is_no_health(world: World) -> None:
    troubles = Troubles(world.clock)
    health = Health(world.parts, lambda: world.now, troubles.standing)
    troubles.met(LEDGER, StoreError("The disk is full."))
    world.clock.advance(timedelta(seconds=60))
    assert health.check()[0]
    world.clock.advance(timedelta(seconds=1))
    well, found = health.check()
    assert not well
    assert "The disk is full." in found[LEDGER]
    assert b"campaign_troubles 1.0" in health.metrics()
    troubles.over(LEDGER)
    assert health.check()[0]


def test_people_are_told_once_of_a_trouble_that_stands_though_nothing_can_be_written(world: World) -> None:
    told: list[str] = []
    fails = [True]

    def tell(words: str) -> None:
        if fails:
            fails.pop()
            raise TryLater("no answer")
        told.append(words)

    teller = Teller(world.store, [tell])
    full = [Trouble(where=LEDGER, text="The disk is full.", since=world.now, times=3)]
    teller.cry(full, world.now + timedelta(seconds=59))
    assert fails
    for minutes in range(1, 5):
        teller.cry(full, world.now + timedelta(minutes=minutes))
    assert len(told) == 1
    assert "The disk is full." in told[0]
    teller.cry([], world.now + timedelta(minutes=6))
    again = [Trouble(where=LEDGER, text="The disk is full.", since=world.now + timedelta(hours=1), times=1)]
    teller.cry(again, world.now + timedelta(hours=2))
    assert len(told) == 2


def test_a_half_line_of_the_log_beside_the_ledger_spoils_no_other(tmp_path: Path) -> None:
    log = tmp_path / "suppressions.log"
    whole = '{"address_hash":"%s","key_id":"k","scope":"all","target":"","reason":"left","detail":"","made_at":1}'
    append_lines(log, [whole % "a"])
    with log.open("a") as file:
        file.write('{"address_hash":"half')
    append_lines(log, [whole % "b"])
    found = read_suppressions(None, log)
    assert found is not None
    assert [row["address_hash"] for row in found] == ["a", "b"]


def test_a_log_that_cannot_be_written_undoes_the_change(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Make room"):
        append_lines(tmp_path / "nowhere" / "suppressions.log", ["{}"])


def test_a_journal_that_finds_no_room_says_so(tmp_path: Path) -> None:
    (tmp_path / "worker-1-00000001.journal").write_bytes(b"")
    with pytest.raises(StoreError, match="Make room"):
        Journal(tmp_path, 1, iter([1]))
