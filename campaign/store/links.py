"""The links of an email's own reader: a random secret of theirs, and the short number of the lists that chose them.

There is no key to rotate, and a link works as long as the person is known. It says nothing to anybody else: whoever
guesses one would have to guess 128 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from campaign.model import MailingList
from campaign.store.database import Database
from campaign.store.selection import mailing_list
from campaign.store.subscribers import Subscriber, by_token
from campaign.store.tables_lists import list_sets, lists

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who follows a link, and the lists it names (none: it is about everything)."""

    person: Subscriber
    lists: tuple[MailingList, ...]


class ListSets:
    """The short numbers of sets of lists, made when first needed and remembered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, int] = {}
        self._suffixes: dict[tuple[int, ...], str] = {}

    def number(self, ids: Iterable[int]) -> int:
        """The number of this set; the same for ever, whatever the order."""
        kept = ",".join(str(each) for each in sorted(set(ids)))
        if kept not in self._known:
            self._known[kept] = self._find(kept)
        return self._known[kept]

    def _find(self, kept: str) -> int:
        match = select(list_sets.c.id).where(list_sets.c.lists == kept)
        with self._database.read() as connection:
            found = connection.scalar(match)
        if found is None:
            try:
                with self._database.write() as connection:
                    connection.execute(insert(list_sets).values(lists=kept))
            except IntegrityError:
                pass  # another worker made it between the look and the write
            with self._database.read() as connection:
                found = connection.execute(match).scalar_one()
        return int(found)

    def link(self, token: str, chosen: Iterable[MailingList]) -> str:
        """What stands in the links of an email to the person with `token`, whom the lists `chosen` chose."""
        key = tuple([each.id for each in chosen])
        if key not in self._suffixes:
            self._suffixes[key] = link("", self.number(key))
        return token + self._suffixes[key]


def could_be_secret(text: str) -> bool:
    """Whether a text looks like a secret that we made. Anything else is nobody's, and is not looked up."""
    return _SECRET.fullmatch(text) is not None


def link(token: str, number: int = 0) -> str:
    """A link's secret part: `<token>.<number in base 36>`; 0 names no list."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return f"{token}.{digits or '0'}"


def read_link(connection: Connection, text: str) -> Reader | None:
    """Whose link it is; None where it is nobody's (any more)."""
    token, _, digits = text.strip().rpartition(".")
    if not could_be_secret(token) or not 1 <= len(digits) <= 8 or set(digits) - set(_DIGITS):
        return None
    person = by_token(connection, token)
    if person is None:
        return None
    kept = connection.scalar(select(list_sets.c.lists).where(list_sets.c.id == int(digits, 36))) or ""
    ids = [int(each) for each in kept.split(",") if each]
    rows = connection.execute(select(lists).where(lists.c.id.in_(ids)).order_by(lists.c.slug)) if ids else ()
    return Reader(person=person, lists=tuple(mailing_list(row) for row in rows))
