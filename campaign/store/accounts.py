"""Accounts: who may use the desk, their passwords, roles, and who they are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from campaign.clock import to_micros
from campaign.errors import RefusedError
from campaign.model import Role
from campaign.store.account_rows import Account, account_of, account_rows, find_account, keep_one, need_account
from campaign.store.ciphers import Cipher
from campaign.store.database import Database
from campaign.store.ledger import insert_new
from campaign.store.log import record
from campaign.store.sessions import end_sessions
from campaign.store.staff import remove_person
from campaign.store.tables_desk import accounts, identities
from campaign.store.tables_lists import people

#: What a person may choose: the colours of their system, light or dark.
THEMES = frozenset({"", "light", "dark"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a sign-in is compared with: the hash of the password, the TOTP secret ("": none), its last time step."""

    account: Account
    password: str
    second: str
    step: int


class Accounts:
    """Those who may sign in. `cipher` unlocks second factors."""

    def __init__(self, database: Database, cipher: Cipher | None) -> None:
        self._database = database
        self._cipher = cipher

    def all(self) -> list[Account]:
        """Everybody who may sign in, by name."""
        with self._database.read() as connection:
            return [account_of(row) for row in connection.execute(account_rows().order_by(people.c.name))]

    def find(self, person: int) -> Account | None:
        """The account of a person."""
        with self._database.read() as connection:
            return find_account(connection, person)

    def called(self, login: str) -> Account | None:
        """The account that signs in by that email address."""
        with self._database.read() as connection:
            row = connection.execute(account_rows().where(accounts.c.login == login.strip().casefold())).first()
        return account_of(row) if row else None

    def secrets_of(self, login: str) -> Secrets | None:
        """What to compare a sign-in with; None where nobody signs in so by a password."""
        query = account_rows().where(accounts.c.login == login.strip().casefold())
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None or not row.password:
            return None
        second = need_cipher(self._cipher).unlock(row.second) if row.second else ""
        return Secrets(account=account_of(row), password=row.password, second=second, step=row.second_step)

    def set_password(self, person: int, password: str, *, who: str, now: datetime, but: int = 0) -> None:
        """Keep another password (its hash), and end that person's sessions except `but`."""
        with self._database.write() as connection:
            connection.execute(
                update(accounts).where(accounts.c.person == person).values(password=password, ready=True)
            )
            end_sessions(connection, person, now, but=but)
            record(connection, who=who, act="change password", now=now)

    def set_role(self, person: int, role: Role, *, who: str, now: datetime) -> None:
        """Give a role. RefusedError where no administrator would be left."""
        with self._database.write() as connection:
            account = need_account(connection, person)
            keep_one(connection, account, role)
            connection.execute(update(accounts).where(accounts.c.person == person).values(role=role))
            connection.execute(update(people).where(people.c.id == person).values(role=role))
            record(connection, who=who, act="role", now=now, target=account.name, detail={"role": role})

    def set_theme(self, person: int, theme: str) -> None:
        """Keep the colours that a person chose. RefusedError for any that there are not."""
        if theme not in THEMES:
            raise RefusedError("Choose the colours of your system, light or dark.")
        with self._database.write() as connection:
            connection.execute(update(accounts).where(accounts.c.person == person).values(theme=theme))

    def remove(self, person: int, *, who: str, now: datetime) -> None:
        """Nobody signs in as that person from now on. RefusedError where no administrator would be left."""
        with self._database.write() as connection:
            account = need_account(connection, person)
            keep_one(connection, account, None)
            remove_person(connection, account.name, who=who, now=now)

    # --- who they are elsewhere

    def known_as(self, issuer: str, subject: str) -> Account | None:
        """The account that a subject of an issuer signs in to."""
        mine = select(identities.c.person).where(identities.c.issuer == issuer, identities.c.subject == subject)
        with self._database.read() as connection:
            row = connection.execute(mine).first()
            return find_account(connection, row.person) if row else None

    def issuers_of(self, person: int) -> list[str]:
        """Where that person signs in as well: the issuers."""
        mine = select(identities.c.issuer).where(identities.c.person == person).order_by(identities.c.id)
        with self._database.read() as connection:
            return list(connection.execute(mine).scalars())

    def recognise(self, person: int, issuer: str, subject: str, *, now: datetime) -> Account:
        """From now on that subject signs in to that account.

        RefusedError where the subject signs in to another, or another subject of the issuer to this one.
        """
        with self._database.write() as connection:
            account = need_account(connection, person)
            others = select(identities).where(identities.c.issuer == issuer, identities.c.person == person)
            row = connection.execute(others).first()
            if row is not None and row.subject != subject:
                raise RefusedError(f"Somebody else signs in as {account.name} there already.")
            values = {"person": person, "issuer": issuer, "subject": subject, "made_at": to_micros(now)}
            if not insert_new(connection, identities, values) and row is None:
                raise RefusedError("You sign in to another account of this desk there already.")
            connection.execute(update(accounts).where(accounts.c.person == person).values(ready=True))
            record(connection, who=account.name, act="recognised", now=now, detail={"issuer": issuer})
            return need_account(connection, person)


def need_cipher(cipher: Cipher | None) -> Cipher:
    """RefusedError where there is none."""
    if cipher is None:
        raise RefusedError("Second factors need the installation's key.")
    return cipher
