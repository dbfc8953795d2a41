"""Secrets in the ledger, encrypted: channels' sign-ins and people's second factors; and the change of their key.

A key that was changed is marked as retired, so that no process that still holds it can write a secret that nobody
could read afterwards.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Connection, Table, insert, select, update

from campaign.errors import Problem, SettingsError, StoreError
from campaign.store.tables import channel_notes, meta
from campaign.store.tables_desk import accounts, challenges

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

#: Name in `meta` of the ids of keys that secrets are no longer kept under.
_RETIRED = "retired secrets keys"


class Cipher:
    """Encrypts secrets; the first key (32 bytes each) encrypts, every key decrypts (so that keys can be changed)."""

    def __init__(self, *keys: bytes) -> None:
        self.ids = tuple(hashlib.sha256(b"secrets-key-id-v1" + key).hexdigest()[:8] for key in keys)
        self._keys = keys

    @cached_property
    def _fernet(self) -> MultiFernet:
        """Loaded with the first secret: an installation may have none, and this takes several megabytes."""
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in self._keys])

    def lock(self, value: str) -> str:
        """The value, encrypted."""
        return self._fernet.encrypt(value.encode()).decode()

    def unlock(self, value: str) -> str:
        """The value, in clear; StoreError where no key of ours made it."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise StoreError("A stored secret was made with another key. Connect the channel again.") from error

    def relock(self, value: str) -> str:
        """The same secret under the first key; StoreError where no key of ours made it."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.rotate(value.encode()).decode()
        except InvalidToken as error:
            raise StoreError("A stored secret was made with another key. Connect the channel again.") from error


def lock_in(connection: Connection, cipher: Cipher, value: str) -> str:
    """The value, encrypted, to be written by the caller's transaction.

    StoreError where another process has changed the key since this one read it: nobody could read what it writes.
    """
    if cipher.ids[0] in _retired(connection):
        raise StoreError("The key of the sign-ins was changed while this ran. Start the command or service again.")
    return cipher.lock(value)


def know_cipher(connection: Connection, cipher: Cipher | None) -> None:
    """SettingsError where the key file at hand is older than the last change of the key of the sign-ins."""
    if cipher is not None and cipher.ids[0] in _retired(connection):
        raise SettingsError(
            Problem(
                code="S4",
                message="The key file at hand is an old copy: the key of the sign-ins was changed since.",
                hint="Put the newest copy at CAMPAIGN_KEY_FILE, from the machine where the key was changed.",
            )
        )


def unreadable(connection: Connection, cipher: Cipher) -> list[str]:
    """The names of what is kept under no key of the cipher: "the sign-in of mastodon-hscp" and the like."""
    found = []
    for name, value, _ in _secrets(connection):
        try:
            cipher.unlock(value)
        except StoreError:
            found.append(name)
    return sorted(set(found))


def relock_all(connection: Connection, cipher: Cipher) -> int:
    """Encrypt every secret anew under the cipher's first key, and retire its others; how many secrets there are.

    Part of the caller's transaction. StoreError where one cannot be read.
    """
    number = 0
    for _, value, place in _secrets(connection):
        number += 1
        table, column, mine = place
        connection.execute(update(table).where(mine).values({column: cipher.relock(value)}))
    connection.execute(challenges.delete())  # what is under way for minutes is begun again
    retired = sorted((_retired(connection) | set(cipher.ids[1:])) - {cipher.ids[0]})
    connection.execute(meta.delete().where(meta.c.name == _RETIRED))
    connection.execute(insert(meta).values(name=_RETIRED, value=" ".join(retired)))
    return number


def _retired(connection: Connection) -> set[str]:
    return set((connection.scalar(select(meta.c.value).where(meta.c.name == _RETIRED)) or "").split())


Place = tuple[Table, Column[Any], ColumnElement[bool]]


def _secrets(connection: Connection) -> Iterator[tuple[str, str, Place]]:
    """Everything that is kept encrypted: what it is, its encrypted value, and where it stands."""
    for row in connection.execute(select(channel_notes).where(channel_notes.c.secret.is_(True))).all():
        mine = (channel_notes.c.channel == row.channel) & (channel_notes.c.name == row.name)
        yield f"the sign-in of {row.channel}", row.value, (channel_notes, channel_notes.c.value, mine)
    for row in connection.execute(select(accounts).where(accounts.c.second != "")).all():
        mine = accounts.c.person == row.person
        yield f"the second factor of {row.login}", row.second, (accounts, accounts.c.second, mine)
