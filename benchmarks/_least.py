"""What an engine must do at the least: the ledger's statements, each person's own bytes, and bare sockets.

One process opens the rows, takes them in groups, asks after their people, hands them out and settles them, each by its
one statement; the others, one a processor, fill the mould for each person, sign it where it is to be signed, and send
it. What exactness asks is done in the least possible way: a record stands in mapped memory before each final dot and
after its answer, the answer is the one expected, and whether anything speaks against it is known of less than a second
ago. Nothing else is done: no limits, no other relay, nothing that goes wrong.

It has the form that was found to be the fastest of some forty: the rest is opened while others send, rows are fetched
two groups ahead, and who sends waits as the engine does.
"""

from __future__ import annotations

import json
import marshal
import mmap
import multiprocessing
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

from sqlalchemy import text

from campaign.clock import SystemClock, to_micros
from campaign.delivery.mail.crew import GAP
from campaign.delivery.mail.flow import FRESH
from campaign.delivery.mail.hand import stand_behind
from campaign.delivery.mail.lookout import Lookout
from campaign.delivery.mail.mailing import NARROW, Run
from campaign.model import DeliveryState, Email
from campaign.model.rows import Kinds, Person
from campaign.render.headers import DateLine
from campaign.store import groups, reached, tallies
from campaign.store.database import plainly
from campaign.store.mailings import _choose
from tests.delivery.mailworld import MailWorld

GROUP = 2000
END = b".\r\n"
#: Two records of the journal: a message has ended, another one is about to.
_records = struct.Struct("<BQBQ").pack_into
ROOM = 1 << 22

#: The text of a row's email, and its envelope.
Make = Callable[[int, Person], tuple[bytes, bytes]]
#: An email as it travels.
Sign = Callable[[Email], bytes]


class Ledger:
    """The statements of one open mailing, and nothing else."""

    def __init__(self, world: MailWorld, broadcast: int, choice: Any) -> None:
        self._database = world.parts.store.database
        self._groups, self._broadcast, self._moment = world.parts.store.groups, broadcast, world.parts.clock.now()
        self._now = to_micros(self._moment)
        self._names = {"broadcast": broadcast, "worker": world.worker, "now": self._now}
        self._people = reached._run_query(choice)

    def take(self) -> list[tuple[Any, ...]]:
        """Rows whose turn has come, each with its person."""
        rows = self._groups.take(self._broadcast, worker=self._names["worker"], now=self._moment, limit=GROUP)
        with self._database.read() as connection:
            asked = {"now": self._now, "before": rows[0][1] - 1, "last": rows[-1][1]} if rows else {}
            people = plainly(connection.execute(self._people, asked)) if rows else []
        return [(row[0], person) for row, person in zip(rows, people, strict=True)]

    def settle(self, ids: list[int]) -> None:
        """They were accepted."""
        with self._database.write() as connection:
            said = {"began": self._now, "code": "250", "reason": "", "said": 0, "ids": json.dumps(ids)}
            moved = connection.execute(text(groups._SQLITE["sent alike"]), {**self._names, **said}).rowcount
            tallies.move(connection, tallies.from_pending({(self._names["broadcast"], DeliveryState.SENT): moved}))


class Given:
    """No ledger: `count` rows, the same group again and again, and nothing is written down."""

    def __init__(self, group: list[tuple[Any, ...]], count: int) -> None:
        self._group, self._left = group, count

    def take(self) -> list[tuple[Any, ...]]:
        """The group, or what is left of it."""
        rows = self._group[: self._left]
        self._left -= len(rows)
        return rows

    def settle(self, ids: list[int]) -> None:
        """Nothing."""


def run(world: MailWorld, port: int, connections: int, sign: Sign) -> float:
    """Seconds for the whole of a mailing."""
    began = time.perf_counter()
    world.begin()
    rest = _Rest(world)
    ledger, make = _prepared(world, sign)
    _send_all(ledger, rest, make, port, connections)
    return time.perf_counter() - began


def run_without(world: MailWorld, port: int, count: int, connections: int) -> float:
    """Seconds for `count` emails to the people of one group, with no ledger: what the processes that send do alone."""
    world.open()
    ledger, make = _prepared(world, lambda email: email.raw)
    given = Given(ledger.take(), count)
    began = time.perf_counter()
    _send_all(given, _Rest(world), make, port, connections)
    return time.perf_counter() - began


def _prepared(world: MailWorld, sign: Sign) -> tuple[Ledger, Make]:
    mailing = world.mailing._run(world.broadcast)
    with world.parts.store.database.read() as connection:
        choice = _choose(connection, mailing.audience)
    return Ledger(world, world.broadcast.id, choice), _filling(world, mailing, sign)


