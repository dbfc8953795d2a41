"""Body parts on the wire: quoted-printable or base64 (RFC 2045), CRLF, encoded lines of at most 76 characters.

A compiled part is encoded once. Around each slot stands a soft line break, so that whatever fills it is encoded by
itself and no line grows too long.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass

from campaign.render.slots import OPEN, fill, split

SOFT = b"=\r\n"
_SAFE = re.compile(r"[!-<>-~](?:[ -<>-~]{0,72}[!-<>-~])?")
#: cp1252's meaning of the C1 controls that a paste from Word leaves; clients cut a message that holds them.
_C1 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_CONTROLS = {code: "" for code in (*range(0x20), 0x7F) if code not in (0x09, 0x0A)}


def tidy(text: str) -> str:
    """`text` with LF line ends, without control characters; C1 controls become what cp1252 meant by them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_C1 | _CONTROLS)


def quoted(text: str) -> bytes:
    """`text` as quoted-printable with CRLF line ends; every line is at most 76 bytes with its soft break."""
    encoded = b2a_qp(text.encode("utf-8"), quotetabs=False, istext=True).replace(b"\n", b"\r\n")
    if b"From " in encoded:  # at the start of a line some relays would write `>From `
        encoded = re.sub(rb"(?m)^From ", b"=46=\r\nrom ", encoded)
    if b"\n." in encoded or encoded.startswith(b"."):  # SMTP would have to double it (RFC 5321 section 4.5.2)
        encoded = re.sub(rb"(?m)^\.(?!\.)", b"=2E=\r\n", encoded)
    return encoded


def quoted_value(value: str) -> bytes:
    """One slot's value (one line) as quoted-printable, its last line short enough to take a soft break."""
    if _SAFE.fullmatch(value) and not value.startswith("From "):
        return value.encode("ascii")
    return _room(quoted(value))


def _room(encoded: bytes) -> bytes:
    """`encoded` with its last line short enough to take a soft break."""
    start = encoded.rfind(b"\n") + 1
    if len(encoded) - start <= 75:
        return encoded
    cut = start + 70
    escape = encoded.rfind(b"=", cut - 2, cut)
    cut = escape if escape >= 0 else cut
    return encoded[:cut] + SOFT + encoded[cut:]


#: A piece of a compiled part: bytes as they are, or the name of a slot to fill.
Piece = bytes | str


@dataclass(frozen=True, slots=True)
class Part:
    """One body part, compiled. `text` holds marks; `pieces`: its wire form where it is quoted-printable."""

    text: str
    transfer: str
    pieces: tuple[Piece, ...] | None

    def encoded(self, values: Mapping[str, str]) -> bytes:
        """The whole part as base64, slots filled: for a part most of which is not ASCII."""
        data = b64encode(fill(self.text, values).replace("\n", "\r\n").encode("utf-8"))
        return b"\r\n".join(data[start : start + 76] for start in range(0, len(data), 76))


def compile_part(text: str) -> Part:
    """A part with its slots: base64 where more than a third of it is not ASCII, else quoted-printable."""
    text = text if text.endswith("\n") else f"{text}\n"
    foreign = sum(char > "\x7f" for char in text) - 2 * text.count(OPEN)
    if foreign * 3 > len(text):
        return Part(text, "base64", None)
    pieces: list[Piece] = []
    parts = split(text)
    for index, (is_slot, words) in enumerate(parts):
        if not is_slot:
            literal = quoted(words)
            after = index + 1 < len(parts)
            pieces.append(_room(literal) + SOFT if after and not literal.endswith(b"\n") else literal)
            continue
        pieces.append(words)
        follows = parts[index + 1][1] if index + 1 < len(parts) and not parts[index + 1][0] else ""
        if not follows.startswith("\n"):
            pieces.append(SOFT)
    return Part(text, "quoted-printable", tuple(pieces))
