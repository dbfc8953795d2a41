"""The schema's versions, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from campaign.errors import NewerDatabase, StoreError
from campaign.store import migrations
from campaign.store.database import Database, tables


@pytest.fixture
def empty(database: Database) -> Database:
    """A database without a table."""
    with database.write() as connection:
        tables.metadata.drop_all(connection)
    return database


def test_migrating_an_empty_database_gives_just_the_tables_of_the_program(empty: Database) -> None:
    migrations.migrate(empty)
    with empty.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    assert differences == [], "run: rm campaign/store/migrations/versions/0001*; python -m campaign.store.migrations"
    migrations.check(empty)


def test_a_new_ledger_is_at_the_newest_version(empty: Database) -> None:
    migrations.create(empty)
    assert migrations.version(empty) == migrations.newest()
    assert migrations.migrate(empty)[2] is None


def test_creating_again_keeps_what_is_there(empty: Database) -> None:
    migrations.create(empty)
    migrations.create(empty)
    migrations.check(empty)


def test_a_newer_ledger_is_refused_and_left_alone(empty: Database) -> None:
    migrations.create(empty)
    with empty.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="Update the program"):
        migrations.check(empty)
    with pytest.raises(NewerDatabase):
        migrations.migrate(empty)
    assert migrations.version(empty) == "9999"


def test_a_database_without_a_ledger_says_what_to_do(empty: Database) -> None:
    with pytest.raises(StoreError, match="campaign init"):
        migrations.check(empty)


def test_an_older_ledger_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE kept (id INTEGER)"))
        connection.execute(text("INSERT INTO kept VALUES (7)"))
    _, _, copy = migrations.migrate(database)
    assert copy is not None
    old = Database(f"sqlite:///{copy}")
    with old.read() as connection:
        assert connection.execute(text("SELECT id FROM kept")).scalar() == 7
        assert not inspect(connection).has_table("deliveries")
