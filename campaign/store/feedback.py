"""What came back, kept once each, and whom it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from campaign.address import Address, KeyRing
from campaign.clock import to_micros
from campaign.store.database import Database
from campaign.store.subscribers import CHANGED_ADDRESS, Subscriber, by_id
from campaign.store.suppressions import Reason
from campaign.store.tables import deliveries, log
from campaign.store.tables_lists import feedback, subscribers, suppressions
from campaign.store.upserts import insert_into

#: A day's length in the store's microseconds.
DAY = 86_400_000_000
#: How far back temporary failures are counted together.
SOFT_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One thing that came back, as it is kept. `reason` holds no address."""

    key: str
    source: str
    kind: str
    code: str
    reason: str
    at: datetime


def keep_once(
    connection: Connection, came: Came, *, subscriber: int, delivery: int, address_hash: str, now: datetime
) -> int | None:
    """Keep it, as part of the caller's transaction; its id, or None where it came before."""
    values = {
        "key": came.key,
        "source": came.source,
        "kind": came.kind,
        "subscriber": subscriber,
        "delivery": delivery,
        "address_hash": address_hash,
        "code": came.code,
        "reason": came.reason,
        "at": to_micros(came.at),
        "received_at": to_micros(now),
    }
    statement = (
        insert_into(feedback, connection.dialect.name)
        .values(values)
        .on_conflict_do_nothing(index_elements=[feedback.c.key])
    )
    return connection.execute(statement.returning(feedback.c.id)).scalar_one_or_none()


def set_outcome(connection: Connection, number: int, outcome: str) -> None:
    """What was done about it."""
    connection.execute(update(feedback).where(feedback.c.id == number).values(outcome=outcome))


def of_delivery(connection: Connection, delivery: int) -> Subscriber | None:
    """Whom a delivery was to; None for a post, or where the person or the detail is gone."""
    number = connection.scalar(select(deliveries.c.subscriber).where(deliveries.c.id == delivery)) or 0
    return by_id(connection, number) if number else None


def of_address(connection: Connection, ring: KeyRing, address: Address) -> Subscriber | None:
    """The person with that address."""
    mark = ring.hash(address.key)
    number = connection.scalar(select(subscribers.c.id).where(subscribers.c.address_hash == mark))
    return by_id(connection, number) if number else None


def soft_days(connection: Connection, person: Subscriber, *, now: datetime) -> int:
    """On how many different days (UTC) of the last 30 a person's mail failed for the time being.

    What came before staff let mail through again counts no more: they looked at it.
    """
    x = suppressions.c
    lifted = connection.scalar(
        select(func.max(x.lifted_at)).where(x.address_hash == person.address_hash, x.reason == Reason.HARD)
    )
    query = select(func.count(func.distinct(feedback.c.at // DAY))).where(
        feedback.c.subscriber == person.id,
        feedback.c.kind == "soft",
        feedback.c.at > max(to_micros(now - SOFT_WINDOW), lifted or 0),
    )
    return connection.scalar(query) or 0


def moved_since(connection: Connection, person: Subscriber, delivery: int) -> bool:
    """Whether a person got another address after an email to them began: what comes back of it is about the old one."""
    moved = connection.scalar(
        select(func.max(log.c.at)).where(log.c.act == CHANGED_ADDRESS, log.c.target == f"subscriber {person.id}")
    )
    began = connection.scalar(select(deliveries.c.began_at).where(deliveries.c.id == delivery))
    return moved is not None and began is not None and began < moved


def counted(database: Database) -> dict[tuple[str, str], int]:
    """How many of each kind and outcome there are."""
    f = feedback.c
    with database.read() as connection:
        rows = connection.execute(select(f.kind, f.outcome, func.count().label("many")).group_by(f.kind, f.outcome))
        return {(row.kind, row.outcome): row.many for row in rows}
