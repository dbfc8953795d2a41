"""What a dead worker left behind: given back where nothing began, asked of the network, or settled by `in_doubt`.

Only a free lock proves death. After a reboot rows still `taken` are uncertain: the last unsynced marks may be gone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from campaign.channels.base import UNKNOWN, Finds, Receipt
from campaign.delivery import again, outcomes
from campaign.delivery.asking import Asking, by_its_rule, held_of
from campaign.delivery.doubts import AGAIN, MOST
from campaign.delivery.frozen import thaw
from campaign.delivery.mail import journal
from campaign.delivery.mail.replay import Ask, settle_left
from campaign.delivery.outcomes import KILLED, REBOOTED
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import Shelf
from campaign.errors import CampaignError, ChannelError
from campaign.model import Broadcast, BroadcastKind, Delivery, DeliveryState
from campaign.model.rows import Settled
from campaign.store.workers import Worker

#: How long after an attempt a network's own listing can be trusted to show it.
LISTING_SETTLES = timedelta(seconds=120)
#: How long an attempt may still have been under way after it began.
LONGEST_ATTEMPT = timedelta(seconds=60)
#: How soon to look again for a dead service's process that still waits for a relay's answer.
STILL_SENDING = timedelta(seconds=1)
BROKE_OFF = "the service broke off while it was being sent"


class Recovery:
    """Settles what dead workers left. Asks again later where a network needs time to show a post."""

    def __init__(self, parts: Parts, shelf: Shelf, *, boot: str) -> None:
        self._parts = parts
        self._shelf = shelf
        self._boot = boot
        self._asks: dict[int, int] = {}

    def run(self, me: int) -> datetime | None:
        """Settle what can be settled now; when to look again (aware UTC), None where nothing is left."""
        again: list[datetime] = []
        left = self._parts.store.deliveries.left_by() | journal.workers(self._parts.store.journals)
        for worker_id in sorted(left - {me, 0}):
            if self._parts.store.workers.is_dead(worker_id):
                if journal.in_use(self._parts.store.journals, worker_id):
                    again.append(self._parts.clock.now() + STILL_SENDING)
                    continue
                worker = self._parts.store.workers.get(worker_id)
                moment = self._bury(worker_id, worker)
                if moment is not None:
                    again.append(moment)
        return min(again, default=None)

    def abandon(self, broadcast: int, me: int, known: Callable[[int], Settled | None]) -> None:
        """Settle what a thread of this worker left of a post when it broke off: a busy ledger, a fault of ours.

        `known` tells an outcome that came and could not be written; without one an attempt that began is in doubt.
        """
        now = self._parts.clock.now()
        for delivery in self._parts.store.deliveries.of(broadcast, DeliveryState.SENDING, DeliveryState.TAKEN):
            if delivery.worker != me:
                continue
            began = delivery.state is DeliveryState.SENDING
            state = DeliveryState.UNCERTAIN if began else DeliveryState.PENDING
            reason = BROKE_OFF if began else delivery.reason if again.in_doubt(delivery) else ""
            settled = Settled(delivery=delivery.id, state=state, reason=reason)
            self._write(known(delivery.id) or settled, me, now)

    def _bury(self, worker_id: int, worker: Worker | None) -> datetime | None:
        deliveries, now = self._parts.store.deliveries, self._parts.clock.now()
        rebooted = worker is not None and worker.boot != self._boot
        ask = Asking(self._parts, self._shelf, worker.beat_at, now).ask if worker is not None else None
        later = settle_left(self._parts, worker_id, rebooted=rebooted, now=now, ask=ask)
        for delivery in deliveries.begun_by(worker_id):
            moment = self._settle(delivery, worker_id, now, ask)
            if moment is not None:
                later[delivery.id] = moment
        if rebooted:
            deliveries.doubt(worker_id, reason=REBOOTED, now=now, but=later.keys())
        else:
            deliveries.give_back(worker_id, now=now, but=later.keys())
        if not later:
            self._parts.store.workers.end(worker_id, now=now)
        return min(later.values(), default=None)

    def _settle(self, delivery: Delivery, worker: int, now: datetime, ask: Ask | None) -> datetime | None:
        broadcast = self._parts.store.ledger.by_id(delivery.broadcast)
        if broadcast.kind is BroadcastKind.POST:
            return self._ask(broadcast, delivery, worker, now)
        answer = ask(delivery.id, held_of(delivery)) if ask is not None else None
        if isinstance(answer, datetime):
            return answer
        self._write(answer or by_its_rule(delivery, broadcast, KILLED, "killed"), worker, now)
        return None

    def _ask(self, broadcast: Broadcast, delivery: Delivery, worker: int, now: datetime) -> datetime | None:
        """Ask the network whether a post arrived, where it can tell; send it again where its channel keeps our key;
        a person where neither is so. A network that does not tell is asked again for a while."""
        began = delivery.began_at or now
        try:
            force = self._shelf.as_of(broadcast.key.campaign, broadcast.revision, broadcast.opened_at or now)
            channel = self._parts.ways.channel(force.programme.channels[broadcast.key.channel])
        except CampaignError as error:
            self._write(_doubtful(delivery, f"{KILLED}; the network could not be asked ({error})"), worker, now)
            return None
        if not isinstance(channel, Finds):
            sure = max(now, began + LONGEST_ATTEMPT)
            settled = again.after_death(delivery, channel, broadcast, sure) or _doubtful(delivery, KILLED)
            self._write(settled, worker, now)
            return None
        if now < (listed := began + LONGEST_ATTEMPT + LISTING_SETTLES):
            return listed
        post = thaw(self._parts.store.ledger.content(broadcast.id), force.files)
        key, why = self._parts.wire_key(broadcast.key, 0), ""
        found: object = UNKNOWN
        try:
            found = channel.find(post, key=key, since=began)
        except ChannelError as error:
            why = f"{KILLED}; the network could not be asked ({error})"
        if found is UNKNOWN and self._asks.get(delivery.id, 0) < MOST - 1:
            self._asks[delivery.id] = self._asks.get(delivery.id, 0) + 1
            return now + AGAIN
        self._asks.pop(delivery.id, None)
        self._write(_doubtful(delivery, why) if why else self._of_answer(delivery, found, broadcast, now), worker, now)
        return None

    def _of_answer(self, delivery: Delivery, found: object, broadcast: Broadcast, now: datetime) -> Settled:
        if isinstance(found, Receipt):
            return outcomes.of_receipt(delivery.id, found)
        if found is None and now <= broadcast.stop_at:
            reason = "the network says that it did not arrive"
            return Settled(delivery=delivery.id, state=DeliveryState.PENDING, reason=reason, outcome="not found")
        if found is None:
            return Settled(
                delivery=delivery.id,
                state=DeliveryState.MISSED,
                reason="it did not arrive, and its time of day is over",
                outcome="not found",
            )
        return Settled(delivery=delivery.id, state=DeliveryState.UNCERTAIN, reason=KILLED, outcome="could not tell")

    def _write(self, settled: Settled, worker: int, now: datetime) -> None:
        self._parts.store.deliveries.settle([settled], worker=worker, now=now)


def _doubtful(delivery: Delivery, reason: str) -> Settled:
    """A person decides."""
    return Settled(delivery=delivery.id, state=DeliveryState.UNCERTAIN, reason=reason, outcome="killed")
