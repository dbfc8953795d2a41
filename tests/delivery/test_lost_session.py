"""On PostgreSQL a worker whose session with the database is gone begins nothing: others may take it for dead."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from campaign.errors import StoreError
from campaign.store.database import Database
from campaign.store.workers import ADVISORY
from tests.conftest import Postgres
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week

NINE = EIGHT + timedelta(hours=1)


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.fresh()


def cut_off(url: str) -> None:
    """The server ends the sessions that hold the locks of workers, as a restart of it would."""
    database = Database(url)
    query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = :a"
    with database.write() as connection:
        assert connection.execute(text(query), {"a": ADVISORY}).all()
    database.close()


def test_nothing_begins_and_another_worker_goes_on(url: str, tmp_path: Path) -> None:
    world = World(url, tmp_path)
    world.load(a_week(a_post(), mailings=(a_mailing(),)))
    cut = world.start()
    other = world.start()
    world.play(other, EIGHT - timedelta(minutes=1))
    (first, second) = world.store.workers.unended()
    assert not world.store.workers.lost(first.id)
    cut_off(url)
    world.clock.set(NINE)
    assert world.store.workers.lost(first.id)
    assert world.store.workers.lost(first.id), "a new session holds no lock"
    assert world.store.workers.lost(second.id)
    cut.ring(world.now)
    with pytest.raises(StoreError, match="start it again"):
        cut.tick()
    cut.engine.run()
    assert world.sent("a") == world.sent("mail") == []
    fresh = world.start()
    world.play(fresh, NINE)
    assert (len(world.sent("a")), len(world.sent("mail"))) == (1, 1)
    world.close()
