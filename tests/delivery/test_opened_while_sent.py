"""A large mailing is opened while it is sent: the first email does not wait for the last row."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.delivery.gates import HoldsNow
from campaign.delivery.mail.mailing import NARROW, Mailing
from campaign.delivery.mail.nursery import Nursery
from campaign.model import Broadcast, BroadcastState, HoldScope, Strength
from campaign.store import Store
from campaign.store.database import Database
from campaign.store.selection import SLICE
from tests.delivery.mailworld import NOW, MailWorld, add_people, address_of, load, working
from tests.smtpserver import CountingServer, Script

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process sends")

PEOPLE = 600
#: 200 people in the first slice, 50 in each that is opened while processes send.
STEP = SLICE // 200


class Watched(Mailing):
    """Has `look` called before each slice that is opened while processes send."""

    look: Callable[[], None]

    def fill(self, broadcast: Broadcast, width: int = SLICE) -> bool:
        if width == NARROW:
            self.look()
        return super().fill(broadcast, width)


def watch(world: MailWorld, look: Callable[[], None]) -> None:
    world.mailing = watched = Watched(world.parts, world.shelf, HoldsNow(world.parts), world.worker, world.closing)
    watched.look = look


def begun(database: Database, folder: Path, world: MailWorld) -> None:
    add_people(database, PEOPLE, step=STEP)
    load(Store(database, folder=folder))
    world.begin()


def test_the_first_email_does_not_wait_for_the_last_row(
    database: Database, tmp_path: Path, two_processes: Nursery
) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    with CountingServer() as relay, working(url, tmp_path, relay.port, nursery=two_processes) as world:
        begun(database, tmp_path, world)
        gone: list[int] = []
        watch(world, lambda: gone.append(relay.counts.total()))
        world.work()
        assert len(gone) >= (PEOPLE - 200) / 50, "most of it was opened by narrow slices"
        assert gone[-1] > 100, "and a good part had gone before the last of them"
        assert relay.counts == {address_of(number): 1 for number in range(1, PEOPLE + 1)}
        assert world.broadcast.state is BroadcastState.OPEN
        assert world.states() == {"sent": PEOPLE}


def test_a_pause_while_it_opens_stops_the_sending_and_not_the_opening(
    database: Database, tmp_path: Path, two_processes: Nursery
) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    with (
        CountingServer(Script(delay=0.01)) as relay,
        working(url, tmp_path, relay.port, nursery=two_processes) as world,
    ):
        begun(database, tmp_path, world)
        placed: list[int] = []

        def pause() -> None:
            if not placed:
                held = world.parts.store.holds.place(
                    scope=HoldScope.CHANNEL, target="mail", strength=Strength.ALL, reason="", author="test", now=NOW
                )
                placed.append(held)

        watch(world, pause)
        world.work()
        stopped = world.states()
        assert world.broadcast.state is BroadcastState.OPEN
        assert sum(stopped.values()) == PEOPLE, "everybody is in it, to be seen and counted"
        assert 0 < stopped["pending"] < PEOPLE
        world.send()
        assert world.states() == stopped, "and nobody gets it meanwhile"
        assert relay.counts.total() == stopped["sent"]
        world.parts.store.holds.lift(placed[0], author="test", now=NOW)
        world.send()
        assert relay.counts == {address_of(number): 1 for number in range(1, PEOPLE + 1)}


def test_where_one_connection_sends_all_is_open_first(sqlite: Database, tmp_path: Path, two_processes: Nursery) -> None:
    url = sqlite.engine.url.render_as_string(hide_password=False)
    with CountingServer() as relay, working(url, tmp_path, relay.port, lanes=1, nursery=two_processes) as world:
        begun(sqlite, tmp_path, world)
        world.mailing.open(world.broadcast, whole=False)
        assert world.broadcast.state is BroadcastState.OPEN, "threads send it, and nobody would open the rest meanwhile"
        assert world.states() == {"pending": PEOPLE}
        world.send()
        assert relay.counts.total() == PEOPLE
