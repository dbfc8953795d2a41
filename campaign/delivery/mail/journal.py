"""What a mail worker began and what came of it, between two settlings: kept so that a kill loses no knowledge of it.

Appended to files of fixed size that are mapped into memory: a record is in the kernel's hands once it is written, so a
killed process takes none with it. A record has nine bytes: its kind, and the delivery's id. `begun` stands before a
message's final dot is written, its outcome after the relay's answer. So after a kill at most one message a connection
is begun without an outcome; everything else is known.

A record's number is the delivery's id and, above it, the turn in which the row was taken: of two processes' records of
one row the later turn counts, in whatever order their files are read.

Files are turned over between settlings. The new file begins with what is on its way, so the old one can go as soon as
the outcomes in it are in the ledger.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Any

from campaign.errors import StoreError
from campaign.locks import is_free

RECORD = struct.Struct("<BQ")
_SIZE = RECORD.size
_put_id = struct.Struct("<Q").pack_into
#: Records a file holds: about half a megabyte.
CAPACITY = 65_536
#: A file is turned over once it is this full, which leaves room for what is written until the next settling.
FULL = CAPACITY // 4

_WORKER = re.compile(r"worker-(\d+)-")
#: A record's number: so many bits for the delivery's id, the rest for the turn in which its row was taken.
ID_BITS = 40
_IDS = (1 << ID_BITS) - 1
_TURNS = (1 << 64 - ID_BITS) - 1
#: Files a process may fill before it would come among the next one's.
FAMILY = 1_000_000

_NAME = re.compile(r"worker-(\d+)-(\d+)\.journal\Z")


def stamped(delivery: int, turn: int) -> int:
    """The number that stands in the records of a row taken in that turn."""
    return delivery | (turn & _TURNS) << ID_BITS


class Mark(IntEnum):
    """The kind of a record. 0 is a place not written."""

    BEGUN = 1
    SENT = 2
    LATER = 3
    REFUSED = 4
    UNCERTAIN = 5
    #: Refused, because the address is dead.
    DEAD = 6


_BEGUN = int(Mark.BEGUN)


class Journal:
    """The journal of one flow of a living worker, whose files are numbered by `numbers`. Threads may share it."""

    def __init__(self, folder: Path, worker: int, numbers: Iterator[int]) -> None:
        self._folder = folder
        self._numbers = numbers
        self._worker = worker
        self._lock = threading.Lock()
        self._on_their_way: set[int] = set()
        self._old: list[Path] = []
        self._results: list[Any] = []
        self._unsettled = False
        folder.mkdir(parents=True, exist_ok=True)
        self._place = 0
        self._open()

    def begun(self, delivery: int) -> None:
        """Its final dot may be written once this returns."""
        with self._lock:
            self._on_their_way.add(delivery)
            self._write(_BEGUN, delivery)

    def ended(self, delivery: int, mark: int, result: Any) -> None:
        """What came of it; `result` is handed out by `results`."""
        with self._lock:
            if delivery in self._on_their_way:
                self._on_their_way.discard(delivery)
                self._write(mark, delivery)
            self._results.append(result)

    @property
    def waiting(self) -> int:
        """How many results wait to be settled."""
        return len(self._results)

    def results(self) -> list[Any]:
        """The results since the last call. Once they are in the ledger, call `settled`."""
        with self._lock:
            results, self._results = self._results, []
            self._unsettled = self._unsettled or bool(results)
            if self._place >= FULL:
                with suppress(StoreError):  # on a full disk the old file goes on: it has room for a while
                    self._turn()
        return results

    def settled(self) -> None:
        """All that `results` gave is in the ledger: files that tell nothing else can go."""
        self._unsettled = False
        for path in self._old:
            path.unlink(missing_ok=True)
        self._old.clear()

    def close(self) -> None:
        """Leave. The files stay where something is still on its way, or not settled."""
        with self._lock:
            self._map.close()
            if not (self._on_their_way or self._results or self._unsettled):
                self._path.unlink(missing_ok=True)

    def _write(self, mark: int, delivery: int) -> None:
        if self._place >= CAPACITY:
            self._turn()
        start = self._place * _SIZE
        _put_id(self._map, start + 1, delivery)
        self._map[start] = mark  # last, so that a record half written is none
        self._place += 1

    def _turn(self) -> None:
        old_map, old_path = self._map, self._path
        self._open()
        old_map.close()
        self._old.append(old_path)
        for delivery in self._on_their_way:
            self._write(Mark.BEGUN, delivery)

    def _open(self) -> None:
        """Begin a file, its room reserved; StoreError where the disk has none."""
        path = path_of(self._folder, self._worker, next(self._numbers))
        try:
            self._map = _mapped(path)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise StoreError(f"{path} cannot be written ({error.strerror}). Make room; nothing was lost.") from error
        self._path, self._place = path, 0


def _mapped(path: Path) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, CAPACITY * RECORD.size)
        return mmap.mmap(descriptor, CAPACITY * RECORD.size)
    finally:
        os.close(descriptor)


def path_of(folder: Path, worker: int, number: int) -> Path:
    """The file `number` of a worker's journal."""
    return folder / f"worker-{worker}-{number:08d}.journal"


