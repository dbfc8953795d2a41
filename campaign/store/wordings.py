"""What next hops say when they accept an email: each wording kept once, so that a row costs a number."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from campaign.store.database import Database
from campaign.store.tables import replies
from campaign.store.upserts import insert_into

#: So many wordings are kept. A relay whose every reply differs has the rest kept with its attempts.
MOST = 200
LONGEST = 200


class Wordings:
    """The wordings that this process knows, by text."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, int] = {}
        self._full = False

    def numbers(self, texts: Iterable[str]) -> dict[str, int]:
        """The number of each wording, made where there is room; those that have none are left out. Writes by itself."""
        wanted = {text for text in texts if text and len(text) <= LONGEST}
        new = wanted - self._known.keys()
        if new and not self._full:
            self._learn(sorted(new))
        return {text: self._known[text] for text in wanted if text in self._known}

    def _learn(self, new: list[str]) -> None:
        with self._database.write() as connection:
            room = MOST - int(connection.execute(select(func.count()).select_from(replies)).scalar_one())
            if some := new[: max(0, room)]:
                made = insert_into(replies, connection.dialect.name).on_conflict_do_nothing(
                    index_elements=[replies.c.text]
                )
                connection.execute(made, [{"text": text} for text in some])
            found = connection.execute(select(replies.c.text, replies.c.id)).all()
        self._known = {row.text: row.id for row in found}
        self._full = len(found) >= MOST
