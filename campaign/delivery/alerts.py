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

log = logging.getLogger(__name__)

#: Sends one text to the people on duty; raises CampaignError where it could not.
Tell = Callable[[str], None]

#: Which days are complete at a moment: (key, sentence) each.
Complete = Callable[[datetime], Sequence[tuple[str, str]]]

#: A trouble of the service itself is told once it has stood for this long.
STOOD = timedelta(seconds=60)

ASKING = {
    BroadcastState.HELD: "is held",
    BroadcastState.MISSED: "was missed",
    BroadcastState.WAITING: "waits",
}


class Teller:
    """Raises an alert for each thing that needs a person, and tells it over every way given."""

    def __init__(self, store: Store, ways: Sequence[Tell], complete: Complete = lambda now: []) -> None:
        self._store = store
        self._ways = ways
        self._complete = complete
        self._seen = -1
        self._cried: set[tuple[str, datetime]] = set()

    def tell(self, now: datetime) -> None:
        """Raise what is new, clear what is settled, and send what nobody was told yet."""
        changes = self._store.ledger.changes()
        if changes != self._seen:
            self._seen = changes
            self._raise(now)
        for alert in self._store.alerts.untold() if self._ways else []:
            if self._send(alert.text, now):
                self._store.alerts.tell(alert.key, now=now)

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
            text = f"{key}: {count:,} people were missed: {why}."
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


def _of_trouble(trouble: Trouble) -> str:
    return (
        f"{trouble.where} has not worked since {trouble.since:%H:%M} UTC: {trouble.text} It is tried again by itself."
    )
