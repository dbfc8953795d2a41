"""The real lists behind the pages of joining: a database, its key ring, and what letters were queued."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import select

from campaign.address import KeyRing
from campaign.delivery.forms import Labels
from campaign.delivery.visitors import Lists
from campaign.model import Sender
from campaign.store.bases import Basis
from campaign.store.database import Database
from campaign.store.held import access
from campaign.store.lists import NewList, add_list, save_senders
from campaign.store.rights import erase
from campaign.store.tables_lists import letters, subscribers, subscriptions
from campaign.tokens import Key

RING = KeyRing(Key(b"k" * 32))
#: What may be chosen in the form of one campaign, which mails the parents.
OTHER = Labels({"WIN": "Winchester", "AND": "Andover"}, {}, "Clean Air Group")


class People:
    """Two public lists and one that is not, with the visitors' part over them."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        with database.write() as connection:
            save_senders(connection, [Sender(id="team", from_name="The team", from_address="team@example.org")])
            for slug, public in (("practitioners", True), ("parents", True), ("staff", False)):
                new = NewList(slug=slug, title=slug.capitalize(), sender="team", basis=Basis.CONSENT, public=public)
                add_list(connection, new, who="test", now=now)
        labels = Labels({"HAM": "Hampshire", "IOW": "Isle of Wight"}, {}, "The Partnership")
        self.visitors = Lists(
            database,
            RING,
            labels=lambda campaign: OTHER if campaign == "clean-air" else labels,
            mailed=lambda campaign: frozenset({"parents", "staff"} if campaign == "clean-air" else ()),
            erase=lambda address, now: erase(database, RING, address, who="self", now=now),
            held=lambda address: access(database, RING, address),
        )

    def letters(self) -> list[dict[str, str]]:
        """What letters say, with their kind, oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(select(letters).order_by(letters.c.id)).all()
        return [{"kind": row.kind, "address": row.address, **json.loads(row.content)} for row in rows]

    def states(self) -> dict[str, str]:
        """List id -> state of the only person's subscriptions."""
        with self.database.read() as connection:
            rows = connection.execute(select(subscriptions)).all()
        return {str(row.list): row.state for row in rows}

    def link(self) -> str:
        """The only person's own link."""
        with self.database.read() as connection:
            token = connection.execute(select(subscribers.c.token)).scalar_one()
        return f"{token}.0"
