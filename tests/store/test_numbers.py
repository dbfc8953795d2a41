"""Numbers that outlive their row are never given again: what was kept of one person would become another's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, insert, select

from campaign.address import parse
from campaign.clock import to_micros
from campaign.store import backups, migrations, rights
from campaign.store.database import Database
from campaign.store.held import access
from campaign.store.letters import LetterKind, forget_letters, post_letter
from campaign.store.subscribers import Details, save
from campaign.store.tables import broadcasts, campaigns, deliveries
from campaign.store.tables_lists import letters, subscribers
from tests.store.people import NOW, RING


def mailed(database: Database, address: str) -> int:
    """A new person, with an email sent to them; their number."""
    with database.write() as connection:
        number = save(connection, RING, parse(address), Details(), now=NOW)
        if connection.scalar(select(broadcasts.c.id)) is None:
            connection.execute(insert(campaigns).values(slug="week", loaded_at=1))
            moments = dict.fromkeys(("planned_at", "late_until", "stop_at", "changed_at"), to_micros(NOW))
            connection.execute(
                insert(broadcasts).values(campaign=1, key="week/daily/mon/mail", state="done", **moments)
            )
        connection.execute(insert(deliveries).values(broadcast=1, subscriber=number, state="sent"))
    return number


def test_a_newcomer_inherits_nothing_of_whoever_was_erased_last(database: Database) -> None:
    gone = mailed(database, "ann@example.org")
    rights.erase(database, RING, parse("ann@example.org"), who="Jo", now=NOW)
    with database.write() as connection:
        newcomer = save(connection, RING, parse("bob@example.org"), Details(), now=NOW)
    assert newcomer != gone
    assert access(database, RING, parse("bob@example.org"))["emails"] == []


def test_a_ledger_made_by_migration_gives_no_number_again_either(database: Database) -> None:
    with database.write() as connection:
        subscribers.metadata.drop_all(connection)
    migrations.migrate(database)
    with database.write() as connection:
        one = save(connection, RING, parse("ann@example.org"), Details(), now=NOW)
        connection.execute(delete(subscribers))
        assert save(connection, RING, parse("bob@example.org"), Details(), now=NOW) > one


def test_a_forgotten_delivery_and_letter_leave_their_number_to_nobody(database: Database) -> None:
    mailed(database, "ann@example.org")
    first = {}
    for round_ in range(2):
        with database.write() as connection:
            address = parse("ann@example.org")
            post_letter(connection, RING, LetterKind.CONFIRM, address, sender="s", values={}, now=NOW)
            found = {table.name: connection.scalar(select(table.c.id)) or 0 for table in (deliveries, letters)}
            if round_ == 0:
                first = found
                connection.execute(delete(deliveries))
                forget_letters(connection, before=NOW + timedelta(days=1))
                connection.execute(insert(deliveries).values(broadcast=1, subscriber=1, state="sent"))
    assert all(found[name] > first[name] for name in first)


def test_numbers_given_since_the_backup_are_not_given_again_after_a_restore(database: Database, tmp_path: Path) -> None:
    with database.write() as connection:
        migrations.stamp(connection)
    mailed(database, "ann@example.org")
    backups.take(database, tmp_path, tmp_path / "a.tar.gz", key_id="k", now=NOW)
    since = mailed(database, "bob@example.org")
    with database.write() as connection:
        token = connection.scalar(select(func.max(deliveries.c.id)))
    with database.write() as connection:
        subscribers.metadata.drop_all(connection)
    database.create()
    with database.write() as connection:
        backups.put_back(connection, tmp_path / "home", tmp_path / "a.tar.gz")
    with database.read() as connection:
        assert connection.scalars(select(subscribers.c.address)).all() == ["ann@example.org"]
    assert mailed(database, "sam@example.org") > since
    with database.read() as connection:
        assert (connection.scalar(select(func.max(deliveries.c.id))) or 0) > (token or 0)
