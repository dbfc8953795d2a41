"""What one cell holds, how its text is tidied, and how it is shown or written out safely."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Self


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A formula that came to an error, such as `#REF!`."""

    text: str


class Linked(str):
    """A cell's text that leads somewhere when it is clicked: `url`, a web address."""

    __slots__ = ("url",)
    url: str

    def __new__(cls, text: str, url: str) -> Self:
        """The text with its address."""
        made = super().__new__(cls, text)
        made.url = url
        return made


Value = str | int | float | bool | date | datetime | time | ErrorCell | None
"""A cell: text is tidied and never empty; a whole number is an int; an empty cell is None."""

_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = re.compile("[\u200b\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\u0085\u2028\u2029]")
_C1 = re.compile("[\x80-\x9f]")
_ACTIVE = re.compile("^'*[=+\\-@\t\r]")


def _from_cp1252(match: re.Match[str]) -> str:
    return match.group().encode("latin-1").decode("cp1252", errors="ignore")


def tidy(text: str) -> str:
    """Text as its author saw it: line ends are LF, odd spaces are spaces, unseen marks and outer blanks are gone.

    Smart quotes and dashes stay. C1 controls, which only ever come from a wrong decoding of cp1252, become what was
    meant.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _LINE_END.sub("\n", text)
    text = _C1.sub(_from_cp1252, text)
    text = _UNSEEN.sub("", _SPACES.sub(" ", text))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def neutralise(text: str) -> str:
    """Text that a spreadsheet will not run: an apostrophe goes before a leading `=`, `+`, `-`, `@`, tab or CR.

    See OWASP, "CSV Injection". `restore` is the exact inverse.
    """
    return "'" + text if _ACTIVE.match(text) else text


def restore(text: str) -> str:
    """Take away the apostrophe that `neutralise` added."""
    return text[1:] if text.startswith("'") and _ACTIVE.match(text) else text


def shown(value: Value) -> str:
    """The cell in words for a message: dates day first, times as 08:30, whole numbers without `.0`."""
    if value is None:
        return ""
    if isinstance(value, ErrorCell):
        return value.text
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    return str(value)


def column_letter(index: int) -> str:
    """The letter of a column counted from 0: A ... Z, AA ..."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
