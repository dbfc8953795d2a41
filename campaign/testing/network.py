"""An imitation served on this machine over real sockets, where connections are cut, stalled and refused by script."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from campaign.channels.http import Answer, Http, Sent
from campaign.testing.clients import FIRST_HOST, PATIENCE, Detour, Door
from campaign.testing.imitation import Agreeable, Imitation, json_answer


class When(StrEnum):
    """What a mishap does to a request."""

    INSTEAD = "instead"  #: never reaches the network; the scripted answer comes back
    AFTER = "after"  #: reaches it; the scripted answer comes back in place of its own
    CUT_BEFORE = "cut before"  #: the connection is cut, and nothing was taken
    CUT_AFTER = "cut after"  #: taken, and then the connection is cut
    CUT_MIDWAY = "cut midway"  #: taken, and the connection is cut in the middle of the answer
    STALL = "stall"  #: taken, and no answer ever comes
    GARBAGE = "garbage"  #: taken, and something that is not HTTP comes back
    REFUSED = "refused"  #: no connection is made at all


@dataclass(frozen=True, slots=True)
class Mishap:
    """One thing that goes wrong, with the answer where it has one."""

    name: str
    when: When
    answer: Answer | None = None


def _error_page(status: int) -> Answer:
    return Answer(status, {"content-type": "text/html"}, b"<!doctype html><title>Something went wrong</title>")


HUGE = 50 * 1024 * 1024
MISHAPS = (
    Mishap("connection refused", When.REFUSED),
    Mishap("cut before the request was read", When.CUT_BEFORE),
    Mishap("cut after it was taken", When.CUT_AFTER),
    Mishap("cut in the middle of the answer", When.CUT_MIDWAY),
    Mishap("no answer ever", When.STALL),
    Mishap("not HTTP", When.GARBAGE),
    Mishap("400", When.INSTEAD, _error_page(400)),
    Mishap("401", When.INSTEAD, json_answer({}, 401)),
    Mishap("403", When.INSTEAD, json_answer({}, 403)),
    Mishap("404", When.INSTEAD, _error_page(404)),
    Mishap("429", When.INSTEAD, json_answer({}, 429, {"retry-after": "7"})),
    Mishap("302 to elsewhere", When.INSTEAD, Answer(302, {"location": "https://elsewhere.example.org/"})),
    Mishap("500 after it was taken", When.AFTER, _error_page(500)),
    Mishap("502 without being taken", When.INSTEAD, _error_page(502)),
    Mishap("200 with an error page", When.INSTEAD, _error_page(200)),
    Mishap("200 with null", When.AFTER, json_answer(None)),
    Mishap("200 with a list", When.AFTER, json_answer([1, [2], {"id": {}}])),
    Mishap("200 without a body", When.AFTER, Answer(200)),
    Mishap("50 MB", When.AFTER, Answer(200, {"content-type": "application/json"}, b" " * 1024)),
)


@dataclass(slots=True)
class _Script:
    """What is to go wrong next."""

    mishap: Mishap
    skip: int
    times: int


class FakeNetwork:
    """An imitation, served on loopback.

        with FakeNetwork(Pigeons()) as network:
            channel = Pigeon(options, Tools(name="pigeon", http=network.http()))
            network.next(Mishap("it is gone", When.CUT_AFTER))

    `http()` sends every request here, whatever its host and scheme, so that a channel's real addresses can stay.
    """

    def __init__(self, imitation: Imitation | None = None) -> None:
        self.imitation = imitation or Agreeable()
        self.seen = 0
        self.on_request: Callable[[int, str], None] | None = None
        self._script: _Script | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._stalled = threading.Semaphore(0)
        self._clients: list[Http] = []
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))  # bound and not listening: a connection to it is refused
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.network = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.004}, daemon=True)

    def __enter__(self) -> FakeNetwork:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port it listens on, at 127.0.0.1."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop, and let go of those who wait."""
        for client in self._clients:
            client.close()
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._nobody.close()

    def http(self, *, patience: float = PATIENCE) -> Http:
        """A client whose every request comes here; it waits `patience` seconds for an answer, or 0.2 s where a script
        says that none will come, and then until the request was taken."""
        client = Detour(self.door, patience)
        self._clients.append(client)
        return client

    def next(self, mishap: Mishap, *, skip: int = 0, times: int = 1) -> None:
        """Let `mishap` befall the next `times` requests, once `skip` more have gone well."""
        with self._lock:
            self._script = _Script(mishap, skip, times)

    def door(self) -> Door:
        """Where the next request goes: to a port where nobody listens, if it is to be refused."""
        with self._lock:
            script = self._script
            if script is None or script.skip or not script.times:
                return Door(self.port)
            if script.mishap.when is not When.REFUSED:
                return Door(self.port, self._stalled if script.mishap.when is When.STALL else None)
            self.seen += 1
            script.times -= 1
            return Door(int(self._nobody.getsockname()[1]))

    def mishap(self) -> Mishap | None:
        """What befalls the request that has just come, if anything."""
        with self._lock:
            self.seen += 1
            script = self._script
            if script is None or script.times == 0:
                return None
            if script.skip:
                script.skip -= 1
                return None
            script.times -= 1
            return script.mishap

    def step(self, number: int, when: str) -> None:
        """Tell a listener (`on_request`) that request `number` came, or was answered by the imitation."""
        if self.on_request is not None:
            self.on_request(number, when)

    def stall(self) -> None:
        """A request was taken that is never answered: block until the network is closed."""
        self._stalled.release()
        self._over.wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    network: FakeNetwork


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes; without it each answer waits 40 ms
    server: _Server

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def _answer(self) -> None:
        network = self.server.network
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        host = headers.get(FIRST_HOST, headers.get("host", "127.0.0.1"))
        sent = Sent(self.command, f"https://{host}{self.path}", headers, body)
        mishap = network.mishap()
        number = network.seen
        network.step(number, "before")
        if mishap is None:
            answer = network.imitation(sent)
            network.step(number, "after")
            self._write(answer)
            return
        if mishap.when is When.CUT_BEFORE:
            self._cut()
            return
        if mishap.when is When.INSTEAD:
            self._write(mishap.answer or Answer(500))
            return
        answer = network.imitation(sent)
        self._mangle(mishap, answer)

    def _mangle(self, mishap: Mishap, answer: Answer) -> None:
        """The request was taken; its answer does not come back as it should."""
        if mishap.when is When.STALL:
            self.server.network.stall()
            self._cut()
        elif mishap.when is When.GARBAGE:
            self.wfile.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
            self._cut()
        elif mishap.when is When.CUT_MIDWAY:
            whole = Answer(answer.status, answer.headers, answer.body + b" " * 64)
            self._write(whole, most=len(answer.body) // 2)
            self._cut()
        elif mishap.when is When.AFTER and mishap.name == "50 MB":
            self._flood()
        elif mishap.when is When.AFTER:
            self._write(mishap.answer or answer)
        else:
            self._cut()

    def _write(self, answer: Answer, *, most: int | None = None) -> None:
        self.send_response(answer.status)
        for name, value in (answer.headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body if most is None else answer.body[:most])
        self.wfile.flush()

    def _flood(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(HUGE))
        self.end_headers()
        piece = b" " * 65_536
        for _ in range(HUGE // len(piece)):
            self.wfile.write(piece)

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):  # the client may have gone first
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815
