"""What the relay said of each email that it accepted: kept whole, whether all its replies are alike or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, insert, select

from campaign.model import DeliveryState
from campaign.model.rows import Accepted, Settled, Taken
from campaign.store import evidence, wordings
from campaign.store.database import Database
from campaign.store.groups import Groups
from campaign.store.tables import broadcasts, campaigns, deliveries, replies

NOW = datetime(2023, 10, 9, 8, tzinfo=UTC)
KEY = "week/daily/mon/mail"


def taken(database: Database, people: int) -> list[Taken]:
    """The rows of an open mailing, in the hands of worker 7."""
    with database.write() as connection:
        week = connection.execute(insert(campaigns).values(slug="week", loaded_at=0).returning(campaigns.c.id)).scalar()
        moments = dict.fromkeys(("planned_at", "late_until", "stop_at", "changed_at"), 0)
        connection.execute(insert(broadcasts).values(id=1, campaign=week, key=KEY, **moments))
        rows = [{"broadcast": 1, "subscriber": number, "state": "pending"} for number in range(1, people + 1)]
        connection.execute(insert(deliveries), rows)
    return Groups(database).take(1, worker=7, now=NOW, limit=people)


def said(database: Database) -> list[str]:
    with database.read() as connection:
        return [line.reply for line in evidence.of_broadcast(connection, KEY)]


def settle(database: Database, rows: list[Taken], reply: Callable[[Taken], tuple[str, str]]) -> None:
    groups = Groups(database)
    for start in range(0, len(rows), 40):
        some = [accepted(row, *reply(row)) for row in rows[start : start + 40]]
        assert groups.settle(worker=7, began=NOW, now=NOW, broadcast=1, sent=some) == len(some)


def accepted(row: Taken, remote: str, wording: str) -> Accepted:
    return Accepted("250", wording, "", [row[0]], [remote] if remote else [])


def test_a_usual_reply_is_kept_once_and_shown_whole_for_each(database: Database) -> None:
    settle(database, taken(database, 90), lambda row: (f"4F{row[0]}", "250 2.0.0 Ok: queued as {}"))
    assert said(database) == [f"250 2.0.0 Ok: queued as 4F{number}" for number in range(1, 91)]
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(replies)).scalar_one() == 1


def test_a_relay_whose_every_reply_differs_has_each_kept(database: Database) -> None:
    people = wordings.MOST + 50
    settle(database, taken(database, people), lambda row: ("", f"250 2.0.0 OK {row[0]:012d} - gsmtp"))
    assert said(database) == [f"250 2.0.0 OK {number:012d} - gsmtp" for number in range(1, people + 1)]
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(replies)).scalar_one() == wordings.MOST


def test_the_words_of_a_try_before_are_not_those_of_the_acceptance(database: Database) -> None:
    rows = taken(database, 2)
    later = [
        Settled(delivery=row[0], state=DeliveryState.PENDING, outcome="TryLater", code="4.2.0", reply="450 greylisted")
        for row in rows
    ]
    groups = Groups(database)
    groups.settle(worker=7, began=NOW, now=NOW, others=later)
    assert said(database) == ["450 greylisted"] * 2
    again = groups.take(1, worker=7, now=NOW, limit=2)
    groups.settle(worker=7, began=NOW, now=NOW, broadcast=1, sent=[accepted(again[0], "4F", "250 taken as {}")])
    taken_again = Accepted("", "", "", [again[1][0]], [])  # as a dead worker's journal tells it
    groups.settle(worker=7, began=NOW, now=NOW, broadcast=1, sent=[taken_again])
    assert said(database) == ["250 taken as 4F", "accepted; its words were lost when the service was stopped"]
