"""Second factors: the secret of an app's codes, and codes on paper that stand in for them, each once."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from campaign.clock import to_micros
from campaign.store.account_rows import need_account
from campaign.store.accounts import need_cipher
from campaign.store.ciphers import Cipher, lock_in
from campaign.store.database import Database
from campaign.store.log import record
from campaign.store.sessions import token_hash
from campaign.store.tables_desk import accounts, recovery_codes

#: How many codes a person gets, and of how many letters: 80 random bits each.
CODES, LETTERS = 10, 16
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Seconds:
    """What is asked for beside a password."""

    def __init__(self, database: Database, cipher: Cipher | None) -> None:
        self._database = database
        self._cipher = cipher

    def use_step(self, person: int, step: int) -> bool:
        """Mark a time step as used; False where it, or a later one, was used already (RFC 6238, section 5.2)."""
        with self._database.write() as connection:
            done = connection.execute(
                update(accounts)
                .where(accounts.c.person == person, accounts.c.second_step < step)
                .values(second_step=step)
            )
        return bool(done.rowcount)

    def switch_on(self, person: int, secret: str, *, step: int, now: datetime) -> list[str]:
        """Ask that person for a code from now on, newer than `step`; the codes on paper, shown once."""
        with self._database.write() as connection:
            locked = lock_in(connection, need_cipher(self._cipher), secret)
            account = need_account(connection, person)
            connection.execute(
                update(accounts).where(accounts.c.person == person).values(second=locked, second_step=step)
            )
            record(connection, who=account.name, act="second factor on", now=now)
            return _new_codes(connection, person, now)

    def switch_off(self, person: int, *, who: str, now: datetime) -> None:
        """Ask that person for no code any more; their codes on paper stop working."""
        with self._database.write() as connection:
            account = need_account(connection, person)
            connection.execute(update(accounts).where(accounts.c.person == person).values(second=""))
            connection.execute(delete(recovery_codes).where(recovery_codes.c.person == person))
            record(connection, who=who, act="second factor off", now=now, target=account.name)

    def new_codes(self, person: int, *, now: datetime) -> list[str]:
        """Other codes on paper; the earlier ones stop working."""
        with self._database.write() as connection:
            account = need_account(connection, person)
            record(connection, who=account.name, act="new recovery codes", now=now)
            return _new_codes(connection, person, now)

    def codes_left(self, person: int) -> int:
        """How many codes on paper still work."""
        query = select(func.count()).where(recovery_codes.c.person == person, recovery_codes.c.used_at.is_(None))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def use_code(self, person: int, code: str, *, now: datetime) -> bool:
        """Use up a code on paper; False where it is none, or was used."""
        with self._database.write() as connection:
            done = connection.execute(
                update(recovery_codes)
                .where(
                    recovery_codes.c.person == person,
                    recovery_codes.c.code_hash == token_hash(plain_code(code)),
                    recovery_codes.c.used_at.is_(None),
                )
                .values(used_at=to_micros(now))
            ).rowcount
            if done:
                account = need_account(connection, person)
                record(connection, who=account.name, act="used a recovery code", now=now)
        return bool(done)


def plain_code(code: str) -> str:
    """A code on paper without what people write between its letters."""
    return "".join(letter for letter in code.casefold() if letter in _ALPHABET)


def _new_codes(connection: Connection, person: int, now: datetime) -> list[str]:
    connection.execute(delete(recovery_codes).where(recovery_codes.c.person == person))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(LETTERS)) for _ in range(CODES)]
    rows = [{"person": person, "code_hash": token_hash(code), "made_at": to_micros(now)} for code in codes]
    connection.execute(insert(recovery_codes), rows)
    return ["-".join(code[at : at + 4] for at in range(0, LETTERS, 4)) for code in codes]
