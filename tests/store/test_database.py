"""Transactions on both databases."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from campaign.errors import BusyError, StoreError
from campaign.store.database import Database, bump, tables
from tests.waiting import until

WRITES = 10


def changes(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(tables.changes.c.count)).scalar_one())


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            bump(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert changes(database) == 0


def test_a_bump_is_seen_by_the_next_reader(database: Database) -> None:
    with database.write() as connection:
        bump(connection)
    assert changes(database) == 1


def test_creating_twice_keeps_what_is_there(database: Database) -> None:
    with database.write() as connection:
        bump(connection)
    database.create()
    assert changes(database) == 1


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Database]:
    """A ledger on SQLite."""
    database = Database(f"sqlite:///{tmp_path / 'campaign.db'}")
    database.create()
    yield database
    database.close()


def test_a_full_disk_is_said_in_words_and_nothing_is_half_written(small: Database) -> None:
    def fill() -> None:
        with small.write() as connection:
            bump(connection)
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.execute(tables.blobs.insert().values(digest="a" * 64, data=b"x" * 1_000_000))

    with pytest.raises(StoreError, match="disk that holds"):
        fill()
    assert changes(small) == 0


def test_a_ledger_that_may_not_be_written_says_so(small: Database) -> None:
    def write() -> None:
        with small.write() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            bump(connection)

    with pytest.raises(StoreError, match="permissions"):
        write()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "campaign.db").write_bytes(b"This is a letter, and no database at all. " * 100)
    database = Database(f"sqlite:///{tmp_path / 'campaign.db'}")
    with pytest.raises(StoreError, match="campaign restore"):
        changes(database)
    database.close()


def test_what_is_committed_is_on_the_disk(database: Database) -> None:
    """On every connection: a mark that is lost after its message left would send it again.

    sqlite.org/pragma.html#pragma_synchronous (2: FULL). The PostgreSQL of the tests is set to `off`, and overruled.
    """
    asks = (
        {"PRAGMA synchronous": 2, "PRAGMA journal_mode": "wal"}
        if database.sqlite
        else {"SHOW synchronous_commit": "on"}
    )
    with database.engine.connect() as one, database.engine.connect() as two:
        for connection in (one, two):
            assert {ask: connection.exec_driver_sql(ask).scalar() for ask in asks} == asks


def test_a_lock_is_waited_for_no_longer_than_the_patience(database_url: str) -> None:
    holder, hasty = Database(database_url), Database(database_url, patience=0.1)

    def wait() -> None:
        with hasty.write() as connection:
            bump(connection)

    with holder.write() as connection:
        if not holder.sqlite:
            connection.execute(text("LOCK TABLE changes IN EXCLUSIVE MODE"))
        with pytest.raises(BusyError, match=r"locked for 0\.1 seconds"):
            wait()
    holder.close()
    hasty.close()


def test_whoever_writes_again_and_again_keeps_nobody_waiting_for_long(database: Database) -> None:
    over, rest, turns = threading.Event(), threading.Event(), 0

    def hold_on() -> None:
        nonlocal turns
        while not over.is_set():
            with database.write() as connection:
                bump(connection)
                turns += 1
                rest.wait(0.04)
            rest.wait(0.006)

    holder = threading.Thread(target=hold_on)
    holder.start()
    waited = 0
    for _ in range(WRITES):
        now = turns
        until(lambda now=now: turns > now, "the other to write")  # type: ignore[misc]
        met = turns
        with database.write() as connection:
            bump(connection)
        waited += turns - met
    over.set()
    holder.join()
    assert waited < WRITES, "each comes after the one that it met"
