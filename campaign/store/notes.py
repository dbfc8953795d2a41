"""A channel's own small store, and alerts: things kept beside the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from campaign.clock import from_micros, to_micros
from campaign.errors import StoreError
from campaign.store.ciphers import Cipher, lock_in
from campaign.store.database import Database
from campaign.store.tables import alerts, channel_notes


class ChannelNotes:
    """The notes of one channel, safe over processes."""

    def __init__(self, database: Database, channel: str, cipher: Cipher | None) -> None:
        self._database = database
        self._channel = channel
        self._cipher = cipher

    def get(self, name: str) -> str | None:
        """The value kept under `name`, or None."""
        with self._database.read() as connection:
            row = connection.execute(
                select(channel_notes).where(channel_notes.c.channel == self._channel, channel_notes.c.name == name)
            ).first()
        return None if row is None else self._clear(row.value, row.secret)

    def plain(self) -> dict[str, str]:
        """Every note that is no secret, by name."""
        query = select(channel_notes.c.name, channel_notes.c.value).where(
            channel_notes.c.channel == self._channel, channel_notes.c.secret.is_(False)
        )
        with self._database.read() as connection:
            return {row.name: row.value for row in connection.execute(query)}

    def swap(self, name: str, *, old: str | None, new: str | None, secret: bool = False) -> bool:
        """Set `name` from `old` to `new` in one step (None: absent); False when it was not `old` any more."""
        mine = (channel_notes.c.channel == self._channel) & (channel_notes.c.name == name)
        with self._database.write() as connection:
            row = connection.execute(select(channel_notes).where(mine).with_for_update()).first()
            if (None if row is None else self._clear(row.value, row.secret)) != old:
                return False
            if new is None:
                connection.execute(delete(channel_notes).where(mine))
            elif row is None:
                values = {"value": self._kept(connection, new, secret), "secret": secret}
                connection.execute(insert(channel_notes).values(channel=self._channel, name=name, **values))
            else:
                values = {"value": self._kept(connection, new, secret), "secret": secret}
                connection.execute(update(channel_notes).where(mine).values(**values))
        return True

    def _kept(self, connection: Connection, value: str, secret: bool) -> str:
        return lock_in(connection, self._need_cipher(), value) if secret else value

    def _clear(self, value: str, secret: bool) -> str:
        return self._need_cipher().unlock(value) if secret else value

    def _need_cipher(self) -> Cipher:
        if self._cipher is None:
            raise StoreError("Secrets cannot be kept or read without the installation's key.")
        return self._cipher


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something a human must be told. `told_at` is None until it left."""

    key: str
    kind: str
    text: str
    raised_at: datetime
    told_at: datetime | None
    cleared_at: datetime | None


class Alerts:
    """What humans must be told, each once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def raise_(self, key: str, kind: str, text: str, *, now: datetime) -> None:
        """Raise an alert once a `key`; one that was cleared is raised anew."""
        values = {"kind": kind, "text": text, "raised_at": to_micros(now), "told_at": None, "cleared_at": None}
        with self._database.write() as connection:
            row = connection.execute(select(alerts).where(alerts.c.key == key).with_for_update()).first()
            if row is None:
                connection.execute(insert(alerts).values(key=key, **values))
            elif row.cleared_at is not None:
                connection.execute(update(alerts).where(alerts.c.key == key).values(**values))

    def clear(self, key: str, *, now: datetime) -> None:
        """Say that it needs nobody any more."""
        mine = (alerts.c.key == key) & alerts.c.cleared_at.is_(None)
        with self._database.write() as connection:
            connection.execute(update(alerts).where(mine).values(cleared_at=to_micros(now)))

    def tell(self, key: str, *, now: datetime) -> None:
        """Say that it left."""
        with self._database.write() as connection:
            connection.execute(update(alerts).where(alerts.c.key == key).values(told_at=to_micros(now)))

    def untold(self) -> list[Alert]:
        """Those nobody was told yet, oldest first."""
        return [alert for alert in self.standing() if alert.told_at is None]

    def standing(self) -> list[Alert]:
        """Those not cleared, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(alerts).where(alerts.c.cleared_at.is_(None)).order_by(alerts.c.id)).all()
        return [
            Alert(
                key=row.key,
                kind=row.kind,
                text=row.text,
                raised_at=from_micros(row.raised_at),
                told_at=from_micros(row.told_at) if row.told_at is not None else None,
                cleared_at=None,
            )
            for row in rows
        ]
