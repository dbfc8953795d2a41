"""Connections, transactions and the schema, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, Engine, create_engine, event, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from campaign.clock import SystemClock
from campaign.errors import BusyError, StoreError
from campaign.store import tables, tables_desk, tables_lists

#: How long a writer waits for another before it gives up, in seconds.
BUSY_SECONDS = 30
#: How often a writer on SQLite looks whether the other is done, in seconds.
LOOK = 0.001

#: `secure_delete` writes zeros over what is deleted: an erased person leaves no bytes in the file.
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-4000", "secure_delete=ON")
#: For many writes in a row: the indexes' pages stay at hand (32 MB), and the log is folded in every 16 MB, not every 4,
#: which copies and syncs each page that was written again fewer times.
BULK = ("cache_size=-32000", "wal_autocheckpoint=4000")


#: Under this name a transaction collects what is to be kept apart from the database too.
KEPT_APART = "kept apart"


class Database:
    """One database: `read()` for looking, `write()` for one short transaction.

    `write()` raises BusyError when another process kept the database locked for `patience` seconds, and StoreError when
    the disk is full or the file is not a database.
    """

    def __init__(
        self, url: str, *, pool: int = 10, patience: float = BUSY_SECONDS, pragmas: Sequence[str] = PRAGMAS
    ) -> None:
        self.patience = patience
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url, patience, pragmas) if self.sqlite else _postgres_engine(url, pool, patience)
        #: Where suppressions are written as well, so that an old backup brings nobody back. Set by whoever opens it.
        self.kept_apart: Path | None = None
        self._was_full = False

    @property
    def file(self) -> Path | None:
        """The database's file on SQLite; None on PostgreSQL."""
        return Path(self.url.database) if self.sqlite and self.url.database else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent moment and writes nothing."""
        with _explained(self), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing."""
        if self._was_full:
            self._was_full = not self.make_room()
        with (
            _explained(self),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            connection.info.pop(KEPT_APART, None)
            yield connection
            lines = connection.info.pop(KEPT_APART, [])
            if lines and self.kept_apart is not None:
                append_lines(self.kept_apart, lines)

    @contextmanager
    def bulk(self) -> Iterator[Database]:
        """The same database by connections of their own that are fit for many writes in a row."""
        if self.file is None or not self.file.exists():  # PostgreSQL, or in memory: that is its one connection's alone
            yield self
            return
        url = self.url.render_as_string(hide_password=False)
        found = Database(url, patience=self.patience, pragmas=(*PRAGMAS, *BULK))
        found.kept_apart = self.kept_apart
        try:
            yield found
            found._fold()
        finally:
            found.close()

    def _fold(self) -> None:
        """Fold the write-ahead log in, as far as nobody reads of it: so that the next writer has not to."""
        with self.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")

    def make_room(self) -> bool:
        """Fold SQLite's write-ahead log into the database, for it may be what fills the disk; whether that was done.

        Waits for nobody. Without it the log would go on growing into whatever room is made.
        """
        if self.file is None:
            return True
        with closing(sqlite3.connect(self.file, timeout=0, isolation_level=None)) as connection:
            try:
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error:
                return False
        return not busy

    def note_full(self) -> None:
        """The disk took a write no more: the next one makes room first."""
        self._was_full = True

    def create(self) -> None:
        """Make the tables that are missing. Safe to repeat."""
        with self.write() as connection:
            tables.metadata.create_all(connection)
            if connection.execute(select(tables.changes.c.count)).first() is None:
                connection.execute(tables.changes.insert().values(id=1, count=0))

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def plainly(result: CursorResult[Any]) -> list[Any]:
    """All rows of a statement as the driver gives them: for thousands of numbers and texts, which need no reading."""
    rows = list(result.cursor.fetchall())
    result.close()
    return rows


def bump(connection: Connection) -> None:
    """Tell every scheduler that there may be work: to be called by each write that can make some."""
    connection.execute(update(tables.changes).values(count=tables.changes.c.count + 1))


def keep_apart(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Have these rows written to the log beside the database, synced, before the transaction commits."""
    connection.info.setdefault(KEPT_APART, []).extend(dump(row) for row in rows)


def append_lines(path: Path, lines: list[str]) -> None:
    """Append whole lines to a file and sync it, and its name where it is new; StoreError where the disk takes no more.

    They begin with a line end, so that a line which broke off in a crash spoils no other.
    """
    is_new = not path.exists()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _write_all(descriptor, "\n".join(["", *lines, ""]).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}). Make room; nothing was lost.") from error


def _write_all(descriptor: int, data: bytes) -> None:
    while data:  # a disk that is nearly full takes a part, and says so the next time
        data = data[os.write(descriptor, data) :]


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sqlite_engine(url: str, patience: float, pragmas: Sequence[str]) -> Engine:
    engine = create_engine(url, connect_args={"timeout": patience, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes", False):
            _begin_to_write(connection, patience)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _begin_to_write(connection: Connection, patience: float) -> None:
    """Take the one place to write, looking for it again each `LOOK` seconds.

    SQLite itself looks ten times a second at last: whoever writes again and again would keep everybody else waiting.
    """
    driver, clock = cast(sqlite3.Connection, connection.connection.driver_connection), SystemClock()
    until = clock.monotonic() + patience
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while _is_taken(driver) and clock.monotonic() < until:
            clock.sleep(LOOK)
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # says what is wrong
    finally:
        driver.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")


def _is_taken(driver: sqlite3.Connection) -> bool:
    """Whether another writes just now; else a transaction has begun, or fails for another reason."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def _postgres_engine(url: str, pool: int, patience: float) -> Engine:
    """Whatever the server is set to: a commit is on its disk, and a lock is waited for no longer than `patience`."""
    ours = {"options": f"-c synchronous_commit=on -c lock_timeout={int(patience * 1000)}"}
    return create_engine(url, pool_size=pool, max_overflow=pool, pool_pre_ping=True, connect_args=ours)


@contextmanager
def _explained(database: Database) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if "full" in str(error.orig):
            database.note_full()
        raise _explain_operational(error, database) from error
    except DatabaseError as error:
        if "not a database" in str(error.orig) or "malformed" in str(error.orig):
            raise StoreError(
                f"{database.file} is not a readable database. Restore it from a backup: campaign restore."
            ) from error
        raise


def _explain_operational(error: DBAPIError, database: Database) -> Exception:
    reason = str(error.orig)
    if any(word in reason for word in ("locked", "busy", "lock timeout")):
        return BusyError(
            f"Another process kept the database locked for {database.patience:g} seconds. Try again in a moment."
        )
    if "full" in reason:
        return StoreError(f"The disk that holds {database.file} is full. Make room; nothing was lost.")
    if "disk I/O" in reason:
        return StoreError(f"The disk that holds {database.file} fails ({reason}). Look at its room and its health.")
    if "readonly" in reason or "read-only" in reason:
        return StoreError(f"{database.file} cannot be written. Check the permissions of the file and its folder.")
    if "unable to open" in reason:
        return StoreError(f"{database.file} cannot be opened. Check that its folder exists and can be read.")
    return StoreError(f"The database could not be used: {reason.splitlines()[0]}")


def dump(value: Any) -> str:
    """JSON in one canonical form: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


__all__ = ["BUSY_SECONDS", "Database", "bump", "dump", "keep_apart", "plainly", "tables", "tables_desk", "tables_lists"]
