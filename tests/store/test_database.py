"""Transactions on both databases."""

import pytest
from sqlalchemy import select

from campaign.store.database import Database, bump, tables


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
