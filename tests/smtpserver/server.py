"""The counting relay: a thread a connection, every accepted message remembered."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TextIO

from tests.smtpserver.conversation import Conversation
from tests.smtpserver.script import Script

#: What the first byte of TCP_INFO says of a connection that is open at both ends (linux/tcp_states.h).
ESTABLISHED = 1


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message that was taken: answered 250, or its connection cut after the final dot (`silent`)."""

    sender: str
    to: str
    data: bytes = field(repr=False)
    connection: int
    silent: bool = False


def is_open(sock: socket.socket) -> bool:
    """Whether the other side has not closed its end, though nobody here may have noticed yet (Linux tells)."""
    if not hasattr(socket, "TCP_INFO") or sock.fileno() < 0:  # -1: TLS took the socket over
        return True
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED


class CountingServer:
    """A relay on a free loopback port, used as a context manager.

    `die()` refuses connections and cuts the living; `revive()` ends that. `rest_at(count)`: once so many messages were
    taken, each connection takes one more and rests before it answers, until `go_on()`; so whoever waits for a moment of
    a mailing comes in time, however slow. `log`: a text file that gets one line an accepted message (recipient),
    flushed, for use from another process.
    """

    def __init__(
        self, script: Script | None = None, *, tls: ssl.SSLContext | None = None, implicit: bool = False,
        log: TextIO | None = None, port: int = 0, keep: bool = True,
    ) -> None:  # fmt: skip
        self.script = script or Script()
        self.tls = tls
        self.implicit = implicit
        self.accepted: list[Accepted] = []
        self.counts: Counter[str] = Counter()
        self.connections = 0
        self.most_at_once = 0
        self.turned_away = 0
        self._keep = keep
        self._log = log
        self._dead = threading.Event()
        self._rest_at: int | None = None
        self._going = threading.Event()
        self._lock = threading.Lock()
        self._living: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        thread = threading.Thread(target=self._listen, daemon=True)
        thread.start()
        self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.script.over.set()
        self.go_on()
        self.hang_up()
        for thread in self._threads:
            thread.join(timeout=10)

    @property
    def open_now(self) -> int:
        """How many connections are open."""
        return len(self._living)

    def accept(self, message: Accepted) -> None:
        """Remember a message that was taken."""
        with self._lock:
            if self._keep:
                self.accepted.append(message)
            self.counts[message.to] += 1
            if self._log is not None:
                self._log.write(message.to + "\n")
                self._log.flush()
            rests = self._rest_at is not None and self.counts.total() >= self._rest_at
        if rests:
            self._going.wait()

    def rest_at(self, count: int) -> None:
        """Rest once `count` messages were taken in all."""
        with self._lock:
            self._going.clear()
            self._rest_at = count

    def go_on(self) -> None:
        """End the rest, and let those who waited answer."""
        with self._lock:
            self._rest_at = None
            self._going.set()

    def hang_up(self) -> None:
        """Cut every connection."""
        with self._lock:
            living = list(self._living.values())
        for sock in living:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def die(self) -> None:
        """From now on cut whatever connects."""
        self._dead.set()
        self.hang_up()

    def revive(self) -> None:
        """Work again."""
        self._dead.clear()

    def _listen(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if self._dead.is_set():
                sock.close()
                continue
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, sock: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            number = self.connections
            full = 0 < self.script.room <= sum(map(is_open, self._living.values()))
            self.turned_away += full
            if not full:
                self._living[number] = sock
            self.most_at_once = max(self.most_at_once, sum(map(is_open, self._living.values())))
        if full:
            with contextlib.suppress(OSError):
                sock.sendall(b"421 4.7.0 too many connections from you\r\n")
            sock.close()
            return
        talk = Conversation(sock, self.script, number, tls=self.tls, implicit=self.implicit, accept=self._take)
        try:
            with contextlib.suppress(OSError):
                talk.run()
        finally:
            with self._lock:
                del self._living[number]
            with contextlib.suppress(OSError):
                talk.sock.close()
            sock.close()

    def _take(self, sender: str, to: str, data: bytes, connection: int, silent: bool) -> None:
        self.accept(Accepted(sender, to, data, connection, silent))