def _send_all(ledger: Ledger | Given, rest: _Rest, make: Make, port: int, connections: int) -> None:
    processes = os.cpu_count() or 1
    hands = [_hand(port, connections // processes, make) for _ in range(processes)]
    left = set(hands)
    while left:
        asking = wait(list(left), None if rest.open else GAP)
        if not asking:
            rest.open_more()
        for hand in asking:
            assert isinstance(hand, Connection)
            if not _served(hand, ledger, rest):
                left.discard(hand)


class _Rest:
    """What of the mailing is still to be opened; its first slice is open from the start."""

    def __init__(self, world: MailWorld) -> None:
        self._world = world
        self.open = world.mailing.fill(world.broadcast)

    def open_more(self) -> None:
        """Open the next slice."""
        self.open = self._world.mailing.fill(self._world.broadcast, NARROW)


def _served(hand: Connection, ledger: Ledger | Given, rest: _Rest) -> bool:
    """Do what a process asks; False where it is done."""
    question, ids = marshal.loads(hand.recv_bytes())  # noqa: S302 - our own process speaks
    if question == "take":
        while not (rows := ledger.take()) and not rest.open:
            rest.open_more()
        hand.send_bytes(marshal.dumps(rows))
    elif question == "settle":
        ledger.settle(ids)
    return bool(question != "done")


def _filling(world: MailWorld, mailing: Run, sign: Sign) -> Make:
    """Fills the mould of a mailing whose people are all alike; made once one of them was filled."""
    kinds: Kinds = {}
    now = world.parts.clock.now()
    (plain,) = world.parts.store.mailings.people(mailing.audience, [1], now=now, kinds=kinds)
    moulds, date = mailing.moulds(kinds), DateLine()(now)
    assert moulds.email(1, plain, now) is not None
    (mould,), stamps = moulds._made.values(), moulds._filler.stamps

    def make(delivery: int, person: Person) -> tuple[bytes, bytes]:
        token, bounce = stamps(delivery)
        email = mould.fill(person, token, bounce, date)
        assert email is not None
        return sign(email), f"MAIL FROM:<{email.envelope_from}>\r\nRCPT TO:<{email.to}>\r\nDATA\r\n".encode()

    return make


def _hand(port: int, connections: int, make: Make) -> Connection:
    ours, theirs = Pipe()
    multiprocessing.get_context("fork").Process(target=_send, args=(theirs, port, connections, make)).start()
    theirs.close()
    return ours


def _send(pipe: Connection, port: int, connections: int, make: Make) -> None:
    stand_behind()
    _Hand(pipe, [_lane(port) for _ in range(connections)], make).work()


class _Hand:
    """A process that sends. Of each connection it knows the row whose text the relay waits for, and the one before."""

    def __init__(self, pipe: Connection, lanes: list[socket.socket], make: Make) -> None:
        self._pipe = pipe
        self._lanes = {lane.fileno(): lane for lane in lanes}
        self._held: dict[int, int | None] = dict.fromkeys(self._lanes)
        self._before: dict[int, int | None] = dict.fromkeys(self._lanes)
        self._texts = dict.fromkeys(self._lanes, b"")
        self._make = make
        self._journal, self._place = mmap.mmap(-1, ROOM), 0
        self._usual = b""
        self._looked = time.monotonic()
        self._rows: list[tuple[int, Person]] = []
        self._sent: list[int] = []
        self._asked = self._over = False

    def work(self) -> None:
        """Send until there are no more rows."""
        ready, pipe = select.epoll(), self._pipe.fileno()
        lookout = Lookout(ready, SystemClock())
        for descriptor in (pipe, *self._lanes):
            ready.register(descriptor, select.EPOLLIN)
        self._asked = True
        self._tell("take")
        while not (self._over and not self._rows and self._idle() == list(self._lanes)):
            for descriptor, _ in lookout.wait():
                if descriptor == pipe:
                    self._hear()
                else:
                    self._step(descriptor)
            if len(self._sent) >= GROUP:
                self._settle()
            if len(self._rows) < GROUP and not self._asked and not self._over:
                self._asked = True
                self._tell("take")
        self._settle()
        self._tell("done")

    def _tell(self, what: str, ids: list[int] | None = None) -> None:
        self._pipe.send_bytes(marshal.dumps((what, ids or [])))

    def _settle(self) -> None:
        self._tell("settle", self._sent)
        self._sent = []

    def _idle(self) -> list[int]:
        return [each for each in self._lanes if self._held[each] is None and self._before[each] is None]

    def _hear(self) -> None:
        rows = marshal.loads(self._pipe.recv_bytes())  # noqa: S302 - our own process speaks
        self._asked, self._over, self._looked = False, not rows, time.monotonic()
        self._rows += rows
        for descriptor in self._idle():
            if self._rows:
                self._lanes[descriptor].send(self._next(descriptor))

    def _next(self, descriptor: int) -> bytes:
        """The envelope of the next row, which is that connection's from now on."""
        delivery, person = self._rows.pop()
        self._held[descriptor] = delivery
        self._texts[descriptor], envelope = self._make(delivery, person)
        return envelope

    def _step(self, descriptor: int) -> None:
        lane = self._lanes[descriptor]
        self._read(lane.recv(4096))
        done, now = self._before[descriptor], self._held[descriptor]
        if done is not None:
            self._sent.append(done)
        self._before[descriptor] = now
        self._write_down(done or 0, now or 0)
        if now is None:
            return
        ends = self._texts[descriptor]
        if self._rows:
            lane.send(b"".join((ends, END, self._next(descriptor))))
        else:
            self._held[descriptor] = None
            lane.send(ends + END)

    def _read(self, answer: bytes) -> None:
        """It must be what is always said; the first of each kind may be anything that is fine."""
        if answer != self._usual:
            if not answer.startswith((b"250 ", b"354 ")):
                raise ConnectionError(f"the relay said {answer!r}")
            self._usual = answer

    def _write_down(self, ended: int, begins: int) -> None:
        moment = time.monotonic()
        if moment - self._looked > FRESH:
            self._tell("stopped")
            self._looked = moment
        _records(self._journal, self._place, 2, ended, 1, begins)
        self._place = (self._place + 18) % (ROOM - 18)


def _lane(port: int) -> socket.socket:
    lane = socket.create_connection(("127.0.0.1", port))
    lane.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    lane.recv(4096)
    lane.sendall(b"HELO bench\r\n")
    lane.recv(4096)
    return lane
