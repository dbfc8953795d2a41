"""A raw server on the loopback for tests of what sockets do: it reads one request and plays a script of bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Script = Callable[[socket.socket], None]


def read_request(peer: socket.socket) -> bytes:
    """Everything up to the end of the head, and as much body as Content-Length says."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = peer.recv(65536)
        if not piece:
            return got
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        piece = peer.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """The http:// address of a server that runs `script` on each connection, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def loop() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=play, args=(peer,), daemon=True).start()

        def play(peer: socket.socket) -> None:
            with peer:
                try:
                    script(peer)
                except OSError:
                    return

        threading.Thread(target=loop, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)


class Drip:
    """A header line after the other: no single wait is long, the whole is endless. It moves its client's clock."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, peer: socket.socket) -> None:
        read_request(peer)
        peer.settimeout(0.02)
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            peer.sendall(b"X-Drip: 1\r\n")
            self.seconds += 0.1
            try:
                peer.recv(1)
            except TimeoutError:
                continue
            return
