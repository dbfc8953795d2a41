"""The last question before a message begins: a stop, a time of day or a person who left always wins."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from campaign.channels.base import Receipt
from campaign.clock import SettableClock
from campaign.delivery.mail import journal
from campaign.delivery.mail.flow import EARLY, FRESH, PULSE, Flow
from campaign.delivery.mail.journal import Journal
from campaign.delivery.mail.results import Result, Row
from campaign.errors import ChannelError
from tests.delivery.mailworld import NOW


class Asked:
    """A job of which only the questions matter."""

    def __init__(self) -> None:
        self.reason = ""
        self.there: set[int] = {1}

    def stopped(self, now: datetime) -> str:
        return self.reason

    def reached(self, subscribers: list[int], now: datetime) -> Collection[int]:
        return self.there & set(subscribers)

    def hear(self, row: Row, outcome: Receipt | ChannelError | str) -> bool:
        return bool(self.reason)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not asked here")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
def flow(tmp_path: Path, clock: SettableClock) -> Flow:
    book = Journal(tmp_path, 1, itertools.count(1))
    job: Any = Asked()
    channel: Any = None
    return Flow(job, channel, book, clock, threading.Event(), NOW + timedelta(hours=1))


def a_row() -> Row:
    return Row(5, 1, (1, "a@example.org", "", "", "", "", "", "", 1), asked=0.0, stamp=5)


def begins(flow: Flow, tmp_path: Path) -> bool:
    """Whether a message may begin; what may not leaves no mark in the journal."""
    may = flow._may_begin(a_row())
    assert bool(journal.read(tmp_path, 1)) is may
    return may


def test_it_begins_where_nothing_is_against_it(flow: Flow, tmp_path: Path) -> None:
    assert begins(flow, tmp_path)


def test_not_once_the_service_is_stopping(flow: Flow, tmp_path: Path) -> None:
    flow.closing.set()
    assert not begins(flow, tmp_path)


def test_not_after_its_time_of_day(flow: Flow, clock: SettableClock, tmp_path: Path) -> None:
    clock.advance(timedelta(hours=2))
    assert not begins(flow, tmp_path)


def test_not_in_a_pause_though_nobody_looked_for_a_second(flow: Flow, clock: SettableClock, tmp_path: Path) -> None:
    flow.job.reason = "paused"  # type: ignore[attr-defined]
    clock.advance(timedelta(seconds=FRESH + 0.1))
    assert not begins(flow, tmp_path)


def test_not_in_a_pause_that_an_outcome_made_it_look_for(flow: Flow, tmp_path: Path) -> None:
    flow.job.reason = "too many refusals"  # type: ignore[attr-defined]
    flow._ended(a_row(), Receipt())
    assert not begins(flow, tmp_path)


def test_not_for_who_left_since_they_were_asked_after(flow: Flow, clock: SettableClock, tmp_path: Path) -> None:
    flow.job.there.clear()  # type: ignore[attr-defined]
    clock.advance(timedelta(seconds=FRESH + 0.1))
    assert not begins(flow, tmp_path)


class Settles(Asked):
    """A job whose people have all gone: there is always more to take, and nobody to mail."""

    turn = 1

    def __init__(self) -> None:
        super().__init__()
        self.settled: list[int] = []

    def take(self, limit: int, now: datetime) -> tuple[int, list[Any]]:
        return 1, []

    def settle(self, results: list[Result], began: datetime, now: datetime) -> None:
        self.settled.append(len(results))


def test_the_first_answers_are_settled_early_and_then_each_in_its_turn(tmp_path: Path, clock: SettableClock) -> None:
    job: Any = Settles()
    channel: Any = SimpleNamespace(lanes=1)
    book = Journal(tmp_path, 1, itertools.count(1))
    flow = Flow(job, channel, book, clock, threading.Event(), NOW + timedelta(hours=1))
    flow._settle()  # as `work` begins: nothing has come yet
    assert job.settled == []

    def after(seconds: float) -> list[int]:
        flow._ended(a_row(), Receipt())
        clock.advance(timedelta(seconds=seconds))
        assert flow._turn()
        return list(job.settled)

    assert after(EARLY - 0.01) == []
    assert after(0.02) == [2]
    assert after(EARLY + 0.01) == [2]
    assert after(PULSE) == [2, 2]
