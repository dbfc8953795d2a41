"""A nursery in a process started anew: for tests, whose own process has threads and cannot be copied.

`python -m tests.delivery.apart FD` waits for work at that socket.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from campaign.delivery.mail import hand
from campaign.delivery.mail.nursery import Nursery, wait_for_work
from tests.delivery.mailworld import kit


@contextmanager
def nursery_apart(processes: int) -> Iterator[Nursery]:
    """A nursery for mailings of any size."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.delivery.apart", str(theirs.fileno())]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        nursery = Nursery(processes, 0, ours)
        yield nursery
        nursery.close()
        assert process.wait(300) == 0


if __name__ == "__main__":
    wait_for_work(socket.socket(fileno=int(sys.argv[1])), partial(hand.run, kit()))
