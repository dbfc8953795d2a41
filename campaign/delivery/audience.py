"""Lists and the people on them, for staff who look something up."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.delivery.parts import Parts
from campaign.store.lists import ListFigures, all_lists
from campaign.store.rights import emails_of
from campaign.store.subscribers import Subscriber, by_id, search

#: People on one page.
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, with the keys of the emails they were to get, newest first."""

    person: Subscriber
    emails: tuple[str, ...]


def lists(parts: Parts) -> list[ListFigures]:
    """Every list with its figures."""
    with parts.store.database.read() as connection:
        return all_lists(connection)


def find(parts: Parts, text: str, *, list_slug: str = "") -> list[Subscriber]:
    """People by part of an address, a name or an organisation; at most `MOST`."""
    with parts.store.database.read() as connection:
        return search(connection, text, list_slug=list_slug, limit=MOST)


def person(parts: Parts, number: int) -> Person | None:
    """One person; None where there is nobody of that id."""
    with parts.store.database.read() as connection:
        found = by_id(connection, number)
        if found is None:
            return None
        emails = tuple(reversed([each.broadcast for each in emails_of(connection, number)]))
    return Person(person=found, emails=emails)
