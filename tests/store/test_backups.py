"""Backups and what a restore leaves: nothing lost, nothing sent again, and nobody who left comes back."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from campaign.address import KeyRing, parse
from campaign.delivery import views
from campaign.errors import BusyError, RefusedError, StoreError
from campaign.model import DeliveryState
from campaign.store import ageing, backups, migrations, replacing, restoring
from campaign.store.database import Database
from campaign.store.rights import erase
from campaign.store.subscribers import Details, save
from campaign.store.suppressions import Reason, in_force, lift_own, suppress
from campaign.store.tables import deliveries, holds, metadata
from campaign.store.tables_lists import subscribers, suppressions
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week


@pytest.fixture
def life() -> Iterator[ExitStack]:
    """What is to be closed when the test is over."""
    with ExitStack() as life:
        yield life


@pytest.fixture
def world(database_url: str, tmp_path: Path, life: ExitStack) -> World:
    world = World(database_url, tmp_path)
    life.callback(world.close)
    with world.store.database.write() as connection:
        migrations.stamp(connection)
    return world


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=str)
            for table in metadata.sorted_tables
        }


def taken(world: World, file: Path) -> backups.Manifest:
    return backups.take(world.store.database, world.folder, file, key_id=world.key.id, now=world.now)


def restored(tmp_path: Path, file: Path, life: ExitStack) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    life.callback(database.close)
    migrations.create(database)
    with database.write() as connection:
        backups.put_back(connection, tmp_path / "home", file)
    return database


def test_a_backup_holds_every_row_of_every_table_whatever_the_database(
    world: World, tmp_path: Path, life: ExitStack
) -> None:
    world.load(a_week(a_post(), mailings=(a_mailing(),)))
    world.play(world.start(), EIGHT + timedelta(hours=3))
    taken(world, tmp_path / "backup.tar.gz")
    assert rows(restored(tmp_path, tmp_path / "backup.tar.gz", life)) == rows(world.store.database)


def test_a_backup_never_writes_over_another(world: World, tmp_path: Path, life: ExitStack) -> None:
    taken(world, tmp_path / "backup.tar.gz")
    with pytest.raises(RefusedError, match="exists"):
        taken(world, tmp_path / "backup.tar.gz")


def test_a_file_that_is_no_backup_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.tar.gz").write_bytes(b"no")
    with pytest.raises(StoreError, match="not a backup"):
        backups.read_manifest(tmp_path / "no.tar.gz")


def test_after_a_restore_nothing_of_the_time_between_goes_by_itself(
    world: World, tmp_path: Path, life: ExitStack
) -> None:
    world.load(a_week(a_post()))
    manifest = taken(world, tmp_path / "backup.tar.gz")
    database = restored(tmp_path, tmp_path / "backup.tar.gz", life)
    world.play(world.start(), EIGHT + timedelta(hours=3))
    assert len(world.sent("a")) == 1
    later = World(str(database.url), tmp_path / "home", start=EIGHT + timedelta(hours=3))
    life.callback(later.close)
    with database.write() as connection:
        restoring.settle_in(connection, [], taken_at=manifest.taken_at, author="Ada", now=later.now)
    later.play(later.start(), EIGHT + timedelta(days=4, hours=12))
    assert later.sent("a") == []
    assert later.states()["week/hello/mon/a"] == "held"
    (hold,) = later.store.holds.current(later.now)
    with pytest.raises(RefusedError, match="not settled"):
        later.store.holds.lift(hold.id, author="Ada", now=later.now)
    assert {need.kind for need in views.needs(later.parts)} == {"held"}


def test_what_was_on_its_way_is_in_doubt_after_a_restore(world: World, tmp_path: Path, life: ExitStack) -> None:
    world.load(a_week(a_post()))
    service = world.start()
    world.clock.set(EIGHT + timedelta(hours=1))
    service.ring(world.now)
    manifest = taken(world, tmp_path / "backup.tar.gz")
    database = restored(tmp_path, tmp_path / "backup.tar.gz", life)
    with database.write() as connection:
        _, doubt = restoring.settle_in(connection, [], taken_at=manifest.taken_at, author="Ada", now=world.now)
    assert doubt == 1
    later = World(str(database.url), tmp_path / "home", start=world.now)
    life.callback(later.close)
    row = later.store.ledger.of("week")["week/hello/mon/a"]
    assert [each.state for each in later.store.deliveries.of(row.id)] == [DeliveryState.UNCERTAIN]


def test_who_left_since_the_backup_stays_away(world: World, tmp_path: Path, life: ExitStack) -> None:
    log = tmp_path / "suppressions.log"
    world.store.database.kept_apart = log
    manifest = taken(world, tmp_path / "backup.tar.gz")
    with world.store.database.write() as connection:
        suppress(connection, KeyRing(world.key), parse("left@example.org").key, reason=Reason.LEFT, now=world.now)
    assert len(log.read_text().split()) == 1
    for known in (
        restoring.read_suppressions(world.store.database, tmp_path / "none"),
        restoring.read_suppressions(None, log),
    ):
        (tmp_path / "new.db").unlink(missing_ok=True)
        database = restored(tmp_path, tmp_path / "backup.tar.gz", life)
        with database.write() as connection:
            brought, _ = restoring.settle_in(connection, known, taken_at=manifest.taken_at, author="Ada", now=world.now)
        assert brought == 1
        with database.read() as connection:
            assert len(connection.execute(select(suppressions)).all()) == 1
        database.close()


def test_a_transaction_that_fails_leaves_no_line_in_the_log(world: World, tmp_path: Path, life: ExitStack) -> None:
    world.store.database.kept_apart = tmp_path / "suppressions.log"

    def fail() -> None:
        with world.store.database.write() as connection:
            suppress(connection, KeyRing(world.key), parse("left@example.org").key, reason=Reason.LEFT, now=world.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not (tmp_path / "suppressions.log").exists()


def test_a_log_cut_off_in_the_middle_of_a_line_is_read_to_there(tmp_path: Path) -> None:
    whole = {
        "address_hash": "a",
        "key_id": "k",
        "scope": "all",
        "target": "",
        "reason": "left",
        "detail": "",
        "made_at": 1,
    }
    (tmp_path / "log").write_text(json.dumps(whole) + "\n" + json.dumps(whole)[:20])
    assert restoring.read_suppressions(None, tmp_path / "log") == [whole]


def test_where_nothing_can_be_read_mail_cannot_be_trusted(tmp_path: Path) -> None:
    assert restoring.read_suppressions(None, tmp_path / "none") is None


def test_who_was_erased_since_the_backup_is_erased_again(world: World, tmp_path: Path, life: ExitStack) -> None:
    log = world.store.database.kept_apart = tmp_path / "suppressions.log"
    ring = KeyRing(world.key)
    with world.store.database.write() as connection:
        for name in ("gone", "stays", "back"):
            save(connection, ring, parse(f"{name}@example.org"), Details(first_name=name.title()), now=world.now)
    erase(world.store.database, ring, parse("back@example.org"), who="self", now=world.now - timedelta(days=1))
    with world.store.database.write() as connection:
        lift_own(connection, ring, parse("back@example.org").key, {"parents": "HSCP"}, now=world.now)
        save(connection, ring, parse("back@example.org"), Details(first_name="Back"), now=world.now)
    manifest = taken(world, tmp_path / "backup.tar.gz")
    erase(world.store.database, ring, parse("gone@example.org"), who="self", now=world.now + timedelta(hours=1))
    known = restoring.read_suppressions(world.store.database, log)
    database = restored(tmp_path, tmp_path / "backup.tar.gz", life)
    with database.write() as connection:
        restoring.settle_in(connection, known, taken_at=manifest.taken_at, author="Ada", now=world.now)
    with database.read() as connection:
        assert set(connection.scalars(select(subscribers.c.first_name))) == {"Stays", "Back"}
        standing = {each.reason for each in in_force(connection, ring.hashes(parse("back@example.org").key))}
    assert not standing, "the backup knows that they came back of their own accord"


def test_no_words_about_a_person_are_kept_apart(world: World, tmp_path: Path) -> None:
    world.store.database.kept_apart = tmp_path / "log"
    with world.store.database.write() as connection:
        key = parse("ann@example.org").key
        suppress(connection, KeyRing(world.key), key, reason=Reason.STAFF, detail="Ann's wish", now=world.now)
    assert "Ann" not in (tmp_path / "log").read_text()


NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "goes"),
    [
        (ageing.name_of(NOON - timedelta(days=36)), True),
        (ageing.name_of(NOON - timedelta(days=35, seconds=1)), True),
        (ageing.name_of(NOON - timedelta(days=34)), False),
        ("campaign-2024-01-01.tar.gz", True),
        ("campaign-2024-03-04.tar.gz", False),
        ("campaign-20240101-060000.tar.gz.partial", True),
        ("campaign-20240231-060000.tar.gz", False),
        ("campaign-plan.tar.gz", False),
        ("photos-20240101-060000.tar.gz", False),
    ],
)
def test_backups_age_out_by_the_time_in_their_name(tmp_path: Path, name: str, goes: bool) -> None:
    (tmp_path / name).write_bytes(b"x")
    gone = ageing.age_out(tmp_path, tmp_path / "home", now=NOON, keep=timedelta(days=35))
    assert gone == ([name] if goes else [])
    assert (tmp_path / name).exists() is not goes


def test_ledgers_put_aside_age_out_by_their_last_write(tmp_path: Path) -> None:
    ages = {"campaign.db.replaced-20240101-060000": 40, "campaign.db.replaced-20240101-060000-wal": 40,
            "campaign.db.before-2-was-1": 36, "campaign.db.before-3-was-2": 1, "campaign.db": 90}  # fmt: skip
    for name, days in ages.items():
        (tmp_path / name).write_bytes(b"x")
        moment = (NOON - timedelta(days=days)).timestamp()
        os.utime(tmp_path / name, (moment, moment))
    ageing.age_out(tmp_path / "none", tmp_path, now=NOON, keep=timedelta(days=35))
    assert {path.name for path in tmp_path.iterdir()} == {"campaign.db", "campaign.db.before-3-was-2"}


def test_a_restore_over_a_ledger_that_is_full_puts_back_what_was_and_pauses(
    world: World, tmp_path: Path, life: ExitStack
) -> None:
    world.load(a_week(a_post(), mailings=(a_mailing(),)))
    (tmp_path / "elsewhere").mkdir()
    taken(world, tmp_path / "a.tar.gz")
    world.play(world.start(), EIGHT + timedelta(hours=2))
    assert world.sent("a")
    database = world.store.database
    if not database.sqlite:
        with pytest.raises(BusyError, match="Stop it first"):
            replacing.restore(database, tmp_path, tmp_path / "a.tar.gz", author="Ada", now=world.now)
        with database.write() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
        for worker in world.store.workers.unended():
            world.store.workers.end(worker.id, now=world.now)
    done = replacing.restore(database, tmp_path / "elsewhere", tmp_path / "a.tar.gz", author="Ada", now=world.now)
    assert (done.doubt, done.aside is None) == (0, not database.sqlite)
    with database.read() as connection:
        assert connection.execute(select(deliveries)).all() == []
        (hold,) = connection.execute(select(holds)).all()
    assert (hold.strength, hold.until) == ("all", None)
