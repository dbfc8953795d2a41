"""The alarm clock: APScheduler in memory, which remembers nothing. The ledger is what remembers.

It rings once a second, and at the next due instant. Missed rings fold into one; a late ring is still a ring.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from campaign.clock import Clock
from campaign.delivery.chores import Chore
from campaign.delivery.service import Service
from campaign.errors import CampaignError

log = logging.getLogger(__name__)

RING_SECONDS = 1
BEAT_SECONDS = 10


class Scheduler:
    """Rings a service, and does its chores, until it is stopped."""

    def __init__(self, service: Service, clock: Clock, chores: Sequence[Chore] = ()) -> None:
        self._chores = chores
        self._service = service
        self._clock = clock
        self._lock = threading.Lock()
        self._exact: datetime | None = None
        self.last_ring: datetime | None = None
        self._jobs = BackgroundScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def start(self) -> None:
        """Begin to ring, in threads of its own."""
        self._jobs.add_job(self.ring, "interval", seconds=RING_SECONDS, id="ring")
        self._jobs.add_job(self._beat, "interval", seconds=BEAT_SECONDS, id="beat")
        for chore in self._chores:
            self._jobs.add_job(self._do, "interval", args=(chore,), seconds=chore.seconds, id=chore.name)
        self._jobs.start()

    def ring(self) -> None:
        """Ring once, unless a ring is still on. A failure is logged, and the next ring tries again."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._service.tick()
            self._set_alarm()
            self.last_ring = self._clock.now()
        except CampaignError as error:
            log.error("ring failed: %s", error)
        except Exception:
            log.exception("ring failed")
        finally:
            self._lock.release()

    def stop(self) -> None:
        """Ring no more; waits for the ring that is on."""
        self._jobs.shutdown(wait=True)

    def _do(self, chore: Chore) -> None:
        try:
            chore.do(self._clock.now())
        except Exception:
            log.exception("%s failed", chore.name)

    def _beat(self) -> None:
        try:
            self._service.beat()
        except CampaignError as error:
            log.error("beat failed: %s", error)

    def _set_alarm(self) -> None:
        due = self._service.ring.next_due
        if due is not None and due != self._exact:
            self._exact = due
            self._jobs.add_job(self.ring, DateTrigger(run_date=due), id="exact", replace_existing=True)
