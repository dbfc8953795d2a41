"""A desk on each database, and one on SQLite alone for what has nothing to do with the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.store.database import Database
from tests.web.desks import DeskStand


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskStand]:
    """A desk on SQLite."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    database = Database(url)
    database.create()
    database.close()
    stand = DeskStand(url, tmp_path)
    yield stand
    stand.close()


@pytest.fixture
def both(database_url: str, tmp_path: Path) -> Iterator[DeskStand]:
    """A desk on each database."""
    stand = DeskStand(database_url, tmp_path)
    yield stand
    stand.close()
