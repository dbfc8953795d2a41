"""A mailing over relays that fail, or take fewer connections than ours: it costs nobody anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.delivery.mail.nursery import Nursery
from campaign.store.database import Database
from tests.delivery.mailworld import address_of
from tests.delivery.test_mailing import everyone, mailing
from tests.delivery.test_strange_people import alter
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.server import Accepted
from tests.waiting import until


def dies_at(relay: CountingServer, count: int) -> None:
    """Have the relay die as it takes its message number `count`, before it can say so."""
    take = relay.accept

    def accept(message: Accepted) -> None:
        take(message)
        if relay.counts.total() == count:
            relay.die()

    relay.accept = accept  # type: ignore[method-assign]


def test_a_relay_that_takes_fewer_connections_is_used_over_those(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    """Else the whole channel would rest each time that one connection too many is turned away."""
    with (
        CountingServer(Script(room=4, delay=0.001)) as relay,
        mailing(database, tmp_path, relay, 400, lanes=6, nursery=nursery) as world,
    ):
        world.send()
        assert world.states() == {"sent": 400}
        assert relay.counts == everyone(400)
        assert relay.most_at_once <= 4
        assert world.mailing.next_due() is None, "nothing had to rest"
        assert {row.attempts for row in world.parts.store.deliveries.of(world.broadcast.id, limit=400)} == {1}


def test_a_relay_with_room_for_one_process_alone_is_used_over_that(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    """Of several processes one may find no room at all: that is no reason for the others to rest.

    What such a one gives back when the others are through goes in the next run.
    """
    with (
        CountingServer(Script(room=2, delay=0.001)) as relay,
        mailing(database, tmp_path, relay, 400, lanes=8, nursery=nursery) as world,
    ):

        def sent() -> bool:
            world.send()
            return world.states() == {"sent": 400}

        until(sent, "all to go")
        assert relay.counts == everyone(400)
        assert relay.most_at_once <= 2
        assert world.mailing.next_due() is None, "nothing had to rest"
        assert {row.attempts for row in world.parts.store.deliveries.of(world.broadcast.id, limit=400)} == {1}


@pytest.mark.parametrize("poor", [(), ("PIPELINING", "SIZE 500")], ids=["plain, in lock-step", "small"])
def test_two_relays_that_can_different_things_reach_everyone(
    database: Database, tmp_path: Path, nursery: Nursery | None, poor: tuple[str, ...]
) -> None:
    """One pipelines and one does not; some addresses, or all texts, only one of them can carry."""
    with CountingServer(Script(features=poor)) as first, CountingServer(Script(delay=0.001)) as second:
        two = {"relays": [{"port": second.port}]}
        with mailing(database, tmp_path, first, 200, nursery=nursery, options=two) as world:
            utf8 = {number: f"zoë{number}@example.org" for number in range(5, 200, 10)}
            alter(database, "address", utf8)
            world.send()
            assert world.states() == {"sent": 200}
        everybody = [utf8.get(number, address_of(number)) for number in range(1, 201)]
        assert first.counts + second.counts == dict.fromkeys(everybody, 1)
        assert set(utf8.values()) <= set(second.counts)
        assert bool(first.counts) == (not poor)


def test_a_relay_that_dies_in_mid_run_is_gone_round(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    with CountingServer(Script(delay=0.002)) as first, CountingServer(Script(delay=0.002)) as second:
        two = {"relays": [{"port": second.port}]}
        with mailing(database, tmp_path, first, 800, nursery=nursery, options=two) as world:
            dies_at(first, 50)
            world.send()
            states = world.states()
            assert states["sent"] + states.get("uncertain", 0) == 800
            assert states.get("uncertain", 0) <= 4, "one a connection"
            assert world.mailing.next_due() is None, "nothing had to rest"
        together = first.counts + second.counts
        assert set(together.values()) == {1}
        assert together.total() >= states["sent"]
        assert second.counts.total() >= 800 - 50 - 4
