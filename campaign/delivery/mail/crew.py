"""A large mailing sent by several processes: the service keeps the ledger and answers, they fill, sign and send.

Each asks for rows, and tells what came of them; between two questions it works alone. So the ledger has one writer,
every limit one keeper, and whatever stops a mailing is said in one place.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import Any, ClassVar

from campaign.clock import Clock, from_micros, to_micros
from campaign.delivery.mail import journal
from campaign.delivery.mail.filling import Matter
from campaign.delivery.mail.flow import GRACE, PULSE
from campaign.delivery.mail.hand import READY, Order
from campaign.delivery.mail.lanes import WITHDRAWN
from campaign.delivery.mail.link import Link, Orphaned, packed, unpacked
from campaign.delivery.mail.mailjob import MailJob, passing
from campaign.delivery.mail.nursery import Nursery
from campaign.delivery.mail.results import Other
from campaign.errors import CampaignError, TryLater
from campaign.model.rows import Accepted
from campaign.render.filling import Forms
from campaign.render.mailing import Compiled
from campaign.store.paces import Paces

BROKE = "a process that was sending ended before its time"
#: How long a process may take to make its channel and its mailing, in seconds.
START = 30.0
#: Towards the end a process is given half of its share of what is left, so that all end together; never fewer rows.
LEAST = 256
#: Between two slices of an opening others may write for so long, in seconds: who waits looks every millisecond.
GAP = 0.003
#: How much longer than its lanes a process may take to come back once the service is stopping, in seconds.
SLACK = 2.0


class HandLost(Exception):
    """A process ended without a word: killed, or out of memory. Its journal says what it had begun."""


@dataclass(slots=True)
class Hand:
    """One process: our end of its pipe, and how many kinds of people it was told of.

    `waits`: its relay takes nothing from it, while others may still send: a relay may have room for these alone.
    """

    order: Order
    link: Link
    pid: int = 0
    kinds: int = 0
    waits: bool = False


class Crew:
    """The processes of one flow. `work` returns when nothing more of the mailing can go now."""

    def __init__(
        self, job: MailJob, matter: Matter, compiled: Compiled, paces: Paces, clock: Clock, closing: threading.Event
    ) -> None:
        self._job = job
        self._matter = matter
        self._compiled = compiled
        self._paces = paces
        self._clock = clock
        self._closing = closing
        self._hands: dict[Connection, Hand] = {}
        self._orders: list[Order] = []
        self._stop = ""
        self._failed: BaseException | None = None
        self._reason = ""
        self._left = 0
        self._fill: Callable[[], bool] | None = None
        self._settled = False

    def opens(self, fill: Callable[[], bool]) -> None:
        """Have the rest of the mailing opened while it is sent. `fill` opens a slice; True once all of it is open."""
        self._fill = fill

    def start(self, nursery: Nursery, order: Order, lanes: int, families: Iterator[int]) -> str:
        """Start the processes, `lanes` shared out among them; why they cannot be used ("" where they can).

        Where they cannot, none of them was given a row.
        """
        self._left = self._job.waiting()
        count = min(nursery.processes, lanes)
        for number, connection in enumerate(nursery.children(count)):
            share = lanes // count + (number < lanes % count)
            mine = replace(order, lanes=share, family=next(families))
            self._orders.append(mine)
            self._hands[connection] = Hand(mine, Link(connection))
            with contextlib.suppress(OSError):
                connection.send_bytes(packed(mine))
        if not self._hands:
            return self._unfit("no process can be made")
        for hand in self._hands.values():
            hand.pid = int(_first_words(hand) or 0)
            said = _first_words(hand)
            if said != READY:
                return self._unfit(said or "a process did not start")
        return ""

    def _unfit(self, why: str) -> str:
        self._let_go()
        return why

    def work(self) -> str:
        """Answer until every process has ended; why it stopped ("" where there was nothing left to take)."""
        until: float | None = None
        try:
            while self._hands and (until is None or self._clock.monotonic() < until):
                at_once = self._settled and self._opening  # until then all are in a hurry
                asking = wait(list(self._hands), GAP if at_once else PULSE)
                for connection in asking:
                    self._serve(self._hands[connection])  # type: ignore[index]
                if at_once and not asking:
                    self._open_more()
                if until is None and self._closing.is_set():
                    until = self._clock.monotonic() + GRACE + SLACK
        finally:
            self._let_go()
        if self._failed is not None:
            raise self._failed
        return self._reason

    @property
    def _opening(self) -> bool:
        return self._fill is not None and not self._closing.is_set()

    def _open_more(self) -> None:
        """Open another slice: between two questions, and where there is nothing left to hand out."""
        if self._fill is not None and self._fill():
            self._fill = None
        self._left = self._job.waiting()

    def _serve(self, hand: Hand) -> None:
        try:
            name, *given = hand.link.hear()
            hand.link.answer(self._answers[name](self, hand, *given))
        except Orphaned:
            self._lost(hand, HandLost(BROKE))
        except Exception as error:  # noqa: BLE001 - raised by `work` once every process has come back
            self._lost(hand, error)
        else:
            if name == "done":
                self._gone(hand)

    def _lost(self, hand: Hand, error: Exception) -> None:
        """Nothing more begins: the rows that it held are settled by its journal, once no process writes one."""
        self._failed = self._failed or error
        self._stop = self._stop or str(error) or BROKE
        self._gone(hand)

    def _gone(self, hand: Hand) -> None:
        self._hands.pop(hand.link.connection)
        hand.link.connection.close()

    def _let_go(self) -> None:
        """Return once no process of this crew lives: one that does not come back by itself is killed."""
        for hand in list(self._hands.values()):
            self._gone(hand)
            self._failed = self._failed or HandLost(BROKE)
            order = hand.order
            if hand.pid and journal.lives(order.folder, order.worker, order.family):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(hand.pid, signal.SIGKILL)
        for order in self._orders:
            journal.wait_until_free(order.folder, order.worker, order.family)

    # -- what a process may ask

    def _take(self, hand: Hand, limit: int) -> Any:
        fair = max(LEAST, self._left // (2 * len(self._hands)))
        count, rows = self._job.take(min(limit, fair), self._clock.now())
        while not count and self._opening:
            self._open_more()
            count, rows = self._job.take(min(limit, fair), self._clock.now())
        self._left -= count
        new = list(itertools.islice(self._job.kinds.items(), hand.kinds, None))
        hand.kinds += len(new)
        return self._job.turn, count, packed(new) if new else b"", rows

    def _reached(self, hand: Hand, subscribers: list[int]) -> list[int]:
        return list(self._job.reached(subscribers, self._clock.now()))

    def _stopped(self, hand: Hand) -> tuple[str, bool]:
        closing = self._closing.is_set()
        reason = "the service is stopping" if closing else self._stop or self._job.stopped(self._clock.now())
        return reason or ("the relay asked this one to wait" if hand.waits else ""), closing

    def _hear(self, hand: Hand, fine: list[str], domain: str, trouble: bytes) -> bool:
        self._job.fine(fine)
        if not trouble:
            return False
        outcome = unpacked(trouble)
        hand.waits = hand.waits or passing(outcome)
        if passing(outcome) and not all(each.waits for each in self._hands.values()):
            return True  # this one stops; the channel rests once none of them is served
        return self._job.weigh(domain, outcome)

    def _settle(self, hand: Hand, began: int, accepted: list[tuple[Any, ...]], others: bytes) -> None:
        results: list[Other] = []
        for delivery, gone, outcome in unpacked(others) if others else ():
            if self._job.rest is None and passing(outcome):
                outcome = TryLater(str(outcome), code=WITHDRAWN, aside=outcome.aside)
            results.append((delivery, gone, outcome))
        self._settled = True
        self._job.write([Accepted._make(each) for each in accepted], results, from_micros(began), self._clock.now())

    def _put_back(self, hand: Hand, rows: list[int]) -> None:
        self._job.put_back(rows, self._clock.now())

    def _first(self, hand: Hand, name: str) -> int:
        return to_micros(self._paces.first(name, now=self._clock.now()))

    def _lease(self, hand: Hand, name: str, rate: float, most: int) -> int:
        return self._paces.lease(name, rate=rate, most=most, now=self._clock.now())

    def _done(self, hand: Hand, reason: str) -> None:
        self._reason = self._reason or reason

    def _variant(self, hand: Hand, recipient: bytes) -> bytes:
        """Which variant a person reads: its number, whether it is empty, and whether it is made for each alone."""
        return _told(lambda: _said(self._compiled.variant_for(unpacked(recipient))))

    def _form(self, hand: Hand, asked: bytes) -> bytes:
        return _told(lambda: self._compiled.form_for(*unpacked(asked)))

    def _whole(self, hand: Hand) -> bytes:
        return packed(self._matter)

    _answers: ClassVar[dict[str, Callable[..., Any]]] = {
        "take": _take, "reached": _reached, "stopped": _stopped, "hear": _hear, "settle": _settle,
        "put_back": _put_back, "first": _first, "lease": _lease, "done": _done, "variant": _variant,
        "form": _form, "matter": _whole,
    }  # fmt: skip


def _told(look: Callable[[], Any]) -> bytes:
    """What was found, or why it was not: a message that cannot be made is each person's own trouble."""
    try:
        return packed(look())
    except CampaignError as error:
        return packed(error)


def _said(variant: Forms) -> tuple[int, bool, bool]:
    return variant.number, variant.empty, variant.personal


def _first_words(hand: Hand) -> Any:
    """What a process says as it starts; None where it says nothing."""
    try:
        return hand.link.hear() if hand.link.connection.poll(START) else None
    except (Orphaned, OSError):
        return None
