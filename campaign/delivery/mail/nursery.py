"""Where the processes come from that fill, sign and send a large mailing beside the service: one a processor.

A copy of the service is made as it starts, while it has one thread and nothing of its own open but its ledger; that
copy only waits, and each process for a mailing is a copy of it. So they share the memory of all that was loaded by
then, and no lock, thread or half-done work of a busy service is ever copied. Each ends when the service does: the
service's end of its pipe is closed then, however the service ended.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import NoReturn

#: A mailing with fewer people to go is sent by the threads of the service alone.
MANY = 3000

#: mallopt's parameters of those names, and from how many bytes on a block goes back to the system at once.
M_ARENA_MAX, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -8, -1, -3
LARGE_BLOCK = 128 * 1024

Run = Callable[[Connection], None]


@dataclass(slots=True)
class Nursery:
    """Makes processes. `processes`: how many a mailing gets; `many`: how many people it must pass to get them.

    `made`: how many were made so far.
    """

    processes: int
    many: int = MANY
    made: int = field(default=0, init=False)
    _door: socket.socket | None = field(default=None, repr=False)

    def child(self) -> Connection | None:
        """Our end of the pipe to a new process; None where none can be made any more."""
        if self._door is None:
            return None
        ours, theirs = Pipe()
        try:
            socket.send_fds(self._door, [b"+"], [theirs.fileno()])
        except OSError:
            ours.close()
            self.close()
            return None
        finally:
            theirs.close()
        self.made += 1
        return ours

    def close(self) -> None:
        """Make no more; those that live end when their pipes do."""
        if self._door is not None:
            self._door.close()
            self._door = None


def open_nursery(run: Run, processes: int, *, many: int = MANY) -> Nursery | None:
    """A nursery whose processes each do `run` with their end of a pipe.

    None where one process is all that is wanted, or where a copy would not be safe: this process has several threads,
    or the system is not Linux.
    """
    if processes < 2 or sys.platform != "linux" or _threads() != 1:
        return None
    ours, theirs = socket.socketpair()
    gc.collect()
    gc.freeze()  # else each look of the garbage collector would write to, and so copy, all that is shared
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork() == 0:
        wait_for_work(theirs, run)
    theirs.close()
    return Nursery(processes, many, ours)


def share_one_heap() -> None:
    """Let all threads allocate from one heap (glibc, mallopt(3)), and give large blocks back at once.

    Else each thread keeps the most that it ever used, and so does whoever once handed over many rows.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK)
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def wait_for_work(door: socket.socket, run: Run) -> NoReturn:
    """What the waiting copy does with its end of the way to the service: it makes a process for each pipe."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the service hears these, and tells us
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        _let_go_of_files({door.fileno()})
        while True:
            asked, files, _, _ = socket.recv_fds(door, 1, 1)
            if not asked or not files:
                os._exit(0)
            if os.fork() == 0:
                door.close()
                run(Connection(files[0]))
                os._exit(0)
            os.close(files[0])
    except BaseException:  # noqa: BLE001 - a copy must never go on with the service's own work
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def _let_go_of_files(kept: set[int]) -> None:
    """Put nothing in the place of every open file, so that no lock or connection of the service outlives it here."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        if number > 2 and number not in kept | {nothing}:
            try:
                os.fstat(number)
            except OSError:
                continue  # the listing's own
            os.dup2(nothing, number, inheritable=False)
    os.close(nothing)
