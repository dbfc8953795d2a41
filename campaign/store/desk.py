"""Who may use the desk: accounts, one-time links, sessions. Tokens are kept as hashes; the browser alone has them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from campaign.address import parse
from campaign.clock import from_micros, to_micros
from campaign.errors import RefusedError
from campaign.model import Role
from campaign.store.ciphers import Cipher, lock_in
from campaign.store.database import Database
from campaign.store.log import record
from campaign.store.staff import add_person, need_person, remove_person
from campaign.store.tables_desk import accounts, sessions, sign_in_links
from campaign.store.tables_lists import people

#: A session ends after so long without a request, and after so long in any case.
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
#: How often a session's last use is written down.
TOUCH = timedelta(minutes=1)
LINKS = {"first": timedelta(days=1), "enter": timedelta(days=1), "invite": timedelta(days=3)}
KEPT = timedelta(days=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A member of the team who may sign in. `second`: a code from an app is asked for too."""

    person: int
    name: str
    login: str
    role: Role
    second: bool = False
    ready: bool = True


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a sign-in is compared with: the hash of the password, the TOTP secret ("": none), its last time step."""

    account: Account
    password: str
    second: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A one-time link that still works. `account` is None for the first administrator's."""

    id: int
    kind: str
    account: Account | None


class Accounts:
    """Accounts, links and sessions. `cipher` keeps second factors."""

    def __init__(self, database: Database, cipher: Cipher | None) -> None:
        self._database = database
        self._cipher = cipher

    # --- accounts

    def all(self) -> list[Account]:
        """Everybody who may sign in, by name."""
        with self._database.read() as connection:
            return [_account(row) for row in connection.execute(_accounts().order_by(people.c.name))]

    def secrets_of(self, login: str) -> Secrets | None:
        """What to compare a sign-in with; None where nobody signs in so."""
        query = _accounts().where(accounts.c.login == login.strip().casefold())
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None or not row.password:
            return None
        second = self._need_cipher().unlock(row.second) if row.second else ""
        return Secrets(account=_account(row), password=row.password, second=second, step=row.second_step)

    def use_step(self, person: int, step: int) -> bool:
        """Mark a time step of a second factor as used; False where it, or a later one, was used already."""
        with self._database.write() as connection:
            done = connection.execute(
                update(accounts)
                .where(accounts.c.person == person, accounts.c.second_step < step)
                .values(second_step=step)
            )
        return bool(done.rowcount)

    def set_second(self, person: int, secret: str, *, who: str, now: datetime) -> None:
        """Ask that person for a code from now on ("": no more)."""
        with self._database.write() as connection:
            locked = lock_in(connection, self._need_cipher(), secret) if secret else ""
            connection.execute(update(accounts).where(accounts.c.person == person).values(second=locked))
            record(connection, who=who, act="second factor on" if secret else "second factor off", now=now)

    def set_password(self, person: int, password: str, *, who: str, now: datetime, but: int = 0) -> None:
        """Keep another password (its hash), and end that person's sessions except `but`."""
        with self._database.write() as connection:
            connection.execute(update(accounts).where(accounts.c.person == person).values(password=password))
            _end(connection, person, now, but=but)
            record(connection, who=who, act="change password", now=now)

    def set_role(self, person: int, role: Role, *, who: str, now: datetime) -> None:
        """Give a role. RefusedError where no administrator would be left."""
        with self._database.write() as connection:
            account = _need(connection, person)
            _keep_one(connection, account, role)
            connection.execute(update(accounts).where(accounts.c.person == person).values(role=role))
            connection.execute(update(people).where(people.c.id == person).values(role=role))
            record(connection, who=who, act="role", now=now, target=account.name, detail={"role": role})

    def remove(self, person: int, *, who: str, now: datetime) -> None:
        """Nobody signs in as that person from now on. RefusedError where no administrator would be left."""
        with self._database.write() as connection:
            account = _need(connection, person)
            _keep_one(connection, account, None)
            _end(connection, person, now)
            connection.execute(delete(accounts).where(accounts.c.person == person))
            remove_person(connection, account.name, who=who, now=now)

    def _need_cipher(self) -> Cipher:
        if self._cipher is None:
            raise RefusedError("Second factors need the installation's key.")
        return self._cipher

    # --- one-time links

    def first_link(self, *, now: datetime) -> str:
        """A link for the first administrator; "" where there is one. Earlier links stop working."""
        with self._database.write() as connection:
            if _administrators(connection):
                return ""
            connection.execute(
                update(sign_in_links)
                .where(sign_in_links.c.kind == "first", sign_in_links.c.used_at.is_(None))
                .values(used_at=to_micros(now))
            )
            return _link(connection, "first", 0, "", now)

    def enter_link(self, name: str, *, now: datetime) -> str:
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
        """A link by which that person chooses another password."""
        with self._database.write() as connection:
            account = _need(connection, person)
            record(connection, who=who, act="password link", now=now, target=account.name)
            return _link(connection, "invite", person, who, now)

    def link(self, token: str, *, now: datetime) -> Link | None:
        """What a link does; None where it is unknown, used or too old."""
        with self._database.read() as connection:
            row = _open_link(connection, token, now)
            if row is None:
                return None
            account = _find(connection, row.person) if row.person else None
        return Link(id=row.id, kind=row.kind, account=account) if account or row.kind == "first" else None

    def begin(self, token: str, *, name: str, login: str, password: str, now: datetime) -> Account:
        """Use the first administrator's link. RefusedError where it does not work any more."""
        address = parse(login).wire
        with self._database.write() as connection:
            _use_link(connection, token, "first", now)
            if _administrators(connection):
                raise RefusedError("There is an administrator already. Ask them for an invitation.")
            person = _person(connection, name, address, Role.ADMINISTRATOR, name, now)
            values = {"login": address.casefold(), "role": Role.ADMINISTRATOR, "password": password}
            connection.execute(insert(accounts).values(person=person, made_at=to_micros(now), **values))
            record(connection, who=name, act="first administrator", now=now)
            return _need(connection, person)

    def accept(self, token: str, *, password: str, now: datetime) -> Account:
        """Use an invitation: keep the password (its hash). RefusedError where the link does not work any more."""
        with self._database.write() as connection:
            account = _need(connection, _use_link(connection, token, "invite", now))
            connection.execute(update(accounts).where(accounts.c.person == account.person).values(password=password))
            _end(connection, account.person, now)
            record(connection, who=account.name, act="choose password", now=now)
            return account

    def enter(self, token: str, *, now: datetime) -> Account:
        """Use a link that signs in. RefusedError where it does not work any more."""
        with self._database.write() as connection:
            return _need(connection, _use_link(connection, token, "enter", now))

    # --- sessions

    def start(self, account: Account, *, network: str, agent: str, now: datetime) -> str:
        """A new session; the token for the browser."""
        token = secrets.token_urlsafe(32)
        values = {"network": network, "agent": agent[:200], "made_at": to_micros(now), "seen_at": to_micros(now)}
        with self._database.write() as connection:
            connection.execute(insert(sessions).values(token_hash=_hash(token), person=account.person, **values))
            connection.execute(delete(sessions).where(sessions.c.seen_at < to_micros(now - KEPT)))
            record(connection, who=account.name, act="sign in", now=now, detail={"network": network})
        return token

    def session(self, token: str, *, now: datetime) -> Session | None:
        """The session of a token, or None where it is unknown, ended or too old."""
        query = _sessions(now).where(sessions.c.token_hash == _hash(token))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if to_micros(now) - row.seen_at > TOUCH // timedelta(microseconds=1):
            with self._database.write() as connection:
                connection.execute(update(sessions).where(sessions.c.id == row.id).values(seen_at=to_micros(now)))
        return _session(row)

    def sessions(self, person: int = 0, *, now: datetime) -> list[Session]:
        """Those that are on, of one person or all; newest first."""
        query = _sessions(now).order_by(sessions.c.id.desc())
        if person:
            query = query.where(sessions.c.person == person)
        with self._database.read() as connection:
            return [_session(row) for row in connection.execute(query)]

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


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _accounts() -> Any:
    return (
        select(accounts, people.c.name)
        .join(people, people.c.id == accounts.c.person)
        .where(people.c.removed_at.is_(None))
    )


