"""Who got what, when, and what the relay said: read from the rows that did the work, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from campaign.address import parse
from campaign.clock import from_micros
from campaign.errors import RefusedError
from campaign.model import DeliveryState
from campaign.store.tables import attempts, broadcasts, deliveries, replies
from campaign.store.tables_lists import subscribers

#: Rows read at a time: memory stays flat, however many people a mailing had.
PAGE = 5_000
#: Everyone whose email the next hop did not accept.
NOT_SENT = tuple(state for state in DeliveryState if state is not DeliveryState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which deliveries: in these states, with this code, at this recipient domain; empty: any."""

    states: Sequence[str] = ()
    code: str = ""
    domain: str = ""

    @property
    def where(self) -> list[ColumnElement[bool]]:
        """As conditions on the table of deliveries."""
        found: list[ColumnElement[bool]] = []
        if self.states:
            found.append(deliveries.c.state.in_(self.states))
        if self.code:
            found.append(deliveries.c.code == self.code)
        if self.domain:
            there = subscribers.c.address_key.endswith(f"@{parse(f'x@{self.domain}').domain}", autoescape=True)
            found.append(deliveries.c.subscriber.in_(select(subscribers.c.id).where(there)))
        return found


ALL = Which()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One delivery with its last attempt. `at` is when it was settled, else begun (aware UTC).

    `address` is "" for a post, and for somebody erased since.
    """

    delivery: int
    key: str
    subscriber: int
    address: str = field(repr=False)
    state: str
    attempts: int
    code: str
    reason: str
    reply: str
    at: datetime | None


def of_subscriber(connection: Connection, subscriber: int, which: Which = ALL) -> Iterator[Line]:
    """Everything that one person was to get, newest first."""
    query = _base(which).where(deliveries.c.subscriber == subscriber).order_by(deliveries.c.id.desc())
    yield from map(_line, connection.execute(query))


def of_broadcast(connection: Connection, key: str, which: Which = ALL) -> Iterator[Line]:
    """Everyone a message was for; RefusedError where no such message has opened."""
    number = connection.execute(select(broadcasts.c.id).where(broadcasts.c.key == key)).scalar()
    if number is None:
        raise RefusedError(f"No message {key} has entered the ledger; `campaign status` lists those that have.")
    yield from _pages(connection, _base(which).where(deliveries.c.broadcast == number))


def _base(which: Which) -> Select[Any]:
    last = (
        select(func.max(attempts.c.id))
        .where(attempts.c.delivery == deliveries.c.id)
        .correlate(deliveries)
        .scalar_subquery()
    )
    query = (
        select(
            deliveries,
            broadcasts.c.key,
            attempts.c.reply,
            attempts.c.outcome.label("last"),
            subscribers.c.address,
            replies.c.text,
        )
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .outerjoin(attempts, attempts.c.id == last)
        .outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber)
        .outerjoin(replies, replies.c.id == deliveries.c.said)
    )
    return query.where(*which.where)


def _pages(connection: Connection, query: Select[Any]) -> Iterator[Line]:
    after = 0
    while rows := connection.execute(query.where(deliveries.c.id > after).order_by(deliveries.c.id).limit(PAGE)).all():
        yield from map(_line, rows)
        after = rows[-1].id


def _line(row: Any) -> Line:
    moment = row.settled_at if row.settled_at is not None else row.began_at
    return Line(
        delivery=row.id,
        key=row.key,
        subscriber=row.subscriber,
        address=row.address or "",
        state=row.state,
        attempts=row.attempts,
        code=row.code,
        reason=row.reason,
        reply=_accepted(row) if row.state == DeliveryState.SENT else row.reply or "",
        at=from_micros(moment) if moment is not None else None,
    )


def _accepted(row: Any) -> str:
    """The relay's words for what it accepted, with what it calls the message (its queue's id)."""
    if row.text:
        return str(row.text).replace("{}", row.remote_id, 1)
    if row.reply and row.last in ("accepted", "found"):
        return str(row.reply)
    named = f", as {row.remote_id}" if row.remote_id else ""
    if row.code or named:
        return f"{row.code or 'accepted'}{' accepted' if row.code else ''}{named}"
    return "accepted; its words were lost when the service was stopped"
