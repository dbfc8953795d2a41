"""One-time links: to make the first administrator, to choose a password, to sign in, to make a browser known."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from campaign.address import parse
from campaign.clock import to_micros
from campaign.errors import RefusedError
from campaign.model import Role
from campaign.store.account_rows import Account, administrators, find_account, need_account
from campaign.store.database import Database
from campaign.store.log import record
from campaign.store.sessions import end_sessions, token_hash
from campaign.store.staff import add_person, need_person
from campaign.store.tables_desk import accounts, sign_in_links
from campaign.store.tables_lists import people

#: How long each kind works.
LINKS = {
    "first": timedelta(days=1),
    "enter": timedelta(days=1),
    "invite": timedelta(days=3),
    "browser": timedelta(minutes=30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A one-time link that still works. `account` is None for the first administrator's."""

    id: int
    kind: str
    account: Account | None


class SignInLinks:
    """Links that work once. The token is for its holder alone; its hash is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first(self, *, now: datetime) -> str:
        """A link for the first administrator; "" where there is one. Earlier links stop working."""
        with self._database.write() as connection:
            if administrators(connection):
                return ""
            _use_up(connection, "first", 0, now)
            return _link(connection, "first", 0, "", now)

    def entering(self, name: str, *, now: datetime) -> str:
        """A link that signs in as an administrator of that name, who is added: for throw-away homes only."""
        with self._database.write() as connection:
            add_person(connection, name, role=Role.ADMINISTRATOR, who=name, now=now)
            person = need_person(connection, name).id
            values = {"login": f"{person}@", "role": Role.ADMINISTRATOR, "made_at": to_micros(now)}
            connection.execute(insert(accounts).values(person=person, **values))
            return _link(connection, "enter", person, name, now)

    def invite(self, *, name: str, login: str, role: Role, who: str, now: datetime) -> str:
        """Add an account and give the link by which its owner chooses a password.

        RefusedError where the address is somebody's; AddressError where it is none.
        """
        address = parse(login).wire
        with self._database.write() as connection:
            if connection.execute(select(accounts.c.person).where(accounts.c.login == address.casefold())).first():
                raise RefusedError("Somebody signs in with that address already.")
            person = _person(connection, name, address, role, who, now)
            if connection.execute(select(accounts.c.person).where(accounts.c.person == person)).first():
                raise RefusedError(f"{name} has an account already.")
            values = {"login": address.casefold(), "role": role, "made_at": to_micros(now)}
            connection.execute(insert(accounts).values(person=person, **values))
            record(connection, who=who, act="invite", now=now, target=name, detail={"role": role})
            return _link(connection, "invite", person, who, now)

    def reset(self, person: int, *, who: str, now: datetime) -> str:
        """A link by which that person chooses another password. Earlier ones stop working."""
        with self._database.write() as connection:
            account = need_account(connection, person)
            record(connection, who=who, act="password link", now=now, target=account.name)
            _use_up(connection, "invite", person, now)
            return _link(connection, "invite", person, who, now)

    def browser(self, person: int, *, now: datetime) -> str:
        """A link by which that person makes a browser known. Earlier ones stop working."""
        with self._database.write() as connection:
            account = need_account(connection, person)
            record(connection, who=account.name, act="browser link", now=now)
            _use_up(connection, "browser", person, now)
            return _link(connection, "browser", person, account.name, now)

    def find(self, token: str, *, now: datetime) -> Link | None:
        """What a link does; None where it is unknown, used or too old."""
        with self._database.read() as connection:
            row = _open_link(connection, token, now)
            if row is None:
                return None
            account = find_account(connection, row.person) if row.person else None
        return Link(id=row.id, kind=row.kind, account=account) if account or row.kind == "first" else None

    def begin(self, token: str, *, name: str, login: str, password: str, now: datetime) -> Account:
        """Use the first administrator's link. RefusedError where it does not work any more."""
        address = parse(login).wire
        with self._database.write() as connection:
            _use_link(connection, token, "first", now)
            if administrators(connection):
                raise RefusedError("There is an administrator already. Ask them for an invitation.")
            person = _person(connection, name, address, Role.ADMINISTRATOR, name, now)
            values = {"login": address.casefold(), "role": Role.ADMINISTRATOR, "password": password, "ready": True}
            connection.execute(insert(accounts).values(person=person, made_at=to_micros(now), **values))
            record(connection, who=name, act="first administrator", now=now)
            return need_account(connection, person)

    def accept(self, token: str, *, password: str, now: datetime) -> Account:
        """Use an invitation: keep the password (its hash). RefusedError where the link does not work any more."""
        with self._database.write() as connection:
            account = need_account(connection, _use_link(connection, token, "invite", now))
            mine = accounts.c.person == account.person
            connection.execute(update(accounts).where(mine).values(password=password, ready=True))
            end_sessions(connection, account.person, now)
            record(connection, who=account.name, act="choose password", now=now)
            return need_account(connection, account.person)

    def use(self, token: str, kind: str, *, now: datetime) -> Account:
        """Use up a link of that kind. RefusedError where it does not work any more."""
        with self._database.write() as connection:
            return need_account(connection, _use_link(connection, token, kind, now))


def _person(connection: Connection, name: str, email: str, role: Role, who: str, now: datetime) -> int:
    """The person of that name, added where there is none."""
    found = connection.execute(select(people).where(people.c.name == name, people.c.removed_at.is_(None))).first()
    if found is None:
        add_person(connection, name, email=email, role=role, who=who, now=now)
        return need_person(connection, name).id
    connection.execute(update(people).where(people.c.id == found.id).values(email=email, role=role))
    return int(found.id)


def _link(connection: Connection, kind: str, person: int, author: str, now: datetime) -> str:
    token = secrets.token_urlsafe(24)
    values = {"kind": kind, "person": person, "author": author, "made_at": to_micros(now)}
    connection.execute(
        insert(sign_in_links).values(token_hash=token_hash(token), until=to_micros(now + LINKS[kind]), **values)
    )
    return token


def _use_up(connection: Connection, kind: str, person: int, now: datetime) -> None:
    connection.execute(
        update(sign_in_links)
        .where(sign_in_links.c.kind == kind, sign_in_links.c.person == person, sign_in_links.c.used_at.is_(None))
        .values(used_at=to_micros(now))
    )


def _open_link(connection: Connection, token: str, now: datetime) -> Row[Any] | None:
    return connection.execute(
        select(sign_in_links).where(
            sign_in_links.c.token_hash == token_hash(token),
            sign_in_links.c.used_at.is_(None),
            sign_in_links.c.until > to_micros(now),
        )
    ).first()


def _use_link(connection: Connection, token: str, kind: str, now: datetime) -> int:
    row = _open_link(connection, token, now)
    done = row and connection.execute(
        update(sign_in_links)
        .where(sign_in_links.c.id == row.id, sign_in_links.c.kind == kind, sign_in_links.c.used_at.is_(None))
        .values(used_at=to_micros(now))
    )
    if row is None or not done or not done.rowcount:
        raise RefusedError("This link has been used, or is too old. Ask for a new one.")
    return int(row.person)
