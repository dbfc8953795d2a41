"""A mailing's deliveries: opened in slices, taken in groups, each person asked after again before their email goes."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from campaign.channels.base import Channel, Finds, Verifies
from campaign.delivery import gates
from campaign.delivery.mail.crew import GAP, Crew
from campaign.delivery.mail.filling import Filler, Matter, Moulds
from campaign.delivery.mail.flow import Flow
from campaign.delivery.mail.hand import Order
from campaign.delivery.mail.journal import FAMILY, Journal
from campaign.delivery.mail.mailjob import MailJob
from campaign.delivery.mail.pace import pace_of
from campaign.delivery.mail.precedence import Precedence
from campaign.delivery.mail.replay import settle_left
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import CampaignError, ChannelError
from campaign.model import (
    Broadcast,
    BroadcastState,
    ChannelRef,
    DeliveryState,
    Email,
    PlannedMailing,
    Programme,
    Recipient,
)
from campaign.model.rows import Kinds
from campaign.plan import Planned
from campaign.store.mailings import Audience
from campaign.store.selection import SLICE

log = logging.getLogger(__name__)

#: How long a relay may take nothing before a person is told.
A_WHILE = timedelta(minutes=2)
#: How wide a slice is that is opened while processes send: none of their questions waits long for it.
NARROW = 5_000


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
        self._precedence = Precedence(parts.store, holds)
        self._families = itertools.count()
        self._turns = itertools.count(1)
        self._broken: set[int] = set()

    def work(self, broadcast: Broadcast) -> None:
        """Open what is not open yet, and send what can go. A large mailing is sent while the rest of it opens."""
        opening = broadcast.state is BroadcastState.OPENING
        if opening:
            self.open(broadcast, whole=False)
        if not self._closing.is_set():
            self.send(broadcast)
        if opening:
            self.open(broadcast)  # what may not be sent now is opened all the same, to be seen and counted

    def open(self, broadcast: Broadcast, *, whole: bool = True) -> None:
        """Open all of a mailing, or where it need not be `whole` so much that several processes can begin with it."""
        while not self._closing.is_set() and not self.fill(broadcast):
            if not whole and self._suits_processes(broadcast, self._run(broadcast).ref):
                break
            self._closing.wait(GAP)

    def fill(self, broadcast: Broadcast, width: int = SLICE) -> bool:
        """Open the next slice of a mailing; True once all of it is open. `width`: see `Mailings.slicer`."""
        new = broadcast.id not in self._runs
        run, now = self._run(broadcast), self._parts.clock.now()
        slicer = self._parts.store.mailings.slicer(run.audience, now=now, width=width)
        with run.being_warmed(now) if new and self._parts.nursery is not None else nullcontext():
            return self._parts.store.ledger.fill(broadcast.id, slicer, now)

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
        job = MailJob(
            self._parts, broadcast, run, self._holds, self._worker, turns=self._turns, leaves=not channel.harmless,
            asks=isinstance(channel, Finds), wary=run.ref.id in self._still, precedence=self._precedence,
        )  # fmt: skip
        if job.stopped(now) or not store.deliveries.any_due(broadcast.id, now):
            return
        try:
            if not self._by_processes(broadcast, run, job, channel):
                self._by_threads(broadcast, run, job, channel)
        except BaseException:
            self._broken.add(broadcast.id)
            raise
        finally:
            self._rested(broadcast, run.ref.id, job)

    def _by_threads(self, broadcast: Broadcast, run: Run, job: MailJob, channel: Channel[Email]) -> None:
        store, clock = self._parts.store, self._parts.clock
        journal = Journal(store.journals, self._worker, itertools.count(next(self._families) * FAMILY + 1))
        flow = Flow(
            job=job,
            channel=channel,
            journal=journal,
            clock=clock,
            closing=self._closing,
            stop_at=broadcast.stop_at,
            pace=pace_of(store.paces, clock, run.ref.id, channel),
        )
        try:
            flow.work()
        finally:
            if flow.over:
                journal.close()

    def _by_processes(self, broadcast: Broadcast, run: Run, job: MailJob, channel: Channel[Email]) -> bool:
        """Send by several processes where the mailing is large; False where it is not, or they cannot be had."""
        nursery, store, now = self._parts.nursery, self._parts.store, self._parts.clock.now()
        if nursery is None or not self._suits_processes(broadcast, run.ref):
            return False
        if run.ref.id in self._still and not _answers(channel, job, now):
            return True
        order = Order(
            about=run.compiled.about,
            sender=run.matter.sender,
            broadcast=str(broadcast.key),
            name=run.ref.id,
            channel=channel.elsewhere(),
            lanes=channel.lanes,
            worker=self._worker,
            folder=store.journals,
            family=0,
            stop_at=broadcast.stop_at,
        )
        crew = Crew(job, run.matter, run.compiled, store.paces, self._parts.clock, self._closing)
        if broadcast.state is BroadcastState.OPENING:
            crew.opens(lambda: self.fill(broadcast, NARROW))
        unfit = crew.start(nursery, order, channel.lanes, self._families)
        if unfit:
            log.warning("%s is sent by threads of one process: %s", broadcast.key, unfit)
            if broadcast.state is BroadcastState.OPENING:
                self.open(broadcast)  # nobody opens the rest beside them
            return False
        try:
            crew.work()
        finally:
            if not self._closing.is_set():
                nursery.renew()
        return True

    def _suits_processes(self, broadcast: Broadcast, ref: ChannelRef) -> bool:
        """Whether several processes can send it, and so much of it waits that they are worth their while."""
        nursery, now = self._parts.nursery, self._parts.clock.now()
        if nursery is None or self._parts.ways.problem(ref):
            return False
        channel = self._parts.ways.channel(ref)
        fit = channel.lanes > 1 and channel.portable
        return fit and self._parts.store.deliveries.any_due(broadcast.id, now, beyond=nursery.many)

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


def _answers(channel: Channel[Email], job: MailJob, now: datetime) -> bool:
    """Whether a relay that took nothing lately can be reached again: asked before processes are made for nothing."""
    if isinstance(channel, Verifies):
        try:
            channel.verify()
        except ChannelError as error:
            job.weigh("", error)
            job.settle([], now, now)
            return False
    return True


class Run:
    """One open mailing: its frozen programme, its people, and its message compiled once."""

    def __init__(self, parts: Parts, shelf: Shelf, broadcast: Broadcast) -> None:
        opened = broadcast.opened_at or broadcast.planned_at
        force = shelf.as_of(broadcast.key.campaign, broadcast.revision, opened)
        planned = next(each for each in force.planned if each.key == broadcast.key)
        self.ref = force.programme.channels[broadcast.key.channel]
        self.audience = audience_of(force, planned)
        choice = parts.store.mailings.choice(self.audience)
        self._mailings = parts.store.mailings
        self.matter = Matter(
            programme=force.now_says,
            planned=_mailing(planned),
            day=planned.day,
            planned_at=broadcast.planned_at,
            opened_at=opened,
            pages=parts.pages(force.programme),
            files=force.files,
            sender=parts.senders()[choice.sender],
            channel=self.ref,
        )
        self.compiled = self.matter.compile()
        self._filler = Filler(self.compiled, self.matter.sender, parts.key, parts.urls)

    def email(self, delivery: int, person: Recipient, now: datetime) -> Email | None:
        """The person's email; None where there is nothing for them."""
        return self._filler.email(delivery, person, now)

    @contextmanager
    def being_warmed(self, now: datetime) -> Iterator[None]:
        """Render the message for the first person meanwhile: the ledger's work leaves the interpreter to others."""
        thread = threading.Thread(target=self._warm, args=(now,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _warm(self, now: datetime) -> None:
        with suppress(CampaignError):  # whoever's email it is will be told
            if (first := self._mailings.first(self.audience, now=now)) is not None:
                self._filler.email(1, first, now)

    def moulds(self, kinds: Kinds) -> Moulds:
        """See `Filler.moulds`."""
        return self._filler.moulds(kinds)
