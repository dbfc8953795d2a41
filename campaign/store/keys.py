"""The ledger knows the key under which it hashes: opened with another, erased people could be imported again."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from campaign.errors import Problem, SettingsError
from campaign.store.tables import meta
from campaign.tokens import Key

_NAME = "key"


def know_key(connection: Connection, key: Key) -> None:
    """Remember the id of the key at the first opening; SettingsError where the ledger was made with another."""
    known = connection.scalar(select(meta.c.value).where(meta.c.name == _NAME))
    if known is None:
        connection.execute(insert(meta).values(name=_NAME, value=key.id))
    elif known != key.id:
        raise SettingsError(
            Problem(
                code="S4",
                message=f"This ledger was made with the key {known}, and the key at hand is {key.id}.",
                hint="Put its own key back at CAMPAIGN_KEY_FILE: with another, erased people could come back.",
            )
        )
