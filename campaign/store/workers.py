"""Who works on this ledger: workers with their beat, and a lock that only a living process holds."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from campaign.clock import from_micros, to_micros
from campaign.errors import BusyError
from campaign.locks import is_free
from campaign.store.database import Database
from campaign.store.tables import workers

#: First half of the advisory lock's two numbers on PostgreSQL; the second is the worker's row id.
ADVISORY = 0x43414D50
#: A living worker beats every ten seconds.
SILENT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process that works, or worked, on this ledger. Times are aware UTC."""

    id: int
    host: str
    pid: int
    boot: str
    started_at: datetime
    beat_at: datetime
    ended_at: datetime | None


class Workers:
    """The workers of this ledger. `folder` holds their lock files on SQLite."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._asking = threading.Lock()
        self._sessions: dict[int, Connection] = {}
        self._lost: set[int] = set()

    @contextmanager
    def working(self, *, host: str, pid: int, boot: str, now: datetime, alone: bool) -> Iterator[Worker]:
        """Be a worker while the context lasts, holding a lock that dies with the process.

        With `alone`, BusyError names the worker that is at it already (one service a home on SQLite).
        """
        if alone:
            with self._only_one(), self._lived(host, pid, boot, now) as worker:
                yield worker
        else:
            with self._lived(host, pid, boot, now) as worker:
                yield worker

    @contextmanager
    def none(self) -> Iterator[None]:
        """On SQLite, keep services from starting while the context lasts; BusyError where one runs."""
        if not self._database.sqlite:
            yield
            return
        with self._only_one():
            yield

    @contextmanager
    def _lived(self, host: str, pid: int, boot: str, now: datetime) -> Iterator[Worker]:
        with self._database.write() as connection:
            started = to_micros(now)
            row = connection.execute(
                insert(workers)
                .values(host=host, pid=pid, boot=boot, started_at=started, beat_at=started)
                .returning(workers)
            ).one()
        with self._lock(row.id):
            yield _worker(row)

    @contextmanager
    def _lock(self, worker: int) -> Iterator[None]:
        if self._database.sqlite:
            path = self._path(worker)
            with _locked_file(path, wait=True):
                yield
            path.unlink(missing_ok=True)
        else:
            with self._database.engine.connect() as connection:
                connection.execute(text("SELECT pg_advisory_lock(:a, :b)"), {"a": ADVISORY, "b": worker})
                connection.commit()
                self._sessions[worker] = connection
                yield
                if not self.lost(worker):
                    connection.execute(text("SELECT pg_advisory_unlock(:a, :b)"), {"a": ADVISORY, "b": worker})
                    connection.commit()

    def lost(self, worker: int) -> bool:
        """Whether a worker of this process lost the session that holds its lock: others may take it for dead.

        From then on it may begin nothing. A file's lock (SQLite) lasts as long as the process.
        """
        with self._asking:
            session = self._sessions.get(worker)
            if session is not None and worker not in self._lost:
                try:
                    session.execute(text("SELECT 1"))
                    session.commit()
                except DBAPIError:
                    self._lost.add(worker)
            return worker in self._lost

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        try:
            with _locked_file(self._folder / "service.lock"):
                yield
        except BlockingIOError as error:
            holder = (self._folder / "service.lock").read_text().strip() or "unknown"
            raise BusyError(
                f"Another service already runs on {self._folder}: process {holder}. Stop it first, or use that one."
            ) from error

    def beat(self, worker: int, *, now: datetime) -> None:
        """Say that a worker lives."""
        with self._database.write() as connection:
            connection.execute(update(workers).where(workers.c.id == worker).values(beat_at=to_micros(now)))

    def end(self, worker: int, *, now: datetime) -> None:
        """Say that nothing is left of a worker: its rows are settled or given back."""
        with self._database.write() as connection:
            connection.execute(update(workers).where(workers.c.id == worker).values(ended_at=to_micros(now)))

    def get(self, worker: int) -> Worker | None:
        """The worker of that row id."""
        with self._database.read() as connection:
            row = connection.execute(select(workers).where(workers.c.id == worker)).first()
        return _worker(row) if row else None

    def unended(self) -> list[Worker]:
        """Workers not yet marked as ended, living or dead."""
        query = select(workers).where(workers.c.ended_at.is_(None)).order_by(workers.c.id)
        with self._database.read() as connection:
            return [_worker(row) for row in connection.execute(query)]

    def silent(self, now: datetime, *, after: timedelta = SILENT) -> list[Worker]:
        """Workers that live, for they hold their lock, and have not been heard of for longer than `after`."""
        late = [worker for worker in self.unended() if now - worker.beat_at > after]
        return [worker for worker in late if not self.is_dead(worker.id)]

    def is_dead(self, worker: int) -> bool:
        """Whether its lock is free: the only proof of death."""
        if self._database.sqlite:
            return is_free(self._path(worker))
        with self._database.read() as connection:
            return _advisory_free(connection, worker)

    def _path(self, worker: int) -> Path:
        return self._folder / f"worker-{worker}.lock"


def refuse_while_running(home: Path) -> None:
    """BusyError while a service runs on a home: what is about to be done needs it stopped."""
    if not is_free(home / "service.lock"):
        holder = (home / "service.lock").read_text().strip()
        raise BusyError(f"The service runs (process {holder}). Stop it first.")


@contextmanager
def _locked_file(path: Path, *, wait: bool = False) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _advisory_free(connection: Connection, worker: int) -> bool:
    query = text("SELECT pg_try_advisory_xact_lock(:a, :b)")
    return bool(connection.execute(query, {"a": ADVISORY, "b": worker}).scalar_one())


def _worker(row: Row[Any]) -> Worker:
    return Worker(
        id=row.id,
        host=row.host,
        pid=row.pid,
        boot=row.boot,
        started_at=from_micros(row.started_at),
        beat_at=from_micros(row.beat_at),
        ended_at=from_micros(row.ended_at) if row.ended_at is not None else None,
    )
