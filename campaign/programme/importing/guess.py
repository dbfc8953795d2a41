"""Columns of a sheet without headings, told by what their cells hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from itertools import islice

from campaign.programme import dates
from campaign.programme.importing.names import NETWORKS
from campaign.sheets import Row, Sheet, Table, Value

_CHANNELS = {word for words in NETWORKS.values() for word in words}


def guess_table(sheet: Sheet) -> Table | None:
    """The table of a sheet without headings; None where no column of dates or weekdays, or none of prose, is found."""
    rows = list(islice(sheet.rows(), 60))
    width = max((len(row.cells) for row in rows), default=0)
    columns: dict[str, int] = {}
    for field, test in _TESTS:
        shares = [(_share(rows, index, test), -index) for index in range(width) if index not in columns.values()]
        best = max(shares, default=(0.0, 0))
        if best[0] >= 0.6:
            columns[field] = -best[1]
    left = [index for index in range(width) if index not in columns.values()]
    lengths = {index: _length(rows, index) for index in left}
    longest = max(lengths, key=lambda index: lengths[index], default=None)
    if longest is None or lengths[longest] < 20 or not {"date", "day"} & set(columns):
        return None
    return Table(sheet, 0, {**columns, "copy": longest}, {})


def _share(rows: list[Row], index: int, test: Callable[[Value], bool]) -> float:
    held = [row.cells[index] for row in rows if index < len(row.cells) and row.cells[index] is not None]
    return sum(test(value) for value in held) / len(held) if held else 0.0


def _length(rows: list[Row], index: int) -> float:
    held = [row.cells[index] for row in rows if index < len(row.cells)]
    texts = [value for value in held if isinstance(value, str)]
    return sum(map(len, texts)) / len(texts) if texts else 0.0


def _reads(read: Callable[[str], object], value: Value) -> bool:
    if not isinstance(value, str) or len(value) > 40:
        return False
    try:
        read(value)
    except dates.WordsError:
        return False
    return True


_TESTS: tuple[tuple[str, Callable[[Value], bool]], ...] = (
    ("date", lambda v: isinstance(v, date | datetime) or _reads(lambda text: dates.parse_date(text, 2000), v)),
    ("day", lambda v: _reads(dates.day_id, v)),
    ("time", lambda v: isinstance(v, time) or _reads(dates.parse_time, v) or _reads(dates.parse_range, v)),
    ("channel", lambda v: isinstance(v, str) and any(part.strip().casefold() in _CHANNELS for part in v.split(","))),
    ("link", lambda v: isinstance(v, str) and bool(re.match(r"(?:https?://|www\.)\S+$", v))),
    ("hashtags", lambda v: isinstance(v, str) and bool(re.match(r"#\w+(?:[\s,]+#\w+)*$", v))),
)
