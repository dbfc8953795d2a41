"""What a mail relay says: replies cut out of a stream of bytes, and the features it announces (RFC 5321, RFC 2034)."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_LIMIT = 4096
LINES_LIMIT = 512
GO_AHEAD = 354
#: Codes by which a relay says that it met commands it did not expect yet.
_CONFUSED = frozenset({500, 502, 503})

_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\Z", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|\Z)")
_ADDRESS = re.compile(r"[^\s<>@:;,()]+@[^\s<>@:;,()]+")
_EXTRACT = 200


class Garbled(Exception):
    """The other side said something that is no SMTP reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply: its three-digit code and its lines without the code."""

    code: int
    lines: tuple[str, ...]

    @property
    def good(self) -> bool:
        """2yz: done as asked."""
        return 200 <= self.code < 300

    @property
    def later(self) -> bool:
        """4yz: not now."""
        return 400 <= self.code < 500

    @property
    def text(self) -> str:
        """All lines as one."""
        return " ".join(self.lines)

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 3463) such as `5.1.1`, or an empty string. Its class must be the code's own."""
        for line in self.lines:
            if (found := _ENHANCED.match(line)) and found[1][0] == str(self.code)[0]:
                return found[1]
        return ""

    @property
    def best_code(self) -> str:
        """The enhanced code where there is one, else the three digits."""
        return self.enhanced or str(self.code)

    @property
    def extract(self) -> str:
        """Code and text for the log, shortened, without addresses."""
        return redacted(f"{self.code} {self.text}")


def redacted(text: str) -> str:
    """`text` in one short printable line in which no address can be read."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return _ADDRESS.sub("<address>", plain)[:_EXTRACT]


def orderly(mail: Reply, rcpt: Reply, data: Reply) -> bool:
    """Whether these can be the replies to MAIL, RCPT and DATA, in that order."""
    if mail.code // 100 == 3 or rcpt.code // 100 == 3 or data.good or (data.code < 400 and data.code != GO_AHEAD):
        return False
    return mail.good or (not rcpt.good and data.code != GO_AHEAD)


def confused(mail: Reply, rcpt: Reply, data: Reply) -> bool:
    """Whether the first refusal reads like that of a relay that met commands before it asked for them."""
    first = next((reply for reply in (mail, rcpt) if not reply.good), data)
    return first.code in _CONFUSED or any(word in first.text.lower() for word in ("pipelin", "synchron"))


class ReplyReader:
    """Cuts whole replies out of bytes that come in any pieces."""

    def __init__(self) -> None:
        self._buffer = b""
        self._lines: list[bytes] = []

    @property
    def empty(self) -> bool:
        """Nothing is left over: neither a waiting reply nor part of one."""
        return not self._buffer and not self._lines

    def feed(self, data: bytes) -> None:
        """Take in what arrived."""
        self._buffer += data

    def next(self) -> Reply | None:
        """The next whole reply, or None while it is incomplete. Raises Garbled."""
        while (end := self._buffer.find(b"\n")) >= 0:
            line, self._buffer = self._buffer[:end].removesuffix(b"\r"), self._buffer[end + 1 :]
            if (reply := self._take(line)) is not None:
                return reply
        if len(self._buffer) > LINE_LIMIT:
            raise Garbled("a reply line without an end")
        return None

    def _take(self, line: bytes) -> Reply | None:
        match = _LINE.match(line)
        if match is None or len(self._lines) >= LINES_LIMIT:
            raise Garbled("a line that is no reply: " + redacted(line.decode("utf-8", "replace"))[:60])
        if self._lines and self._lines[0][:3] != match[1]:
            raise Garbled("a reply whose lines carry different codes")
        self._lines.append(line)
        if match[2] == b"-":
            return None
        lines = tuple(part[4:].decode("utf-8", "replace") for part in self._lines)
        self._lines = []
        return Reply(int(match[1]), lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a relay announced in answer to EHLO. `size` in bytes, 0: no limit stated."""

    names: frozenset[str] = frozenset()
    size: int = 0
    auth: frozenset[str] = frozenset()

    @property
    def pipelining(self) -> bool:
        """RFC 2920."""
        return "PIPELINING" in self.names

    @property
    def starttls(self) -> bool:
        """RFC 3207."""
        return "STARTTLS" in self.names

    @property
    def eight_bit(self) -> bool:
        """RFC 6152."""
        return "8BITMIME" in self.names

    @property
    def smtputf8(self) -> bool:
        """RFC 6531."""
        return "SMTPUTF8" in self.names

    @property
    def sizes(self) -> bool:
        """RFC 1870."""
        return "SIZE" in self.names


def parse_features(reply: Reply) -> Features:
    """Read an EHLO reply. The first line names the relay and announces nothing; `AUTH=LOGIN` is an old spelling."""
    names: set[str] = set()
    auth: set[str] = set()
    size = 0
    for line in reply.lines[1:]:
        name, *values = line.upper().replace("AUTH=", "AUTH ", 1).split() or [""]
        names.add(name)
        if name == "AUTH":
            auth.update(values)
        elif name == "SIZE" and values and values[0].isdigit():
            size = int(values[0])
    return Features(names=frozenset(names), size=size, auth=frozenset(auth))
