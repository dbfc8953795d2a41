"""Whether an email in doubt arrived, asked of the network that was given it, where that network can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from campaign import policy
from campaign.channels.base import Channel, Finds, Receipt
from campaign.delivery import outcomes
from campaign.delivery.mail.mailing import Run
from campaign.delivery.outcomes import RESENT
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import Shelf
from campaign.errors import CampaignError
from campaign.model import Broadcast, Delivery, DeliveryState, Email
from campaign.model.rows import Settled
from campaign.store.groups import Held

#: How long after a worker's last sign of life its last attempt is over, and the network's listing shows it.
SETTLES = timedelta(seconds=180)
#: How long after a living worker's attempt ended without an answer the listing shows it.
LISTED = timedelta(seconds=121)
#: How soon a network that gave no answer is asked again, until the mailing's time of day is over.
NO_ANSWER = timedelta(seconds=60)
#: How many emails are asked after at a time, so that a service's start never waits for more; and when the next are.
MOST = 20
GO_ON = timedelta(seconds=1)
NOT_THERE = "the network says that it did not arrive"


class Asking:
    """Asks after emails that may have gone, at most `MOST` at a time. `since`: when their attempts were over."""

    def __init__(self, parts: Parts, shelf: Shelf, since: datetime, now: datetime) -> None:
        self._parts = parts
        self._shelf = shelf
        self._since = since
        self._now = now
        self._asked = 0
        self._runs: dict[int, tuple[Broadcast, Run | None]] = {}

    def ask(
        self, delivery: int, held: Held, *, since: datetime | None = None, at: datetime | None = None
    ) -> Settled | datetime | None:
        """What became of it; when to ask (aware UTC) where it is too early; None where the network cannot tell.

        `since`: when its own attempt began, and `at`: when its network can tell, where that is known.
        """
        broadcast, run = self._run(held.broadcast)
        if run is None:
            return None
        if self._now < (settled := at or self._since + SETTLES):
            return settled
        if self._asked >= MOST:
            return self._now + GO_ON
        self._asked += 1
        try:
            return self._answer(delivery, held, broadcast, run, since or self._since)
        except CampaignError:
            return self._now + NO_ANSWER if self._now <= broadcast.stop_at else None

    def _run(self, number: int) -> tuple[Broadcast, Run | None]:
        """The broadcast, and its mailing where its network can tell."""
        if number not in self._runs:
            broadcast = self._parts.store.ledger.by_id(number)
            run: Run | None = None
            try:
                found = Run(self._parts, self._shelf, broadcast)
                run = found if isinstance(self._channel(found), Finds) else None
            except (CampaignError, KeyError, StopIteration):  # its list or sender is gone: then nobody can be asked
                run = None
            self._runs[number] = broadcast, run
        return self._runs[number]

    def _channel(self, run: Run) -> Channel[Email]:
        return self._parts.ways.channel(run.ref)

    def _answer(self, delivery: int, held: Held, broadcast: Broadcast, run: Run, since: datetime) -> Settled | None:
        channel, now = self._channel(run), self._now
        people = self._parts.store.mailings.recipients(run.audience, [held.subscriber], now=now)
        email = run.email(delivery, people[held.subscriber], now) if people else None
        if email is None or not isinstance(channel, Finds):
            return None
        key = self._parts.wire_key(broadcast.key, held.subscriber)
        found = channel.find(email, key=key, since=since)
        if isinstance(found, Receipt):
            settled = outcomes.of_receipt(delivery, found)
            return replace(settled, reason=RESENT) if held.reason == RESENT else settled
        if found is not None:
            return None
        in_time = now <= broadcast.stop_at
        return Settled(
            delivery=delivery,
            state=DeliveryState.PENDING if in_time else DeliveryState.MISSED,
            reason=NOT_THERE if in_time else "it did not arrive, and its time of day is over",
            outcome="not found",
        )


def held_of(delivery: Delivery) -> Held:
    """A delivery as `ask` wants it."""
    return Held(delivery.broadcast, delivery.subscriber, delivery.reason)


def by_its_rule(delivery: Delivery, broadcast: Broadcast, reason: str, outcome: str) -> Settled:
    """What the mailing's `in_doubt` makes of an email of which nothing can be known."""
    state = policy.in_doubt(broadcast.in_doubt, mail=True, resent=delivery.reason == RESENT)
    again = state is DeliveryState.PENDING
    return Settled(
        delivery=delivery.id, state=state, reason=RESENT if again else reason, code=delivery.code, outcome=outcome
    )


class Unanswered:
    """A living worker's emails that ended without an answer, where their network can be asked: they stay `sending`.

    A service that dies meanwhile leaves them to the next one's recovery, which asks the same.
    """

    def __init__(self, parts: Parts, shelf: Shelf, worker: int) -> None:
        self._parts = parts
        self._shelf = shelf
        self._worker = worker
        self._next: dict[int, datetime] = {}

    def next_due(self) -> datetime | None:
        """When a network is next to be asked (aware UTC); None where nothing is open."""
        return min(list(self._next.values()), default=None)

    def settle(self, broadcast: Broadcast) -> None:
        """Settle what can be known of a mailing by now."""
        store, now = self._parts.store, self._parts.clock.now()
        rows = store.deliveries.of(broadcast.id, DeliveryState.SENDING, limit=MOST)
        asking, later = Asking(self._parts, self._shelf, now, now), []
        for row in rows:
            if row.worker != self._worker:
                continue
            last = store.deliveries.attempts(row.id)[-1]
            answer = asking.ask(row.id, held_of(row), since=last.began_at, at=last.ended_at + LISTED)
            if isinstance(answer, datetime):
                later.append(answer)
                continue
            settled = answer or by_its_rule(row, broadcast, f"{row.reason}; its network cannot tell", "Uncertain")
            store.deliveries.settle([settled], worker=self._worker, now=now)
        if later or len(rows) == MOST:
            self._next[broadcast.id] = min(later, default=now + GO_ON)
        else:
            self._next.pop(broadcast.id, None)