def _sessions(now: datetime) -> Any:
    columns = (sessions, people.c.name, accounts.c.login, accounts.c.role, accounts.c.second, accounts.c.password)
    return (
        select(*columns)
        .join(people, people.c.id == sessions.c.person)
        .join(accounts, accounts.c.person == sessions.c.person)
        .where(
            people.c.removed_at.is_(None),
            sessions.c.ended_at.is_(None),
            sessions.c.seen_at > to_micros(now - IDLE),
            sessions.c.made_at > to_micros(now - LONGEST),
        )
    )


def _account(row: Row[Any]) -> Account:
    return Account(
        person=row.person,
        name=row.name,
        login="" if row.login.endswith("@") else row.login,
        role=Role(row.role),
        second=bool(row.second),
        ready=bool(row.password),
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        account=_account(row),
        network=row.network,
        agent=row.agent,
        made_at=from_micros(row.made_at),
        seen_at=from_micros(row.seen_at),
        said=row.said,
    )


def _find(connection: Connection, person: int) -> Account | None:
    row = connection.execute(_accounts().where(accounts.c.person == person)).first()
    return _account(row) if row else None


def _need(connection: Connection, person: int) -> Account:
    found = _find(connection, person)
    if found is None:
        raise RefusedError("This account is not there any more.")
    return found


def _person(connection: Connection, name: str, email: str, role: Role, who: str, now: datetime) -> int:
    """The person of that name, added where there is none."""
    found = connection.execute(select(people).where(people.c.name == name, people.c.removed_at.is_(None))).first()
    if found is None:
        add_person(connection, name, email=email, role=role, who=who, now=now)
        return need_person(connection, name).id
    connection.execute(update(people).where(people.c.id == found.id).values(email=email, role=role))
    return int(found.id)


def _administrators(connection: Connection) -> int:
    able = accounts.c.password != ""
    found = select(func.count()).select_from(_accounts().where(accounts.c.role == Role.ADMINISTRATOR, able).subquery())
    return int(connection.execute(found).scalar_one())


def _keep_one(connection: Connection, account: Account, role: Role | None) -> None:
    goes = account.role is Role.ADMINISTRATOR and account.ready and role is not Role.ADMINISTRATOR
    if goes and _administrators(connection) < 2:
        raise RefusedError(f"{account.name} is the only administrator. Make somebody else one first.")


def _end(connection: Connection, person: int, now: datetime, *, but: int = 0) -> None:
    connection.execute(
        update(sessions)
        .where(sessions.c.person == person, sessions.c.ended_at.is_(None), sessions.c.id != but)
        .values(ended_at=to_micros(now))
    )


def _link(connection: Connection, kind: str, person: int, author: str, now: datetime) -> str:
    token = secrets.token_urlsafe(24)
    values = {"kind": kind, "person": person, "author": author, "made_at": to_micros(now)}
    connection.execute(
        insert(sign_in_links).values(token_hash=_hash(token), until=to_micros(now + LINKS[kind]), **values)
    )
    return token


def _open_link(connection: Connection, token: str, now: datetime) -> Row[Any] | None:
    return connection.execute(
        select(sign_in_links).where(
            sign_in_links.c.token_hash == _hash(token),
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
