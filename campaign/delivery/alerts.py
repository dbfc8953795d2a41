"""Telling a human: what asks for a decision, within a minute, over ways of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from campaign.delivery.troubles import Trouble
from campaign.errors import CampaignError
from campaign.model import BroadcastState, DeliveryState
from campaign.store import Store
from campaign.store.log import SERVICE
from campaign.store.workers import Worker

log = logging.getLogger(__name__)

#: Sends one text to the people on duty; raises CampaignError where it could not.
Tell = Callable[[str], None]

#: Which days are complete at a moment: (key, sentence) each.
Complete = Callable[[datetime], Sequence[tuple[str, str]]]

#: Workers that have not been heard of for too long at a moment.
Silent = Callable[[datetime], Sequence[Worker]]

#: A trouble of the service itself is told once it has stood for this long.
STOOD = timedelta(seconds=60)
#: How often is looked for silent workers.
LOOK = timedelta(seconds=10)
#: Rests after no way could be used: the first, then twice as long each time, up to the longest.
FIRST_REST, LONGEST_REST = timedelta(seconds=2), timedelta(seconds=30)

ASKING = {
    BroadcastState.HELD: "is held",
    BroadcastState.MISSED: "was missed",
    BroadcastState.WAITING: "waits",
}


class Teller:
    """Raises an alert for each thing that needs a person, and tells it over every way given."""

    def __init__(
        self,
        store: Store,
        ways: Sequence[Tell],
        complete: Complete = lambda now: [],
        silent: Silent = lambda now: [],
    ) -> None:
        self._store = store
        self._ways = ways
        self._complete = complete
        self._silent = silent
        self._looked: datetime | None = None
        self._gone: list[Worker] = []
        self._rest = FIRST_REST
        self._rests_until: datetime | None = None
        self._seen = -1
        self._cried: set[tuple[str, datetime]] = set()

    def tell(self, now: datetime) -> None:
        """Raise what is new, clear what is settled, and send what nobody was told yet."""
        changes = self._store.ledger.changes()
        if self._look(now) or changes != self._seen:
            self._seen = changes
            self._raise(now)
        if not self._ways or (self._rests_until is not None and now < self._rests_until):
            return
        for alert in self._store.alerts.untold():
            if not self._send(alert.text, now):
                self._rests_until, self._rest = now + self._rest, min(self._rest * 2, LONGEST_REST)
                return
            self._store.alerts.tell(alert.key, now=now)
            self._rests_until, self._rest = None, FIRST_REST

    def _look(self, now: datetime) -> bool:
        """Look for silent workers now and then; whether others are silent than before."""
        if self._looked is not None and self._looked <= now < self._looked + LOOK:
            return False
        self._looked, before = now, {worker.id for worker in self._gone}
        self._gone = list(self._silent(now))
        return before != {worker.id for worker in self._gone}

    def cry(self, troubles: Sequence[Trouble], now: datetime) -> None:
        """Tell, once each, of troubles that have stood for a minute. Writes nothing, for the ledger may be the trouble.

        One that could not be told is told the next time.
        """
        standing = {(trouble.where, trouble.since): trouble for trouble in troubles if now - trouble.since >= STOOD}
        self._cried &= standing.keys()
        for key, trouble in standing.items():
            if key not in self._cried and self._tell_all(_of_trouble(trouble)):
                self._cried.add(key)

    def _tell_all(self, text: str) -> bool:
        told = False
        for way in self._ways:
            try:
                way(text)
                told = True
            except CampaignError as error:
                log.error("An alert could not be sent: %s", error)
        return told

    def _raise(self, now: datetime) -> None:
        wanted = dict(self._wanted())
        wanted |= {key: ("complete", text) for key, text in self._complete(now)}
        for key, (kind, text) in wanted.items():
            self._store.alerts.raise_(key, kind, text, now=now)
        for alert in self._store.alerts.standing():
            if alert.key not in wanted:
                self._store.alerts.clear(alert.key, now=now)

    def _wanted(self) -> list[tuple[str, tuple[str, str]]]:
        found = []
        for broadcast in self._store.ledger.in_state(*ASKING):
            text = f"{broadcast.key} {ASKING[broadcast.state]}: {broadcast.reason}."
            found.append((f"{broadcast.state}:{broadcast.key}", (broadcast.state.value, text)))
        found += [
            (f"still:{broadcast.key}", ("still", f"{broadcast.key}: {broadcast.reason}."))
            for broadcast in self._store.ledger.in_state(BroadcastState.OPEN)
            if broadcast.reason
        ]
        found += self._lost()
        for name, state in self._store.channels.all().items():
            if state.down:
                found.append((f"down:{name}", ("channel down", f"The channel {name} is down: {state.down}.")))
        found += [(f"silent:{worker.id}", ("silent", f"{of_silent(worker)}.")) for worker in self._gone]
        for broadcast_id, count in self._store.deliveries.in_doubt().items():
            broadcast = self._store.ledger.by_id(broadcast_id)
            text = f"{broadcast.key}: {count} may or may not have gone out. Look, then run campaign settle."
            found.append((f"uncertain:{broadcast.key}", (DeliveryState.UNCERTAIN.value, text)))
        return found

    def _lost(self) -> list[tuple[str, tuple[str, str]]]:
        """Posts that a network refused, or that found no way in their time; and mailings of which a rest was missed."""
        found = []
        for key, _, _, delivery in self._store.deliveries.of_posts(DeliveryState.FAILED, DeliveryState.MISSED):
            word = "was refused" if delivery.state is DeliveryState.FAILED else "was missed"
            text = f"{key} {word}: {delivery.reason}."
            found.append((f"{delivery.state}:{key}:{delivery.id}", (delivery.state.value, text)))
        for broadcast, count, why in self._store.deliveries.missed_of_mailings():
            key = str(self._store.ledger.by_id(broadcast).key)
            text = f"{key}: {people(count)} missed: {why}."
            found.append((f"missed:{key}:rest", (DeliveryState.MISSED.value, text)))
        return found

    def _send(self, text: str, now: datetime) -> bool:
        told = False
        for way in self._ways:
            try:
                way(text)
                told = True
            except CampaignError as error:
                self._store.log.add(who=SERVICE, act="alert failed", now=now, detail={"reason": str(error)})
        return told


def people(count: int) -> str:
    """`1 person was`, `2,400 people were`."""
    return "1 person was" if count == 1 else f"{count:,} people were"


def of_silent(worker: Worker) -> str:
    """That a worker has not been heard of, and what follows."""
    who = f"The service {worker.pid} on {worker.host}"
    return f"{who} has not been heard of since {worker.beat_at:%H:%M} UTC. What it has begun waits for it"


def _of_trouble(trouble: Trouble) -> str:
    return (
        f"{trouble.where} has not worked since {trouble.since:%H:%M} UTC: {trouble.text} It is tried again by itself."
    )
