"""One of several processes that send a mailing: it fills, signs, sends, and keeps a journal of its own.

It knows no ledger. Whom to mail next, whether anything stands against it, and who left meanwhile it asks the service,
and tells it what came of each. Where the service is gone it begins nothing more: what has begun gets its answer, the
journal says so, and the next service reads it.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from campaign.channels.bulk import Elsewhere, OneAtATime, Outlet, Receipt
from campaign.clock import Clock, from_micros, to_micros
from campaign.delivery import outcomes
from campaign.delivery.mail import journal
from campaign.delivery.mail.asked import Asked
from campaign.delivery.mail.filling import Filler
from campaign.delivery.mail.flow import GRACE, Flow
from campaign.delivery.mail.journal import FAMILY, Journal
from campaign.delivery.mail.link import Link, Orphaned, packed, unpacked
from campaign.delivery.mail.pace import pace_of
from campaign.delivery.mail.results import Outcome, Result, Row, domain_of, gather
from campaign.errors import CampaignError, Refused
from campaign.model import About, Email, Recipient, Sender
from campaign.model.rows import Kinds, PlainRow
from campaign.render.pages import Urls
from campaign.tokens import Key

READY = "ready"
ALONE = "the service is gone"
#: So much nicer than the service is a process that sends (nice(2)): pages, posts and a relay on this machine go first.
BEHIND = 5


@dataclass(frozen=True, slots=True)
class Kit:
    """What such a process has from the service it is a copy of."""

    clock: Clock
    key: Key
    urls: Callable[[Recipient], Urls]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What such a process is to do: its mailing, what opens its channel there, and where its journal goes."""

    about: About
    sender: Sender
    broadcast: str
    name: str
    channel: Elsewhere
    lanes: int
    worker: int
    folder: Path
    family: int
    stop_at: datetime

    def outlet(self, clock: Clock) -> Outlet | OneAtATime:
        """What sends, with as many lanes as this process may open. Raises SettingsError."""
        outlet = self.channel.open(clock.now)
        outlet.lanes = self.lanes
        return outlet


class AskingJob:
    """See `flow.Job`: every question goes to the service."""

    def __init__(self, link: Link, order: Order, kit: Kit, closing: threading.Event) -> None:
        self.turn = 0
        self.alone = False
        self._link = link
        self._kinds: Kinds = {}
        self._moulds = Filler(Asked(order.about, link), order.sender, kit.key, kit.urls).moulds(self._kinds)
        self._key = kit.key
        self._broadcast = order.broadcast
        self._closing = closing
        self._fine: deque[Row] = deque()
        self._telling = threading.Lock()

    def take(self, limit: int, now: datetime) -> tuple[int, list[PlainRow]]:
        """Be given up to `limit` rows."""
        try:
            self.turn, count, kinds, rows = self._link.ask("take", limit)
        except Orphaned:
            self._left()
            return 0, []
        if kinds:
            self._kinds.update(unpacked(kinds))
        return count, rows

    def reached(self, subscribers: list[int], now: datetime) -> Collection[int]:
        """Who is still to be reached; nobody, where there is no service to say so."""
        try:
            return set(self._link.ask("reached", subscribers))
        except Orphaned:
            self._left()
            return ()

    def email(self, row: Row, now: datetime) -> Email | None:
        """The person's email; None, too, where there is no service to ask how it reads: then nothing begins."""
        try:
            return self._moulds.email(row.id, row.person, now)
        except Orphaned:
            self._left()
            return None

    def key(self, row: Row) -> str:
        """The delivery's token on the wire."""
        return self._key.token("delivery-v1", self._broadcast, str(row.subscriber))

    def stopped(self, now: datetime) -> str:
        """What the service says; it is no good sign when it says nothing."""
        try:
            reason, closing = self._link.ask("stopped")
        except Orphaned:
            self._left()
            return ALONE
        if closing:
            self._closing.set()
        return str(reason)

    def hear(self, row: Row, outcome: Outcome) -> bool:
        """Keep for the brake what is good; tell at once what may have to stop the mailing."""
        if isinstance(outcome, Receipt):
            self._fine.append(row)
        elif outcomes.is_trouble(outcome):
            return self._tell(domain_of(row), packed(outcome))
        elif isinstance(outcome, Refused):
            self._fine.append(row)
        return False

    def _tell(self, domain: str = "", trouble: bytes = b"") -> bool:
        """Tell all that was good until now, and then the trouble, where there is one: the brake counts in order."""
        with self._telling:
            fine = [domain_of(self._fine.popleft()) for _ in range(len(self._fine))]
            try:
                return bool((fine or trouble) and self._link.ask("hear", fine, domain, trouble))
            except Orphaned:
                self._left()
                return True

    def _left(self) -> None:
        self.alone = True
        self._closing.set()

    def settle(self, results: list[Result], began: datetime, now: datetime) -> None:
        """Tell what came of a group, and return once it is in the ledger. Raises Orphaned."""
        self._tell()
        accepted, others = gather(results)
        plain = [tuple(each) for each in accepted]
        self._link.ask("settle", to_micros(began), plain, packed(others) if others else b"")

    def put_back(self, rows: list[int], now: datetime) -> None:
        """Give rows back. Raises Orphaned."""
        self._link.ask("put_back", rows)


class AskingPaces:
    """The store's buckets, asked for over the link; nothing flows where nobody answers."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def first(self, name: str, *, now: datetime) -> datetime:
        """See `Paces.first`."""
        try:
            return from_micros(self._link.ask("first", name))
        except Orphaned:
            return now

    def lease(self, name: str, *, rate: float, most: int, now: datetime) -> int:
        """See `Paces.lease`."""
        try:
            return int(self._link.ask("lease", name, rate, most))
        except Orphaned:
            return 0


def stand_behind() -> None:
    """Let all else on this machine go first, and interrupt nothing (sched(7), SCHED_BATCH)."""
    os.nice(BEHIND)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a sandbox may forbid it: then it is a little slower
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def run(kit: Kit, connection: Connection) -> None:
    """A process's whole life."""
    gc.set_threshold(50_000, 20, 50)
    stand_behind()
    link = Link(connection)
    try:
        link.answer(os.getpid())
        order: Order = unpacked(connection.recv_bytes())
    except (Orphaned, EOFError, OSError):
        return
    held = journal.hold(order.folder, order.worker, order.family)
    with contextlib.suppress(Orphaned):
        _work(kit, order, link)
    os.close(held)


def _work(kit: Kit, order: Order, link: Link) -> None:
    closing = threading.Event()
    try:
        outlet = order.outlet(kit.clock)
        job = AskingJob(link, order, kit, closing)
    except CampaignError as error:
        link.answer(str(error))
        return
    book = Journal(order.folder, order.worker, itertools.count(order.family * FAMILY + 1))
    link.answer(READY)
    pace = pace_of(AskingPaces(link), kit.clock, order.name, outlet)
    flow = Flow(job, outlet, book, kit.clock, closing, order.stop_at, pace)
    try:
        reason = flow.work()
        link.ask("done", reason)
    except Orphaned:
        flow.leave(GRACE)  # the journal stays: it is all that the next service will know
        return
    if flow.over and not job.alone:
        book.close()
