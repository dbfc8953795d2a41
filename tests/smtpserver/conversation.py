"""One connection of the counting relay."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import threading
from collections.abc import Callable

from tests.smtpserver.script import DROP, Script

Take = Callable[[str, str, bytes, int, bool], None]
_PATH = re.compile(r"<([^>]*)>")


class HangUp(Exception):
    """The relay ends the connection."""


class Conversation:
    """Speaks SMTP as its script wants it spoken."""

    def __init__(
        self,
        sock: socket.socket,
        script: Script,
        number: int,
        *,
        tls: ssl.SSLContext | None,
        implicit: bool,
        accept: Take,
    ) -> None:
        self.sock = sock
        self._script = script
        self._number = number
        self._tls = tls
        self._implicit = implicit
        self._accept = accept
        self._buffer = b""
        self._out = b""
        self._sender: str | None = None
        self._to = ""
        self._count = 0
        self._rest = threading.Event()

    def run(self) -> None:
        """Until either side ends it."""
        try:
            if self._implicit and self._tls is not None:
                self.sock = self._tls.wrap_socket(self.sock, server_side=True)
            if self._script.dumb:
                self._receive()
                raise HangUp
            self._say(self._script.greeting)
            if self._script.greeting.startswith("220"):
                while self._command(self._line()):
                    pass
        except (HangUp, ssl.SSLError):
            pass
        self._flush()

    # -- bytes

    def _receive(self) -> None:
        self._flush()
        data = self.sock.recv(65536)
        if not data:
            raise HangUp
        self._buffer += data

    def _line(self) -> str:
        while b"\n" not in self._buffer:
            self._receive()
        line, _, rest = self._buffer.partition(b"\n")
        early = bool(rest)
        self._buffer = rest
        if early and self._script.forgets_pipelined:
            self._buffer = b""
        if early and self._script.refuses_early:
            self._say("554 5.5.0 SMTP synchronization error")
            raise HangUp
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def _text(self, to: str) -> bytes:
        """The text up to the final dot, dots at line starts undoubled."""
        if to in self._script.stall:
            self._flush()
            self._script.silent.set()
            self._script.over.wait()
            raise HangUp
        while b"\r\n.\r\n" not in (whole := b"\r\n" + self._buffer):
            if len(self._buffer) > 200 and self._script.once(self._script.drop_in_text, to):
                raise HangUp
            self._receive()
        text, _, self._buffer = whole.partition(b"\r\n.\r\n")
        if self._script.once(self._script.drop_in_text, to):
            raise HangUp
        if self._script.forgets_pipelined:
            self._buffer = b""
        return (text + b"\r\n").replace(b"\r\n..", b"\r\n.")[2:]

    def _say(self, *lines: str) -> None:
        self._out += b"".join(line.encode("utf-8", "surrogateescape") + b"\r\n" for line in lines)

    def _flush(self) -> None:
        out, self._out = self._out, b""
        if not self._script.crumbs:
            if out:
                self.sock.sendall(out)
            return
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in out:
            self.sock.sendall(bytes([byte]))

    def _scripted(self, reply: str, good: str) -> bool:
        """Say the scripted reply, or the good one; True where it was the good one or as good."""
        if reply == DROP:
            raise HangUp
        self._say(*(reply or good).split("\n"))
        if reply.startswith("421"):
            raise HangUp
        return (reply or good)[0] in "23"

    # -- commands

    def _command(self, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        handler = _HANDLERS.get(verb.upper())
        if handler is None:
            self._say("500 5.5.2 what?")
            return True
        return handler(self, rest)

    def _ehlo(self, rest: str) -> bool:
        secured = isinstance(self.sock, ssl.SSLSocket)
        features = [feature for feature in self._script.features if not (secured and feature == "STARTTLS")]
        lines = ["relay.test", *features]
        good = "\n".join(("250-" if n < len(lines) - 1 else "250 ") + text for n, text in enumerate(lines))
        self._scripted(self._script.next(self._script.hello), good)
        return True

    def _helo(self, rest: str) -> bool:
        self._say("250 relay.test")
        return True

    def _starttls(self, rest: str) -> bool:
        self._say("220 2.0.0 go on")
        if self._script.injected:
            self._say(self._script.injected)
        self._flush()
        if self._tls is None:
            raise HangUp
        self._buffer = b""
        self.sock = self._tls.wrap_socket(self.sock, server_side=True)
        return True

    def _auth(self, rest: str) -> bool:
        way, _, first = rest.partition(" ")
        if way == "PLAIN":
            _, user, password = _plain(first).split("\0")
        elif way == "LOGIN":
            self._say("334 VXNlcm5hbWU6")
            user = _plain(self._line())
            self._say("334 UGFzc3dvcmQ6")
            password = _plain(self._line())
        else:
            token = _plain(first).split("auth=Bearer ")[1].rstrip("\1")
            if self._script.judging is not None:
                self._script.judging.wait(300)
            if token in self._script.tokens:
                self._say("235 2.7.0 welcome")
                return True
            self._say("334 " + base64.b64encode(b'{"status":"401"}').decode())
            self._line()
            self._say("535 5.7.3 no")
            return True
        good = self._script.users.get(user) == password
        self._say("235 2.7.0 welcome" if good else "535 5.7.8 no")
        return True

    def _mail(self, rest: str) -> bool:
        self._script.heard.append(rest)
        if 0 < self._script.per_connection <= self._count:
            self._say("421 4.7.0 enough for one connection")
            raise HangUp
        if self._sender is not None:
            self._say("503 5.5.1 nested MAIL")
        elif self._scripted(self._script.next(self._script.mail), "250 2.1.0 fine"):
            self._sender = _path(rest)
        return True

    def _rcpt(self, rest: str) -> bool:
        address = _path(rest)
        if self._sender is None:
            self._say("503 5.5.1 MAIL first")
            return True
        if address in self._script.mute:
            self._script.silent.set()
            self._receive()  # returns, or ends, when the other side does something
            raise HangUp
        reply = self._script.next(self._script.rcpt, address)
        if not reply and self._script.greylist and self._script.new(address):
            reply = "450 4.2.0 greylisted, come again"
        if self._scripted(reply, "250 2.1.5 fine"):
            self._to = address
        return True

    def _data(self, rest: str) -> bool:
        to, sender = self._to, self._sender
        if sender is None or (not to and not self._script.eager_data):
            self._say("503 5.5.1 RCPT first" if sender is not None else "503 5.5.1 MAIL first")
            return True
        if not self._scripted(self._script.next(self._script.data, to), "354 go on"):
            return True
        text = self._text(to)
        self._sender, self._to = None, ""
        if not to:
            self._say("554 5.5.1 no recipients")
            return True
        self._end(sender, to, text)
        return True

    def _end(self, sender: str, to: str, text: bytes) -> None:
        if self._script.once(self._script.drop_after_dot, to):
            self._accept(sender, to, text, self._number, True)
            raise HangUp
        if self._script.delay:
            self._rest.wait(self._script.delay)
        self._count += 1
        reply = self._script.next(self._script.final, to)
        good = not reply or reply[0] == "2"
        if good:
            self._accept(sender, to, text, self._number, False)
        self._scripted(reply, f"250 2.0.0 Ok: queued as {self._number:X}{self._count:04X}")
        if good and (extra := self._script.next(self._script.extra)):
            self._scripted(extra, "")

    def _rset(self, rest: str) -> bool:
        self._sender, self._to = None, ""
        self._say("250 2.0.0 forgotten")
        return True

    def _noop(self, rest: str) -> bool:
        self._say("250 2.0.0 fine")
        return True

    def _quit(self, rest: str) -> bool:
        self._say("221 2.0.0 goodbye")
        return False


_HANDLERS: dict[str, Callable[[Conversation, str], bool]] = {
    "EHLO": Conversation._ehlo,
    "HELO": Conversation._helo,
    "STARTTLS": Conversation._starttls,
    "AUTH": Conversation._auth,
    "MAIL": Conversation._mail,
    "RCPT": Conversation._rcpt,
    "DATA": Conversation._data,
    "RSET": Conversation._rset,
    "NOOP": Conversation._noop,
    "QUIT": Conversation._quit,
}


def _path(rest: str) -> str:
    found = _PATH.search(rest)
    return found[1] if found else ""


def _plain(text: str) -> str:
    return base64.b64decode(text).decode()
