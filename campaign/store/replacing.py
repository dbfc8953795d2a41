"""`campaign restore`: a ledger in place of another, wholly or not at all.

What is restored never stands anywhere unpaused: filling and pausing are one transaction. On SQLite the new ledger is
made beside the old one, and takes its place only when all of it is on the disk; until then the old one stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from campaign.errors import BusyError
from campaign.store import backups, migrations, restoring
from campaign.store.database import Database, sync
from campaign.store.workers import Workers, refuse_while_running

#: What SQLite keeps beside a database's file; before it, for it must never stand beside another file.
BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore came to.

    `sure`: who left since the backup is known. `aside`: where the ledger that was replaced is now.
    """

    suppressions: int
    doubt: int
    sure: bool
    aside: Path | None


def restore(database: Database, home: Path, source: Path, *, author: str, now: datetime) -> Restored:
    """Put the backup `source` in place of the ledger.

    Raises BusyError while a service works on it, StoreError where the backup does not fit, is damaged or finds no room:
    nothing has changed then.
    """
    backups.need_fitting(source)
    refuse_while_running(home)
    workers = Workers(database, home)
    with workers.none():
        if database.file is None:
            migrations.create(database)
            _refuse_beside(workers)
            return _fill(database, database, home, source, author=author, now=now, aside=None)
        return _beside(database, database.file, home, source, author=author, now=now)


def _refuse_beside(workers: Workers) -> None:
    for worker in workers.unended():
        if not workers.is_dead(worker.id):
            raise BusyError(f"A service runs (process {worker.pid} on {worker.host}). Stop it first.")


def _beside(database: Database, file: Path, home: Path, source: Path, *, author: str, now: datetime) -> Restored:
    fresh = file.with_name(f"{file.name}.restoring")
    _remove(fresh)
    made = Database(f"sqlite:///{fresh}")
    old = database if file.exists() else None
    aside = file.with_name(f"{file.name}.replaced-{now:%Y%m%d-%H%M%S}") if old else None
    try:
        migrations.create(made)
        done = _fill(made, old, home, source, author=author, now=now, aside=aside)
        folded = made.make_room()
        made.close()
        if not folded or (fresh.with_name(fresh.name + "-wal").exists()):
            raise BusyError(f"{fresh} is in use by another program. Try again in a moment.")
        sync(fresh)
    except BaseException:
        made.close()
        _remove(fresh)
        raise
    if old is not None and aside is not None:
        old.make_room()  # so that its file alone is whole
        old.close()
        _move(file, aside)
    fresh.rename(file)
    sync(file.parent)
    return done


def _fill(
    database: Database,
    old: Database | None,
    home: Path,
    source: Path,
    *,
    author: str,
    now: datetime,
    aside: Path | None,
) -> Restored:
    log = home / "suppressions.log"
    known = restoring.read_suppressions(old, log)
    database.kept_apart = log
    with database.write() as connection:
        taken_at = backups.put_back(connection, home, source).taken_at
        brought, doubt = restoring.settle_in(connection, known, taken_at=taken_at, author=author, now=now)
    return Restored(suppressions=brought, doubt=doubt, sure=known is not None, aside=aside)


def _move(file: Path, aside: Path) -> None:
    for ending in (*BESIDE, ""):
        part = file.with_name(file.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))


def _remove(file: Path) -> None:
    for ending in ("", *BESIDE):
        file.with_name(file.name + ending).unlink(missing_ok=True)
