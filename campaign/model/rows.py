"""Rows of a mailing as they pass between the ledger and whoever sends: few objects, for there are many of them.

They live here and not in the store, so that a process which only sends need not load a database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from campaign.model.ledger import DeliveryState, MailingList, Recipient

__all__ = ["Accepted", "Kind", "Kinds", "Person", "PlainRow", "Settled", "Taken", "recipient_of"]

#: What people have in common: their areas, their audiences, the lists that chose them.
Kind = tuple[frozenset[str], frozenset[str], tuple[MailingList, ...]]
#: One person: address, first name, organisation, language, the secret of their links, and which of the kinds.
Person = tuple[str, str, str, str, str, int]
#: A row whose turn has come: the delivery, its subscriber, and who that is.
PlainRow = tuple[int, int, Person]


class Kinds:
    """The kinds of people met so far, numbered in the order in which they were met."""

    __slots__ = ("_numbers", "all")

    def __init__(self) -> None:
        self.all: list[Kind] = []
        self._numbers: dict[Kind, int] = {}

    def number(self, kind: Kind) -> int:
        """The kind's place in `all`."""
        number = self._numbers.setdefault(kind, len(self.all))
        if number == len(self.all):
            self.all.append(kind)
        return number


class Taken(NamedTuple):
    """One row taken: the delivery, its subscriber, and how many attempts came before."""

    id: int
    subscriber: int
    attempts: int
    reason: str


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


def recipient_of(subscriber: int, person: Person, kinds: Sequence[Kind]) -> Recipient:
    """One of the people, as a mailing sees them."""
    address, first_name, organisation, language, token, kind = person
    areas, audiences, chosen = kinds[kind]
    return Recipient(
        subscriber=subscriber,
        address=address,
        first_name=first_name,
        organisation=organisation,
        language=language,
        areas=areas,
        audiences=audiences,
        lists=chosen,
        unsubscribe_token=token,
    )
