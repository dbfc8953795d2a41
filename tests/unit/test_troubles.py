"""A trouble is said once, rested after for longer each time, and a trace is kept only of what cannot be explained."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from campaign.clock import SettableClock
from campaign.delivery.troubles import LONGEST, Troubles, of_ledger
from campaign.errors import BusyError, Conflict, StoreError, TryLater

START = datetime(2023, 10, 9, 8, 0, tzinfo=UTC)
FULL = StoreError("The disk is full. Make room.")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(START)


@pytest.fixture
def troubles(clock: SettableClock) -> Troubles:
    return Troubles(clock)


def rest_of(troubles: Troubles, clock: SettableClock) -> int:
    """How long it rests, in whole seconds."""
    seconds = 0
    while troubles.rests("here"):
        clock.advance(timedelta(seconds=1))
        seconds += 1
    return seconds


def test_each_rest_is_twice_the_last_up_to_the_longest(troubles: Troubles, clock: SettableClock) -> None:
    rests = []
    for _ in range(8):
        troubles.met("here", FULL)
        rests.append(rest_of(troubles, clock))
    assert rests == [1, 2, 4, 8, 16, LONGEST, LONGEST, LONGEST]


def test_threads_that_meet_it_together_are_one_try(troubles: Troubles, clock: SettableClock) -> None:
    for _ in range(32):
        troubles.met("here", FULL)
    assert rest_of(troubles, clock) == 1
    (standing,) = troubles.standing()
    assert (standing.times, standing.since, standing.text) == (32, START, str(FULL))


def test_one_line_a_minute_without_a_trace(
    troubles: Troubles, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(150):
        troubles.met("here", FULL)
        clock.advance(timedelta(seconds=1))
    assert len(caplog.records) == 3
    assert not any(record.exc_info for record in caplog.records)
    assert "here failed 62 times since 08:00:00 UTC: The disk is full." in caplog.records[1].getMessage()


def test_a_defect_keeps_its_trace(troubles: Troubles, caplog: pytest.LogCaptureFixture) -> None:
    troubles.met("here", ZeroDivisionError("by zero"))
    assert caplog.records[0].exc_info
    assert "ZeroDivisionError: by zero" in caplog.records[0].getMessage()


def test_over_is_said_and_trouble_that_flaps_rests_on(
    troubles: Troubles, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    troubles.met("here", FULL)
    clock.advance(timedelta(seconds=2))
    troubles.over("here")
    troubles.over("here")
    assert troubles.standing() == []
    assert not troubles.stands("here")
    troubles.met("here", FULL)
    assert rest_of(troubles, clock) == 2
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


def test_after_a_quiet_while_it_is_a_new_trouble(troubles: Troubles, clock: SettableClock) -> None:
    troubles.met("here", FULL)
    troubles.over("here")
    clock.advance(timedelta(minutes=5))
    troubles.met("here", FULL)
    (standing,) = troubles.standing()
    assert (standing.times, standing.since) == (1, START + timedelta(minutes=5))
    assert rest_of(troubles, clock) == 1


def test_a_lost_race_is_no_trouble_of_the_ledger() -> None:
    assert of_ledger(BusyError("locked"))
    assert of_ledger(FULL)
    assert not of_ledger(Conflict("somebody was first"))
    assert not of_ledger(TryLater("busy"))
