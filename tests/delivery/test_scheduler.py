"""The chores of a service: the first time comes soon, however far apart they are."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

from campaign.clock import SystemClock
from campaign.delivery.chores import Chore
from campaign.delivery.scheduler import Scheduler
from campaign.delivery.service import Service
from tests.waiting import until


def test_a_service_that_is_started_every_day_forgets_every_day() -> None:
    def nothing(*words: Any) -> None:
        """What a service does when it is rung is no matter here."""

    idle = SimpleNamespace(
        tick=nothing, beat=nothing, cry=nothing, ring=SimpleNamespace(next_due=None),
        troubles=SimpleNamespace(met=nothing, over=nothing),
    )  # fmt: skip
    done = threading.Event()
    chore = Chore(name="forgetting", seconds=6 * 3600, job=lambda now: done.set())
    scheduler = Scheduler(cast(Service, idle), SystemClock(), [chore], soon=0)
    scheduler.start()
    try:
        until(done.is_set, "the chore was done")
    finally:
        scheduler.stop()
