"""Files that are locked by whoever is at work: the lock goes with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def is_free(path: Path) -> bool:
    """Does no living process hold that lock file? So does none where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
