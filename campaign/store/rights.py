"""A person's rights: everything that is held about them, and taking it away. And what is kept no longer than needed.

Erasure leaves one thing: the keyed hash of the address, suppressed, so that no later file brings the person back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, or_, select, update

from campaign.address import Address, KeyRing
from campaign.clock import from_micros, to_micros
from campaign.store.database import Database, bump
from campaign.store.letters import forget_letters
from campaign.store.limits import forget_counts
from campaign.store.log import record
from campaign.store.suppressions import Reason, suppress
from campaign.store.tables import attempts, broadcasts, deliveries, delivery_notes
from campaign.store.tables_lists import (
    consents,
    feedback,
    letters,
    lists,
    requests,
    subscribers,
    subscription_events,
    subscriptions,
    suppressions,
    wordings,
)

#: Rows deleted in one transaction.
SLICE = 2_000


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
    for table in (subscription_events, consents, subscriptions):
        connection.execute(delete(table).where(table.c.subscriber == number))
    connection.execute(delete(subscribers).where(subscribers.c.id == number))


def access(database: Database, ring: KeyRing, address: Address) -> dict[str, Any]:
    """Everything held about one person, as plain values with times in ISO 8601; an empty part: nothing is held."""
    marks = ring.hashes(address.key)
    with database.read() as connection:
        row = connection.execute(select(subscribers).where(subscribers.c.address_key == address.key)).first()
        number = row.id if row is not None else 0
        person = _plain(row._mapping) if row is not None else {}
        for secret in ("token", "address_hash", "address_key"):
            person.pop(secret, None)
        return {
            "address": address.shown,
            "person": person,
            "subscriptions": _all(connection, subscriptions, number),
            "history": _all(connection, subscription_events, number),
            "consents": _consents(connection, number),
            "emails": _emails(connection, number),
            "feedback": _by_hash(connection, feedback, marks, ("kind", "code", "reason", "outcome", "at"), number),
            "suppressions": _by_hash(
                connection, suppressions, marks, ("scope", "target", "reason", "detail", "made_at", "lifted_at"), 0
            ),
            "requests": _by_hash(connection, requests, marks, ("kind", "lists", "how", "asked_at", "done_at"), 0),
            "letters": _by_hash(connection, letters, marks, ("kind", "made_at", "sent_at"), 0),
        }


_TIMES = ("at", "_at", "_until")


def _plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): from_micros(value).isoformat() if isinstance(value, int) and str(name).endswith(_TIMES) else value
        for name, value in values.items()
    }


def _all(connection: Connection, table: Table, number: int) -> list[dict[str, Any]]:
    wanted = [column for column in table.c if column.name not in ("id", "subscriber", "list")]
    query = select(lists.c.slug.label("list"), *wanted).join(lists, lists.c.id == table.c.list)
    rows = connection.execute(query.where(table.c.subscriber == number).order_by(table.c.id))
    return [_plain(row._mapping) for row in rows]


def _consents(connection: Connection, number: int) -> list[dict[str, Any]]:
    c, w = consents.c, wordings.c
    query = (
        select(lists.c.slug.label("list"), c.given_at, c.how, c.who, c.recorded_at, w.version, w.text, w.controllers)
        .join(lists, lists.c.id == c.list)
        .join(wordings, w.id == c.wording)
        .where(c.subscriber == number)
        .order_by(c.id)
    )
    return [_plain(row._mapping) for row in connection.execute(query)]


def _emails(connection: Connection, number: int) -> list[dict[str, Any]]:
    d = deliveries.c
    query = (
        select(broadcasts.c.key.label("message"), d.state, d.reason, d.began_at, d.settled_at)
        .join(broadcasts, broadcasts.c.id == d.broadcast)
        .where(d.subscriber == number, d.subscriber != 0)
        .order_by(d.id)
    )
    return [_plain(row._mapping) for row in connection.execute(query)]


def _by_hash(
    connection: Connection, table: Table, marks: tuple[str, ...], names: tuple[str, ...], number: int
) -> list[dict[str, Any]]:
    theirs = table.c.address_hash.in_(marks)
    match = or_(theirs, table.c.subscriber == number) if number else theirs
    query = select(*(table.c[name] for name in names)).where(match).order_by(table.c.id)
    return [_plain(row._mapping) for row in connection.execute(query)]


def forget_old(
    database: Database, *, now: datetime, keep: timedelta, keep_proof: timedelta
) -> Iterator[tuple[Sent, ...]]:
    """Take away what is kept no longer, slice by slice, each a short transaction; yields emails whose copies go too.

    `keep`: delivery detail and feedback, counted from the end of each broadcast; its figures stay (`tallies`).
    `keep_proof`: people who are on no list any more, with their consents, counted from the last change; their
    suppressions stay. Requests, letters and counts go after days.
    """
    with database.write() as connection:
        week = to_micros(now - timedelta(days=8))
        connection.execute(delete(requests).where(requests.c.asked_at < week))
        forget_letters(connection, before=now - timedelta(days=8))
        forget_counts(connection, now=now)
    while True:
        with database.write() as connection:
            gone = _forget_deliveries(connection, to_micros(now - keep))
        if not gone:
            break
        yield gone
    while _forget_slice(database, feedback, feedback.c.received_at < to_micros(now - keep)):
        pass
    while _forget_former(database, to_micros(now - keep_proof)):
        pass


def _forget_deliveries(connection: Connection, before: int) -> tuple[Sent, ...]:
    d, b = deliveries.c, broadcasts.c
    rows = connection.execute(
        select(d.id, d.subscriber, b.key)
        .join(broadcasts, b.id == d.broadcast)
        .where(d.subscriber != 0, b.state == "done", b.finished_at < before)
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


def _forget_former(database: Database, before: int) -> int:
    """People with no subscription that is not `unsubscribed`, unchanged since `before`."""
    u = subscriptions.c
    still = exists().where(u.subscriber == subscribers.c.id, or_(u.state != "unsubscribed", u.changed_at >= before))
    with database.write() as connection:
        ids = list(
            connection.scalars(select(subscribers.c.id).where(~still, subscribers.c.changed_at < before).limit(SLICE))
        )
        for number in ids:
            _forget_person(connection, number)
        return len(ids)
