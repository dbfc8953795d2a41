"""`campaign run` and the commands beside it, each a process of its own: pause, resume, and a ledger that is locked."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.survive.conftest import CHANNELS, PATIENCE, Receiver, Running
from tests.survive.test_disk import tries
from tests.survive.test_processes import counted
from tests.waiting import until

POSTS = 6


@pytest.fixture
def running(tmp_path: Path, receiver: Receiver) -> Running:
    return Running(tmp_path / "home", receiver, posts=POSTS)


def rung_since(running: Running, seconds: float) -> None:
    """Wait until the service has rung so many seconds after now."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    until(lambda: datetime.fromisoformat(running.ask()[1]["last_ring"]) > moment, "the service rings")


def test_a_pause_in_another_process_stops_all_at_once_and_resuming_goes_on(
    running: Running, receiver: Receiver
) -> None:
    assert running.command("people", "add", "Ada").returncode == 0
    receiver.rest_at = 1
    child = running.run()
    receiver.wait_for(len(CHANNELS))
    paused = running.command("pause", "--all", "--reason", "mourning", "--as", "Ada")
    assert paused.returncode == 0, paused.stderr
    begun = sum(receiver.accepted.values())
    late = 0 if begun == len(CHANNELS) else len(CHANNELS)  # a slow command: answers came before it, and more began
    receiver.go_on()
    until(lambda: running.ended().total() >= begun, "what was on its way came back")
    rung_since(running, 2.5)
    assert sum(receiver.accepted.values()) <= begun + late < running.expected, "something began after the pause"
    assert "PAUSED: everything, by Ada: mourning" in running.command("status").stdout
    resumed = running.command("resume", "--as", "Ada")
    assert resumed.returncode == 0, resumed.stderr
    until(lambda: running.ended().total() == running.expected, "all goes on")
    assert running.stop(child) == 0
    counted(running, receiver)


def test_a_pause_of_one_channel_stops_that_one_alone(running: Running, receiver: Receiver) -> None:
    receiver.rest_at = 1
    child = running.run()
    receiver.wait_for(len(CHANNELS))
    assert running.command("pause", "one").returncode == 0
    receiver.go_on()
    others = [name for name in CHANNELS if name != "one"]
    until(lambda: all(running.ended()[name] == POSTS for name in others), "the other channels go on")
    rung_since(running, 2.5)
    paused = running.ended()["one"]
    rung_since(running, 2.5)
    assert running.ended()["one"] == paused < POSTS
    assert running.stop(child) == 0


def test_a_ledger_locked_for_longer_than_its_patience_delays_and_loses_nothing(
    tmp_path: Path, receiver: Receiver
) -> None:
    running = Running(tmp_path / "home", receiver, posts=POSTS, CAMPAIGN_LOCK_SECONDS="0.5")
    receiver.rest_at = 1
    child = running.run()
    receiver.wait_for(len(CHANNELS))
    holder = sqlite3.connect(running.folder / "campaign.db", isolation_level=None, timeout=PATIENCE)
    holder.execute("BEGIN IMMEDIATE")
    begun = len(receiver.accepted)
    receiver.go_on()
    first = until(lambda: tries(running), "health tells of it")
    until(lambda: tries(running) >= first + 3, "its patience ended again and again")
    assert len(receiver.accepted) <= begun + len(CHANNELS), "something began without its mark"
    holder.execute("ROLLBACK")
    holder.close()
    until(lambda: running.ended().total() == running.expected, "all goes on")
    assert running.stop(child) == 0
    counted(running, receiver)
    assert not [line for line in running.lines() if "trace" in line]
    assert len(running.lines()) < 20, "it fills the log"
