"""The ledger and its key belong together."""

from __future__ import annotations

import pytest

from campaign.errors import SettingsError
from campaign.store.database import Database
from campaign.store.keys import know_key
from campaign.tokens import Key


def test_a_ledger_is_opened_with_its_own_key_alone(database: Database) -> None:
    for _ in range(2):
        with database.write() as connection:
            know_key(connection, Key(b"a" * 32))
    with pytest.raises(SettingsError, match="made with the key"), database.write() as connection:
        know_key(connection, Key(b"b" * 32))
