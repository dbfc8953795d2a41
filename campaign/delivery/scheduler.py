"""The alarm clock: APScheduler in memory, which remembers nothing. The ledger is what remembers.

It rings once a second, and at the next due instant. Missed rings fold into one; a late ring is still a ring.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from campaign.clock import Clock
from campaign.delivery.chores import Chore
from campaign.delivery.service import Service
from campaign.delivery.troubles import LEDGER, of_ledger

RING_SECONDS = 1
BEAT_SECONDS = 10
#: A chore is first done so many seconds after the start: a service that is started every day forgets every day.
SOON = 60.0
TELL_SECONDS = 1


class Scheduler:
    """Rings a service, and does its chores, until it is stopped."""

    def __init__(self, service: Service, clock: Clock, chores: Sequence[Chore] = (), *, soon: float = SOON) -> None:
        self._chores = chores
        self._soon = soon
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
        self._jobs.add_job(self._tell, "interval", seconds=TELL_SECONDS, id="tell")
        for chore in self._chores:
            first = self._clock.now() + timedelta(seconds=min(chore.seconds, self._soon))
            self._jobs.add_job(
                self._do, "interval", args=(chore,), seconds=chore.seconds, id=chore.name, next_run_time=first
            )
        self._jobs.start()

    def ring(self) -> None:
        """Ring once, unless a ring is still on. A failure is a trouble, and the next ring tries again."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._service.tick()
            self._set_alarm()
            self.last_ring = self._clock.now()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next ring tries again
            self._service.troubles.met("the ring", error)
        else:
            self._service.troubles.over("the ring")
        finally:
            self._lock.release()

    def stop(self) -> None:
        """Ring no more; waits for the ring that is on."""
        self._jobs.shutdown(wait=True)

    def _do(self, chore: Chore) -> None:
        try:
            chore.job(self._clock.now())
        except Exception as error:  # noqa: BLE001 - whatever it was, the next time tries again
            self._service.troubles.met(chore.name, error)
        else:
            self._service.troubles.over(chore.name)

    def _beat(self) -> None:
        """A write every ten seconds: the proof that the ledger takes one."""
        try:
            self._service.beat()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next beat tries again
            self._service.troubles.met(LEDGER if of_ledger(error) else "the beat", error)
        else:
            self._service.troubles.over(LEDGER)
            self._service.troubles.over("the beat")

    def _tell(self) -> None:
        """Alerts, in a thread of their own: an address that does not answer may hold up nothing but them."""
        try:
            self._service.tell()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next time tries again
            self._service.troubles.met("the alerts", error)
        else:
            self._service.troubles.over("the alerts")
        self._service.cry()

    def _set_alarm(self) -> None:
        due = self._service.ring.next_due
        if due is not None and due != self._exact:
            self._exact = due
            self._jobs.add_job(self.ring, DateTrigger(run_date=due), id="exact", replace_existing=True)
