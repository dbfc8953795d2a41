"""How quickly emails leave and when the last one did, however many went before it and in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from campaign.model import DeliveryState
from campaign.model.rows import Accepted, Settled, Taken
from campaign.store import Store
from campaign.store.database import Database
from campaign.store.progress import LATEST
from tests.delivery.mailworld import NOW, MailWorld, add_people, load, working
from tests.smtpserver import CountingServer

PEOPLE = LATEST + 200
PUT_OFF = 100
#: The first were put off, and have their turn when all others have long gone.
AGAIN = NOW + timedelta(minutes=6)


def settle(world: MailWorld, rows: Sequence[Taken], *, minutes: float, later: bool = False) -> None:
    now = NOW + timedelta(minutes=minutes)
    others = [
        Settled(delivery=row[0], state=DeliveryState.PENDING, code="4.2.0", outcome="TryLater", not_before=AGAIN)
        for row in rows
        if later
    ]
    sent = [] if later else [Accepted("250", "", "", [row[0] for row in rows], [])]
    number = world.broadcast.id
    world.parts.store.groups.settle(worker=world.worker, began=now, now=now, broadcast=number, sent=sent, others=others)


def test_who_goes_at_a_second_try_is_seen_though_thousands_went_before(database: Database, tmp_path: Path) -> None:
    add_people(database, PEOPLE)
    load(Store(database, folder=tmp_path))
    url = database.engine.url.render_as_string(hide_password=False)
    with CountingServer() as relay, working(url, tmp_path, relay.port) as world:
        world.open()
        groups, progress, number = world.parts.store.groups, world.parts.store.progress, world.broadcast.id
        assert progress.lately(number, now=NOW).last_at is None
        rows = groups.take(number, worker=world.worker, now=NOW, limit=PEOPLE)
        settle(world, rows[:PUT_OFF], minutes=1, later=True)
        settle(world, rows[PUT_OFF:], minutes=1)
        found = progress.lately(number, now=NOW + timedelta(minutes=1.5))
        assert found.last_at == NOW + timedelta(minutes=1)
        assert found.rate == LATEST / 30
        again = groups.take(number, worker=world.worker, now=AGAIN, limit=PUT_OFF)
        assert [row[0] for row in again] == [row[0] for row in rows[:PUT_OFF]]
        settle(world, again[:40], minutes=6)
        settle(world, again[40:80], minutes=6.5)
        found = progress.lately(number, now=NOW + timedelta(minutes=6.75))
        assert found.last_at == NOW + timedelta(minutes=6.5)
        assert found.rate == 80 / 60
        settle(world, again[80:], minutes=7)
        assert progress.lately(number, now=NOW + timedelta(hours=1)).last_at == NOW + timedelta(minutes=7)
