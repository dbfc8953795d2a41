"""A mailing sent by several processes, and any of them, or all, killed at any moment: every message is counted.

It is still being opened when they begin, so that some kills fall between two slices, or within one.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Collection
from functools import partial
from pathlib import Path

import pytest

from campaign.delivery.outcomes import RESENT
from campaign.model import DeliveryState, InDoubt
from campaign.store import Store
from campaign.store.database import Database
from tests.delivery.mailworld import add_people, address_of, load, working
from tests.processes import below
from tests.smtpserver import CountingServer, Script
from tests.waiting import until

PEOPLE = 900
#: So far apart are their ids: 200 people are in the first slice, 50 in each that is opened while processes send.
STEP = 100
LANES = 8
PROCESSES = 2
KILLS = 3
#: How long the relay thinks about a message, in seconds: while processes start, and else.
SLOWLY, QUICKLY = 0.05, 0.002
#: So many more may go before the kill comes; there the relay rests, so that it comes before the end.
SOME = 40


def start(url: str, folder: Path, relay: CountingServer) -> subprocess.Popen[str]:
    """A service in a process of its own, once it is ready."""
    command = [sys.executable, "-m", "tests.delivery.mailworld", url, str(folder), str(relay.port), str(LANES)]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([*command, str(PROCESSES)], cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill(pids: Collection[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def hands_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that send: those of a crew are copies of its first one, which waits alone until then."""
    found = below(process.pid)
    return found if len(found) > 1 else []


def kill_again_and_again(url: str, folder: Path, relay: CountingServer, *, seed: int) -> int:
    """Kill the service, one of its processes or all of them, at random moments; how many could be in doubt."""
    chance = random.Random(seed)
    doubtful = 0
    process = start(url, folder, relay)
    victims = ["service", "hand", "all"] * (KILLS // 3)
    chance.shuffle(victims)
    for victim in victims:
        relay.script.delay = SLOWLY  # who has lost a process waits for the others before it starts anew
        until(partial(_started, process), "processes to start")
        relay.script.delay = QUICKLY
        target = relay.counts.total() + chance.randrange(1, PEOPLE // KILLS // 2)
        relay.rest_at(target + SOME)
        until(partial(_reached, relay, target, process), "emails to arrive")
        hands = hands_of(process)
        if process.poll() is not None or not hands:
            relay.go_on()
            continue
        doubtful += {"service": LANES, "hand": LANES // PROCESSES, "all": LANES}[victim]  # one a connection
        if victim == "hand":
            kill([chance.choice(hands)])
            relay.go_on()
            continue
        kill([process.pid, *(hands if victim == "all" else ())])
        relay.go_on()  # those who outlive the service wait for the answers to what they have begun
        process.communicate()
        process = start(url, folder, relay)
    process.communicate(timeout=600)
    assert process.returncode == 0
    return doubtful


def _started(process: subprocess.Popen[str]) -> bool:
    return len(hands_of(process)) == PROCESSES or process.poll() is not None


def _reached(relay: CountingServer, target: int, process: subprocess.Popen[str]) -> bool:
    return relay.counts.total() >= target or process.poll() is not None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process sends")
def test_killed_again_and_again(database: Database, tmp_path: Path) -> None:
    in_doubt = InDoubt.HOLD if database.sqlite else InDoubt.RESEND
    url = database.engine.url.render_as_string(hide_password=False)
    add_people(database, PEOPLE, step=STEP)
    load(Store(database, folder=tmp_path))
    with CountingServer(Script(delay=QUICKLY)) as relay:
        with working(url, tmp_path, relay.port) as world:
            world.begin(in_doubt=in_doubt)
        most = kill_again_and_again(url, tmp_path, relay, seed=len(url))
        assert most
        with working(url, tmp_path, relay.port) as world:
            states = world.states()
            rows = world.parts.store.deliveries.of(world.broadcast.id, limit=PEOPLE)
        doubtful = {address_of(row.subscriber // STEP) for row in rows if row.state is DeliveryState.UNCERTAIN}
        resent = {address_of(row.subscriber // STEP) for row in rows if row.reason == RESENT}
        lost = [to for n in range(1, PEOPLE + 1) if not relay.counts[to := address_of(n)] and to not in doubtful]
        twice = {to for to, count in relay.counts.items() if count > 1}
        assert lost == [], "everybody got it, or is listed as in doubt"
        assert twice <= resent | doubtful, "nobody got two, save those listed"
        assert max(relay.counts.values()) <= 2
        assert len(doubtful) + len(resent) <= most
        assert set(states) <= {"sent", "uncertain"}
        assert sum(states.values()) == PEOPLE
