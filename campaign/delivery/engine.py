"""The engine: works what is open, until nothing more can go now.

Channels do not wait for one another: each has one thread at a time, and a dead network delays nobody else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from campaign.delivery.asking import Unanswered
from campaign.delivery.gates import HoldsNow
from campaign.delivery.mail.mailing import Mailing
from campaign.delivery.parts import Parts
from campaign.delivery.posting import Posting
from campaign.delivery.recovery import Recovery
from campaign.delivery.shelf import Shelf
from campaign.delivery.troubles import LEDGER, Troubles, of_ledger
from campaign.errors import BusyError, StoreError
from campaign.model import Broadcast, BroadcastKind, BroadcastState

#: How often another's dead worker is looked for.
LOOK_AGAIN = timedelta(seconds=30)
LOST = "The session with the database that says that this service lives is gone. Nothing more begins: start it again."
#: How many channels may be waited for at the same time.
THREADS = 32


class Engine:
    """One worker's hands. `worker` is its row in the ledger; `boot` tells one start of the machine from another."""

    def __init__(self, parts: Parts, shelf: Shelf, *, worker: int, boot: str, troubles: Troubles | None = None) -> None:
        self._parts = parts
        self._troubles = troubles or Troubles(parts.clock)
        self._worker = worker
        holds = HoldsNow(parts)
        self._posting = Posting(parts, shelf, holds, worker)
        self._closing = threading.Event()
        self._mailing = Mailing(parts, shelf, holds, worker, self._closing)
        self._unanswered = Unanswered(parts, shelf, worker)
        self._recovery = Recovery(parts, shelf, boot=boot)
        self._recover_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._broken: set[int] = set()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="channel")
        self._busy: dict[str, Future[None]] = {}
        self._passed_over: set[str] = set()

    def recover(self) -> None:
        """Settle what dead workers left; to be called at the start, and then from time to time."""
        self._looked_at = self._parts.clock.now()
        self._recover_at = self._recovery.run(self._worker)

    def recover_if_due(self, now: datetime) -> None:
        """Look again where a network needed time to show a post, and for others' dead workers every half minute."""
        asked = self._recover_at is not None and now >= self._recover_at
        if asked or self._looked_at is None or abs(now - self._looked_at) >= LOOK_AGAIN:
            self.recover()

    @property
    def unsettled(self) -> bool:
        """Whether a broadcast broke off and has not been put right yet, or the ledger could not be written, or a
        network can be asked by now whether a post arrived."""
        asks = self._posting.doubts.next_due()
        can_ask = asks is not None and asks <= self._parts.clock.now()
        return bool(self._broken) or self._troubles.stands(LEDGER) or can_ask

    @property
    def freed(self) -> bool:
        """Whether a channel is free again that was busy when its open work was looked at last: what was opened
        meanwhile was not given to anybody."""
        return any(self._busy[channel].done() for channel in self._passed_over)

    def start(self) -> None:
        """Give every channel with open work to a thread of its own, unless it has one already.

        What broke off rests before it is tried again; a ledger that could not be written rests as a whole.
        """
        if self._parts.store.workers.lost(self._worker):
            raise StoreError(LOST)
        if self._writable():
            self._start(patient=True)

    def _writable(self) -> bool:
        """Whether the ledger takes what is written to it; tried by one small write where it did not."""
        if not self._troubles.stands(LEDGER):
            return True
        if self._troubles.rests(LEDGER):
            return False
        try:
            self._parts.store.workers.beat(self._worker, now=self._parts.clock.now())
        except (StoreError, BusyError) as error:
            self._troubles.met(LEDGER, error)
            return False
        self._troubles.over(LEDGER)
        return True

    def _start(self, *, patient: bool) -> None:
        self._passed_over.clear()
        for channel, broadcasts in self._open_by_channel().items():
            running = self._busy.get(channel)
            if running is None or running.done():
                self._busy[channel] = self._pool.submit(self._work, broadcasts, patient)
            else:
                self._passed_over.add(channel)

    def finish(self) -> None:
        """Wait until every thread came back, and raise what one of them raised."""
        futures = list(self._busy.values())
        self._busy.clear()
        self._passed_over.clear()
        wait(futures)
        for future in futures:
            future.result()

    def run(self) -> None:
        """Do all that can be done now, and return when it is done."""
        self.recover_if_due(self._parts.clock.now())
        self._start(patient=False)
        self.finish()

    def next_due(self) -> datetime | None:
        """When a delivery is next to be tried, a day is over, or a network can be asked (aware UTC)."""
        now = self._parts.clock.now()
        moments = [self._parts.store.deliveries.next_due(now), self._recover_at, self._mailing.next_due()]
        moments += [self._posting.doubts.next_due(), self._unanswered.next_due()]
        return min((moment for moment in moments if moment is not None), default=None)

    def close(self, seconds: float) -> None:
        """Begin nothing more, and give what is on its way up to `seconds` to come back."""
        self._closing.set()
        wait(self._busy.values(), timeout=seconds)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _open_by_channel(self) -> dict[str, list[Broadcast]]:
        """By planned time, what is essential first."""
        found: dict[str, list[Broadcast]] = {}
        rows = self._parts.store.ledger.in_state(BroadcastState.OPENING, BroadcastState.OPEN)
        for broadcast in sorted(rows, key=lambda row: not row.essential):
            found.setdefault(broadcast.key.channel, []).append(broadcast)
        return found

    def _work(self, broadcasts: list[Broadcast], patient: bool) -> None:
        """Work through a channel's broadcasts. One that breaks off stops no other, unless the ledger itself failed."""
        failed: list[Exception] = []
        for broadcast in broadcasts:
            where = str(broadcast.key)
            if self._closing.is_set():
                break
            if patient and self._troubles.rests(where):
                continue
            try:
                self._one(broadcast)
            except Exception as error:  # noqa: BLE001 - what it had begun is settled before anything else of it
                self._broken.add(broadcast.id)
                self._troubles.met(LEDGER if of_ledger(error) else where, error)
                failed.append(error)
                if of_ledger(error):
                    break
            else:
                self._troubles.over(where)
        if failed:
            raise failed[0]

    def _one(self, broadcast: Broadcast) -> None:
        work: Callable[[Broadcast], None] = self._post if broadcast.kind is BroadcastKind.POST else self._mail
        work(broadcast)
        self._broken.discard(broadcast.id)
        if self._parts.store.ledger.finish(broadcast.id, self._parts.clock.now()):
            self._mailing.forget(broadcast.id)

    def _post(self, broadcast: Broadcast) -> None:
        if broadcast.id in self._broken:
            self._recovery.abandon(broadcast.id, self._worker, self._posting.outcome_of)
            self._posting.doubts.forget(broadcast.id)
        self._posting.send(broadcast)

    def _mail(self, broadcast: Broadcast) -> None:
        self._unanswered.settle(broadcast)
        self._mailing.work(broadcast)
        self._unanswered.settle(broadcast)
