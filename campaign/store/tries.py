"""How often something was tried: counts that hold over processes and starts, forgotten within a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from campaign.store.database import Database
from campaign.store.limits import count_one
from campaign.store.tables_lists import counts


class Tries:
    """Counts by name. Names hold no address: they are keyed hashes of whom they count."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, name: str, *, window: timedelta, now: datetime) -> int:
        """Count one more; how many there are within the `window` that began with the first."""
        with self._database.write() as connection:
            return count_one(connection, name, window=window, now=now)

    def used(self, name: str) -> int:
        """How many were counted."""
        with self._database.read() as connection:
            return int(connection.execute(select(counts.c.used).where(counts.c.name == name)).scalar() or 0)

    def give_back(self, name: str, *, all_of_it: bool) -> None:
        """Take one back, or all."""
        mine = counts.c.name == name
        with self._database.write() as connection:
            if all_of_it:
                connection.execute(delete(counts).where(mine))
            else:
                connection.execute(update(counts).where(mine, counts.c.used > 0).values(used=counts.c.used - 1))
