"""How quickly people are imported, and a large mailing chooses its readers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import Figure
from campaign.store.database import Database
from campaign.store.selection import choose, next_slice, selection

ROWS = 100_000
NOW = datetime(2026, 10, 12, 7, tzinfo=UTC)


def measure() -> Iterator[Figure]:
    """Import and selection on SQLite, beside the same rows by the driver's own loop."""
    with tempfile.TemporaryDirectory() as folder:
        taken = _import(Path(folder))
        database = Database(f"sqlite:///{Path(folder) / 'home' / 'campaign.db'}")
        reference = _raw(database)
        yield Figure(f"import {ROWS:,} people", taken, "s", reference, "sqlite3 executemany of their four rows each")
        yield Figure(f"choose {ROWS:,} readers in slices", *_choose(database), "one SELECT of their ids")
        database.close()


def _import(folder: Path) -> float:
    """The whole command, from its start to its end, on a file of every column."""
    home = folder / "home"
    environment = {
        **os.environ,
        "CAMPAIGN_HOME": str(home),
        "CAMPAIGN_KEY_FILE": str(folder / "key" / "key"),
        "CAMPAIGN_USER": "",
    }

    def campaign(*words: str) -> None:
        command = (sys.executable, "-m", "campaign", *words)
        subprocess.run(command, check=True, env=environment, capture_output=True)

    campaign("init")
    (home / "senders.yaml").write_text("s: {from_name: S, from_address: s@example.org}\n", encoding="utf-8")
    campaign("lists", "add", "all", "--title", "All", "--sender", "s", "--basis", "consent")
    file = folder / "people.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("Email,First name,Organisation,Area,Consent date,Consent source,Consent wording\n")
        out.writelines(
            f"p{number}@council{number % 50}.example.org,Jo,Council,HAM,12/10/2025,event form,Yes please.\n"
            for number in range(ROWS)
        )
    begin = time.perf_counter()
    campaign("lists", "import", str(file), "--list", "all", "--apply")
    return time.perf_counter() - begin


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
