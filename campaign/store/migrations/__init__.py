"""The schema's versions: a new ledger is made at the newest, an older one is brought there, a newer one is refused.

`python -m campaign.store.migrations "what changed"` writes the next version from the difference between the newest one
and the tables. Alembic is imported only when something is to be migrated.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from campaign.errors import NewerDatabase, StoreError
from campaign.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent
_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def known() -> list[str]:
    """Every version this program knows, oldest first: the names of the files are their order."""
    return sorted(path.stem.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def newest() -> str:
    """The version that the tables of this program have."""
    return known()[-1]


def version(database: Database) -> str:
    """The version of a ledger; "" where it has none."""
    with database.read() as connection:
        if not inspect(connection).has_table(_version.name):
            return ""
        return str(connection.execute(select(_version.c.version_num)).scalar() or "")


def create(database: Database) -> None:
    """Make every table in an empty database, at the newest version. One that has tables already is left as it is."""
    with database.read() as connection:
        if inspect(connection).has_table("changes"):
            return
    database.create()
    with database.write() as connection:
        stamp(connection)


def stamp(connection: Connection) -> None:
    """Say that a database has the newest version's tables."""
    _version.create(connection, checkfirst=True)
    connection.execute(insert(_version).values(version_num=newest()))


def check(database: Database) -> None:
    """NewerDatabase where a newer program wrote it; StoreError where it has to be migrated first."""
    found = version(database)
    if found == newest():
        return
    if not found:
        raise StoreError("This database holds no ledger. Make one with `campaign init`.")
    if found not in known():
        raise NewerDatabase(
            f"This ledger has version {found}; this program knows versions up to {newest()}. Update the program."
        )
    raise StoreError(f"This ledger has version {found}, and this program needs {newest()}. Run `campaign migrate`.")


def migrate(database: Database) -> tuple[str, str, Path | None]:
    """Bring a ledger to the newest version: (before, after, the copy made first on SQLite).

    Raises NewerDatabase where a newer program wrote it.
    """
    from alembic import command

    before = version(database)
    if before and before not in known():
        check(database)
    if before == newest():
        return before, before, None
    copy = _copy(database, before)
    command.upgrade(config(database), "head")
    return before, newest(), copy


def config(database: Database) -> Config:
    """Alembic's own settings for one database."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    found.attributes["engine"] = database.engine
    return found


def _copy(database: Database, before: str) -> Path | None:
    file = database.file
    if file is None or not file.exists():
        return None
    target = file.with_name(f"{file.name}.before-{newest()}-was-{before or 'none'}")
    target.unlink(missing_ok=True)
    copy_file(database, target)
    return target


def copy_file(database: Database, target: Path) -> None:
    """A consistent copy of a SQLite ledger in `target`, while others read and write it."""
    connection = database.engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()
