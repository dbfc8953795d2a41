"""Where the processes come from that fill, sign and send a large mailing beside the service: one a processor.

A process started anew waits for work, from the start of the service on: it has loaded what sending needs and nothing
else, no database and no pages, so that it is small. When there is work it becomes the processes that are wanted: it
copies itself for all but one, and is the last one itself. So they share the memory of what was loaded, and nobody keeps
a copy of it meanwhile; the next one that waits is started when they are done. Each ends when the service does: the
service's end of its pipe is closed then, however the service ended.
"""

from __future__ import annotations

import ctypes
import gc
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe

from campaign.delivery.mail.link import packed

#: A mailing with fewer people to go is sent by the threads of the service alone.
MANY = 3000
#: How long a process may take to end once its pipe is closed, in seconds: what it has begun waits five for answers.
LEAVE = 10.0

#: mallopt's parameters of those names, and from how many bytes on a block goes back to the system at once.
M_ARENA_MAX, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -8, -1, -3
LARGE_BLOCK = 128 * 1024
#: The same for a process started anew (glibc, mallopt(3), "Environment variables").
ONE_HEAP = {
    "MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": str(LARGE_BLOCK), "MALLOC_MMAP_THRESHOLD_": str(LARGE_BLOCK),
}  # fmt: skip

#: Signals that the service hears, and tells of.
HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[3:]; from campaign.delivery.mail.waiting import main; main(*sys.argv[1:3])"
)


@dataclass(slots=True)
class Nursery:
    """Makes processes. `processes`: how many a mailing gets; `many`: how many people it must pass to get them.

    `kit`: what each is given with its work, packed. `environment`: that of each. `loads`: modules that they will need,
    loaded before they are copies of one another. `made`: how many were made so far.
    """

    processes: int
    kit: bytes = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    many: int = MANY
    loads: Sequence[str] = ()
    made: int = field(default=0, init=False)
    _waits: tuple[subprocess.Popen[bytes], socket.socket] | None = field(default=None, init=False, repr=False)
    _past: list[subprocess.Popen[bytes]] = field(default_factory=list, init=False, repr=False)
    _closed: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def children(self, count: int) -> list[Connection]:
        """Our ends of the pipes to `count` new processes; none where they cannot be made."""
        with self._lock:
            for _ in range(2):  # the one that waited may have been killed meanwhile
                self._start()
                made = self._send_for(count)
                if made:
                    self.made += count
                    return made
            return []

    def renew(self) -> None:
        """Let the next one wait, so that no mailing has to."""
        with self._lock:
            self._start()

    def close(self) -> None:
        """Make no more; those that live end when their pipes do."""
        with self._lock:
            self._closed = True
            if self._waits is not None:
                process, door = self._waits
                self._waits = None
                door.close()
                self._past.append(process)
            for process in self._past:
                try:
                    process.wait(LEAVE)
                except subprocess.TimeoutExpired:
                    continue
            self._past.clear()

    def _start(self) -> None:
        self._past = [process for process in self._past if process.poll() is None]
        if self._waits is not None or self._closed:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), " ".join(self.loads), *sys.path]
        try:
            with _unheard():
                process = subprocess.Popen(  # noqa: S603 - our own program
                    command,
                    env={**self.environment, **ONE_HEAP},
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
        except OSError:
            ours.close()
            return
        finally:
            theirs.close()
        self._waits = process, ours

    def _send_for(self, count: int) -> list[Connection]:
        if self._waits is None:
            return []
        process, door = self._waits
        self._waits = None
        self._past.append(process)
        pipes = [Pipe() for _ in range(count)]
        try:
            socket.send_fds(door, [self.kit], [theirs.fileno() for _, theirs in pipes])
        except OSError:
            for ours, _ in pipes:
                ours.close()
            return []
        finally:
            door.close()
            for _, theirs in pipes:
                theirs.close()
        return [ours for ours, _ in pipes]


def open_nursery(
    kit: object, processes: int, environment: Mapping[str, str], *, many: int = MANY, loads: Sequence[str] = ()
) -> Nursery | None:
    """A nursery whose processes each get `kit` (see `hand.Kit`), the first of them about to wait.

    `environment` can be read by whoever may look at these processes: it must hold no secret.
    None where one process is all that is wanted, or the system is not Linux.
    """
    if processes < 2 or sys.platform != "linux":
        return None
    gc.collect()
    gc.freeze()  # what is loaded by now stays: no look of the garbage collector need go through it
    give_back()
    made = Nursery(processes, packed(kit), environment, many, loads)
    made.renew()
    return made


def share_one_heap() -> None:
    """Let all threads allocate from one heap (glibc, mallopt(3)), and give large blocks back at once.

    Else each thread keeps the most that it ever used, and so does whoever once handed over many rows.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK)
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def give_back() -> None:
    """Give back to the system what loading left unused amid the heap (glibc, malloc_trim(3)): some megabytes."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


@contextmanager
def _unheard() -> Iterator[None]:
    """A process started in here hears of no signal until it says otherwise."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
