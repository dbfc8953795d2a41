"""What a power cut leaves of a ledger: its files as they were, the last writes gone."""

import os
import shutil
import struct
from itertools import pairwise
from pathlib import Path

HEADER, FRAME_HEADER = 32, 24
_FRAME = struct.Struct(">II")  # page number; pages of the database after a commit, 0 within one
_PAGE_SIZE = struct.Struct(">I")


def commits(log: Path) -> list[int]:
    """Where each transaction of a write-ahead log ends, in bytes (sqlite.org/fileformat2.html section 4.1)."""
    data = log.read_bytes()
    if len(data) < HEADER:
        return []
    frame = FRAME_HEADER + _PAGE_SIZE.unpack_from(data, 8)[0]
    salt = data[16:24]
    ends = []
    for start in range(HEADER, len(data) - frame + 1, frame):
        if data[start + 8 : start + 16] != salt:
            break  # left over from before the log began anew
        if _FRAME.unpack_from(data, start)[1]:
            ends.append(start + frame)
    return ends


def cuts(log: Path) -> list[int]:
    """Lengths to which a power cut may leave the log: the ends of its transactions, and places between them."""
    ends = commits(log)
    between = [end + (following - end) * part // 3 for end, following in pairwise(ends) for part in (1, 2)]
    return sorted({*ends, *between})


def left_over(home: Path, target: Path, length: int | None = None) -> Path:
    """A copy of a home, its write-ahead log cut to `length` bytes (None: whole); nobody holds its locks."""
    shutil.copytree(home, target, ignore=shutil.ignore_patterns("campaign.db-shm"))
    if length is not None:
        os.truncate(target / "campaign.db-wal", length)
    return target
