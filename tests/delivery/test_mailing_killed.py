"""Kill -9 at any moment: nobody lost, nobody doubled, and in doubt at most one message an open connection."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from campaign.delivery.outcomes import RESENT
from campaign.model import DeliveryState, InDoubt
from campaign.store import Store
from campaign.store.database import Database
from tests.delivery.mailworld import add_people, address_of, load, working
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.certificates import make
from tests.waiting import until

PEOPLE = 900
LANES = 8
#: So many more may go before the kill comes; there the relay rests, so that it comes before the end.
SOME = 40


def start(
    url: str, folder: Path, port: int, processes: int = 1, *, module: str = "mailworld", **options: str
) -> subprocess.Popen[str]:
    """A worker in a process of its own, once it is ready."""
    command = [sys.executable, "-m", f"tests.delivery.{module}", url, str(folder), str(port), str(LANES)]
    command += [str(processes), json.dumps(options)]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill_until_done(
    url: str, folder: Path, relay: CountingServer, *, kills: int, seed: int, processes: int = 1, **options: str
) -> int:
    """Kill workers at random moments, then let one finish; how many were killed."""
    moments = random.Random(seed)
    killed = 0
    for _ in range(kills):
        process = start(url, folder, relay.port, processes, **options)
        target = relay.counts.total() + moments.randrange(0, PEOPLE // kills - 2 * SOME)
        relay.rest_at(target + SOME)
        until(partial(_reached, relay, target, [process]), "emails to arrive")
        killed += process.poll() is None
        process.kill()
        process.communicate()
        relay.go_on()
    process = start(url, folder, relay.port, processes, **options)
    process.communicate(timeout=600)
    assert process.returncode == 0
    return killed


def _reached(relay: CountingServer, target: int, processes: list[subprocess.Popen[str]]) -> bool:
    return relay.counts.total() >= target or all(process.poll() is not None for process in processes)


@pytest.mark.parametrize("in_doubt", [InDoubt.HOLD, InDoubt.RESEND])
def test_killed_again_and_again(database: Database, tmp_path: Path, in_doubt: InDoubt) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    add_people(database, PEOPLE)
    load(Store(database, folder=tmp_path))
    with CountingServer(Script(delay=0.005)) as relay:
        with working(url, tmp_path, relay.port) as world:
            world.open(in_doubt=in_doubt)
        killed = kill_until_done(url, tmp_path, relay, kills=3, seed=len(url))
        assert killed == 3
        nobody_lost_or_doubled(url, tmp_path, relay, most=killed * LANES)


def nobody_lost_or_doubled(url: str, folder: Path, relay: CountingServer, *, most: int) -> None:
    """After all is over, with so many connections cut on the way."""
    with working(url, folder, relay.port) as world:
        states = world.states()
        rows = world.parts.store.deliveries.of(world.broadcast.id, limit=PEOPLE)
    doubtful = {address_of(row.subscriber) for row in rows if row.state is DeliveryState.UNCERTAIN}
    resent = {address_of(row.subscriber) for row in rows if row.reason == RESENT}
    lost = [to for n in range(1, PEOPLE + 1) if not relay.counts[to := address_of(n)] and to not in doubtful]
    twice = {to for to, count in relay.counts.items() if count > 1}
    assert lost == [], "everybody got it, or is listed as in doubt"
    assert twice <= resent | doubtful, "nobody got two, save those listed"
    assert max(relay.counts.values()) <= 2
    assert len(doubtful) + len(resent) <= most
    assert set(states) <= {"sent", "uncertain"}
    assert sum(states.values()) == PEOPLE


@pytest.mark.parametrize(("security", "processes"), [("tls", 2), ("starttls", 1)])
def test_killed_in_the_middle_of_an_encrypted_conversation(
    sqlite: Database, tmp_path: Path, security: str, processes: int
) -> None:
    """What TLS holds back in whole records makes no more of them doubtful, and nobody lost."""
    url = sqlite.engine.url.render_as_string(hide_password=False)
    add_people(sqlite, PEOPLE)
    load(Store(sqlite, folder=tmp_path))
    context, ca_file = make(tmp_path)
    script = Script(delay=0.005, features=("STARTTLS", *Script().features))
    with CountingServer(script, tls=context, implicit=security == "tls") as relay:
        with working(url, tmp_path, relay.port) as world:
            world.open(in_doubt=InDoubt.RESEND)
        options = {"security": security, "ca_file": str(ca_file)}
        killed = kill_until_done(url, tmp_path, relay, kills=1, seed=7, processes=processes, **options)
        assert killed == 1
        nobody_lost_or_doubled(url, tmp_path, relay, most=killed * LANES)


def test_two_processes_share_no_row(postgres: object, tmp_path: Path) -> None:
    url = postgres.fresh()  # type: ignore[attr-defined]
    database = Database(url)
    add_people(database, PEOPLE)
    load(Store(database, folder=tmp_path))
    with CountingServer(Script(delay=0.001)) as relay:
        with working(url, tmp_path, relay.port) as world:
            world.open()
            both = [start(url, tmp_path, relay.port) for _ in range(2)]
            for process in both:
                process.communicate(timeout=600)
            assert [process.returncode for process in both] == [0, 0]
            assert world.states() == {"sent": PEOPLE}
        assert relay.counts == {address_of(number): 1 for number in range(1, PEOPLE + 1)}
    database.close()


def test_two_workers_of_which_one_is_killed_again_and_again(postgres: object, tmp_path: Path) -> None:
    """The other goes on, settles what the dead one left, and nobody is lost or doubled."""
    url = postgres.fresh()  # type: ignore[attr-defined]
    database = Database(url)
    add_people(database, PEOPLE)
    load(Store(database, folder=tmp_path))
    chance = random.Random(7)
    slow, quick = 3.0, 0.005  # while a process starts the other is not to finish alone
    script = Script(delay=slow)
    with CountingServer(script) as relay:
        with working(url, tmp_path, relay.port) as world:
            world.open(in_doubt=InDoubt.RESEND)
        both = [start(url, tmp_path, relay.port) for _ in range(2)]
        killed = 0
        for number in range(2):
            script.delay = quick
            target = relay.counts.total() + chance.randrange(20, PEOPLE // 6)
            relay.rest_at(target + SOME)
            until(partial(_reached, relay, target, both), "emails to arrive")
            victim = both[number % 2]
            killed += victim.poll() is None
            victim.kill()
            victim.communicate()
            script.delay = slow
            relay.go_on()
            both[number % 2] = start(url, tmp_path, relay.port)
        script.delay = quick
        for process in both:
            process.communicate(timeout=600)
            assert process.returncode == 0
        assert killed == 2
        last = start(url, tmp_path, relay.port)  # what the last one killed left while the other was at it
        last.communicate(timeout=600)
        with working(url, tmp_path, relay.port) as world:
            states = world.states()
            rows = world.parts.store.deliveries.of(world.broadcast.id, limit=PEOPLE)
        listed = {address_of(row.subscriber) for row in rows if row.reason == RESENT or row.state == "uncertain"}
        assert [to for n in range(1, PEOPLE + 1) if not relay.counts[to := address_of(n)] and to not in listed] == []
        assert {to for to, count in relay.counts.items() if count > 1} <= listed
        assert max(relay.counts.values()) <= 2
        assert len(listed) <= killed * LANES
        assert set(states) <= {"sent", "uncertain"}
        assert sum(states.values()) == PEOPLE
    database.close()


def test_another_machines_rows_are_in_doubt(database: Database, tmp_path: Path) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    add_people(database, 20)
    load(Store(database, folder=tmp_path))
    with CountingServer() as relay, working(url, tmp_path, relay.port) as world:
        world.open()
        with world.parts.store.workers.working(
            host="elsewhere", pid=1, boot="x", now=world.parts.clock.now(), alone=False
        ) as other:
            world.parts.store.groups.take(world.broadcast.id, worker=other.id, now=world.parts.clock.now(), limit=5)
        world.recover()
        world.send()
        assert world.states() == {"sent": 15, "uncertain": 5}
