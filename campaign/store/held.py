"""Everything that is held about one person: every table that can hold something of theirs, in plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, or_, select

from campaign.address import Address, KeyRing, parse
from campaign.clock import from_micros
from campaign.errors import AddressError
from campaign.store.database import Database
from campaign.store.tables import attempts, broadcasts, deliveries, delivery_notes, log, replies
from campaign.store.tables_desk import accounts, identities, passkeys, sessions
from campaign.store.tables_lists import (
    consents,
    feedback,
    letters,
    lists,
    people,
    requests,
    subscribers,
    subscription_events,
    subscriptions,
    suppressions,
    wordings,
)

#: Columns that are no facts about anybody: secrets, marks to look up by, and numbers of rows.
SECRET = frozenset({"token", "address_hash", "address_key", "key_id", "key"})
_LINKS = frozenset({"id", "subscriber", "list", "delivery", "person"})
_TIMES = ("at", "_at", "_until", "_before")


def access(database: Database, ring: KeyRing, address: Address) -> dict[str, Any]:
    """Everything held about one person, as plain values with times in ISO 8601; an empty part: nothing is held.

    A member of the team is a person too: what stands under their name comes with it. Secrets of links, passwords and
    keys are left out, for whoever reads a copy must not be able to act with it.
    """
    marks = ring.hashes(address.key)
    with database.read() as connection:
        row = connection.execute(select(subscribers).where(subscribers.c.address_key == address.key)).first()
        number = row.id if row is not None else 0
        return {
            "address": address.shown,
            "person": _plain(row._mapping) if row is not None else {},
            "subscriptions": _of_lists(connection, subscriptions, number),
            "history": _of_lists(connection, subscription_events, number),
            "consents": _consents(connection, number),
            "emails": _emails(connection, number),
            "attempts": _attempts(connection, number),
            "feedback": _by_hash(connection, feedback, marks, number),
            "suppressions": _by_hash(connection, suppressions, marks, 0),
            "requests": _by_hash(connection, requests, marks, 0),
            "letters": _by_hash(connection, letters, marks, 0, without="content"),
            **_of_team(connection, address),
        }


def _plain(values: Mapping[Any, Any], *, without: Iterable[str] = ()) -> dict[str, Any]:
    left_out = SECRET | _LINKS | set(without)
    return {
        str(name): from_micros(value).isoformat() if isinstance(value, int) and str(name).endswith(_TIMES) else value
        for name, value in values.items()
        if str(name) not in left_out
    }


def _rows(connection: Connection, query: Select[Any], *, without: Iterable[str] = ()) -> list[dict[str, Any]]:
    return [_plain(row._mapping, without=without) for row in connection.execute(query)]


def _of_lists(connection: Connection, table: Table, number: int) -> list[dict[str, Any]]:
    query = select(lists.c.slug.label("on_list"), table).join(lists, lists.c.id == table.c.list)
    found = _rows(connection, query.where(table.c.subscriber == number).order_by(table.c.id))
    return [{"list": row.pop("on_list"), **row} for row in found]


def _consents(connection: Connection, number: int) -> list[dict[str, Any]]:
    c, w = consents.c, wordings.c
    query = (
        select(lists.c.slug.label("on_list"), c.given_at, c.how, c.who, c.recorded_at, w.version, w.text, w.controllers)
        .join(lists, lists.c.id == c.list)
        .join(wordings, w.id == c.wording)
        .where(c.subscriber == number)
        .order_by(c.id)
    )
    return [{"list": row.pop("on_list"), **row} for row in _rows(connection, query)]


def _emails(connection: Connection, number: int) -> list[dict[str, Any]]:
    query = (
        select(
            broadcasts.c.key.label("message"), deliveries, delivery_notes.c.notes, replies.c.text.label("accepted_with")
        )
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .outerjoin(delivery_notes, delivery_notes.c.delivery == deliveries.c.id)
        .outerjoin(replies, replies.c.id == deliveries.c.said)
        .where(deliveries.c.subscriber == number, deliveries.c.subscriber != 0)
        .order_by(deliveries.c.id)
    )
    return _rows(connection, query, without=("broadcast", "lists", "worker", "said"))


def _attempts(connection: Connection, number: int) -> list[dict[str, Any]]:
    query = (
        select(broadcasts.c.key.label("message"), attempts)
        .join(deliveries, deliveries.c.id == attempts.c.delivery)
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .where(deliveries.c.subscriber == number, deliveries.c.subscriber != 0)
        .order_by(attempts.c.id)
    )
    return _rows(connection, query)


def _by_hash(
    connection: Connection, table: Table, marks: tuple[str, ...], number: int, *, without: str = ""
) -> list[dict[str, Any]]:
    theirs = table.c.address_hash.in_(marks)
    match = or_(theirs, table.c.subscriber == number) if number else theirs
    return _rows(connection, select(table).where(match).order_by(table.c.id), without=(without,))


def _of_team(connection: Connection, address: Address) -> dict[str, list[dict[str, Any]]]:
    """What stands under the name of a member of the team who has that address."""
    found = connection.execute(
        select(people, accounts.c.login, accounts.c.role.label("may"), accounts.c.theme, accounts.c.made_at)
        .outerjoin(accounts, accounts.c.person == people.c.id)
        .order_by(people.c.id)
    ).all()
    theirs = [row for row in found if any(_is(text, address) for text in (row.email, row.login or ""))]
    ids, names = [row.id for row in theirs], [row.name for row in theirs]
    keys, elsewhere = passkeys.c, identities.c
    ways = _rows(connection, select(keys.name, keys.made_at, keys.used_at).where(keys.person.in_(ids)))
    ways += _rows(
        connection,
        select((elsewhere.issuer + " " + elsewhere.subject).label("name"), elsewhere.made_at).where(
            elsewhere.person.in_(ids)
        ),
    )
    wanted = (sessions.c.network, sessions.c.agent, sessions.c.made_at, sessions.c.seen_at, sessions.c.ended_at)
    return {
        "team": [_plain(row._mapping) for row in theirs],
        "ways_to_sign_in": [{"used_at": None, **way} for way in ways],
        "sign_ins": _rows(connection, select(*wanted).where(sessions.c.person.in_(ids)).order_by(sessions.c.id)),
        "acts": _rows(connection, select(log).where(log.c.who.in_(names)).order_by(log.c.id)),
    }


def _is(text: str, address: Address) -> bool:
    try:
        return parse(text).key == address.key
    except AddressError:
        return False
