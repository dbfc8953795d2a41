"""Sessions: browsers that are signed in. Tokens are kept as hashes; the browser alone has them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from campaign.clock import from_micros, to_micros
from campaign.store.account_rows import Account, account_of
from campaign.store.database import Database
from campaign.store.log import record
from campaign.store.tables_desk import accounts, sessions
from campaign.store.tables_lists import people

#: A session ends after so long without a request, and after so long in any case.
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
#: How often a session's last use is written down.
TOUCH = timedelta(minutes=1)
KEPT = timedelta(days=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in."""

    id: int
    account: Account
    network: str
    agent: str
    made_at: datetime
    seen_at: datetime
    said: str = ""


class Sessions:
    """Who is signed in, and where."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, account: Account, *, network: str, agent: str, now: datetime, way: str = "") -> str:
        """A new session; the token for the browser. `way`: what was proven, for the log."""
        token = secrets.token_urlsafe(32)
        values = {"network": network, "agent": agent[:200], "made_at": to_micros(now), "seen_at": to_micros(now)}
        detail = {"network": network} | ({"by": way} if way else {})
        with self._database.write() as connection:
            connection.execute(insert(sessions).values(token_hash=token_hash(token), person=account.person, **values))
            connection.execute(delete(sessions).where(sessions.c.seen_at < to_micros(now - KEPT)))
            record(connection, who=account.name, act="sign in", now=now, detail=detail)
        return token

    def find(self, token: str, *, now: datetime, used: bool = True) -> Session | None:
        """The session of a token, or None where it is unknown, ended or too old.

        `used`: its owner does something; a page that only asks for news keeps no session alive.
        """
        query = _sessions(now).where(sessions.c.token_hash == token_hash(token))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if used and to_micros(now) - row.seen_at > TOUCH // timedelta(microseconds=1):
            with self._database.write() as connection:
                connection.execute(update(sessions).where(sessions.c.id == row.id).values(seen_at=to_micros(now)))
        return _session(row)

    def all(self, person: int = 0, *, now: datetime) -> list[Session]:
        """Those that are on, of one person or all; newest first."""
        query = _sessions(now).order_by(sessions.c.id.desc())
        if person:
            query = query.where(sessions.c.person == person)
        with self._database.read() as connection:
            return [_session(row) for row in connection.execute(query)]

    def last_seen(self) -> dict[int, datetime]:
        """Person -> when they last used the desk, of those who did within the last days."""
        query = select(sessions.c.person, func.max(sessions.c.seen_at)).group_by(sessions.c.person)
        with self._database.read() as connection:
            return {person: from_micros(seen) for person, seen in connection.execute(query)}

    def end(self, session: int, *, who: str, now: datetime) -> None:
        """End a session."""
        with self._database.write() as connection:
            connection.execute(
                update(sessions)
                .where(sessions.c.id == session, sessions.c.ended_at.is_(None))
                .values(ended_at=to_micros(now))
            )
            record(connection, who=who, act="sign out", now=now, target=str(session))

    def say(self, session: int, text: str) -> None:
        """What that browser's next page says at its top."""
        with self._database.write() as connection:
            connection.execute(update(sessions).where(sessions.c.id == session).values(said=text))


def token_hash(token: str) -> str:
    """What is kept of a random token of 128 bits or more: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def end_sessions(connection: Connection, person: int, now: datetime, *, but: int = 0) -> None:
    """End every session of a person except `but`."""
    connection.execute(
        update(sessions)
        .where(sessions.c.person == person, sessions.c.ended_at.is_(None), sessions.c.id != but)
        .values(ended_at=to_micros(now))
    )


def _sessions(now: datetime) -> Any:
    mine = [column for column in accounts.c if column.name not in {"person", "made_at"}]
    return (
        select(sessions, people.c.name, *mine)
        .join(people, people.c.id == sessions.c.person)
        .join(accounts, accounts.c.person == sessions.c.person)
        .where(
            people.c.removed_at.is_(None),
            sessions.c.ended_at.is_(None),
            sessions.c.seen_at > to_micros(now - IDLE),
            sessions.c.made_at > to_micros(now - LONGEST),
        )
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        account=account_of(row),
        network=row.network,
        agent=row.agent,
        made_at=from_micros(row.made_at),
        seen_at=from_micros(row.seen_at),
        said=row.said,
    )
