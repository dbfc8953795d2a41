"""Posts whose attempt ended without an answer, on networks that can be asked: looked for before a person is.

The delivery stays `sending` until the network's listing can be trusted. A service that dies meanwhile leaves it to the
next one's recovery, which asks the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaign.channels.base import UNKNOWN, Channel, Finds, Receipt, Unknown
from campaign.delivery import outcomes
from campaign.delivery.parts import Parts
from campaign.errors import CampaignError
from campaign.model import Broadcast, DeliveryState, Post
from campaign.model.rows import Settled

#: How long after an attempt a network's own listing can be trusted to show it.
LISTING_SETTLES = timedelta(seconds=121)
#: A network that cannot tell is asked again after so long, and so often in all.
AGAIN = timedelta(seconds=60)
MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One delivery in doubt. `since`: when its attempt began; `ask_at`: when its network is asked (aware UTC)."""

    delivery: int
    broadcast: int
    since: datetime
    ask_at: datetime
    reason: str
    code: str
    asked: int = 0


class Doubts:
    """What this worker has in doubt."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._open: dict[int, Doubt] = {}

    def keep(self, delivery: int, broadcast: int, *, since: datetime, reason: str, code: str) -> None:
        """Ask after this delivery later, instead of a person now."""
        ask_at = self._parts.clock.now() + LISTING_SETTLES
        self._open[delivery] = Doubt(
            delivery=delivery, broadcast=broadcast, since=since, ask_at=ask_at, reason=reason, code=code
        )

    def next_due(self) -> datetime | None:
        """When the next network is to be asked (aware UTC); None where nothing is in doubt."""
        return min((doubt.ask_at for doubt in list(self._open.values())), default=None)

    def of(self, broadcast: int) -> list[Doubt]:
        """Those of one broadcast whose network can be asked now."""
        now = self._parts.clock.now()
        return [doubt for doubt in list(self._open.values()) if doubt.broadcast == broadcast and doubt.ask_at <= now]

    def forget(self, broadcast: int) -> None:
        """Another part of the program has settled what this broadcast had in doubt."""
        for doubt in [each for each in list(self._open.values()) if each.broadcast == broadcast]:
            self._open.pop(doubt.delivery, None)

    def ask(self, doubt: Doubt, broadcast: Broadcast, post: Post, channel: Channel[Post]) -> Settled | None:
        """What became of it by the network's answer; a person decides where it cannot tell. None: asked again later."""
        found = self._found(doubt, broadcast, post, channel)
        now = self._parts.clock.now()
        if found is UNKNOWN and doubt.asked + 1 < MOST and isinstance(channel, Finds):
            self._open[doubt.delivery] = replace(doubt, ask_at=now + AGAIN, asked=doubt.asked + 1)
            return None
        self._open.pop(doubt.delivery, None)
        return _of_answer(doubt, found, over=now > broadcast.stop_at)

    def _found(
        self, doubt: Doubt, broadcast: Broadcast, post: Post, channel: Channel[Post]
    ) -> Receipt | Unknown | None:
        if not isinstance(channel, Finds):  # it was put back to the outbox meanwhile
            return UNKNOWN
        try:
            return channel.find(post, key=self._parts.wire_key(broadcast.key, 0), since=doubt.since)
        except CampaignError:
            return UNKNOWN


def _of_answer(doubt: Doubt, found: Receipt | Unknown | None, *, over: bool) -> Settled:
    if isinstance(found, Receipt):
        return replace(outcomes.of_receipt(doubt.delivery, found), outcome="found")
    if found is not None:
        reason = f"{doubt.reason}; the network was asked, and cannot tell"
        return Settled(
            delivery=doubt.delivery, state=DeliveryState.UNCERTAIN, reason=reason, code=doubt.code, outcome="Uncertain"
        )
    if over:
        reason = "it did not arrive, and its time of day is over"
        return Settled(delivery=doubt.delivery, state=DeliveryState.MISSED, reason=reason, outcome="not found")
    reason = "the network says that it did not arrive"
    return Settled(delivery=doubt.delivery, state=DeliveryState.PENDING, reason=reason, outcome="not found")
