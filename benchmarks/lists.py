"""How quickly people are imported, and a large mailing chooses its readers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import Figure
from campaign.address import KeyRing
from campaign.model import Sender
from campaign.store.bases import Basis, Evidence
from campaign.store.database import Database
from campaign.store.lists import NewList, add_list, get_list, save_senders
from campaign.store.lists_import import Importer, ImportRow
from campaign.store.selection import choose, next_slice, selection
from campaign.store.subscribers import Details
from campaign.tokens import Key

ROWS = 100_000
NOW = datetime(2026, 10, 12, 7, tzinfo=UTC)
SAID = Evidence(given_at=NOW, how="event form", wording="Yes, email me.")


def measure() -> Iterator[Figure]:
    """Import and selection on SQLite, beside the same rows by the driver's own loop."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'campaign.db'}")
        database.create()
        taken = _import(database)
        reference = _raw(database)
        yield Figure(f"import {ROWS:,} people", taken, "s", reference, "sqlite3 executemany of their four rows each")
        yield Figure(f"choose {ROWS:,} readers in slices", *_choose(database), "one SELECT of their ids")
        database.close()


def _import(database: Database) -> float:
    with database.write() as connection:
        save_senders(connection, [Sender(id="s", from_name="S", from_address="s@example.org")])
        add_list(connection, NewList(slug="all", title="All", sender="s", basis=Basis.CONSENT), who="bench", now=NOW)
        chosen = get_list(connection, "all")
    importer = Importer(database, KeyRing(Key(b"k" * 32)), [chosen], now=NOW, who="bench", default="all")
    begin = time.perf_counter()
    for _ in importer.run(_rows(), apply=True):
        pass
    return time.perf_counter() - begin


def _rows() -> Iterator[ImportRow]:
    for number in range(2, ROWS + 2):
        details = Details(first_name="Jo", organisation="Council", areas=frozenset({"HAM"}))
        yield ImportRow(
            number=number, address=f"p{number}@council{number % 50}.example.org", details=details, evidence=SAID
        )


def _raw(database: Database) -> float:
    """The same rows into a second database with the same tables, in one transaction."""
    tables = ("subscribers", "subscriptions", "subscription_events", "consents")
    file = database.file
    assert file is not None
    other = Database(f"sqlite:///{file.with_name('raw.db')}")
    other.create()
    raw = other.engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    rows = {}
    for name in tables:
        with database.read() as connection:
            rows[name] = [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]
    begin = time.perf_counter()
    cursor.execute("BEGIN")
    for name, each in rows.items():
        cursor.executemany(f"INSERT INTO {name} VALUES ({','.join('?' * len(each[0]))})", each)
    cursor.execute("COMMIT")
    taken = time.perf_counter() - begin
    raw.close()
    other.close()
    return taken


def _choose(database: Database) -> tuple[float, str, float]:
    with database.read() as connection:
        choice = choose(connection, ["all"], areas=["HAM"])
        begin = time.perf_counter()
        after, found = 0, 0
        while window := next_slice(connection, choice, after):
            found += len(connection.execute(selection(choice, now=NOW, after=window[0], upto=window[1])).all())
            after = window[1]
        taken = time.perf_counter() - begin
        begin = time.perf_counter()
        plain = len(connection.exec_driver_sql("SELECT subscriber FROM subscriptions WHERE state = 'confirmed'").all())
        reference = time.perf_counter() - begin
    assert found == plain == ROWS
    return taken, "s", reference
