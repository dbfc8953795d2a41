"""One thread that goes the rounds of many lanes: to each whose relay has answered, in the order in which they did.

A lane mostly waits. Where each waits in a thread of its own, the interpreter is handed from thread to thread for every
message, and that costs as much again as to fill and send it. So while a lane goes smoothly its thread sleeps, and this
one goes on with it whenever its relay has answered. What may block (a connection to be made, a reply that is late or
out of the usual) the lane's own thread does, which is woken for it. A relay that is silent for `SILENT` seconds is
waited for there too.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from campaign.channels.bulk import LATER, Step
from campaign.clock import Clock
from campaign.delivery.mail.lookout import SILENT, Lookout

#: Told each outcome: a message's key, and what came of it.
Heard = Callable[[str, Any], None]


@dataclass(slots=True)
class Visit:
    """One lane on the rounds: its steps, who hears the outcomes, and whether its relay answered since the last look."""

    steps: Iterator[Step]
    heard: Heard
    back: threading.Event = field(default_factory=threading.Event)
    answered: bool = True
    error: BaseException | None = None


class Rounds:
    """Drives lanes (see `channels.base.Stepped`) for as long as they need no thread of their own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ready = select.epoll()
        self._lookout = Lookout(self._ready, clock)
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._ready.register(self._bell, select.EPOLLIN)
        self._visits: dict[int, Visit] = {}
        self._later: list[tuple[int, Visit]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._over = self._ended = False
        self._looked = clock.monotonic()

    def drive(self, steps: Iterator[Step], descriptor: int, heard: Heard) -> None:
        """Go on with a lane that waits until `descriptor` can be read. To be called by the lane's own thread.

        Returns where that thread must go on with the steps: after one that may block, where the relay has been silent
        for a while, and at the end. Raises what the steps raised.
        """
        visit = Visit(steps, heard)
        with self._lock:
            if self._ended:
                return
            self._visits[descriptor] = visit
            self._ready.register(descriptor, select.EPOLLIN)
            if self._thread is None:
                self._thread = threading.Thread(target=self._go, name="rounds", daemon=True)
                self._thread.start()
        visit.back.wait()
        if visit.error is not None:
            raise visit.error

    def close(self) -> None:
        """End once no lane is on the rounds any more."""
        with self._lock:
            self._over = True
            if not self._ended:
                os.eventfd_write(self._bell, 1)
        if self._thread is None:
            self._end()

    def _go(self) -> None:
        while not self._end():
            answered = self._lookout.wait()
            for descriptor, _ in answered:
                if descriptor == self._bell:
                    os.eventfd_read(self._bell)
                else:
                    self._visit(descriptor, self._visits[descriptor])
            while self._later:
                later, self._later = self._later, []
                for descriptor, visit in later:
                    self._visit(descriptor, visit)
            now = self._clock.monotonic()
            if not answered or now - self._looked > SILENT:
                self._looked = now
                self._send_back_the_silent()

    def _visit(self, descriptor: int, visit: Visit) -> None:
        visit.answered = True
        try:
            for step in visit.steps:
                if isinstance(step, tuple):
                    visit.heard(*step)
                elif step == descriptor:
                    return
                elif step == LATER:
                    self._later.append((descriptor, visit))
                    return
                else:
                    break
        except BaseException as error:  # noqa: BLE001 - raised in the lane's own thread
            visit.error = error
        self._send_back(descriptor, visit)

    def _send_back_the_silent(self) -> None:
        with self._lock:
            silent = [(descriptor, visit) for descriptor, visit in self._visits.items() if not visit.answered]
            for visit in self._visits.values():
                visit.answered = False
        for descriptor, visit in silent:
            self._send_back(descriptor, visit)

    def _send_back(self, descriptor: int, visit: Visit) -> None:
        with self._lock:
            if self._visits.get(descriptor) is visit:  # its number may be another socket's by now
                del self._visits[descriptor]
                with contextlib.suppress(OSError):  # closed already
                    self._ready.unregister(descriptor)
        visit.back.set()

    def _end(self) -> bool:
        """Whether it is over and nobody is on the rounds: then nothing of it stays open."""
        with self._lock:
            if self._over and not self._visits and not self._ended:
                self._ended = True
                self._ready.close()
                os.close(self._bell)
            return self._ended


def open_rounds(clock: Clock, lanes: int) -> Rounds | None:
    """Rounds for that many lanes; None where each lane's own thread does as well, or the system has no epoll."""
    return Rounds(clock) if lanes > 1 and sys.platform == "linux" else None
