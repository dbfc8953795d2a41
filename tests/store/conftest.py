"""Lists ready for use."""

from __future__ import annotations

import pytest

from campaign.model import Sender
from campaign.store.bases import Basis
from campaign.store.database import Database
from campaign.store.lists import NewList, add_list, save_senders
from tests.store.people import NOW

LISTS = (
    ("practitioners", Basis.CONSENT, "", True),
    ("parents", Basis.CONSENT, "", True),
    ("councils", Basis.CORPORATE, "", False),
    ("guidance", Basis.PUBLIC_TASK, "", False),
    ("friends", Basis.CHARITY_SOFT_OPT_IN, "1234567", False),
)


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a sender and lists of every basis; two of them are public."""
    fill(database)
    return database


def fill(database: Database) -> None:
    """Add the sender and the lists."""
    with database.write() as connection:
        save_senders(connection, [Sender(id="hscp", from_name="HSCP", from_address="hscp@example.org")])
        for slug, basis, number, public in LISTS:
            new = NewList(
                slug=slug,
                title=slug.title(),
                sender="hscp",
                basis=basis,
                organisation="HSCP",
                charity_number=number,
                public=public,
            )
            add_list(connection, new, who="test", now=NOW)
