"""Readings of posts' figures: kept each with its moment, the newest counts."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, insert, select

from campaign.store.database import Database
from campaign.store.figures import Figures
from campaign.store.tables import broadcasts, campaigns
from campaign.store.tables import figures as table
from tests.store.people import NOW


def a_broadcast(database: Database) -> int:
    with database.write() as connection:
        count = connection.scalar(select(func.count()).select_from(broadcasts)) or 0
        week = connection.execute(
            insert(campaigns).values(slug=f"week-{count}", loaded_at=0).returning(campaigns.c.id)
        ).scalar_one()
        moments = dict.fromkeys(("planned_at", "late_until", "stop_at", "changed_at"), 0)
        made = insert(broadcasts).values(campaign=week, key=f"key {count}", **moments).returning(broadcasts.c.id)
        return int(connection.execute(made).scalar_one())


def test_the_newest_reading_counts_and_counts_whole(database: Database) -> None:
    kept, one, two = Figures(database), a_broadcast(database), a_broadcast(database)
    kept.keep(one, {"likes": 3, "views": 9_000_000_000}, now=NOW)
    kept.keep(one, {"likes": 4}, now=NOW + timedelta(hours=1))
    kept.keep(two, {"likes": 0}, now=NOW)
    found = kept.latest(one, two, 10**6)
    assert (found[one].numbers, found[one].read_at) == ({"likes": 4}, NOW + timedelta(hours=1))
    assert found[two].numbers == {"likes": 0}
    assert set(found) == {one, two}


def test_a_reading_is_kept_once_and_an_empty_one_not_at_all(database: Database) -> None:
    kept, one = Figures(database), a_broadcast(database)
    kept.keep(one, {"views": 9_000_000_000}, now=NOW)
    kept.keep(one, {"views": 1}, now=NOW)
    kept.keep(one, {}, now=NOW + timedelta(hours=1))
    assert kept.latest(one)[one].numbers == {"views": 9_000_000_000}
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(table)) == 1
