"""Letters: answers to a person's own act, waiting to be mailed. They pass every pause, and hold an address no longer
than they need it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from campaign.address import Address, KeyRing
from campaign.clock import to_micros
from campaign.store.database import Database, bump, dump
from campaign.store.tables_lists import letters

#: Waits between attempts; after the last the letter is given up.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480))


class LetterKind(StrEnum):
    """What a letter is about: which of the fixed texts it is."""

    CONFIRM = "confirm"
    ASK = "ask"
    ERASE = "erase"
    EXPORT = "export"
    DATA = "data"
    INVITE = "invite"
    RESET = "reset"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter to send. `values` fill its text: `token`, `lists` (titles), `data`, `author`."""

    id: int
    kind: LetterKind
    address: str = field(repr=False)
    sender: str
    values: Mapping[str, Any] = field(repr=False)
    attempts: int = 0


def post_letter(
    connection: Connection,
    ring: KeyRing,
    kind: LetterKind,
    address: Address,
    *,
    sender: str,
    values: Mapping[str, Any],
    now: datetime,
) -> None:
    """Queue a letter, as part of the caller's transaction."""
    connection.execute(
        insert(letters).values(
            kind=kind,
            address=address.wire,
            address_hash=ring.hash(address.key),
            sender=sender,
            content=dump(dict(values)),
            made_at=to_micros(now),
            not_before=to_micros(now),
        )
    )
    bump(connection)


def take_letters(database: Database, *, now: datetime, limit: int = 20) -> list[Letter]:
    """Letters that are due, oldest first, each counted as tried: a killed process tries again after the next wait."""
    waiting = letters.c.sent_at.is_(None) & letters.c.given_up_at.is_(None)
    taken = []
    with database.write() as connection:
        due = select(letters).where(waiting, letters.c.not_before <= to_micros(now)).order_by(letters.c.id).limit(limit)
        for row in connection.execute(due.with_for_update(skip_locked=True)).all():
            again = now + WAITS[min(row.attempts, len(WAITS) - 1)]
            connection.execute(
                update(letters)
                .where(letters.c.id == row.id)
                .values(attempts=row.attempts + 1, not_before=to_micros(again))
            )
            taken.append(
                Letter(
                    id=row.id,
                    kind=LetterKind(row.kind),
                    address=row.address,
                    sender=row.sender,
                    values=json.loads(row.content),
                    attempts=row.attempts + 1,
                )
            )
    return taken


def settle_letter(database: Database, letter: Letter, *, sent: bool, now: datetime, refused: bool = False) -> None:
    """What came of an attempt. Sent, refused, or tried too often: the address and what it said are wiped at once."""
    given_up = refused or letter.attempts > len(WAITS)
    if not sent and not given_up:
        return
    ended = {"sent_at": to_micros(now)} if sent else {"given_up_at": to_micros(now)}
    with database.write() as connection:
        connection.execute(update(letters).where(letters.c.id == letter.id).values(address="", content="{}", **ended))


def forget_letters(connection: Connection, *, before: datetime) -> int:
    """Delete the letters that were made before then. How many."""
    return connection.execute(delete(letters).where(letters.c.made_at < to_micros(before))).rowcount
