"""Lists and people for tests of the store: written straight into the tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from campaign.address import KeyRing, parse
from campaign.clock import to_micros
from campaign.store.selection import labels
from campaign.store.tables_lists import lists, senders, subscribers, subscriptions, suppressions
from campaign.tokens import Key

NOW = datetime(2023, 10, 9, 7, tzinfo=UTC)
RING = KeyRing(Key(b"k" * 32))
WHEN = to_micros(NOW)


def add_list(
    connection: Connection,
    slug: str,
    *,
    sender: str = "hscp",
    organisation: str = "HSCP",
    audiences: Iterable[str] = (),
) -> int:
    """A list and, where it is not there, its sender. Returns the list's id."""
    if connection.execute(select(senders.c.id).where(senders.c.id == sender)).first() is None:
        connection.execute(insert(senders).values(id=sender, from_name="HSCP", from_address="hscp@example.org"))
    made = connection.execute(
        insert(lists).values(
            slug=slug,
            title=slug.title(),
            sender=sender,
            organisation=organisation,
            basis="consent",
            audiences=labels(audiences),
            made_at=WHEN,
        )
    )
    return int(made.inserted_primary_key[0]) if made.inserted_primary_key else 0


def add_person(
    connection: Connection,
    address: str,
    *on: int,
    areas: Iterable[str] = (),
    audiences: Iterable[str] = (),
    state: str = "confirmed",
    paused_until: datetime | None = None,
) -> int:
    """A person, on the lists with ids `on`. Returns the subscriber's id."""
    key = parse(address).key
    made = connection.execute(
        insert(subscribers).values(
            address=address,
            address_key=key,
            address_hash=RING.hash(key),
            first_name="Jo",
            areas=labels(areas),
            audiences=labels(audiences),
            token=RING.hash(key)[:32],
            made_at=WHEN,
            changed_at=WHEN,
        )
    )
    number = int(made.inserted_primary_key[0]) if made.inserted_primary_key else 0
    for each in on:
        connection.execute(
            insert(subscriptions).values(
                subscriber=number,
                list=each,
                state=state,
                paused_until=to_micros(paused_until) if paused_until else None,
                changed_at=WHEN,
            )
        )
    return number


def add_suppression(
    connection: Connection, address: str, *, scope: str = "all", target: str = "", lifted: bool = False
) -> None:
    """A suppression of an address."""
    connection.execute(
        insert(suppressions).values(
            address_hash=RING.hash(parse(address).key),
            key_id=RING.current.id,
            scope=scope,
            target=target,
            reason="left",
            made_at=WHEN,
            lifted_at=WHEN if lifted else None,
        )
    )
