"""How a mailing goes on, asked of its rows: what went lately, what waits for another try, what failed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, text

from campaign.clock import from_micros, to_micros
from campaign.model import DeliveryState
from campaign.store.database import Database
from campaign.store.tables import deliveries, meta
from campaign.store.tables_lists import subscribers

#: The rate is that of the last minute, or of its last emails, so many.
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


_LEFT = text(
    """
    INSERT INTO meta (name, value) VALUES (:name, :value)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE excluded.value > meta.value
    """
)


def left(connection: Connection, broadcast: int, now: datetime) -> None:
    """Keep that emails of a mailing have just left: among a million rows the last of them is not found quickly."""
    connection.execute(_LEFT, {"name": _name(broadcast), "value": str(to_micros(now))})


def _name(broadcast: int) -> str:
    return f"last sent {broadcast}"


def _rate(moments: Sequence[int], now: int) -> float:
    """Emails a second over the last minute; over less where of its emails `moments` are only the latest."""
    since = now - LATELY // timedelta(microseconds=1)
    fresh = [moment for moment in moments if moment > since]
    if not fresh:
        return 0.0
    only_the_latest = len(moments) == LATEST and max(moments[-LATEST // 10 :]) > since
    span = (now - min(fresh)) / 1e6 if only_the_latest else LATELY.total_seconds()
    return len(fresh) / max(span, 1.0)


class Progress:
    """Reads how mailings go on. Each question is answered from an index, however many people a mailing has."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lately(self, broadcast: int, *, now: datetime) -> Lately:
        """How quickly emails leave, and when the last one did.

        Rows are taken in the order of their ids. So the latest are the last of those sent, or, where people who were
        put off have their second turn, the last before a row that is on its way now.
        """
        d = deliveries.c
        sent = (
            select(d.settled_at)
            .where(d.broadcast == broadcast, d.state == DeliveryState.SENT, d.settled_at.is_not(None))
            .order_by(d.id.desc())
            .limit(LATEST)
        )
        on_the_way = select(func.max(d.id)).where(d.broadcast == broadcast, d.state == DeliveryState.TAKEN)
        with self._database.read() as connection:
            found = [list(connection.scalars(sent))]
            place = connection.scalar(on_the_way)
            if place is not None and found[0]:
                found.append(list(connection.scalars(sent.where(d.id < place))))
            said = connection.scalar(select(meta.c.value).where(meta.c.name == _name(broadcast)))
        last = max((int(said or 0), *(max(moments, default=0) for moments in found)))
        rate = max(_rate(moments, to_micros(now)) for moments in found)
        return Lately(rate=rate, last_at=from_micros(last) if last else None)

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
