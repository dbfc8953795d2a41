"""How fast may be sent: one bucket a name (a relay, a recipient domain), leased from by every process.

A lease takes what has flowed into the bucket since the last one, at most a second's worth (one message where the rate
is under one a second), so that a limit holds over processes and restarts with about one write a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from campaign.clock import from_micros, to_micros
from campaign.store.database import Database
from campaign.store.tables import paces

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Lease:
    """`granted`: how many messages may go now. `first`: when the name was first used (aware UTC)."""

    granted: int
    first: datetime


class Paces:
    """The buckets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first(self, name: str, *, now: datetime) -> datetime:
        """When `name` was first used; now, where it never was."""
        with self._database.write() as connection:
            found = connection.execute(select(paces.c.first_at).where(paces.c.name == name)).scalar()
            if found is None:
                moment = to_micros(now)
                connection.execute(insert(paces).values(name=name, first_at=moment, ready_at=moment - SECOND))
                return now
        return from_micros(found)

    def lease(self, name: str, *, rate: float, most: int, now: datetime) -> int:
        """Take up to `most` of what `name` has in its bucket at `rate` a second; how many were taken."""
        moment = to_micros(now)
        step = SECOND / rate
        with self._database.write() as connection:
            found = connection.execute(select(paces.c.ready_at).where(paces.c.name == name).with_for_update()).scalar()
            oldest = moment - int(max(SECOND, step))
            ready = max(found if found is not None else oldest, oldest)
            granted = min(most, int((moment - ready) / step))
            if found is None:
                connection.execute(insert(paces).values(name=name, first_at=moment, ready_at=ready))
            if granted:
                connection.execute(
                    update(paces).where(paces.c.name == name).values(ready_at=ready + int(granted * step))
                )
        return granted
