"""A mailing's deliveries: opened in slices, taken in groups, each person asked after again before their email goes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from campaign import render
from campaign.channels.base import Channel
from campaign.delivery import gates, outcomes
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import ChannelError
from campaign.model import Broadcast, Delivery, DeliveryState, Email, PlannedMailing, Recipient
from campaign.plan import Planned
from campaign.store.deliveries import Settled
from campaign.store.mailings import Audience

#: How many rows a worker takes at once.
GROUP = 200


def audience_of(force: InForce, planned: Planned) -> Audience:
    """Whom a planned mailing asks for. Its siblings are the other mailings of its day."""
    message = _mailing(planned)
    siblings = [
        str(other.key)
        for other in force.planned
        if other.day is planned.day and other.key != planned.key and _is_daily(other) and _is_daily(planned)
    ]
    return Audience(
        lists=message.lists,
        areas=force.programme.expand_areas(message.areas),
        audiences=frozenset(message.audiences),
        siblings=tuple(siblings),
    )


def _is_daily(planned: Planned) -> bool:
    return isinstance(planned.message, PlannedMailing) and planned.day is not None


def _mailing(planned: Planned) -> PlannedMailing:
    if not isinstance(planned.message, PlannedMailing):
        raise TypeError(f"{planned.key} is a post")
    return planned.message


class Mailing:
    """Opens mailings and sends their emails."""

    def __init__(self, parts: Parts, shelf: Shelf, holds: gates.HoldsNow, worker: int) -> None:
        self._parts = parts
        self._shelf = shelf
        self._holds = holds
        self._worker = worker
        self._runs: dict[int, Run] = {}

    def fill(self, broadcast: Broadcast) -> bool:
        """Open the next slice of a mailing; True once all of it is open."""
        run = self._run(broadcast)
        now = self._parts.clock.now()
        return self._parts.store.ledger.fill(
            broadcast.id, self._parts.store.mailings.slicer(run.audience, now=now), now
        )

    def send(self, broadcast: Broadcast) -> bool:
        """Send one group of the broadcast's emails; False when nothing of it can go now."""
        now = self._parts.clock.now()
        store = self._parts.store
        if now > broadcast.stop_at:
            store.deliveries.end(broadcast.id, DeliveryState.MISSED, "its time of day was over", now=now)
            return False
        run = self._run(broadcast)
        if self._stopped(broadcast, now) or self._parts.ways.problem(run.ref):
            return False
        taken = store.deliveries.take(broadcast.id, worker=self._worker, now=now, limit=GROUP)
        if taken:
            self._send_group(broadcast, run, taken, now)
        return bool(taken)

    def forget(self, broadcast: int) -> None:
        """Let go of what was compiled for a broadcast that is done."""
        self._runs.pop(broadcast, None)

    def _run(self, broadcast: Broadcast) -> Run:
        if broadcast.id not in self._runs:
            self._runs[broadcast.id] = Run(self._parts, self._shelf, broadcast)
        return self._runs[broadcast.id]

    def _stopped(self, broadcast: Broadcast, now: datetime) -> bool:
        key = broadcast.key
        found = self._holds.stopping(
            campaign=key.campaign, channel=key.channel, broadcast=str(key), essential=broadcast.essential, now=now
        )
        return found is not None

    def _send_group(self, broadcast: Broadcast, run: Run, taken: list[Delivery], now: datetime) -> None:
        ids = [delivery.subscriber for delivery in taken]
        people = self._parts.store.mailings.recipients(run.audience, ids, now=now)
        channel = self._parts.ways.channel(run.ref)
        for delivery in taken:
            moment = self._parts.clock.now()
            if moment > broadcast.stop_at or self._stopped(broadcast, moment):
                self._put_back(delivery, moment)
                continue
            person = people.get(delivery.subscriber)
            if person is None:
                self._skip(delivery, self._why_gone(run, delivery), moment)
            elif self._parts.guests and channel_leaves(channel) and person.address.casefold() not in self._parts.guests:
                self._skip(delivery, "not on the guest list", moment)
            else:
                self._send_one(broadcast, run, delivery, person, channel)

    def _why_gone(self, run: Run, delivery: Delivery) -> str:
        now = self._parts.clock.now()
        return self._parts.store.mailings.lapsed(run.audience, [delivery.subscriber], now=now)[delivery.subscriber]

    def _send_one(
        self, broadcast: Broadcast, run: Run, delivery: Delivery, person: Recipient, channel: Channel[Email]
    ) -> None:
        now = self._parts.clock.now()
        email = run.email(delivery, person, now)
        if email is None:
            self._skip(delivery, "nothing for them today", now)
        elif self._parts.store.deliveries.begin(delivery.id, worker=self._worker, now=now):
            key = self._parts.wire_key(broadcast.key, delivery.subscriber)
            try:
                receipt = channel.send(email, key=key, notes={})
            except Exception as error:  # noqa: BLE001 - whatever escapes means that it may have been sent
                self._settle_error(broadcast, delivery, outcomes.as_error(error), run)
            else:
                self._settle([outcomes.of_receipt(delivery.id, receipt)])

    def _settle_error(self, broadcast: Broadcast, delivery: Delivery, error: ChannelError, run: Run) -> None:
        now = self._parts.clock.now()
        following = outcomes.follow(
            error,
            attempts=delivery.attempts + 1,
            now=now,
            stop_at=broadcast.stop_at,
            jitter=self._parts.random.random(),
        )
        self._settle([outcomes.of_error(delivery.id, error, following)])
        if following.channel_down:
            self._parts.store.channels.set_down(run.ref.id, run.ref.kind, following.reason, now=now)

    def _put_back(self, delivery: Delivery, now: datetime) -> None:
        self._settle([Settled(delivery=delivery.id, state=DeliveryState.PENDING)])

    def _skip(self, delivery: Delivery, reason: str, now: datetime) -> None:
        self._settle([Settled(delivery=delivery.id, state=DeliveryState.SKIPPED, reason=reason)])

    def _settle(self, settled: Iterable[Settled]) -> None:
        self._parts.store.deliveries.settle(settled, worker=self._worker, now=self._parts.clock.now())


