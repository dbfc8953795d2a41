"""Ports of this machine where nobody listens, and nobody else comes to listen meanwhile."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


def bound() -> socket.socket:
    """A socket bound to a free port of 127.0.0.1: until it listens, or another does beside it, connections are refused.

    A port that was merely free a moment ago may by now be somebody else's, or a connection's own other end.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


@contextmanager
def refusing() -> Iterator[int]:
    """A port where every connection is refused."""
    with bound() as holder:
        yield int(holder.getsockname()[1])
