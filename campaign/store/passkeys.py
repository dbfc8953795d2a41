"""Passkeys: the public halves of what people's devices sign in with (Web Authentication)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from campaign.clock import from_micros, to_micros
from campaign.errors import RefusedError
from campaign.store.account_rows import Account, find_account, need_account
from campaign.store.database import Database
from campaign.store.ledger import insert_new
from campaign.store.log import record
from campaign.store.tables_desk import accounts, identities, passkeys

#: How many passkeys a person may have.
MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey. `credential` is the authenticator's name for it (base64url), `uses` its own count of signatures."""

    id: int
    person: int
    credential: str
    public_key: bytes
    uses: int
    name: str
    made_at: datetime
    used_at: datetime | None


class Passkeys:
    """Everybody's passkeys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: int) -> list[Passkey]:
        """A person's, oldest first."""
        query = select(passkeys).where(passkeys.c.person == person).order_by(passkeys.c.id)
        with self._database.read() as connection:
            return [_passkey(row) for row in connection.execute(query)]

    def find(self, credential: str) -> tuple[Passkey, Account] | None:
        """A passkey and whose it is, by the authenticator's name for it."""
        with self._database.read() as connection:
            row = connection.execute(select(passkeys).where(passkeys.c.credential == credential)).first()
            account = find_account(connection, row.person) if row else None
        return (_passkey(row), account) if row and account else None

    def add(self, person: int, credential: str, public_key: bytes, *, uses: int, name: str, now: datetime) -> None:
        """Keep another passkey. RefusedError where there is no room, or it is kept already."""
        with self._database.write() as connection:
            account = need_account(connection, person)
            if len(connection.execute(select(passkeys.c.id).where(passkeys.c.person == person)).all()) >= MOST:
                raise RefusedError(f"{MOST} passkeys are the most. Remove one first.")
            values = {"public_key": public_key, "uses": uses, "name": name[:100]}
            row = {"person": person, "credential": credential, "made_at": to_micros(now), **values}
            if not insert_new(connection, passkeys, row):
                raise RefusedError("This passkey is kept already.")
            connection.execute(update(accounts).where(accounts.c.person == person).values(ready=True))
            record(connection, who=account.name, act="add passkey", now=now, target=name[:100])

    def used(self, passkey: Passkey, *, uses: int, now: datetime) -> bool:
        """Note a signature; False where another came in between."""
        with self._database.write() as connection:
            done = connection.execute(
                update(passkeys)
                .where(passkeys.c.id == passkey.id, passkeys.c.uses == passkey.uses)
                .values(uses=uses, used_at=to_micros(now))
            )
        return bool(done.rowcount)

    def remove(self, person: int, passkey: int, *, now: datetime) -> None:
        """Take one of a person's passkeys away. RefusedError where it is not theirs."""
        with self._database.write() as connection:
            account = need_account(connection, person)
            mine = (passkeys.c.id == passkey) & (passkeys.c.person == person)
            row = connection.execute(select(passkeys.c.name).where(mine)).first()
            if row is None:
                raise RefusedError("This passkey is not yours, or has been removed.")
            others = select(passkeys.c.id).where(passkeys.c.person == person, passkeys.c.id != passkey)
            elsewhere = select(identities.c.id).where(identities.c.person == person)
            if not account.password and not any(connection.execute(each).first() for each in (others, elsewhere)):
                raise RefusedError("This passkey is all that you sign in with. Add another first.")
            connection.execute(delete(passkeys).where(mine))
            record(connection, who=account.name, act="remove passkey", now=now, target=row.name)


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        person=row.person,
        credential=row.credential,
        public_key=bytes(row.public_key),
        uses=row.uses,
        name=row.name,
        made_at=from_micros(row.made_at),
        used_at=from_micros(row.used_at) if row.used_at is not None else None,
    )
