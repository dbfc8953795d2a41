"""A copy shows every column of every table that can hold something of a person, and an erasure leaves none of it.

A new table, or a new column, has to be put in its place here: it belongs to nobody, or a copy shows it.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, func, insert, select

from campaign.address import parse
from campaign.clock import from_micros, to_micros
from campaign.delivery import rights
from campaign.store.database import Database
from campaign.store.desk_forms import OF_PEOPLE
from campaign.store.tables import metadata
from tests.store.conftest import fill
from tests.store.people import NOW, RING

ANN = parse("ann@example.org")
#: What every text of hers begins with.
HERS = "Ann said"
LINK = "which row it is, or which it belongs to"
MARK = "a mark to look her up by"
SECRET = "whoever reads it could act for her"
WORK = "how the program does its work"

#: Tables that hold something of a person, with the columns that a copy leaves out and why.
HELD: dict[str, dict[str, str]] = {
    "subscribers": {"id": LINK, "address_key": MARK, "address_hash": MARK, "token": SECRET},
    "subscriptions": {"id": LINK, "subscriber": LINK, "list": LINK},
    "subscription_events": {"id": LINK, "subscriber": LINK, "list": LINK},
    "consents": {"id": LINK, "subscriber": LINK, "list": LINK, "wording": "its text is shown"},
    "suppressions": {"id": LINK, "subscriber": LINK, "address_hash": MARK, "key_id": MARK},
    "deliveries": {
        "id": LINK,
        "subscriber": LINK,
        "broadcast": LINK,
        "lists": WORK,
        "worker": WORK,
        "said": "its words are shown",
    },
    "attempts": {"id": LINK, "delivery": LINK},
    "delivery_notes": {"delivery": LINK},
    "feedback": {"id": LINK, "subscriber": LINK, "delivery": LINK, "address_hash": MARK, "key": MARK},
    "requests": {"id": LINK, "subscriber": LINK, "address_hash": MARK, "token": SECRET},
    "letters": {"id": LINK, "address_hash": MARK, "content": SECRET},
    "people": {"id": LINK},
    "accounts": {
        "person": LINK,
        "password": SECRET,
        "second": SECRET,
        "second_step": SECRET,
        "ready": WORK,
        "role": WORK,
    },
    "sessions": {"id": LINK, "person": LINK, "token_hash": SECRET, "said": WORK},
    "passkeys": {"id": LINK, "person": LINK, "credential": SECRET, "public_key": SECRET, "uses": WORK},
    "identities": {"id": LINK, "person": LINK, "issuer": "shown with the subject", "subject": "shown with the issuer"},
    "log": {"id": LINK},
}
#: Tables that hold nobody, or only the name of a member of the team beside what the log says they did.
NOBODY = {
    "changes", "meta", "campaigns", "revisions", "blobs", "revision_files", "resource_changes", "channels", "approvals",
    "holds", "broadcasts", "tallies", "figures", "channel_notes", "paces", "workers", "alerts", "senders", "lists",
    "wordings", "replies", "list_sets", "judgements", "edits", "sent_forms",
    "counts",  # keyed hashes that nobody can look up, for a day
    "recovery_codes", "challenges", "sign_in_links",  # secrets alone, for a short time
    "uploads",  # files of people wait for a yes for a day, and an erasure takes them all
}  # fmt: skip
#: What an erasure leaves of a person on the lists: figures without them, and the mark that keeps them out.
LEFT = {
    "suppressions": {"scope", "target", "reason", "lifted_by", "key_id"},
    "deliveries": {"state", "code", "reason"},
    "attempts": {"outcome", "code"},
    "feedback": {"source", "kind", "code", "outcome", "key"},
}
TEAM = ("people", "accounts", "sessions", "passkeys", "identities", "log")


def test_every_table_has_its_place() -> None:
    assert set(HELD) | NOBODY == set(metadata.tables)
    assert not set(HELD) & NOBODY
    for name, left_out in HELD.items():
        assert set(left_out) <= set(metadata.tables[name].c.keys()), name


class Ann:
    """A row of hers in every table that can hold one, each column with a value of its own."""

    def __init__(self, database: Database) -> None:
        self.values: dict[tuple[str, str], Any] = {}
        fill(database)
        with database.write() as connection:
            moments = dict.fromkeys(("planned_at", "late_until", "stop_at", "changed_at"), 1)
            connection.execute(insert(metadata.tables["campaigns"]).values(slug="week", loaded_at=1))
            connection.execute(insert(metadata.tables["broadcasts"]).values(campaign=1, key="a/b", **moments))
            words = {"list": 1, "version": 1, "digest": "d", "made_at": 1, "text": "I agree."}
            connection.execute(insert(metadata.tables["wordings"]).values(words))
            for table in metadata.sorted_tables:
                if table.name in HELD:
                    connection.execute(insert(table).values({c.name: self._value(table, c) for c in table.c}))
            upload = {"token": "t", "slug": OF_PEOPLE, "base": 0, "data": ANN.wire.encode(), "made_at": to_micros(NOW)}
            connection.execute(insert(metadata.tables["uploads"]).values(upload))

    def _value(self, table: Table, column: Column[Any]) -> Any:
        value = self._made(table, column)
        self.values[table.name, column.name] = value
        return value

    def _made(self, table: Table, column: Column[Any]) -> Any:
        links = {"id": 1, "subscriber": 1, "list": 1, "delivery": 1, "wording": 1, "broadcast": 1, "person": 1}
        fixed = {
            ("subscribers", "address"): ANN.wire, ("subscribers", "address_key"): ANN.key,
            ("people", "email"): ANN.wire, ("log", "id"): 9_001, ("suppressions", "id"): 9_001,
            ("log", "who"): f"{HERS} people.name"[:12], ("people", "name"): f"{HERS} people.name"[:12],
        }  # fmt: skip
        if (table.name, column.name) in fixed:
            return fixed[table.name, column.name]
        if column.name in links:
            return links[column.name]
        if column.name == "address_hash":
            return RING.hash(ANN.key)
        number = 70_001 + len(self.values)
        if isinstance(column.type, LargeBinary):
            return b"key"
        if isinstance(column.type, BigInteger | Integer):
            is_moment = column.name.endswith(("_at", "_until", "_before")) or column.name == "at"
            return to_micros(NOW + timedelta(seconds=number)) if is_moment else number
        if column.type.python_type is bool:
            return False
        text = f"{HERS} {table.name}.{column.name}"
        limit = getattr(column.type, "length", None)
        return text[-limit:] if limit and limit < len(text) else text

    def shown(self, table: str, column: str) -> str:
        """How a copy writes that value."""
        value = self.values[table, column]
        if isinstance(value, int) and value > 10**12:
            return from_micros(value).isoformat()
        return str(value)


def test_a_copy_shows_every_column_of_every_table(database: Database, tmp_path: Path) -> None:
    ann = Ann(database)
    copy = rights.held(database, RING, tmp_path, ANN)
    page, data = rights.as_page(copy), json.dumps(copy)
    for name, left_out in HELD.items():
        for column in metadata.tables[name].c.keys() - left_out.keys():
            assert ann.shown(name, column) in data, f"{name}.{column} is not in the data"
            assert ann.shown(name, column) in page, f"{name}.{column} is not on the page"
        for column, why in left_out.items():
            if why is SECRET:
                assert ann.shown(name, column) not in data, f"{name}.{column} is in the data"


def test_an_erasure_leaves_none_of_it(database: Database, tmp_path: Path) -> None:
    ann = Ann(database)
    said = {value for value in ann.values.values() if isinstance(value, str)}
    rights.erase(database, RING, RING.current, tmp_path, ANN, who="Jo", now=NOW)
    found = set()
    with database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                hers = {str(name) for name, value in row._mapping.items() if value in said or ANN.wire in str(value)}
                found |= {(table.name, name) for name in hers - LEFT.get(table.name, set())}
    assert {each for each in found if each[0] not in TEAM} == {("suppressions", "address_hash")}
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(metadata.tables["uploads"])) == 0
