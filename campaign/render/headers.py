"""Header values as RFC 5322 wants them on the wire, folded where it is safe and nowhere else.

A List-* or Message-ID header is never folded or encoded: mail apps then show no unsubscribe button, and relays that
unfold it break DKIM. A value that holds CR or LF is refused, whoever wrote it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from campaign.errors import Refused

LINE = 76
#: RFC 2047 section 2: an encoded word is at most 75 characters; `=?utf-8?b?` and `?=` take 12, base64 grows by 4/3.
_WORD_BYTES = 45
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_PLAIN = re.compile(r"[\x20-\x7e]*")
#: The longest plain display name, in characters. Its line may pass 78 characters, never 998 (RFC 5322 section 2.1.1).
MOST_NAME = 200
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[a-z0-9.-]+")
_LOCAL = re.compile(r"[^\x00-\x20\x7f\"(),:;<>@\[\]\\]+")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._+=-]+@[A-Za-z0-9.-]+")
_URL = re.compile(r"https?://[\x21\x23-\x3b\x3d\x3f-\x7e]+")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def refuse_breaks(value: str, what: str) -> str:
    """`value`, or Refused where a line break or another control character would forge a header."""
    if _CONTROL.search(value):
        raise Refused(f"{what} holds a line break or another control character")
    return value


@lru_cache(maxsize=4096)
def domain(name: str) -> str:
    """A domain as A-labels (IDNA 2008, RFC 5891), lower case. Refused where it is no domain."""
    import idna  # its tables take a megabyte, and most addresses need none of them

    try:
        return idna.encode(name.strip(), uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise Refused("the domain of the address is not valid") from None


def wire_address(address: str) -> tuple[str, bool]:
    """An address as the wire needs it, and whether that needs SMTPUTF8 (RFC 6531). Refused where it is no address."""
    if _ADDRESS.fullmatch(address) and len(address) <= 254:
        return address, False
    local, at, host = address.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
        raise Refused("the address is not valid")
    whole = f"{local}@{domain(host)}"
    if len(whole.encode("utf-8")) > 254:
        raise Refused("the address is longer than 254 bytes")
    return whole, not local.isascii()


def encoded_words(text: str, first: int = _WORD_BYTES) -> list[str]:
    """`text` as RFC 2047 encoded words, cut between characters; the first holds at most `first` bytes."""
    words: list[bytes] = [b""]
    limit = first
    for char in text:
        data = char.encode("utf-8")
        if len(words[-1]) + len(data) > limit:
            words.append(b"")
            limit = _WORD_BYTES
        words[-1] += data
    return [f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words]


def unstructured(name: str, text: str) -> str:
    """`Name: text` folded to lines of at most 76 characters where a space allows it; encoded where it must be."""
    refuse_breaks(text, name)
    if _PLAIN.fullmatch(text) and "=?" not in text and "  " not in text and text == text.strip():
        words = text.split(" ")
        if max(map(len, words)) <= LINE - 1 and len(name) + 2 + len(words[0]) <= LINE:
            return _fold(f"{name}:", words)
    # The first word stands on the header's own line: with that line empty, parsers read a space before the text.
    return _fold(f"{name}:", encoded_words(text, (LINE - len(name) - 2 - 12) // 4 * 3))


def _fold(lead: str, words: list[str]) -> str:
    lines = [lead]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def phrase(text: str) -> str:
    """A display name: as it is where it is atoms, quoted where ASCII, else one encoded word; "" where it takes more."""
    if not text:
        return ""
    if _ATOMS.fullmatch(text) and "=?" not in text and len(text) <= MOST_NAME:
        return text
    if _PLAIN.fullmatch(text) and "=?" not in text and len(text) <= MOST_NAME and text == text.strip():
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    words = encoded_words(text)
    return words[0] if len(words) == 1 else ""


def mailbox(name: str, display: str, address: str) -> str:
    """`Name: Display <address>`, folded where it is long.

    A name outside ASCII goes as encoded words, as many as it takes, on lines of at most 76 characters (RFC 2047
    section 2).
    """
    refuse_breaks(display, name)
    shown = phrase(display)
    if not display.strip():
        return f"{name}: {address}"
    if not shown or (shown.startswith("=?") and len(name) + 2 + len(shown) > LINE):
        words = encoded_words(display, (LINE - len(name) - 2 - 12) // 4 * 3)
        return _fold(f"{name}:", [*words, f"<{address}>"])
    whole = f"{name}: {shown} <{address}>"
    return whole if len(whole) <= LINE else f"{name}: {shown}\r\n <{address}>"


def url(address: str, what: str) -> str:
    """An absolute web address of printable ASCII without spaces or angle brackets; Refused where it is not one."""
    if not _URL.fullmatch(address):
        raise Refused(f"{what} is not a web address")
    return address


def message_token(message_id: str) -> str:
    """A Message-ID without its angle brackets (RFC 5322 section 3.6.4), its domain as A-labels; Refused where none."""
    bare = message_id.removeprefix("<").removesuffix(">")
    if not bare.isascii():
        token, _, host = bare.rpartition("@")
        bare = f"{token}@{domain(host)}"
    if not _MESSAGE_ID.fullmatch(bare):
        raise Refused("the Message-ID is not valid")
    return bare


_SECOND = timedelta(seconds=1)
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


class DateLine:
    """`date`: the Date header of an instant, remembered for the second it names."""

    def __init__(self) -> None:
        self._last = _LONG_AGO, _LONG_AGO, ""

    def __call__(self, moment: datetime) -> str:
        """`Tue, 10 Oct 2023 07:00:00 +0000`: RFC 5322 section 3.3, in UTC. `moment` is aware."""
        first, over, line = self._last
        if first <= moment < over:
            return line
        second = moment.replace(microsecond=0)
        utc = second.astimezone(UTC)
        line = f"{_DAYS[utc.weekday()]}, {utc.day:02d} {_MONTHS[utc.month - 1]} {utc.year:04d} {utc:%H:%M:%S} +0000"
        self._last = second, second + _SECOND, line
        return line
