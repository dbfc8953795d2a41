"""Secrets at rest: encrypted, changed to another key whole or not at all, never written under a key that is gone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from campaign.errors import SettingsError, StoreError
from campaign.store.ciphers import Cipher, know_cipher, relock_all, unreadable
from campaign.store.database import Database
from campaign.store.notes import ChannelNotes
from campaign.store.tables import channel_notes

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32


def notes(database: Database, *keys: bytes, channel: str = "x-hscp") -> ChannelNotes:
    return ChannelNotes(database, channel, Cipher(*keys))


def kept(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(channel_notes.c.value).where(channel_notes.c.secret)))


def test_every_secret_goes_over_to_the_new_key_and_plain_notes_stay(database: Database) -> None:
    for channel in ("x-hscp", "page"):
        assert notes(database, OLD, channel=channel).swap("token", old=None, new=f"s3cret of {channel}", secret=True)
    notes(database, OLD).swap("pace", old=None, new="12")
    before = kept(database)
    with database.write() as connection:
        assert relock_all(connection, Cipher(NEW, OLD)) == 2
    assert notes(database, NEW, channel="page").get("token") == "s3cret of page"
    assert notes(database, NEW).get("pace") == "12"
    assert not set(before) & set(kept(database))
    with pytest.raises(StoreError, match="another key"):
        notes(database, OLD).get("token")


def test_a_process_that_still_holds_the_old_key_writes_nothing(database: Database) -> None:
    late = notes(database, OLD)
    late.swap("pace", old=None, new="12")
    with database.write() as connection:
        relock_all(connection, Cipher(NEW, OLD))
    with pytest.raises(StoreError, match="changed while this ran"):
        late.swap("token", old=None, new="lost", secret=True)
    assert kept(database) == []
    with pytest.raises(SettingsError, match="old copy"), database.read() as connection:
        know_cipher(connection, Cipher(OLD))
    assert notes(database, NEW).swap("token", old=None, new="kept", secret=True)


def test_one_secret_under_a_strange_key_leaves_all_as_they_were(database: Database) -> None:
    notes(database, OLD).swap("token", old=None, new="one", secret=True)
    notes(database, OTHER, channel="page").swap("token", old=None, new="two", secret=True)
    with database.read() as connection:
        assert unreadable(connection, Cipher(NEW, OLD)) == ["the sign-in of page"]
    with pytest.raises(StoreError), database.write() as connection:
        relock_all(connection, Cipher(NEW, OLD))
    assert notes(database, OLD).get("token") == "one"
    with database.read() as connection:
        know_cipher(connection, Cipher(OLD))
