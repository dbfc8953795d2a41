"""A connection to a relay as bytes: whole replies in, messages out, and how much of them was surely handed over."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import sys
from collections.abc import Callable
from datetime import datetime

from campaign.channels.smtp.replies import Garbled, Reply, ReplyReader
from campaign.errors import Refused

#: Room for a reply; more is read in several pieces.
CHUNK = 4096
TLS_RECORD = 16384
#: Not known everywhere: then every write waits.
_AT_ONCE = getattr(socket, "MSG_DONTWAIT", 0)
CRLF = b"\r\n"
END_OF_TEXT = b".\r\n"

#: The whole answer to a message's end and the next message's envelope, all of it good.
_SMOOTH = re.compile(rb"2\d\d(?:| [^\r\n]*)\r\n2\d\d(?:| [^\r\n]*)\r\n25\d(?:| [^\r\n]*)\r\n354(?:| [^\r\n]*)\r\n\Z")


class Cut(Exception):
    """The connection ended, or fell silent for too long (`silent`)."""

    def __init__(self, detail: str, *, silent: bool = False) -> None:
        super().__init__(detail)
        self.silent = silent


class WriteCut(Cut):
    """It ended while we wrote. `handed`: how many bytes of that write may have left us; no more than these did."""

    def __init__(self, detail: str, *, handed: int, silent: bool = False) -> None:
        super().__init__(detail, silent=silent)
        self.handed = handed


def dotted(raw: bytes, *, plain: bool = False) -> bytes:
    """A message as it travels after DATA: dots doubled at line starts (RFC 5321 4.5.2); `END_OF_TEXT` follows it.

    A line end that is not CRLF is refused: relays differ in what they take for the end of a message, and a stranger
    could smuggle a second one in. `plain`: neither needs to be looked for (`Email.plain_lines`).
    """
    if not plain:
        lines = raw.count(b"\n")
        if lines != raw.count(CRLF) or lines != raw.count(b"\r"):
            raise Refused("The message has line ends that are not CRLF", code="line-end")
        if b"\n." in raw:
            raw = raw.replace(b"\n.", b"\n..")
        if raw.startswith(b"."):
            raw = b"." + raw
    return raw if raw.endswith(CRLF) else raw + CRLF


class Wire:
    """One socket. Every wait is bounded by `set_patience`; `now` gives aware UTC and bounds a reply that drips in."""

    def __init__(self, sock: socket.socket, now: Callable[[], datetime]) -> None:
        self.sock = sock
        self._now = now
        self._reader = ReplyReader()
        self._patience = 0.0
        self._usual = b""
        #: What tells when a reply can be read; None under TLS, where that says nothing of whole records.
        self.descriptor: int | None = sock.fileno()

    @property
    def secured(self) -> bool:
        """Whether TLS is on."""
        return isinstance(self.sock, ssl.SSLSocket)

    @property
    def quiet(self) -> bool:
        """Nothing was received beyond the replies taken."""
        return self._reader.empty

    def set_patience(self, seconds: float) -> None:
        """How long one read or write may take. The kernel keeps the time on a plain socket: one system call less."""
        if seconds == self._patience:
            return
        self._patience = seconds
        if self.secured or sys.platform == "win32":
            self.sock.settimeout(seconds)
            return
        self.sock.settimeout(None)
        value = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)

    def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Turn to TLS. Raises Garbled where plain text was already waiting (injected before the handshake)."""
        if not self.quiet:
            raise Garbled("the relay spoke in the clear after STARTTLS")
        self.sock.settimeout(self._patience)
        self.descriptor = None
        self.sock = context.wrap_socket(self.sock, server_hostname=name)

    def offer(self, data: bytes) -> int:
        """Hand over what can be without waiting: how many bytes of `data` that were. Raises WriteCut."""
        if self.descriptor is None or not _AT_ONCE:
            return 0
        try:
            return self.sock.send(data, _AT_ONCE)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise WriteCut(_words(error), handed=0) from None

    def put(self, data: bytes, sent: int = 0) -> None:
        """Hand `data` over, of which `sent` bytes were already. Raises WriteCut."""
        if self.secured:
            self._put_records(data)
            return
        try:
            while sent < len(data):
                sent += self.sock.send(memoryview(data)[sent:])
        except OSError as error:
            raise WriteCut(_words(error), handed=sent, silent=_silent(error)) from None

    def _put_records(self, data: bytes) -> None:
        view, sent = memoryview(data), 0
        while sent < len(data):
            end = min(sent + TLS_RECORD, len(data))
            try:
                self.sock.sendall(view[sent:end])
            except OSError as error:
                raise WriteCut(_words(error), handed=end, silent=_silent(error)) from None
            sent = end

    def smooth(self) -> bytes | None:
        """The four replies of the good case as they came, in one piece; else None, and `read` gives them singly."""
        data = self._receive()
        if self._reader.empty and (data == self._usual or _SMOOTH.match(data)):
            self._usual = data
            return data
        self._reader.feed(data)
        return None

    def read(self) -> Reply:
        """The next whole reply. Raises Cut and Garbled."""
        if (reply := self._reader.next()) is not None:
            return reply
        began = self._now()
        while True:
            self._reader.feed(self._receive())
            if (reply := self._reader.next()) is not None:
                return reply
            if (self._now() - began).total_seconds() > self._patience:
                raise Cut("the relay's reply never ended", silent=True)

    def _receive(self) -> bytes:
        try:
            data = self.sock.recv(CHUNK)
        except OSError as error:
            raise Cut(_words(error), silent=_silent(error)) from None
        if not data:
            raise Cut("the relay closed the connection")
        return data

    def close(self) -> None:
        """Drop the connection."""
        self.sock.close()


def _silent(error: OSError) -> bool:
    return isinstance(error, TimeoutError | BlockingIOError)


def _words(error: OSError) -> str:
    if _silent(error):
        return "the relay did not answer in time"
    return error.strerror or type(error).__name__
