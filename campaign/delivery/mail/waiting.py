"""The process that waits for a large mailing, and becomes the processes that send it: see `nursery`.

What is loaded here is in memory for as long as the service lives, so this imports what sending needs and no more.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from importlib import import_module
from multiprocessing.connection import Connection
from typing import NoReturn

from campaign.delivery.mail import hand
from campaign.delivery.mail.link import unpacked

#: A kit has some hundred bytes; Linux hands over at most 253 descriptors at once (unix(7), SCM_RIGHTS).
MOST_WORDS, MOST_FILES = 65_536, 253


def main(descriptor: str, loads: str) -> NoReturn:
    """Load these modules, wait at that socket for a kit and pipes; be a process for each pipe, and end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the service hears these, and tells us
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        for name in loads.split():
            import_module(name)
        gc.collect()
        gc.freeze()  # else each look of the garbage collector would write to, and so copy, all that is shared
        door = socket.socket(fileno=int(descriptor))
        kit, pipes, _, _ = socket.recv_fds(door, MOST_WORDS, MOST_FILES)
        door.close()
        if pipes:
            _become(unpacked(kit), pipes)
    except BaseException:  # noqa: BLE001 - the last word of this process
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _become(kit: hand.Kit, pipes: list[int]) -> None:
    """One process a pipe, each with its own alone; the last is this one, which waits for the others at the end."""
    others: list[int] = []
    for mine in pipes[:-1]:
        pid = os.fork()
        if pid == 0:
            _keep_only(mine, pipes)
            hand.run(kit, Connection(mine))
            os._exit(0)
        others.append(pid)
    _keep_only(pipes[-1], pipes)
    hand.run(kit, Connection(pipes[-1]))
    for pid in others:
        os.waitpid(pid, 0)


def _keep_only(mine: int, pipes: list[int]) -> None:
    for pipe in pipes:
        if pipe != mine:
            os.close(pipe)