def workers(folder: Path) -> set[int]:
    """The workers that have files here, living or dead."""
    found = (_WORKER.match(path.name) for path in folder.glob("worker-*"))
    return {int(name[1]) for name in found if name}


def files_of(folder: Path, worker: int) -> list[Path]:
    """A worker's journal, oldest file first; empty where it kept none here."""
    found = [(int(name[2]), path) for path in folder.glob("*.journal") if (name := _NAME.match(path.name))]
    mine = [(number, path) for number, path in found if path.name.startswith(f"worker-{worker}-")]
    return [path for _, path in sorted(mine)]


def read(folder: Path, worker: int) -> dict[int, Mark]:
    """The last mark of each delivery in a worker's journal."""
    found: dict[int, tuple[int, Mark]] = {}
    for path in files_of(folder, worker):
        for mark, number in _records(path.read_bytes()):
            delivery, turn = number & _IDS, number >> ID_BITS
            if turn >= found.get(delivery, (0, mark))[0]:
                found[delivery] = (turn, mark)
    return {delivery: mark for delivery, (_, mark) in found.items()}


def forget(folder: Path, worker: int) -> None:
    """Remove a dead worker's journal, once it is in the ledger."""
    for path in (*files_of(folder, worker), *folder.glob(f"worker-{worker}-*.held")):
        path.unlink(missing_ok=True)


def hold(folder: Path, worker: int, family: int) -> int:
    """Say that this process writes a worker's journal, for as long as it lives; the descriptor that must stay open."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_held(folder, worker, family), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def in_use(folder: Path, worker: int) -> bool:
    """Whether a process of that worker still lives, and so may still write: then its journal says too little."""
    return any(not is_free(path) for path in folder.glob(f"worker-{worker}-*.held"))


def lives(folder: Path, worker: int, family: int) -> bool:
    """Whether the process that held it still does."""
    return not is_free(_held(folder, worker, family))


def wait_until_free(folder: Path, worker: int, family: int) -> None:
    """Return once the process that held it is gone; its lock goes with it."""
    path = _held(folder, worker, family)
    if path.exists():
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        finally:
            os.close(descriptor)
        path.unlink(missing_ok=True)


def _held(folder: Path, worker: int, family: int) -> Path:
    return folder / f"worker-{worker}-{family}.held"


def _records(data: bytes) -> Iterator[tuple[Mark, int]]:
    for kind, delivery in RECORD.iter_unpack(data[: len(data) // RECORD.size * RECORD.size]):
        if not kind:
            return
        if kind in _KNOWN:
            yield Mark(kind), delivery


_KNOWN = frozenset(Mark)
