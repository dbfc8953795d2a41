"""Rows of a mailing as they pass between the ledger and whoever sends: few objects, for there are many of them.

They live here and not in the store, so that a process which only sends need not load a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from campaign.model.ledger import DeliveryState, MailingList, Recipient

__all__ = ["Accepted", "Alike", "Kind", "Kinds", "Person", "PlainRow", "Settled", "Taken", "recipient_of"]

#: What people have in common, as the ledger keeps it: areas, audiences, and which of a mailing's lists chose them.
Alike = tuple[str, str, int]
#: One person: subscriber, address, first name, organisation, language ("": the site's), secret, and what they are like.
Person = tuple[int, str, str, str, str, str, str, str, int]
#: One row taken: the delivery, its subscriber, how many attempts came before, and its reason of then.
Taken = tuple[int, int, int, str]
#: A row whose turn has come, and whose that is.
PlainRow = tuple[Taken, Person]


class Kind(NamedTuple):
    """What people have in common: their areas, their audiences, the lists that chose them.

    `link`: what follows a person's own secret in their links.
    """

    areas: frozenset[str]
    audiences: frozenset[str]
    lists: tuple[MailingList, ...]
    link: str


#: The kinds of people met so far, in the order in which they were met.
Kinds = dict[Alike, Kind]


class Accepted(NamedTuple):
    """Rows that the next hop accepted in the same words.

    `wording`: what it said, `{}` for its own number of the email. `ids`: the deliveries; `remotes`: its own number of
    each in the same order, none at all where it numbers none.
    """

    code: str
    wording: str
    reason: str
    ids: list[int]
    remotes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of one delivery: its next state with the attempt that led there. Times are aware UTC."""

    delivery: int
    state: DeliveryState
    reason: str = ""
    code: str = ""
    remote_id: str = ""
    url: str = ""
    not_before: datetime | None = None
    outcome: str = ""
    reply: str = ""


def recipient_of(person: Person, kinds: Mapping[Alike, Kind]) -> Recipient:
    """One of the people, as a mailing sees them."""
    subscriber, address, first_name, organisation, language, secret, *alike = person
    kind = kinds[tuple(alike)]  # type: ignore[index]
    return Recipient(
        subscriber=subscriber,
        address=address,
        first_name=first_name,
        organisation=organisation,
        language=language or "en-GB",
        areas=kind.areas,
        audiences=kind.audiences,
        lists=kind.lists,
        unsubscribe_token=secret + kind.link,
    )
