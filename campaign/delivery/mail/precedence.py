"""Which of a channel's mailings goes first: an essential one does not wait behind another."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaign.delivery.gates import HoldsNow
from campaign.model import Broadcast, BroadcastKind, BroadcastState
from campaign.store import Store

#: A mailing gives way to another at most this often, so that one which does not get on cannot keep it from going on.
AGAIN = timedelta(seconds=60)
GIVES_WAY = "an essential mailing goes first"


class Precedence:
    """Tells a mailing on its way when to give way."""

    def __init__(self, store: Store, holds: HoldsNow) -> None:
        self._store = store
        self._holds = holds
        self._gave: dict[tuple[int, int], datetime] = {}

    def against(self, broadcast: Broadcast, now: datetime) -> str:
        """Why it must let another of its channel go first; "" where none waits that can go. `now` is aware UTC."""
        if broadcast.essential:
            return ""
        rows = self._store.ledger.in_state(BroadcastState.OPENING, BroadcastState.OPEN)
        first = next((row for row in rows if self._goes_before(row, broadcast, now)), None)
        if first is None:
            return ""
        self._gave[broadcast.id, first.id] = now
        return GIVES_WAY

    def _goes_before(self, other: Broadcast, broadcast: Broadcast, now: datetime) -> bool:
        gave = self._gave.get((broadcast.id, other.id))
        return (
            other.essential
            and other.kind is BroadcastKind.MAILING
            and other.key.channel == broadcast.key.channel
            and now <= other.stop_at
            and (gave is None or now - gave >= AGAIN)
            and self._can_go(other, now)
        )

    def _can_go(self, other: Broadcast, now: datetime) -> bool:
        key = other.key
        held = self._holds.stopping(
            campaign=key.campaign, channel=key.channel, broadcast=str(key), essential=True, now=now
        )
        return held is None and (other.state is BroadcastState.OPENING or self._store.deliveries.any_due(other.id, now))
