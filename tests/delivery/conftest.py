"""A world on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.delivery.mail.nursery import Nursery
from campaign.store.database import Database
from tests.delivery.apart import nursery_apart
from tests.delivery.world import World


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    world = World(database_url, tmp_path)
    yield world
    world.close()


@pytest.fixture
def nursery() -> Nursery | None:
    """None: threads send. A module of tests may say otherwise."""
    return None


@pytest.fixture
def two_processes() -> Iterator[Nursery]:
    """Two processes send, however small the mailing."""
    with nursery_apart(2) as made:
        yield made


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database: for what does not differ by database."""
    database = Database(f"sqlite:///{tmp_path / 'campaign.db'}")
    database.create()
    yield database
    database.close()
