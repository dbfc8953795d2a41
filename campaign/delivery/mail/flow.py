"""A mailing's emails on their way: rows taken in groups, sent by several lanes at once, settled in groups.

The coordinator (the calling thread) takes, looks for what should stop the flow, and settles; each lane thread fills
messages and sends them. A row waits for less than about a second between being taken and its turn; where it waited
longer, its person is asked after again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from campaign.channels.bulk import LATER, Lane, OneAtATime, Outlet, Receipt, Step, Stepped
from campaign.clock import Clock
from campaign.delivery.mail.journal import Journal, stamped
from campaign.delivery.mail.lanes import WITHDRAWN, open_lane
from campaign.delivery.mail.pace import Pace
from campaign.delivery.mail.results import Outcome, Result, Row, domain_of, mark_of
from campaign.delivery.mail.rounds import Rounds, open_rounds
from campaign.errors import ChannelError, Refused, TemplateError, TryLater, Uncertain
from campaign.model import Email
from campaign.model.rows import PlainRow

#: How old a look at holds, suppressions and subscriptions may be when a message begins, in seconds.
FRESH = 1.0
#: How often the coordinator looks, and settles at the latest, in seconds.
PULSE = 0.2
#: When it settles for the first time, in seconds: from then on groups follow the pace, and the ledger is asked less.
EARLY = 0.05
#: The coordinator wakes this often to see whether lanes run short of rows, in seconds.
STEP = 0.02
#: Rows for which a further lane is opened.
FEW = 8
#: How many rows a lane is given at first; the group then follows what so many seconds take, and is never larger than
#: `MOST`.
FIRST = 32
AHEAD = 0.3
MOST = 2000
#: How long lanes may take to come back when the service is stopped, in seconds.
GRACE = 5.0
#: The code of a row whose recipient domain is at its limit.
PACED = "pace"


@dataclass(slots=True)
class Stand:
    """A lane at work: its rows on their way, by key, and whether its relay's limit held it up."""

    lane: Lane
    rows: dict[str, Row] = field(default_factory=dict)
    slowed: bool = False


class Job(Protocol):
    """One open mailing, as a flow needs it. `turn`: the number of the last group taken, greater than any before."""

    turn: int

    def take(self, limit: int, now: datetime) -> tuple[int, list[PlainRow]]:
        """Take up to `limit` rows; how many were taken, and those whose person is still to be reached."""
        ...

    def reached(self, subscribers: list[int], now: datetime) -> Collection[int]:
        """Those of `subscribers` who are still to be reached."""
        ...

    def email(self, row: Row, now: datetime) -> Email | None:
        """The person's email; None where there is nothing for them."""
        ...

    def key(self, row: Row) -> str:
        """The delivery's token on the wire."""
        ...

    def stopped(self, now: datetime) -> str:
        """Why nothing more may begin now; "" where it may."""
        ...

    def hear(self, row: Row, outcome: Outcome) -> bool:
        """Called with each outcome as it comes; True where the flow must look whether it may go on."""
        ...

    def settle(self, results: list[Result], began: datetime, now: datetime) -> None:
        """Write what came of a group of rows."""
        ...

    def put_back(self, rows: list[int], now: datetime) -> None:
        """Give rows of which nothing began back."""
        ...


