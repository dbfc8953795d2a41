"""The append-only log: who did what, when. Written in the same transaction as the act itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word that is looked for: in who, target, campaign or detail; or the act, or the target, is one of those named.

    `acts` and `targets` are those in whose words, as people read them, it stands.
    """

    text: str
    acts: Collection[str] = ()
    targets: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is wanted of the log; "" and None want nothing. `since` and `until` (aware UTC) are a half-open span."""

    campaign: str = ""
    act: str = ""
    who: str = ""
    target: str = ""
    words: tuple[Word, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


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
        return self.search(Search(campaign=campaign, act=act, who=who, target=target), before=before, limit=limit)

    def search(self, wanted: Search, *, before: int = 0, limit: int = 100) -> list[Entry]:
        """The newest lines that are as wanted first; older than id `before`."""
        query = select(table).where(*_rules(wanted)).order_by(table.c.id.desc()).limit(limit)
        if before:
            query = query.where(table.c.id < before)
        with self._database.read() as connection:
            return [Entry(**{**row._mapping, "at": from_micros(row.at)}) for row in connection.execute(query).all()]

    def people(self) -> list[str]:
        """Everybody who stands in it, by name."""
        with self._database.read() as connection:
            return list(connection.scalars(select(table.c.who).distinct().order_by(table.c.who)))

    def has(self, *, act: str, campaign: str, target: str) -> bool:
        """Whether that act was ever logged for that target."""
        return bool(self.entries(act=act, campaign=campaign, target=target, limit=1))


def _rules(wanted: Search) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (table.c.campaign, wanted.campaign),
        (table.c.act, wanted.act),
        (table.c.who, wanted.who),
        (table.c.target, wanted.target),
    ):
        if value:
            yield column == value
    if wanted.since:
        yield table.c.at >= to_micros(wanted.since)
    if wanted.until:
        yield table.c.at < to_micros(wanted.until)
    for word in wanted.words:
        yield or_(
            *(
                column.icontains(word.text, autoescape=True)
                for column in (table.c.who, table.c.target, table.c.campaign, table.c.detail)
            ),
            table.c.act.in_(sorted(word.acts)),
            table.c.target.in_(sorted(word.targets)),
        )
