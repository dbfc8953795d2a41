"""Lists and the people on them, for staff who look something up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from campaign.address import KeyRing, parse
from campaign.delivery.parts import Parts
from campaign.store.evidence import Line, of_subscriber
from campaign.store.lists import ListFigures, all_lists
from campaign.store.subscribers import Subscriber, by_id, search
from campaign.store.suppressions import Suppression, for_addresses

#: People on one page.
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody: the emails they were to get, newest first, and what stops mail to them."""

    person: Subscriber
    emails: tuple[Line, ...]
    stopped: tuple[Suppression, ...]


def lists(parts: Parts) -> list[ListFigures]:
    """Every list with its figures."""
    with parts.store.database.read() as connection:
        return all_lists(connection)


def find(parts: Parts, text: str, *, list_slug: str = "", page: int = 1) -> tuple[list[Subscriber], bool]:
    """A page of at most `MOST` people by parts of an address, a name or an organisation; whether there are more."""
    with parts.store.database.read() as connection:
        found = search(connection, text, list_slug=list_slug, limit=MOST + 1, skip=(page - 1) * MOST)
    return found[:MOST], len(found) > MOST


def person(parts: Parts, number: int) -> Person | None:
    """One person; None where there is nobody of that id."""
    with parts.store.database.read() as connection:
        found = by_id(connection, number)
        if found is None:
            return None
        emails = tuple(islice(of_subscriber(connection, number), 200))
        key = parse(found.address).key
        stopped = tuple(for_addresses(connection, KeyRing(parts.key), [key])[key])
    return Person(person=found, emails=emails, stopped=stopped)
