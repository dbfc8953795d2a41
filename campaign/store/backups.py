"""Backups: the whole ledger, the mail engine's journals and the installation's files in one archive.

One format for both databases: a line of JSON a row. It is taken online, from one consistent moment. The installation's
key is never in it.
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, func, insert, select, text
from sqlalchemy.exc import CompileError, IntegrityError

from campaign.clock import from_micros, to_micros
from campaign.errors import RefusedError, StoreError
from campaign.store import migrations
from campaign.store.database import Database, dump, sync
from campaign.store.tables import metadata

#: Files of the home that go with the ledger.
FILES = ("channels.yaml", "senders.yaml", "site.yaml")
FOLDERS = ("journals", "media")
MANIFEST = "manifest.json"
BATCH = 500
#: More numbers than are given between a backup and its restore: bounces to emails of that time name nobody else.
GIVEN_SINCE = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself. `taken_at` is aware UTC."""

    taken_at: datetime
    version: str
    key_id: str
    rows: dict[str, int]


def take(database: Database, home: Path, target: Path, *, key_id: str, now: datetime) -> Manifest:
    """Write a backup to `target`; what it holds. Raises RefusedError where `target` exists."""
    if target.exists():
        raise RefusedError(f"{target} exists. Name a new file: a backup never writes over another.")
    partial = target.with_name(target.name + ".partial")
    try:
        manifest = _write(database, home, partial, key_id=key_id, now=now)
        sync(partial)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    partial.rename(target)
    return manifest


def _write(database: Database, home: Path, partial: Path, *, key_id: str, now: datetime) -> Manifest:
    rows: dict[str, int] = {}
    with tarfile.open(partial, "w:gz") as archive, database.read() as connection:
        if not database.sqlite:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for table in metadata.sorted_tables:
            lines = list(_lines(connection, table))
            rows[table.name] = len(lines)
            _add(archive, f"tables/{table.name}.jsonl", "\n".join(lines).encode(), now)
        for path in _files(home):
            archive.add(path, f"home/{path.relative_to(home)}")
        manifest = Manifest(taken_at=now, version=migrations.version(database), key_id=key_id, rows=rows)
        about = {"taken_at": to_micros(now), "version": manifest.version, "key_id": key_id, "rows": rows}
        _add(archive, MANIFEST, dump(about).encode(), now)
    return manifest


def read_manifest(source: Path) -> Manifest:
    """What a backup says of itself; StoreError where it is none."""
    try:
        with tarfile.open(source, "r:gz") as archive:
            found = json.loads(_member(archive, MANIFEST))
    except (OSError, EOFError, tarfile.TarError, KeyError, ValueError, zlib.error) as error:
        raise StoreError(f"{source} is not a backup of this program, or it is damaged.") from error
    return Manifest(
        taken_at=from_micros(found["taken_at"]), version=found["version"], key_id=found["key_id"], rows=found["rows"]
    )


def need_fitting(source: Path) -> Manifest:
    """What a backup says of itself; StoreError where it is none, or is of another version of the tables."""
    manifest = read_manifest(source)
    if manifest.version != migrations.newest():
        raise StoreError(
            f"This backup has version {manifest.version}, and this program has {migrations.newest()}. "
            "Restore it with the program that took it, then run `campaign migrate`."
        )
    return manifest


def put_back(connection: Connection, home: Path, source: Path) -> Manifest:
    """Fill a ledger from a backup, in the caller's transaction, and the home's files that are missing.

    Raises StoreError where the backup is damaged or from another version of the tables.
    """
    manifest = need_fitting(source)
    try:
        with tarfile.open(source, "r:gz") as archive:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table in metadata.sorted_tables:
                _fill(connection, table, _member(archive, f"tables/{table.name}.jsonl"))
                _count_on(connection, table)
            for member in archive.getmembers():
                _put_file(archive, member, home)
    except (EOFError, tarfile.TarError, KeyError, ValueError, zlib.error, IntegrityError, CompileError) as error:
        raise StoreError(f"{source} is damaged: it cannot be read to its end. Take another backup.") from error
    return manifest


def _lines(connection: Connection, table: Table) -> Iterator[str]:
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    for row in connection.execute(select(table)):
        values = dict(row._mapping)
        for name in binary:
            values[name] = base64.b64encode(values[name]).decode()
        yield dump(values)


def _fill(connection: Connection, table: Table, data: bytes) -> None:
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    batch: list[dict[str, Any]] = []
    for line in data.splitlines():
        values = json.loads(line)
        for name in binary:
            values[name] = base64.b64decode(values[name])
        batch.append(values)
        if len(batch) == BATCH:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


def _count_on(connection: Connection, table: Table) -> None:
    """Where the ids of a table go on. Those that are never given twice leave out what was given since the backup."""
    if "id" not in table.columns or table.c.id.autoincrement is not True:
        return
    once = bool(table.dialect_options["sqlite"]["autoincrement"])
    highest = (connection.execute(select(func.max(table.c.id))).scalar() or 0) + (GIVEN_SINCE if once else 0)
    if connection.dialect.name == "sqlite":
        if once:
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            values = {"name": table.name, "seq": highest}
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), values)
        return
    sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, "id"))).scalar()
    if sequence:
        connection.execute(select(func.setval(sequence, highest or 1, highest > 0)))


def _files(home: Path) -> Iterable[Path]:
    yield from (home / name for name in FILES if (home / name).is_file())
    for folder in FOLDERS:
        yield from (path for path in sorted((home / folder).rglob("*")) if path.is_file())


def _put_file(archive: tarfile.TarFile, member: tarfile.TarInfo, home: Path) -> None:
    name = member.name.removeprefix("home/")
    if not member.isfile() or name == member.name or ".." in Path(name).parts or Path(name).is_absolute():
        return
    target = home / name
    if name.startswith("journals/") or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(_member(archive, member.name))


def _add(archive: tarfile.TarFile, name: str, data: bytes, now: datetime) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(data), int(now.timestamp()), 0o600
    archive.addfile(entry, io.BytesIO(data))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    found = archive.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found.read()
