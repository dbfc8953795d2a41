"""The append-only log: who did what, when. Written in the same transaction as the act itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from campaign.clock import from_micros, to_micros
from campaign.store.database import Database, dump
from campaign.store.tables import log as table

#: Who the service itself is, in the log.
SERVICE = "the service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log. `detail` is JSON. `at` is aware UTC."""

    id: int
    at: datetime
    who: str
    act: str
    campaign: str
    target: str
    detail: str


def record(
    connection: Connection,
    *,
    who: str,
    act: str,
    now: datetime,
    campaign: str = "",
    target: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one line, as part of the caller's transaction."""
    connection.execute(
        insert(table).values(
            at=to_micros(now), who=who, act=act, campaign=campaign, target=target, detail=dump(dict(detail or {}))
        )
    )


class Log:
    """Reading the log, and appending what belongs to no other write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, *, who: str, act: str, now: datetime, campaign: str = "", target: str = "", detail: Any = None
    ) -> None:
        """Append one line in a transaction of its own."""
        with self._database.write() as connection:
            record(connection, who=who, act=act, now=now, campaign=campaign, target=target, detail=detail)

    def entries(
        self, *, campaign: str = "", act: str = "", who: str = "", target: str = "", before: int = 0, limit: int = 100
    ) -> list[Entry]:
        """The newest lines first, of one campaign, act, person or target where stated; older than id `before`."""
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        for column, wanted in (
            (table.c.campaign, campaign),
            (table.c.act, act),
            (table.c.who, who),
            (table.c.target, target),
        ):
            if wanted:
                query = query.where(column == wanted)
        if before:
            query = query.where(table.c.id < before)
        with self._database.read() as connection:
            return [Entry(**{**row._mapping, "at": from_micros(row.at)}) for row in connection.execute(query).all()]

    def has(self, *, act: str, campaign: str, target: str) -> bool:
        """Whether that act was ever logged for that target."""
        return bool(self.entries(act=act, campaign=campaign, target=target, limit=1))
