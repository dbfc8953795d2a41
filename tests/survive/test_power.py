"""The power fails: the last writes are gone, at any byte. What had been taken is in doubt; nothing goes twice."""

import os
import random
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from campaign.clock import SettableClock
from campaign.delivery import views
from campaign.delivery.outcomes import RESENT
from campaign.model import DeliveryState, InDoubt, When
from campaign.settings import load_settings
from campaign.store.database import Database
from campaign.wiring import App
from tests.delivery.world import EIGHT, World, a_mailing, a_week
from tests.survive.conftest import NINE, TRIALS, Home, Receiver, close
from tests.survive.power import cuts, left_over

POSTS = 3
#: How many places the log is cut at.
CUTS = 16


def in_order(ledger: Path) -> dict[str, str]:
    """Broadcast -> the state of its delivery, as a ledger tells after a power cut."""
    with closing(sqlite3.connect(ledger)) as connection:
        rows = connection.execute("SELECT key, d.state FROM broadcasts b JOIN deliveries d ON d.broadcast = b.id")
        return dict(rows.fetchall())


def after_the_cut(home: Path, receiver: Receiver) -> tuple[Counter[str], int]:
    """Start anew on what is left, on another start of the machine: the states, and how many are listed as in doubt."""
    with closing(sqlite3.connect(home / "campaign.db", isolation_level=None)) as connection:
        connection.execute("UPDATE workers SET boot = 'an earlier start of the machine'")
    settings = load_settings(_env_file=None, home=home, key_file=home / "key", allow_private=True, approvals="off")
    app = App(settings, SettableClock(NINE))
    with app.service() as service:
        service.settle()
    listed = [need for need in views.needs(app.parts) if need.kind == "uncertain"]
    app.close()
    return Counter(in_order(home / "campaign.db").values()), len(listed)


@pytest.mark.parametrize("seed", range(TRIALS // 2))
def test_posts_are_in_doubt_and_never_sent_twice_wherever_the_log_is_cut(
    tmp_path: Path, receiver: Receiver, seed: int
) -> None:
    home = Home(tmp_path / "home", receiver, posts=POSTS)
    keys = keys_of(home)
    wanted = random.Random(seed).randint(6, 8)
    receiver.hold, receiver.rest_at = 0.02, wanted
    child = home.start()
    receiver.wait_for(wanted)
    os.kill(child.pid, signal.SIGKILL)
    close(child)
    receiver.go_on()
    receiver.settle()
    every = set(receiver.accepted)
    for length in spread(cuts(home.folder / "campaign.db-wal"), CUTS):
        left = left_over(home.folder, tmp_path / f"cut-{length}", length)
        states = in_order(left / "campaign.db")
        # A take is on the disk before anything of it leaves: what was not taken yet had not been accepted then.
        accepted = {key for key in every if states.get(keys[key], "pending") != "pending"}
        receiver.accepted.clear()
        tally, listed = after_the_cut(left, receiver)
        assert not receiver.accepted.keys() & accepted, f"sent again after a cut at {length}"
        assert max(receiver.accepted.values(), default=0) <= 1
        assert tally["sent"] + tally["uncertain"] == home.expected
        assert listed == tally["uncertain"]
        assert len(receiver.accepted | dict.fromkeys(accepted, 1)) + tally["uncertain"] >= home.expected


def spread(found: list[int], count: int) -> list[int]:
    """About so many of them, evenly, the last among them; all where there are fewer."""
    assert len(found) >= count
    return found[:: -(len(found) // count)]


def keys_of(home: Home) -> dict[str, str]:
    """The key on the wire -> the broadcast."""
    from campaign.delivery.shelf import Shelf

    app = home.app()
    found = {app.parts.wire_key(each.key, 0): str(each.key) for each in Shelf(app.store).get("storm").planned}
    app.close()
    return found


PEOPLE = 8


def people_of(world: World) -> dict[str, int]:
    """The key on the wire -> the delivery, of the only mailing that is open."""
    (row,) = [row for row in world.store.ledger.of("week").values() if row.opened_at]
    return {world.parts.wire_key(row.key, each.subscriber): each.id for each in world.store.deliveries.of(row.id)}


@pytest.mark.parametrize("rule", [InDoubt.HOLD, InDoubt.RESEND])
def test_mail_is_in_doubt_and_never_sent_twice_unlisted_wherever_log_and_journal_are_cut(
    tmp_path: Path, rule: InDoubt
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    url = "sqlite:///{}/campaign.db"
    database = Database(url.format(home))
    database.create()
    world = World(url.format(home), home)
    programme = a_week(mailings=(a_mailing(when=When(day="mon", time=time(8)), in_doubt=rule),))
    areas = {f"A{number}": f"Area {number}" for number in range(PEOPLE)}
    world.load(replace(programme, areas=areas))
    moments: dict[int, Path] = {}

    def snapshot() -> None:
        accepted = len(world.sent("mail"))
        if accepted in {1, 4, PEOPLE - 1}:
            moments[accepted] = left_over(home, tmp_path / f"after-{accepted}")

    world.ways.made["mail"].before = snapshot
    world.play(world.start(), EIGHT)
    keys = people_of(world)
    accepted = [key for _, key, _ in world.ways.made["mail"].accepted]
    world.close()
    database.close()
    assert len(keys) == len(accepted) == PEOPLE
    assert len(moments) == 3
    for count, moment in moments.items():
        for length in cuts(moment / "campaign.db-wal")[-6::2]:
            for journal in (None, 0, 9 * count + 4):
                mail_after(moment, set(accepted[: count + 1]), keys, rule, length, journal)


def mail_after(
    moment: Path, reached: set[str], keys: dict[str, int], rule: InDoubt, length: int, journal: int | None
) -> None:
    """Start anew on what a power cut left: the log cut at `length`, the mail engine's journal at `journal`."""
    left = left_over(moment, moment.with_name(f"{moment.name}-{length}-{journal}"), length)
    for file in (left / "journals").glob("*.journal"):
        file.write_bytes(file.read_bytes()[:journal])
    with closing(sqlite3.connect(left / "campaign.db")) as connection:
        states = dict(connection.execute("SELECT id, state FROM deliveries").fetchall())
    accepted = {key for key in reached if states.get(keys[key], "pending") != "pending"}
    again = World(f"sqlite:///{left}/campaign.db", left, start=EIGHT)
    again.play(again.start(boot="boot-2"), EIGHT)
    sent = {key for _, key, _ in again.ways.made["mail"].accepted}
    (row,) = [row for row in again.store.ledger.of("week").values() if row.opened_at]
    rows = {each.id: each for each in again.store.deliveries.of(row.id)}
    assert again.ways.made["mail"].twice == []
    assert all(rows[keys[key]].reason == RESENT for key in sent & accepted)
    assert rule is InDoubt.RESEND or not sent & accepted
    assert all(row.state in {DeliveryState.UNCERTAIN, DeliveryState.SENT} for row in rows.values())
    assert all(key in sent | accepted for key in keys if rows[keys[key]].state is DeliveryState.SENT), (
        "said to be sent, and was not"
    )
    again.close()