@dataclass(slots=True)
class Flow:
    """One run over what a mailing has open. `work` returns when nothing more of it can go now."""

    job: Job
    channel: Outlet | OneAtATime
    journal: Journal
    clock: Clock
    closing: threading.Event
    stop_at: datetime
    pace: Pace | None = None
    _queue: deque[Row] = field(default_factory=deque)
    _more: threading.Condition = field(default_factory=threading.Condition)
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _failed: list[BaseException] = field(default_factory=list)
    _rounds: Rounds | None = None
    _idle: int = 0
    _open: bool = True
    _stop: str = ""
    _looked: float = 0.0
    _over_at: float = 0.0
    _settled: float = 0.0
    _group: int = 0
    _pace: float = 0.0
    _began: datetime | None = None

    def work(self) -> str:
        """Send until nothing more can go; why it stopped ("" where there was nothing left to take)."""
        self._look()
        self._began = self.clock.now()
        self._settled = self.clock.monotonic()
        self._rounds = open_rounds(self.clock, self.channel.lanes)
        try:
            while not self._stop and not self._failed and self._turn():
                pass
        finally:
            self._end()
            if self._rounds is not None:
                self._rounds.close()
        if self._failed:
            raise self._failed[0]
        return self._stop

    @property
    def over(self) -> bool:
        """Whether every lane came back. One that did not may still hold a row, so the journal must stay."""
        return not any(thread.is_alive() for thread in self._threads)

    def leave(self, seconds: float) -> None:
        """Begin nothing more, and give what has begun up to `seconds` to come back, where nobody can be told of it."""
        with self._more:
            self._open = False
            self._more.notify_all()
        until = self.clock.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - self.clock.monotonic()))

    def _turn(self) -> bool:
        """One turn of the coordinator; False when all is done."""
        now = self.clock.monotonic()
        if now - self._looked > PULSE:
            self._look()
        due = self._settled + (PULSE if self._pace else EARLY)
        if self.journal.waiting and (now > due or self.journal.waiting >= MOST):
            self._settle()
        limit = self._room()
        taken = self._refill(limit) if limit else -1
        with self._more:
            done = taken == 0 and not self._queue and self._idle == len(self._threads)
            if taken <= 0 and not done:
                self._more.wait(STEP)
        if done and self.journal.waiting:
            self._settle()  # what went back among it can be taken again
            return True
        return not done

    def _room(self) -> int:
        """How many rows to take now: 0 while lanes have enough."""
        if not self._queue and self._idle and self._group:  # they ran dry before anybody knew how fast they are
            self._group = min(MOST, 2 * self._group)
        self._group = self._group or FIRST * max(1, self.channel.lanes)
        group = max(self._group, min(MOST, int(self._pace * AHEAD)))
        return group if len(self._queue) * 2 < group else 0

    def _refill(self, limit: int) -> int:
        asked = self.clock.monotonic()
        count, rows = self.job.take(limit, self.clock.now())
        turn = stamped(0, self.job.turn)
        taken = [Row(id_, who, person, asked, id_ | turn) for (id_, who, _, _), person in rows]
        with self._more:
            self._queue.extend(taken)
            self._hire()
            self._more.notify_all()
        return count

    def _hire(self) -> None:
        """As many lanes as there is work for."""
        wanted = min(max(1, self.channel.lanes), (len(self._queue) + FEW - 1) // FEW)
        for number in range(len(self._threads), wanted):
            thread = threading.Thread(target=self._lane, name=f"lane-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _look(self) -> None:
        """See whether anything stops the flow."""
        now, moment = self.clock.now(), self.clock.monotonic()
        reason = "the service is stopping" if self.closing.is_set() else ""
        reason = reason or ("its time of day was over" if now > self.stop_at else "") or self.job.stopped(now)
        self._stop = self._stop or reason
        self._looked = moment
        self._over_at = moment + (self.stop_at - now).total_seconds()

    def _settle(self) -> None:
        results = self.journal.results()
        now, clock = self.clock.now(), self.clock.monotonic()
        if results:
            self.job.settle(results, self._began or now, now)
            self.journal.settled()
            lately = len(results) / max(clock - self._settled, 0.01)
            if not self._pace:
                self._group = FEW * max(1, self.channel.lanes)  # from now on the group follows the pace
            self._pace = lately if not self._pace else (self._pace + lately) / 2
        self._began, self._settled = now, clock

    def _end(self) -> None:
        """Let the lanes come back, settle what they brought, give back what did not begin."""
        with self._more:
            self._open = False
            self._more.notify_all()
        self._gather()
        left = [row.id for row in self._queue]
        self._queue.clear()
        self._settle()
        if left:
            self.job.put_back(left, self.clock.now())

    def _gather(self) -> None:
        """Wait for the lanes: without end, but no longer than GRACE once the service is stopping."""
        patience = GRACE
        for thread in self._threads:
            while thread.is_alive() and patience > 0:
                thread.join(PULSE)
                patience -= PULSE if self.closing.is_set() else 0.0
                if self.journal.waiting:
                    self._settle()

    # -- lanes

    def _lane(self) -> None:
        stand: Stand | None = None
        try:
            stand = Stand(open_lane(self.channel))
            while self._wait_for_rows(stand):
                self._send(stand)
                self._left_over(stand.rows)
        except BaseException as error:  # noqa: BLE001 - told by `work`, after everything else was settled
            self._failed.append(error)
        finally:
            if stand is not None:
                self._left_over(stand.rows)
                stand.lane.close()
            with self._more:
                self._idle += 1
                self._more.notify_all()

    def _send(self, stand: Stand) -> None:
        lane, rows = stand.lane, stand.rows

        def may_begin(key: str) -> bool:
            return self._may_begin(rows[key])

        def heard(key: str, outcome: Receipt | ChannelError) -> None:
            self._ended(rows.pop(key), outcome)

        emails = self._emails(stand)
        steps: Iterator[Step] = iter(
            lane.steps(emails, may_begin) if isinstance(lane, Stepped) else lane.send(emails, may_begin)
        )
        for step in steps:
            if isinstance(step, tuple):
                heard(*step)
            elif step not in (None, LATER) and self._rounds is not None:
                self._rounds.drive(steps, step, heard)

    def _wait_for_rows(self, stand: Stand) -> bool:
        """Wait until there are rows; False when no more will come."""
        with self._more:
            if stand.slowed:  # its relay takes no more for now
                stand.slowed = False
                self._more.wait(STEP)
            self._idle += 1
            self._more.notify_all()
            self._more.wait_for(lambda: self._queue or not self._open or self._stop)
            self._idle -= 1
            return bool(self._queue and self._open and not self._stop)

    def _emails(self, stand: Stand) -> Iterator[tuple[str, Email]]:
        lane, rows, pace = stand.lane, stand.rows, self.pace
        if not getattr(lane, "ready", True):
            stand.slowed = True
            return
        keyed = not getattr(lane, "keyless", False)
        while not self._stop and self._open:
            if pace is not None and not pace.relay(str(getattr(lane, "relay", ""))):
                stand.slowed = True
                return
            try:
                row = self._queue.popleft()
            except IndexError:
                return
            if pace is not None and not pace.domain(domain := domain_of(row)):
                self._ended(row, TryLater(f"waits for its turn at {domain}", after=pace.turn(domain), code=PACED))
                continue
            key = self.job.key(row) if keyed else str(row.stamp)
            rows[key] = row
            try:
                email = self.job.email(row, self.clock.now())
            except Refused as error:
                self._ended(rows.pop(key), error)
                continue
            except TemplateError as error:
                self._ended(rows.pop(key), Refused(f"their email cannot be rendered: {error}"))
                continue
            if email is None:
                self._ended(rows.pop(key), "nothing for them today")
                continue
            yield key, email

    def _may_begin(self, row: Row) -> bool:
        """Asked just before the byte that cannot be taken back."""
        moment = self.clock.monotonic()
        if moment - self._looked > FRESH:
            self._look()
        if self._stop or self.closing.is_set() or moment > self._over_at:
            return False
        if moment - row.asked > FRESH:
            self._ask_again(row)
        if row.gone:
            return False
        row.begun = True
        self.journal.begun(row.stamp)
        return True

    def _ask_again(self, row: Row) -> None:
        """Ask after a row's person again, and in the same question after all who wait behind it."""
        with self._asking:
            moment = self.clock.monotonic()
            if moment - row.asked <= FRESH:
                return  # another lane did it meanwhile
            waiting = [row, *(each for each in list(self._queue) if moment - each.asked > FRESH / 2)]
            still = self.job.reached([each.subscriber for each in waiting], self.clock.now())
            for each in waiting:
                each.gone = each.subscriber not in still
                each.asked = moment

    def _ended(self, row: Row, outcome: Outcome) -> None:
        self.journal.ended(row.stamp, mark_of(outcome), (row, outcome))
        if self.job.hear(row, outcome):
            self._look()

    def _left_over(self, rows: dict[str, Row]) -> None:
        """Rows that a lane took and said nothing of."""
        for row in rows.values():
            unsaid = Uncertain("the channel gave no outcome") if row.begun else TryLater("not begun", code=WITHDRAWN)
            self._ended(row, unsaid)
        rows.clear()
