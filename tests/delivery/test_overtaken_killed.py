"""Kill -9 while one mailing gives way to an essential one: nobody lost, nobody doubled, of either."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from campaign.model import DeliveryState
from campaign.store import Store
from campaign.store.database import Database
from tests.delivery.mailworld import BROADCAST, add_people, address_of, load, working
from tests.delivery.test_mailing_killed import LANES, start
from tests.delivery.test_two_mailings import BOTH, MONDAYS, begin_mondays, got
from tests.smtpserver import CountingServer, Script
from tests.waiting import until

PEOPLE = 300
SUBJECTS = {BROADCAST: "Tuesday", MONDAYS: "Monday"}


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_killed_while_one_gives_way(database: Database, tmp_path: Path, seed: int, processes: int) -> None:
    """The kill comes at a random moment from the essential one's opening until some of it has arrived."""
    url = database.engine.url.render_as_string(hide_password=False)
    add_people(database, PEOPLE)
    load(Store(database, folder=tmp_path), BOTH)
    with CountingServer(Script(delay=0.01)) as relay:
        with working(url, tmp_path, relay.port) as world:
            world.open()
            process = start(url, tmp_path, relay.port, processes, module="overtaking")
            until(lambda: relay.counts.total() >= 30, "emails to arrive")
            begin_mondays(world, essential=True)
            target = relay.counts.total() + random.Random(seed).randrange(0, PEOPLE)
            relay.rest_at(target + LANES)
            until(lambda: relay.counts.total() >= target, "the moment to kill")
            process.kill()
            process.communicate()
            relay.go_on()
        last = start(url, tmp_path, relay.port, processes, module="overtaking")
        last.communicate(timeout=600)
        assert last.returncode == 0
        with working(url, tmp_path, relay.port) as world:
            nobody_lost_or_doubled(world.parts.store, got(relay))


def nobody_lost_or_doubled(store: Store, counts: dict[tuple[str, str], int]) -> None:
    doubtful = set()
    for key, subject in SUBJECTS.items():
        row = store.ledger.get(key)
        assert row is not None
        rows = store.deliveries.of(row.id, limit=PEOPLE)
        assert len(rows) == PEOPLE
        assert {each.state for each in rows} <= {DeliveryState.SENT, DeliveryState.UNCERTAIN}
        doubtful |= {(address_of(each.subscriber), subject) for each in rows if each.state is DeliveryState.UNCERTAIN}
    wanted = {(address_of(number), subject) for number in range(1, PEOPLE + 1) for subject in SUBJECTS.values()}
    assert wanted - set(counts) <= doubtful, "everybody got both, or is listed as in doubt"
    assert set(counts) <= wanted
    assert set(counts.values()) == {1}, "nobody got one of them twice"
    assert len(doubtful) <= LANES
