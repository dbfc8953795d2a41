"""A person's right to be erased, and what is kept no longer than needed.

Erasure leaves one thing: the keyed hash of the address, suppressed, so that no later file brings the person back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, case, delete, exists, func, or_, select, update

from campaign.address import Address, KeyRing
from campaign.clock import to_micros
from campaign.model import BroadcastState
from campaign.store.database import Database, bump
from campaign.store.desk_forms import forget_people_files, forget_uploads
from campaign.store.letters import forget_letters
from campaign.store.limits import forget_counts
from campaign.store.log import record
from campaign.store.suppressions import Reason, suppress
from campaign.store.tables import attempts, broadcasts, deliveries, delivery_notes
from campaign.store.tables_lists import (
    consents,
    feedback,
    letters,
    requests,
    subscribers,
    subscription_events,
    subscriptions,
    suppressions,
)

#: Rows deleted in one transaction.
SLICE = 2_000
#: States of a broadcast in which its emails may still go.
UNDER_WAY = (BroadcastState.OPENING, BroadcastState.OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An email of a person, by the broadcast's key: what names its copy in the outbox."""

    broadcast: str
    subscriber: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure took away. `emails` are those whose copies are still to be deleted."""

    known: bool
    subscriber: int
    emails: tuple[Sent, ...]


def emails_of(connection: Connection, subscriber: int) -> tuple[Sent, ...]:
    """Every email that a person was to get."""
    rows = connection.execute(
        select(broadcasts.c.key)
        .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
        .where(deliveries.c.subscriber == subscriber)
        .order_by(broadcasts.c.id)
    )
    return tuple(Sent(broadcast=row.key, subscriber=subscriber) for row in rows)


def erase(database: Database, ring: KeyRing, address: Address, *, who: str, now: datetime) -> Erased:
    """Erase whoever has that address, known here or not; the address is suppressed for everything.

    Copies outside the database (the outbox) are the caller's: `Erased.emails` names them. Safe to repeat.
    """
    marks = ring.hashes(address.key)
    with database.write() as connection:
        number = connection.scalar(select(subscribers.c.id).where(subscribers.c.address_key == address.key)) or 0
        gone = emails_of(connection, number) if number else ()
        suppress(connection, ring, address.key, reason=Reason.ERASED, now=now)
        connection.execute(
            update(suppressions).where(suppressions.c.address_hash.in_(marks)).values(subscriber=0, detail="")
        )
        for table in (requests, letters):
            connection.execute(delete(table).where(table.c.address_hash.in_(marks)))
        forget_people_files(connection)
        _forget_feedback(connection, number, marks)
        if number:
            _forget_person(connection, number)
        record(connection, who=who, act="erase", now=now, target=ring.hash(address.key)[:12])
        bump(connection)
    _clear_journal(database)
    return Erased(known=bool(number), subscriber=number, emails=gone)


def erase_again(connection: Connection, marks: Collection[str]) -> int:
    """Take away the people whose address hashes are `marks`, whom an old backup brought back; how many."""
    numbers = connection.scalars(select(subscribers.c.id).where(subscribers.c.address_hash.in_(marks))).all()
    for table in (requests, letters):
        connection.execute(delete(table).where(table.c.address_hash.in_(marks)))
    for number in numbers:
        _forget_feedback(connection, number, tuple(marks))
        _forget_person(connection, number)
    return len(numbers)


def _clear_journal(database: Database) -> None:
    """On SQLite, empty the write-ahead log, which still holds what was deleted."""
    if database.sqlite:
        raw = database.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()


def _forget_feedback(connection: Connection, number: int, marks: tuple[str, ...]) -> None:
    theirs = feedback.c.address_hash.in_(marks)
    match = or_(theirs, feedback.c.subscriber == number) if number else theirs
    connection.execute(update(feedback).where(match).values(subscriber=0, address_hash="", reason=""))


def _forget_person(connection: Connection, number: int) -> None:
    own = select(deliveries.c.id).where(deliveries.c.subscriber == number).scalar_subquery()
    connection.execute(update(attempts).where(attempts.c.delivery.in_(own)).values(reply=""))
    connection.execute(delete(delivery_notes).where(delivery_notes.c.delivery.in_(own)))
    connection.execute(update(deliveries).where(deliveries.c.subscriber == number).values(remote_id="", url="", said=0))
    for table in (subscription_events, consents, subscriptions):
        connection.execute(delete(table).where(table.c.subscriber == number))
    connection.execute(delete(subscribers).where(subscribers.c.id == number))


def forget_old(
    database: Database, *, now: datetime, keep: timedelta, keep_proof: timedelta
) -> Iterator[tuple[Sent, ...]]:
    """Take away what is kept no longer, slice by slice, each a short transaction; yields emails whose copies go too.

    `keep`: delivery detail and feedback, counted from the end of each broadcast; its figures stay (`tallies`).
    `keep_proof`: people who are on no list any more, with their consents, counted from the last change; their
    suppressions stay. Who never confirmed has given no consent to prove, and goes after `keep`. Requests, letters,
    counts and files that were uploaded go after days.
    """
    with database.write() as connection:
        week = to_micros(now - timedelta(days=8))
        connection.execute(delete(requests).where(requests.c.asked_at < week))
        forget_letters(connection, before=now - timedelta(days=8))
        forget_counts(connection, now=now)
        forget_uploads(connection, now=now)
    while True:
        with database.write() as connection:
            gone = _forget_deliveries(connection, to_micros(now - keep))
        if not gone:
            break
        yield gone
    while _forget_slice(database, feedback, feedback.c.received_at < to_micros(now - keep)):
        pass
    while _forget_former(database, to_micros(now - keep_proof), to_micros(now - keep)):
        pass


def _forget_deliveries(connection: Connection, before: int) -> tuple[Sent, ...]:
    d, b = deliveries.c, broadcasts.c
    rows = connection.execute(
        select(d.id, d.subscriber, b.key)
        .join(broadcasts, b.id == d.broadcast)
        .where(d.subscriber != 0, b.state.not_in(UNDER_WAY), func.coalesce(b.finished_at, b.changed_at) < before)
        .order_by(d.id)
        .limit(SLICE)
    ).all()
    ids = [row.id for row in rows]
    for table, column in (
        (attempts, attempts.c.delivery),
        (delivery_notes, delivery_notes.c.delivery),
        (deliveries, d.id),
    ):
        connection.execute(delete(table).where(column.in_(ids)))
    return tuple(Sent(broadcast=row.key, subscriber=row.subscriber) for row in rows)


def _forget_slice(database: Database, table: Table, match: Any) -> int:
    with database.write() as connection:
        some = select(table.c.id).where(match).limit(SLICE).scalar_subquery()
        return connection.execute(delete(table).where(table.c.id.in_(some))).rowcount


def _forget_former(database: Database, before: int, unanswered: int) -> int:
    """People on no list, unchanged since `before`; and those who were asked before `unanswered` and never said yes."""
    u, s = subscriptions.c, subscribers.c
    since = case((u.state == "unconfirmed", unanswered), else_=before)
    still = exists().where(u.subscriber == s.id, or_(u.state == "confirmed", u.changed_at >= since))
    only_asked = and_(
        exists().where(u.subscriber == s.id), ~exists().where(u.subscriber == s.id, u.state == "unsubscribed")
    )
    with database.write() as connection:
        late = case((only_asked, unanswered), else_=before)
        ids = list(connection.scalars(select(s.id).where(~still, s.changed_at < late).limit(SLICE)))
        for number in ids:
            _forget_person(connection, number)
        return len(ids)
