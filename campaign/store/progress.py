"""How a mailing goes on, asked of its rows: what went lately, what waits for another try, what failed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from campaign.clock import from_micros, to_micros
from campaign.model import DeliveryState
from campaign.store.database import Database
from campaign.store.tables import deliveries
from campaign.store.tables_lists import subscribers

#: The rate is that of the last minute, or of as many emails of it as this.
LATELY = timedelta(seconds=60)
LATEST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """So many people at one recipient domain whose emails met the same answer. `domain` "": erased since."""

    code: str
    domain: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What went lately: emails a second over the last minute, and when the last one went (aware UTC; None: none)."""

    rate: float
    last_at: datetime | None


class Progress:
    """Reads how mailings go on. Each question is answered from an index, however many people a mailing has."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lately(self, broadcast: int, *, now: datetime) -> Lately:
        """How quickly emails leave: rows settle nearly in the order of their ids, so the last ones are the latest."""
        d = deliveries.c
        query = (
            select(d.settled_at)
            .where(d.broadcast == broadcast, d.state == DeliveryState.SENT)
            .order_by(d.id.desc())
            .limit(LATEST)
        )
        with self._database.read() as connection:
            moments = [moment for moment in connection.scalars(query) if moment is not None]
        since = to_micros(now - LATELY)
        fresh = [moment for moment in moments if moment > since]
        if not fresh:
            return Lately(rate=0.0, last_at=from_micros(max(moments)) if moments else None)
        span = (to_micros(now) - min(fresh)) / 1e6 if len(fresh) == LATEST else LATELY.total_seconds()
        return Lately(rate=len(fresh) / max(span, 1.0), last_at=from_micros(max(moments)))

    def deferred(self, broadcast: int) -> list[Trouble]:
        """Who waits for another try, by the answer's code and the recipient domain; most people first."""
        return self._troubles(
            broadcast, deliveries.c.state == DeliveryState.PENDING, deliveries.c.not_before.is_not(None)
        )

    def failed(self, broadcast: int) -> list[Trouble]:
        """Whose email was refused for good, by the answer's code and the recipient domain; most people first."""
        return self._troubles(broadcast, deliveries.c.state == DeliveryState.FAILED)

    def next_try(self, broadcast: int) -> datetime | None:
        """When the first of those who wait for another try has their turn (aware UTC)."""
        d = deliveries.c
        query = select(func.min(d.not_before)).where(
            d.broadcast == broadcast, d.not_before.is_not(None), d.state == DeliveryState.PENDING
        )
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else from_micros(found)

    def _troubles(self, broadcast: int, *which: ColumnElement[bool]) -> list[Trouble]:
        with self._database.read() as connection:
            rows = connection.execute(self._counted(broadcast, which)).all()
        found = [Trouble(code=row.code, domain=row.domain, people=row.people) for row in rows]
        return sorted(found, key=lambda one: (-one.people, one.code, one.domain))

    def _counted(self, broadcast: int, which: Sequence[ColumnElement[bool]]) -> Select[Any]:
        address = subscribers.c.address
        if self._database.sqlite:
            domain = func.substr(address, func.instr(address, "@") + 1)
        else:
            domain = func.split_part(address, "@", 2)
        named = func.coalesce(domain, "").label("domain")
        return (
            select(deliveries.c.code, named, func.count().label("people"))
            .outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber)
            .where(deliveries.c.broadcast == broadcast, *which)
            .group_by(deliveries.c.code, named)
        )
