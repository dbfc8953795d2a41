"""One post to one channel: taken, asked again, prepared, marked, sent once, settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from campaign import policy
from campaign.channels.base import Channel, Finds, Notes
from campaign.delivery import again, gates, outcomes
from campaign.delivery.doubts import Doubts
from campaign.delivery.frozen import thaw
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import ChannelError, TryLater, Uncertain
from campaign.model import Broadcast, Delivery, DeliveryState, HoldScope, Post, Strength
from campaign.model.rows import Settled
from campaign.plan import planned_holds
from campaign.store.log import SERVICE


class Posting:
    """Sends the posts of open broadcasts. One at a time a channel; channels do not wait for one another."""

    def __init__(self, parts: Parts, shelf: Shelf, holds: gates.HoldsNow, worker: int) -> None:
        self._parts = parts
        self._shelf = shelf
        self._holds = holds
        self._worker = worker
        #: What came of attempts whose outcome the ledger did not take, by delivery: not in doubt, only not written.
        self._unwritten: dict[int, Settled] = {}
        self.doubts = Doubts(parts)

    def outcome_of(self, delivery: int) -> Settled | None:
        """What is known of a delivery that was left `sending` by this worker; None where nothing is."""
        return self._unwritten.get(delivery)

    def send(self, broadcast: Broadcast) -> None:
        """Make one attempt at the broadcast's delivery, if it may go now."""
        store, now = self._parts.store, self._parts.clock.now()
        force = self._shelf.as_of(broadcast.key.campaign, broadcast.revision, broadcast.opened_at or now)
        self._ask(broadcast, force)
        if self._stopped(broadcast, now) or not self._may_go(broadcast, now):
            return
        ref = force.programme.channels[broadcast.key.channel]
        if self._parts.ways.problem(ref):
            return
        taken = store.deliveries.take(broadcast.id, worker=self._worker, now=now)
        for delivery in taken:
            post = thaw(store.ledger.content(broadcast.id), force.files)
            self._attempt(broadcast, delivery, post, self._parts.ways.channel(ref), ref.kind)

    def _ask(self, broadcast: Broadcast, force: InForce) -> None:
        """Look for what is in doubt, where its network can be asked by now."""
        for doubt in self.doubts.of(broadcast.id):
            post = thaw(self._parts.store.ledger.content(broadcast.id), force.files)
            channel = self._parts.ways.channel(force.programme.channels[broadcast.key.channel])
            settled = self.doubts.ask(doubt, broadcast, post, channel)
            if settled is not None:
                self._settle(settled, self._parts.clock.now())

    def _stopped(self, broadcast: Broadcast, now: datetime) -> bool:
        """Whether its day is over for it: what is left becomes `missed`."""
        if now <= broadcast.stop_at:
            return False
        deliveries, reason = self._parts.store.deliveries, "its time of day was over before it could go"
        waiting = deliveries.of(broadcast.id, DeliveryState.PENDING)
        doubtful = any(again.in_doubt(delivery) for delivery in waiting)
        state = DeliveryState.UNCERTAIN if doubtful else DeliveryState.MISSED
        deliveries.end(broadcast.id, state, again.said(reason) if doubtful else reason, now=now)
        return True

    def _may_go(self, broadcast: Broadcast, now: datetime) -> bool:
        """Ask holds and the documents' owners again; what was withdrawn since opening is held."""
        key = broadcast.key
        if self._is_held(broadcast, now):
            return False
        against = self._withdrawn(self._shelf.get(key.campaign), broadcast, now)
        if against:
            self._parts.store.holds.place(
                scope=HoldScope.BROADCAST,
                target=str(key),
                strength=Strength.ALL,
                reason=against,
                author=SERVICE,
                now=now,
            )
        return not against

    def _withdrawn(self, force: InForce, broadcast: Broadcast, now: datetime) -> str:
        planned = next((each for each in force.planned if each.key == broadcast.key), None)
        if planned is None:
            return ""
        against = gates.facts_against(force.now_says, planned.message, planned.day, force.files, now)
        holds = (*self._holds.all(), *planned_holds(force.programme))
        return "; ".join([*against, *gates.page_against(force, planned, holds, now)])

    def _attempt(self, broadcast: Broadcast, delivery: Delivery, post: Post, channel: Channel[Post], kind: str) -> None:
        deliveries = self._parts.store.deliveries
        key = self._parts.wire_key(broadcast.key, 0)
        try:
            before = deliveries.notes(delivery.id)
            notes = channel.prepare(post, key=key, notes=before)
            if dict(notes) != before:
                deliveries.keep_notes(delivery.id, notes)
        except Exception as error:  # noqa: BLE001 - nothing but the four errors may go further
            self._settle_unsent(broadcast, delivery, error, kind)
            return
        now = self._parts.clock.now()
        if now > broadcast.stop_at or self._is_held(broadcast, now):
            reason = delivery.reason if again.in_doubt(delivery) else ""
            deliveries.settle(
                [Settled(delivery=delivery.id, state=DeliveryState.PENDING, reason=reason)],
                worker=self._worker,
                now=now,
            )
            return
        if again.in_doubt(delivery) and not again.may_go(channel, broadcast, now):
            late = Settled(delivery=delivery.id, state=DeliveryState.UNCERTAIN, reason=again.TOO_LATE)
            deliveries.settle([late], worker=self._worker, now=now)
            return
        if self._parts.store.workers.lost(self._worker):
            return  # whoever takes this worker for dead gives the row back
        if deliveries.begin(delivery.id, worker=self._worker, now=now):
            self._irreversible(broadcast, delivery, post, channel, key, notes, kind)

    def _is_held(self, broadcast: Broadcast, now: datetime) -> bool:
        key = broadcast.key
        return (
            self._holds.stopping(
                campaign=key.campaign, channel=key.channel, broadcast=str(key), essential=broadcast.essential, now=now
            )
            is not None
        )

    def _irreversible(
        self,
        broadcast: Broadcast,
        delivery: Delivery,
        post: Post,
        channel: Channel[Post],
        key: str,
        notes: Notes,
        kind: str,
    ) -> None:
        self._unwritten.pop(delivery.id, None)  # of an earlier attempt: it says nothing of this one
        began = self._parts.clock.now()
        try:
            receipt = channel.send(post, key=key, notes=notes)
        except Exception as error:  # noqa: BLE001 - nothing but the four errors may go further
            known = outcomes.as_error(error)
            if isinstance(known, Uncertain) and isinstance(channel, Finds):
                self.doubts.keep(delivery.id, broadcast.id, since=began, reason=str(known), code=known.code)
                return
            self._settle_error(broadcast, delivery, known, kind, channel=channel)
            return
        self._settle(outcomes.of_receipt(delivery.id, receipt), self._parts.clock.now())

    def _settle_unsent(self, broadcast: Broadcast, delivery: Delivery, error: Exception, kind: str) -> None:
        """`prepare` is reversible, so whatever went wrong there, nothing was sent."""
        known = outcomes.as_error(error)
        unsent = TryLater(str(known), code=known.code, raw=known.raw) if isinstance(known, Uncertain) else known
        self._settle_error(broadcast, delivery, unsent, kind, attempts=delivery.attempts + 1)

    def _settle_error(
        self,
        broadcast: Broadcast,
        delivery: Delivery,
        error: ChannelError,
        kind: str,
        attempts: int = 0,
        channel: Channel[Post] | None = None,
    ) -> None:
        """Settle what an attempt came to. `channel`: where it began, so that it may be in doubt."""
        now = self._parts.clock.now()
        following = self._follow(broadcast, error, attempts or delivery.attempts + 1, now)
        if channel is not None and isinstance(error, Uncertain):
            retry = self._follow(broadcast, TryLater(str(error)), delivery.attempts + 1, now)
            if again.after_doubt(channel, broadcast, retry):
                following = replace(retry, reason=again.said(retry.reason), code=error.code)
        elif again.in_doubt(delivery):
            following = again.still_in_doubt(following)
        self._settle(outcomes.of_error(delivery.id, error, following), now)
        if following.channel_down:
            self._parts.store.channels.set_down(broadcast.key.channel, kind, following.reason, now=now)

    def _follow(self, broadcast: Broadcast, error: ChannelError, attempts: int, now: datetime) -> policy.Next:
        jitter = self._parts.random.random()
        return outcomes.follow(error, attempts=attempts, now=now, stop_at=broadcast.stop_at, jitter=jitter)

    def _settle(self, settled: Settled, now: datetime) -> None:
        self._unwritten[settled.delivery] = settled
        self._parts.store.deliveries.settle([settled], worker=self._worker, now=now)
        self._unwritten.pop(settled.delivery, None)
