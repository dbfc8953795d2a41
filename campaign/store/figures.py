"""What networks said of posts that are out: likes, reposts, replies, views, each with when it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, insert, select

from campaign.clock import from_micros, to_micros
from campaign.store.database import Database
from campaign.store.tables import figures

#: A figure is called by a word of the network's, at most so long; a reading holds at most so many.
LONGEST_NAME = 40
MOST_NAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One post's figures as the network gave them at `read_at` (aware UTC). `numbers` may be empty: it gave none."""

    read_at: datetime
    numbers: Mapping[str, int]


class Figures:
    """Readings of posts' figures, by broadcast. Every reading is kept; the newest counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, broadcast: int, numbers: Mapping[str, int], *, now: datetime) -> None:
        """Keep one reading. One of the same instant is kept once; one without figures is not kept."""
        rows = [
            {"broadcast": broadcast, "read_at": to_micros(now), "name": name[:LONGEST_NAME], "number": number}
            for name, number in sorted(numbers.items())[:MOST_NAMES]
        ]
        if not rows:
            return
        with self._database.write() as connection:
            same = select(figures.c.name).where(figures.c.broadcast == broadcast, figures.c.read_at == to_micros(now))
            if connection.execute(same).first() is None:
                connection.execute(insert(figures), rows)

    def latest(self, *broadcasts: int) -> dict[int, Reading]:
        """The newest reading of each broadcast; those never read are left out."""
        newest = (
            select(figures.c.broadcast, func.max(figures.c.read_at).label("read_at"))
            .where(figures.c.broadcast.in_(broadcasts))
            .group_by(figures.c.broadcast)
            .subquery()
        )
        query = select(figures).join(
            newest, and_(figures.c.broadcast == newest.c.broadcast, figures.c.read_at == newest.c.read_at)
        )
        numbers: dict[int, dict[str, int]] = {}
        moments: dict[int, int] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                numbers.setdefault(row.broadcast, {})[row.name] = row.number
                moments[row.broadcast] = row.read_at
        return {key: Reading(read_at=from_micros(moments[key]), numbers=found) for key, found in numbers.items()}
