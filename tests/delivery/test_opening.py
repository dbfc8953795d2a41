"""While a large mailing opens, a pause, a post and somebody leaving do not wait for it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from campaign.address import KeyRing
from campaign.model import BroadcastKey, BroadcastKind, DeliveryState, HoldScope, InDoubt, Strength
from campaign.model.rows import Settled
from campaign.store import Store
from campaign.store.database import Database
from campaign.store.ledger import Opening
from campaign.store.lists import get_list
from campaign.store.selection import SLICE
from campaign.store.subscribers import by_id, leave
from tests.delivery.mailworld import BROADCAST, KEY, NOW, MailWorld, add_people, address_of, load, working
from tests.smtpserver import CountingServer
from tests.waiting import until

#: Each has a slice for themselves: as many transactions as a mailing to millions has.
PEOPLE = 60
STEP = SLICE + 1


def opened(world: MailWorld, message: str, kind: BroadcastKind) -> Opening:
    key = BROADCAST if kind is BroadcastKind.MAILING else replace(BROADCAST, message=message, channel="x")
    assert isinstance(key, BroadcastKey)
    return Opening(
        key=key, kind=kind, planned_at=NOW, late_until=NOW, stop_at=NOW.replace(year=NOW.year + 1), essential=False,
        in_doubt=InDoubt.HOLD, revision=1,
    )  # fmt: skip


def a_post(world: MailWorld) -> None:
    """Open, take, begin and settle one."""
    store, now = world.parts.store, world.parts.clock.now()
    number = store.ledger.open_post(opened(world, "post", BroadcastKind.POST), now)
    assert number is not None
    [row] = store.deliveries.take(number, worker=world.worker, now=now)
    assert store.deliveries.begin(row.id, worker=world.worker, now=now)
    store.deliveries.settle([Settled(delivery=row.id, state=DeliveryState.SENT)], worker=world.worker, now=now)


def test_nothing_waits_for_a_large_mailing_to_open(database: Database, tmp_path: Path) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    add_people(database, PEOPLE, step=STEP)
    load(Store(database, folder=tmp_path))
    with CountingServer() as relay, working(url, tmp_path, relay.port) as world:
        world.parts.store.ledger.open_mailing(opened(world, "daily", BroadcastKind.MAILING), NOW)
        slices = Slices(world)
        until(lambda: slices.count > 5, "some slices to be open")
        world.parts.store.holds.place(
            scope=HoldScope.CHANNEL, target="y", strength=Strength.ALL, reason="", author="test", now=NOW
        )
        a_post(world)
        last = PEOPLE * STEP
        with database.write() as connection:
            person = by_id(connection, last)
            assert person is not None
            left = leave(connection, KeyRing(KEY), person, [get_list(connection, "practitioners")], who="self",
                         how="link", now=NOW)  # fmt: skip
        assert left == ["practitioners"]
        assert state_of(world) == "opening", "all of that came in between"
        slices.done.set()
        slices.thread.join(60)
        assert state_of(world) == "open"
        assert slices.count > PEOPLE - 2
        world.send()
        assert relay.counts == {address_of(number): 1 for number in range(1, PEOPLE)}


def state_of(world: MailWorld) -> str:
    return world.broadcast.state.value


class Slices:
    """Opens a mailing in a thread, slice by slice; the last few once all else is `done`, however slow the machine."""

    def __init__(self, world: MailWorld) -> None:
        self.count = 0
        self.done = threading.Event()
        self._world = world
        self.thread = threading.Thread(target=self._fill, daemon=True)
        self.thread.start()

    def _fill(self) -> None:
        while not self._world.mailing.fill(self._world.broadcast):
            self.count += 1
            if self.count == PEOPLE - 5:
                self.done.wait(60)
