"""INSERT that says what to do where the row is there already: each database's own, loaded where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_into(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the `dialect` (a name as SQLAlchemy has it), with `on_conflict_do_nothing` and `..._do_update`."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # some megabytes, for nothing where there is no such server

    return postgresql.insert(table)
