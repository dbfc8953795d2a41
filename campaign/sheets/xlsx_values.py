"""What a cell's raw text means, by its type and number format (ECMA-376 part 1, 18.3.1.4 and 18.8.31)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from campaign.sheets.cells import Value, tidy

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_DATE_IDS = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_ELAPSED_ID = 46


def unescape(text: str) -> str:
    """Undo Excel's `_x000D_` for characters that XML cannot hold."""
    return _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text) if "_x" in text else text


def built_in_kind(ident: int) -> str:
    """What a built-in number format makes of a number: "date", "elapsed" or ""."""
    return "elapsed" if ident == _ELAPSED_ID else "date" if ident in _DATE_IDS else ""


def format_kind(code: str) -> str:
    """What a number format's own code makes of a number: "date", "elapsed" or ""."""
    bare = _QUOTED.sub("", code.partition(";")[0]).lower()
    if _ELAPSED.search(bare):
        return "elapsed"
    return "date" if bare != "general" and re.search("[dmyhs]", bare) else ""


def number_value(text: str, kind: str, epoch: datetime) -> Value:
    """A numeric cell: a date, time or moment to the second where its format says so, else int or float."""
    try:
        number = float(text)
    except ValueError:
        return tidy(text) or None
    if not kind or not 0 <= number < 2_958_466:  # 31 December 9999
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    seconds = round(number * 86_400)
    if kind == "elapsed" and number >= 1:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"
    moment = epoch + timedelta(seconds=seconds)
    if number < 1:
        return moment.time()
    return moment.date() if moment.time() == time() else moment


def iso_value(text: str) -> Value:
    """A cell of type `d`: ISO 8601, as some programs write dates."""
    try:
        if "T" not in text and "-" not in text:
            return time.fromisoformat(text)
        if "T" not in text:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return tidy(text) or None


def column_index(letters: str) -> int:
    """The number of a column, from 0: A is 0, AA is 26."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1
