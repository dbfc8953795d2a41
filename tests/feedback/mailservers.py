"""A tiny IMAP server and a tiny POP3 server over TLS on the loopback: as much of each protocol as our reader speaks."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

USER, PASSWORD = "bounces", "secret word"


def _teller(file: Any) -> Callable[[bytes], None]:
    def say(text: bytes) -> None:
        file.write(text + b"\r\n")

    return say


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Mailbox:
    """Messages on a server. `protocol` is imaps or pop3s. Used as a context manager; `messages` is what is left."""

    def __init__(self, protocol: str, context: ssl.SSLContext, messages: list[bytes]) -> None:
        self.messages = dict(enumerate(messages, 1))
        self.seen: set[int] = set()
        self.deleted: set[int] = set()
        #: What POP3 was asked for: a message whole (RETR) or its beginning (TOP), by its number.
        self.fetched: list[tuple[str, int]] = []
        #: By how many bytes a message is larger than it is, as POP3 tells.
        self.larger: dict[int, int] = {}
        talk = self._imap if protocol == "imaps" else self._pop3

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with (
                    suppress(OSError),
                    context.wrap_socket(self.request, server_side=True) as tls,
                    tls.makefile("rwb", buffering=0) as file,
                ):
                    talk(file)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.address = f"{protocol}://{USER}@127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Mailbox:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _expunge(self) -> None:
        for number in self.deleted:
            self.messages.pop(number, None)

    def _pop3(self, file: Any) -> None:
        say = _teller(file)
        say(b"+OK")
        user = ""
        order = list(self.messages)
        deleted: set[int] = set()
        for line in file:
            word, _, rest = line.decode().strip().partition(" ")
            if word == "USER":
                user = rest
                say(b"+OK")
            elif word == "PASS":
                say(b"+OK" if (user, rest) == (USER, PASSWORD) else b"-ERR no")
            elif word == "STAT":
                say(b"+OK %d 0" % len(self.messages))
            elif word in ("LIST", "UIDL"):
                say(b"+OK")
                for place, number in enumerate(order, 1):
                    size = len(self.messages[number]) + self.larger.get(number, 0)
                    say(b"%d %d" % (place, size) if word == "LIST" else b"%d name-%d" % (place, number))
                say(b".")
            elif word in ("RETR", "TOP"):
                self.fetched.append((word, order[int(rest.split()[0]) - 1]))
                rest = rest.split()[0]
                say(b"+OK")
                for each in self.messages[order[int(rest) - 1]].splitlines():
                    say(b"." + each if each.startswith(b".") else each)
                say(b".")
            elif word == "DELE":
                deleted.add(order[int(rest) - 1])
                say(b"+OK")
            else:
                self.deleted = deleted
                self._expunge()
                say(b"+OK")
                return

    def _imap(self, file: Any) -> None:
        say = _teller(file)
        say(b"* OK ready")
        for line in file:
            tag, _, rest = line.strip().partition(b" ")
            if rest.startswith(b"LOGIN"):
                right = rest == f'LOGIN {USER} "{PASSWORD}"'.encode()
                say(tag + (b" OK welcome" if right else b" NO wrong"))
                continue
            self._imap_one(rest, say)
            say(tag + b" OK done")
            if rest == b"LOGOUT":
                return

    def _imap_one(self, rest: bytes, say: Callable[[bytes], None]) -> None:
        if rest == b"CAPABILITY":
            say(b"* CAPABILITY IMAP4rev1")
        elif rest.startswith(b"SELECT"):
            say(b"* %d EXISTS" % len(self.messages))
        elif rest.startswith(b"UID SEARCH UNSEEN"):
            new = sorted(set(self.messages) - self.seen)
            say(b"* SEARCH " + b" ".join(b"%d" % number for number in new))
        elif match := re.match(rb"UID FETCH (\d+) \(BODY.PEEK\[\]<0.(\d+)>\)", rest):
            raw = self.messages[int(match[1])][: int(match[2])]
            say(b"* 1 FETCH (UID %s BODY[]<0> {%d}" % (match[1], len(raw)))
            say(raw + b")")
        elif match := re.match(rb"UID STORE (\d+) \+FLAGS (.*)", rest):
            self.seen.add(int(match[1]))
            if b"Deleted" in match[2]:
                self.deleted.add(int(match[1]))
        elif rest == b"EXPUNGE":
            self._expunge()
