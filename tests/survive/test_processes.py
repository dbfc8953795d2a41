"""Real services killed, stopped, doubled and starved: every post is counted at the receiver."""

import os
import random
import signal
import sqlite3
import subprocess
from datetime import timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

from campaign.delivery import views
from tests.survive.conftest import CHANNELS, NINE, PATIENCE, TRIALS, Home, Receiver, close
from tests.waiting import until


def counted(home: Home, receiver: Receiver) -> None:
    """Nothing twice, nothing lost: each is accepted once, or in doubt and listed."""
    receiver.settle()
    tally = home.tally()
    assert max(receiver.accepted.values(), default=0) <= 1
    assert tally["sent"] + tally["uncertain"] == home.expected
    assert tally["sent"] <= len(receiver.accepted) <= tally["sent"] + tally["uncertain"]
    app = home.app()
    listed = [need for need in views.needs(app.parts) if need.kind == "uncertain"]
    app.close()
    assert len(listed) == tally["uncertain"]


def test_a_quiet_day_sends_everything_once(home: Home, receiver: Receiver) -> None:
    assert home.finish() == 0
    counted(home, receiver)
    assert home.tally()["sent"] == home.expected


def came(receiver: Receiver, wanted: int, child: "subprocess.Popen[str]") -> bool:
    """Whether so many posts arrived, or no more will."""
    return len(receiver.accepted) >= wanted or child.poll() is not None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(TRIALS))
def test_kill_9_at_random_moments_loses_nothing_and_doubles_nothing(home: Home, receiver: Receiver, seed: int) -> None:
    dice = random.Random(seed)
    receiver.hold = 0.01
    for _ in range(5):
        child = home.start()
        wanted = min(len(receiver.accepted) + dice.randint(0, 6), home.expected)
        until(partial(came, receiver, wanted, child), "posts to arrive")
        child.kill()
        close(child)
    receiver.hold = 0.0
    assert home.finish() == 0
    counted(home, receiver)
    assert home.tally()["uncertain"] <= 5 * len(CHANNELS)


def test_sigterm_begins_nothing_more_and_keeps_what_came_back(home: Home, receiver: Receiver) -> None:
    receiver.hold = 0.05
    receiver.rest_at = 8
    child = home.start()
    receiver.wait_for(4)
    child.send_signal(signal.SIGTERM)
    receiver.go_on()
    assert child.wait(timeout=PATIENCE) == 0
    close(child)
    assert home.tally()["uncertain"] == 0
    home.finish()
    counted(home, receiver)
    assert home.tally()["sent"] == home.expected


def test_a_second_service_is_refused_and_the_first_named(home: Home, receiver: Receiver) -> None:
    receiver.rest_at = 1
    first = home.start()
    receiver.wait_for(1)
    second = home.start()
    said = home.said
    assert second.wait(timeout=PATIENCE) == 5
    assert str(first.pid) in said
    close(second)
    os.kill(first.pid, signal.SIGKILL)
    close(first)


def test_a_stopped_process_that_wakes_after_an_hour_sends_nothing_twice(home: Home, receiver: Receiver) -> None:
    receiver.rest_at = 1
    child = home.start()
    receiver.wait_for(3)
    os.kill(child.pid, signal.SIGSTOP)
    refused = home.start(NINE + timedelta(hours=1))
    assert refused.wait(timeout=PATIENCE) == 5
    close(refused)
    home.set_clock(3600)
    os.kill(child.pid, signal.SIGCONT)
    receiver.go_on()
    assert child.wait(timeout=PATIENCE) == 0
    close(child)
    counted(home, receiver)


def test_a_clock_set_back_an_hour_opens_nothing_again(home: Home, receiver: Receiver) -> None:
    home.finish()
    home.finish(NINE - timedelta(hours=1, minutes=-59))
    counted(home, receiver)
    assert home.tally()["sent"] == home.expected


def test_a_clock_set_forward_misses_what_is_too_late_and_set_back_sends_none_of_it(
    home: Home, receiver: Receiver
) -> None:
    child = home.start(NINE - timedelta(minutes=10))
    assert home.said == "ready"
    home.set_clock(5 * 3600)
    assert child.wait(timeout=60) == 0
    close(child)
    (home.folder / "clock-moved").unlink()
    home.finish(NINE)
    assert not receiver.accepted
    app = home.app()
    assert [need.kind for need in views.needs(app.parts)] == ["missed"] * home.expected
    app.close()


def test_a_reboot_puts_what_was_taken_in_doubt(home: Home, receiver: Receiver) -> None:
    receiver.hold = 0.05
    receiver.rest_at = 6
    child = home.start()
    receiver.wait_for(3)
    os.kill(child.pid, signal.SIGKILL)
    close(child)
    with sqlite3.connect(home.folder / "campaign.db") as connection:
        connection.execute("UPDATE workers SET boot = 'an earlier start of the machine'")
        connection.execute("UPDATE deliveries SET state = 'taken' WHERE state = 'sending'")
    connection.close()
    receiver.go_on()
    home.finish()
    counted(home, receiver)


def test_a_network_that_is_gone_and_comes_back_costs_time_and_nothing_else(home: Home, receiver: Receiver) -> None:
    receiver.close()
    child = home.start()
    until(lambda: home.tally()["pending"] == home.expected and home.attempts() >= home.expected, "every post was tried")
    os.kill(child.pid, signal.SIGKILL)
    close(child)
    assert not receiver.accepted
    receiver.open()
    home.finish(NINE + timedelta(minutes=10))
    counted(home, receiver)
    assert home.tally()["sent"] == home.expected


def test_what_has_not_opened_follows_new_rules_of_its_zone(home: Home, receiver: Receiver, tmp_path: Path) -> None:
    """The zone moves to three hours ahead of UTC, so that nine o'clock comes two hours earlier than it was planned."""
    zone = tmp_path / "zones" / "Europe" / "London"
    zone.parent.mkdir(parents=True)
    zone.write_bytes(files("tzdata.zoneinfo.Etc").joinpath("GMT-3").read_bytes())
    child = home.start(NINE - timedelta(hours=2), PYTHONTZPATH=str(zone.parent.parent))
    assert child.wait(timeout=PATIENCE) == 0
    close(child)
    counted(home, receiver)
    assert home.tally()["sent"] == home.expected