def channel_leaves(channel: Channel[Any]) -> bool:
    """Whether what it sends leaves this installation."""
    return not channel.harmless


class Run:
    """One open mailing: its frozen programme, its people, and its message compiled once."""

    def __init__(self, parts: Parts, shelf: Shelf, broadcast: Broadcast) -> None:
        self._parts = parts
        opened = broadcast.opened_at or broadcast.planned_at
        force = shelf.as_of(broadcast.key.campaign, broadcast.revision, opened)
        self._planned = next(each for each in force.planned if each.key == broadcast.key)
        self.ref = force.programme.channels[broadcast.key.channel]
        self.audience = audience_of(force, self._planned)
        choice = parts.store.mailings.choice(self.audience)
        self._sender = parts.senders()[choice.sender]
        self.compiled = render.compile_mailing(
            force.now_says,
            _mailing(self._planned),
            self._planned.day,
            planned_at=broadcast.planned_at,
            now=opened,
            pages=parts.pages(force.programme),
            files=force.files,
            sender=self._sender,
            channel=self.ref,
        )

    def email(self, delivery: Delivery, person: Recipient, now: datetime) -> Email | None:
        """The person's email; None where there is nothing for them."""
        token = self._parts.key.stamped("message-v1", delivery.id)
        bounce = self._parts.key.stamped("return-path-v1", delivery.id)
        mailbox, _, domain = self._sender.return_path.partition("@")
        return self.compiled.email(
            person,
            message_id=f"<{token}@{self._sender.domain}>",
            envelope_from=f"{mailbox}+{bounce}@{domain}",
            urls=self._parts.urls(person),
            date=now,
        )
