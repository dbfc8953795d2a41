"""Who got what, when, and what the relay said: read from the rows that did the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from campaign.clock import from_micros
from campaign.errors import RefusedError
from campaign.store.tables import attempts, broadcasts, deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One delivery with its last attempt. `at` is when it was settled, else begun (aware UTC)."""

    delivery: int
    key: str
    subscriber: int
    state: str
    code: str
    reason: str
    reply: str
    at: datetime | None


def of_subscriber(connection: Connection, subscriber: int, states: Sequence[str], limit: int) -> list[Line]:
    """Everything that one person was to get, newest first."""
    query = _base(states, limit).where(deliveries.c.subscriber == subscriber)
    return _read(connection, query.order_by(deliveries.c.id.desc()))


def of_broadcast(connection: Connection, key: str, states: Sequence[str], limit: int) -> list[Line]:
    """Everyone a message was for; RefusedError where no such message has opened."""
    if connection.execute(select(broadcasts.c.id).where(broadcasts.c.key == key)).first() is None:
        raise RefusedError(f"No message {key} has entered the ledger; `campaign status` lists those that have.")
    return _read(connection, _base(states, limit).where(broadcasts.c.key == key).order_by(deliveries.c.id))


def _base(states: Sequence[str], limit: int) -> Select[Any]:
    last = (
        select(func.max(attempts.c.id))
        .where(attempts.c.delivery == deliveries.c.id)
        .correlate(deliveries)
        .scalar_subquery()
    )
    query = (
        select(deliveries, broadcasts.c.key, attempts.c.reply)
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .outerjoin(attempts, attempts.c.id == last)
        .limit(limit)
    )
    return query.where(deliveries.c.state.in_(states)) if states else query


def _read(connection: Connection, query: Select[Any]) -> list[Line]:
    found = []
    for row in connection.execute(query):
        moment = row.settled_at if row.settled_at is not None else row.began_at
        found.append(
            Line(
                delivery=row.id,
                key=row.key,
                subscriber=row.subscriber,
                state=row.state,
                code=row.code,
                reason=row.reason,
                reply=row.reply or "",
                at=from_micros(moment) if moment is not None else None,
            )
        )
    return found
