"""A mailing's deliveries: opened in slices, taken in groups, each person asked after again before their email goes."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import datetime, timedelta

from campaign import render
from campaign.channels.base import Paced
from campaign.delivery import gates
from campaign.delivery.flow import Flow
from campaign.delivery.journal import Journal
from campaign.delivery.mailjob import MailJob
from campaign.delivery.pace import Pace
from campaign.delivery.parts import Parts
from campaign.delivery.replay import settle_left
from campaign.delivery.shelf import InForce, Shelf
from campaign.model import Broadcast, DeliveryState, Email, PlannedMailing, Programme, Recipient
from campaign.plan import Planned
from campaign.store.mailings import Audience

#: How long a relay may take nothing before a person is told.
A_WHILE = timedelta(minutes=2)


def audience_of(force: InForce, planned: Planned) -> Audience:
    """Whom a planned mailing asks for. Its siblings are the other mailings of its day."""
    message = _mailing(planned)
    siblings = [
        str(other.key)
        for other in force.planned
        if other.day is planned.day and other.key != planned.key and _is_daily(other) and _is_daily(planned)
    ]
    return replace(readers_of(force.programme, message), siblings=tuple(siblings))


def readers_of(programme: Programme, message: PlannedMailing) -> Audience:
    """Whom a mailing asks for by itself, groups of areas opened."""
    return Audience(
        lists=message.lists,
        areas=programme.expand_areas(message.areas),
        audiences=frozenset(message.audiences),
        without=replace(message.exclude, areas=tuple(sorted(programme.expand_areas(message.exclude.areas)))),
    )


def _is_daily(planned: Planned) -> bool:
    return isinstance(planned.message, PlannedMailing) and planned.day is not None


def _mailing(planned: Planned) -> PlannedMailing:
    if not isinstance(planned.message, PlannedMailing):
        raise TypeError(f"{planned.key} is a post")
    return planned.message


class Mailing:
    """Opens mailings and sends their emails. `closing` is set when the service stops."""

    def __init__(
        self, parts: Parts, shelf: Shelf, holds: gates.HoldsNow, worker: int, closing: threading.Event | None = None
    ) -> None:
        self._parts = parts
        self._shelf = shelf
        self._holds = holds
        self._worker = worker
        self._closing = closing or threading.Event()
        self._runs: dict[int, Run] = {}
        self._rests: dict[str, datetime] = {}
        self._still: dict[str, datetime] = {}
        self._numbers = itertools.count(1)
        self._broken: set[int] = set()

    def fill(self, broadcast: Broadcast) -> bool:
        """Open the next slice of a mailing; True once all of it is open."""
        run = self._run(broadcast)
        now = self._parts.clock.now()
        return self._parts.store.ledger.fill(
            broadcast.id, self._parts.store.mailings.slicer(run.audience, now=now), now
        )

    def send(self, broadcast: Broadcast) -> None:
        """Send what can go of the broadcast's emails now."""
        now = self._parts.clock.now()
        store = self._parts.store
        if now > broadcast.stop_at:
            store.deliveries.end(broadcast.id, DeliveryState.MISSED, "its time of day was over", now=now)
            return
        if broadcast.id in self._broken:
            settle_left(self._parts, self._worker, broadcast=broadcast.id, rebooted=False, now=now)
            self._broken.discard(broadcast.id)
        run = self._run(broadcast)
        if now < self._rests.get(run.ref.id, now) or self._parts.ways.problem(run.ref):
            return
        channel = self._parts.ways.channel(run.ref)
        job = MailJob(self._parts, broadcast, run, self._holds, self._worker, leaves=not channel.harmless)
        if job.stopped(now) or not store.deliveries.any_due(broadcast.id, now):
            return
        journal = Journal(store.journals, self._worker, self._numbers)
        flow = Flow(
            job=job,
            channel=channel,
            journal=journal,
            clock=self._parts.clock,
            closing=self._closing,
            stop_at=broadcast.stop_at,
            pace=Pace(store.paces, self._parts.clock, run.ref.id, channel) if isinstance(channel, Paced) else None,
        )
        try:
            flow.work()
        except BaseException:
            self._broken.add(broadcast.id)
            raise
        finally:
            if flow.over:
                journal.close()
            self._rested(broadcast, run.ref.id, job)

    def _rested(self, broadcast: Broadcast, channel: str, job: MailJob) -> None:
        """Remember a rest, and say in the ledger why no email leaves once that has lasted a while."""
        now = self._parts.clock.now()
        if job.rest is None:
            self._still.pop(channel, None)
            if broadcast.reason:
                self._parts.store.ledger.explain(broadcast.id, "", now)
            return
        self._rests[channel] = job.rest
        since = self._still.setdefault(channel, now)
        if now - since >= A_WHILE:
            reason = f"no email has left since {since:%H:%M} UTC: {job.trouble}"
            if reason != broadcast.reason:
                self._parts.store.ledger.explain(broadcast.id, reason, now)

    def next_due(self) -> datetime | None:
        """When a channel that asked us to wait may be used again (aware UTC)."""
        now = self._parts.clock.now()
        self._rests = {name: moment for name, moment in self._rests.items() if moment > now}
        return min(self._rests.values(), default=None)

    def forget(self, broadcast: int) -> None:
        """Let go of what was compiled for a broadcast that is done."""
        self._runs.pop(broadcast, None)

    def _run(self, broadcast: Broadcast) -> Run:
        if broadcast.id not in self._runs:
            self._runs[broadcast.id] = Run(self._parts, self._shelf, broadcast)
        return self._runs[broadcast.id]


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

    def email(self, delivery: int, person: Recipient, now: datetime) -> Email | None:
        """The person's email; None where there is nothing for them."""
        token = self._parts.key.stamped("message-v1", delivery)
        bounce = self._parts.key.stamped("return-path-v1", delivery)
        mailbox, _, domain = self._sender.return_path.partition("@")
        return self.compiled.email(
            person,
            message_id=f"<{token}@{self._sender.domain}>",
            envelope_from=f"{mailbox}+{bounce}@{domain}",
            urls=self._parts.urls(person),
            date=now,
        )
