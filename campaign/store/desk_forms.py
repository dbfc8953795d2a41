"""Forms of the desk that were sent, so that none counts twice, and uploads that wait for a yes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from campaign.clock import to_micros
from campaign.errors import RefusedError
from campaign.store.database import Database
from campaign.store.ledger import insert_new
from campaign.store.tables_desk import sent_forms, uploads

#: How long it is known that a form was sent: longer than any session lasts.
KEPT = timedelta(days=8)
#: An upload waits this long for a yes.
WAITS = timedelta(days=1)
#: What an upload of people is kept as, where one of a programme has the campaign's name.
OF_PEOPLE = "a file of people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A programme that waits for a yes. `base` is the revision it was compared with, 0 for none."""

    token: str
    author: str
    name: str
    slug: str
    base: int
    data: bytes


class Forms:
    """What came in by forms. Safe over processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def use(self, nonce: str, *, now: datetime) -> bool:
        """Mark a form as sent; False where it was sent before."""
        with self._database.write() as connection:
            connection.execute(delete(sent_forms).where(sent_forms.c.at < to_micros(now - KEPT)))
            return insert_new(connection, sent_forms, {"nonce": nonce, "at": to_micros(now)})

    def keep(self, *, author: str, name: str, slug: str, base: int, data: bytes, now: datetime) -> str:
        """Keep an upload for a day; its token."""
        token = secrets.token_urlsafe(16)
        with self._database.write() as connection:
            forget_uploads(connection, now=now)
            values = {"author": author, "name": name, "slug": slug, "base": base, "data": data}
            connection.execute(insert(uploads).values(token=token, made_at=to_micros(now), **values))
        return token

    def upload(self, token: str) -> Upload:
        """An upload; RefusedError where there is none."""
        with self._database.read() as connection:
            row = connection.execute(select(uploads).where(uploads.c.token == token)).first()
        if row is None:
            raise RefusedError("This upload is not here any more. Upload the file again.")
        return Upload(
            token=row.token, author=row.author, name=row.name, slug=row.slug, base=row.base, data=bytes(row.data)
        )

    def drop_upload(self, token: str) -> None:
        """Forget an upload."""
        with self._database.write() as connection:
            connection.execute(delete(uploads).where(uploads.c.token == token))


def forget_uploads(connection: Connection, *, now: datetime) -> int:
    """Delete the uploads that waited for over a day. How many."""
    return connection.execute(delete(uploads).where(uploads.c.made_at < to_micros(now - WAITS))).rowcount


def forget_people_files(connection: Connection) -> int:
    """Delete every upload of people: nobody can say whom such a file holds without reading it. How many."""
    return connection.execute(delete(uploads).where(uploads.c.slug == OF_PEOPLE)).rowcount
