"""One tick: ring, work, tell. The same for the service, for a rehearsal and for tests."""

from __future__ import annotations

from datetime import datetime

from campaign.delivery.alerts import Teller
from campaign.delivery.engine import Engine
from campaign.delivery.parts import Parts
from campaign.delivery.ring import Ring
from campaign.delivery.shelf import Shelf
from campaign.delivery.troubles import Troubles


class Service:
    """A scheduler and a worker in one process. `worker` is its row in the ledger."""

    def __init__(self, parts: Parts, *, worker: int, boot: str, teller: Teller | None = None) -> None:
        self._parts = parts
        self._worker = worker
        self.shelf = Shelf(parts.store)
        self.ring = Ring(parts, self.shelf)
        self.troubles = Troubles(parts.clock)
        self.engine = Engine(parts, self.shelf, worker=worker, boot=boot, troubles=self.troubles)
        self._teller = teller
        self._worked = -1
        self._work_at: datetime | None = None

    def begin(self) -> None:
        """Settle what earlier workers left before anything new is taken."""
        self.engine.recover()

    def tick(self) -> None:
        """Ring, and give open work to threads; returns at once. An idle tick reads one number, three times."""
        now = self._parts.clock.now()
        self.ring(now)
        self.engine.recover_if_due(now)
        changes = self._parts.store.ledger.changes()
        due = self._work_at is not None and self._work_at <= now
        if changes != self._worked or due or self.engine.unsettled or self.engine.freed:
            self._worked = changes
            self.engine.start()
            self._work_at = self.engine.next_due()

    def settle(self) -> None:
        """Do everything that can be done at this moment of the clock, and return when it is done."""
        before = -1
        while before != self._parts.store.ledger.changes():
            before = self._parts.store.ledger.changes()
            self.ring(self._parts.clock.now())
            self.engine.run()
        self.tell()

    def tell(self) -> None:
        """Tell people what needs them. Waits for the ways to tell, so no ring may wait for it."""
        if self._teller:
            self._teller.tell(self._parts.clock.now())

    def next_due(self) -> datetime | None:
        """When the plan or a delivery next has something to do (aware UTC)."""
        moments = [self.ring.next_due, self.engine.next_due()]
        return min((moment for moment in moments if moment is not None), default=None)

    def beat(self) -> None:
        """Say that this worker lives."""
        self._parts.store.workers.beat(self._worker, now=self._parts.clock.now())

    def cry(self) -> None:
        """Tell people of troubles that have stood for a while: a ledger that cannot be written cannot ask anybody."""
        if self._teller:
            self._teller.cry(self.troubles.standing(), self._parts.clock.now())

    def close(self, seconds: float = 10.0) -> None:
        """Begin nothing more, wait up to `seconds` for what is on its way, and mark this worker as ended."""
        self.engine.close(seconds)
