"""Who has a message open to edit it: no lock, only so that people know of each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from campaign.clock import from_micros, to_micros
from campaign.store.database import Database
from campaign.store.ledger import insert_new
from campaign.store.tables_desk import edits

#: After so long without a sign somebody is taken to have left the form.
GONE = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody who edits, and since when (aware UTC)."""

    who: str
    since: datetime


class Editors:
    """Who edits which message of which campaign."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def here(self, campaign: str, message: str, who: str, *, now: datetime) -> None:
        """Note that `who` has the form open."""
        mine = (edits.c.campaign == campaign, edits.c.message == message, edits.c.who == who)
        with self._database.write() as connection:
            connection.execute(delete(edits).where(edits.c.seen_at < to_micros(now - GONE)))
            connection.execute(update(edits).where(*mine).values(seen_at=to_micros(now)))
            times = {"began_at": to_micros(now), "seen_at": to_micros(now)}
            insert_new(connection, edits, {"campaign": campaign, "message": message, "who": who, **times})

    def gone(self, campaign: str, message: str, who: str) -> None:
        """Note that `who` has saved, or turned back."""
        with self._database.write() as connection:
            connection.execute(
                delete(edits).where(
                    edits.c.campaign == campaign, edits.c.message == message, edits.c.who == who
                )
            )  # fmt: skip

    def others(self, campaign: str, message: str, who: str, *, now: datetime) -> list[Editor]:
        """Everybody else who has the form open, by name."""
        query = select(edits).where(
            edits.c.campaign == campaign, edits.c.message == message, edits.c.who != who,
            edits.c.seen_at >= to_micros(now - GONE),
        ).order_by(edits.c.who)  # fmt: skip
        with self._database.read() as connection:
            return [Editor(row.who, from_micros(row.began_at)) for row in connection.execute(query)]
