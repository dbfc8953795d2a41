"""Accounts as other rooms of the store read them: the row, and the account that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from campaign.errors import RefusedError
from campaign.model import Role
from campaign.store.tables_desk import accounts
from campaign.store.tables_lists import people


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A member of the team who may sign in.

    `second`: a code from an app is asked for too. `ready`: they have signed in, or can: by a password, a passkey or a
    provider. `theme`: the colours they chose, "" for those of their system.
    """

    person: int
    name: str
    login: str
    role: Role
    second: bool = False
    ready: bool = True
    password: bool = True
    theme: str = ""


def account_rows() -> Any:
    """A query of every account of a person who was not removed."""
    return (
        select(accounts, people.c.name)
        .join(people, people.c.id == accounts.c.person)
        .where(people.c.removed_at.is_(None))
    )


def account_of(row: Row[Any]) -> Account:
    """The account that a row of `account_rows` tells of."""
    return Account(
        person=row.person,
        name=row.name,
        login="" if row.login.endswith("@") else row.login,
        role=Role(row.role),
        second=bool(row.second),
        ready=bool(row.ready),
        password=bool(row.password),
        theme=row.theme,
    )


def find_account(connection: Connection, person: int) -> Account | None:
    """That person's account."""
    row = connection.execute(account_rows().where(accounts.c.person == person)).first()
    return account_of(row) if row else None


def need_account(connection: Connection, person: int) -> Account:
    """That person's account; RefusedError where there is none."""
    found = find_account(connection, person)
    if found is None:
        raise RefusedError("This account is not there any more.")
    return found


def administrators(connection: Connection) -> int:
    """How many administrators can sign in."""
    able = account_rows().where(accounts.c.role == Role.ADMINISTRATOR, accounts.c.ready.is_(True)).subquery()
    return int(connection.execute(select(func.count()).select_from(able)).scalar_one())


def keep_one(connection: Connection, account: Account, role: Role | None) -> None:
    """RefusedError where no administrator would be left once `account` has `role` (None: it is gone)."""
    goes = account.role is Role.ADMINISTRATOR and account.ready and role is not Role.ADMINISTRATOR
    if goes and administrators(connection) < 2:
        raise RefusedError(f"{account.name} is the only administrator. Make somebody else one first.")
