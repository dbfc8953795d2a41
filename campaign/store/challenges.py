"""What was begun at the door and waits for its answer, once: a passkey's challenge, a way to a provider, a key."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from campaign.clock import to_micros
from campaign.store.accounts import need_cipher
from campaign.store.ciphers import Cipher, lock_in
from campaign.store.database import Database
from campaign.store.sessions import token_hash
from campaign.store.tables_desk import challenges


class Challenges:
    """What was begun and waits for an answer. `cipher` keeps what it holds, for some of it is secret."""

    def __init__(self, database: Database, cipher: Cipher | None) -> None:
        self._database = database
        self._cipher = cipher

    def begin(self, kind: str, content: Mapping[str, str], *, person: int = 0, lasts: timedelta, now: datetime) -> str:
        """Keep what was begun; the token by which its answer is known. A person has one of each kind at a time."""
        token = secrets.token_urlsafe(24)
        with self._database.write() as connection:
            locked = lock_in(connection, need_cipher(self._cipher), json.dumps(dict(content)))
            connection.execute(delete(challenges).where(challenges.c.until < to_micros(now)))
            if person:
                connection.execute(delete(challenges).where(challenges.c.kind == kind, challenges.c.person == person))
            row = {"kind": kind, "person": person, "content": locked, "until": to_micros(now + lasts)}
            connection.execute(insert(challenges).values(token_hash=token_hash(token), **row))
        return token

    def of(self, kind: str, person: int, *, now: datetime) -> dict[str, str] | None:
        """What that person began, without using it up."""
        query = select(challenges.c.content).where(
            challenges.c.kind == kind, challenges.c.person == person, challenges.c.until >= to_micros(now)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return self._clear(row.content) if row else None

    def take(self, kind: str, token: str, *, person: int = 0, now: datetime) -> dict[str, str] | None:
        """What was begun under a token, once; None where it is unknown, another's, too old or was answered."""
        mine = (challenges.c.token_hash == token_hash(token)) & (challenges.c.kind == kind)
        with self._database.write() as connection:
            row = connection.execute(select(challenges).where(mine, challenges.c.person == person)).first()
            if row is None or not connection.execute(delete(challenges).where(challenges.c.id == row.id)).rowcount:
                return None
        return self._clear(row.content) if row.until >= to_micros(now) else None

    def drop(self, kind: str, person: int) -> None:
        """Forget what that person began."""
        with self._database.write() as connection:
            connection.execute(delete(challenges).where(challenges.c.kind == kind, challenges.c.person == person))

    def _clear(self, content: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(need_cipher(self._cipher).unlock(content))
        return found
