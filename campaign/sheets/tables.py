"""Finding the table in a sheet: its header row (or two) by the names people give columns, then records by field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from campaign.sheets.cells import Value, column_letter, shown
from campaign.sheets.reading import Row, Sheet

_LOOK = 40
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_SIGNS = re.compile(r"[^\w&/+#]+")

Aliases = Mapping[str, Sequence[str]]
"""A field of ours -> the names that people give its column."""


def label(value: Value) -> str:
    """A header as it is compared: `Approved? (Yes/No)` -> `approved`."""
    return _SIGNS.sub(" ", _BRACKETS.sub(" ", shown(value)).replace("_", " ")).strip().casefold()


@dataclass(frozen=True, slots=True)
class Record:
    """One row by field. `number` is its row in the sheet; `extra` holds columns that no field claims, by header."""

    number: int
    values: Mapping[str, Value]
    hidden: bool = False
    extra: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet with its columns named. `header` is the last header row; `unknown` are headers that no field claims."""

    sheet: Sheet
    header: int
    columns: Mapping[str, int]
    headers: Mapping[int, str]
    unknown: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()

    def column(self, name: str) -> str:
        """A field's column for a message: its header and letter, as in `Time (column D)`."""
        index = self.columns.get(name)
        if index is None:
            return name
        return f"{self.headers.get(index, name)} (column {column_letter(index)})"

    def records(self) -> Iterator[Record]:
        """Every row below the header that holds something."""
        by_index = {index: name for name, index in self.columns.items()}
        spare = {index: text for index, text in self.headers.items() if index not in by_index}
        for row in self.sheet.rows():
            if row.number <= self.header:
                continue
            values: dict[str, Value] = {}
            extra: dict[str, Value] = {}
            for index, value in enumerate(row.cells):
                if value is None or index in row.across:
                    continue
                if index in by_index:
                    values[by_index[index]] = value
                elif index in spare:
                    extra[spare[index]] = value
            if values or extra:
                yield Record(row.number, values, row.hidden, extra)


def find_table(sheet: Sheet, aliases: Aliases, *, least: int = 2, required: Sequence[str] = ()) -> Table | None:
    """The table whose header names the most fields, among the first rows; None where fewer than `least` are named.

    The header may be one row or two (a title over several columns, then each column's own). Headers match whatever
    their case, order and punctuation. Every field of `required` must be among them.
    """
    names = {label(alias): name for name, known in aliases.items() for alias in (name, *known)}
    rows = list(islice(sheet.rows(), _LOOK))
    best: Table | None = None
    for position, row in enumerate(rows):
        candidates = [_match(sheet, row.number, dict(_texts(row)), names)]
        if position + 1 < len(rows):
            candidates.append(_match(sheet, rows[position + 1].number, _joined(row, rows[position + 1], names), names))
        for table in candidates:
            if len(table.columns) < least or any(name not in table.columns for name in required):
                continue
            if best is None or len(table.columns) > len(best.columns):
                best = table
    return best


def _texts(row: Row) -> Iterator[tuple[int, str]]:
    for index, value in enumerate(row.cells):
        if isinstance(value, str) and index not in row.across and len(value) <= 120:
            yield index, " ".join(value.split())


def _joined(top: Row, under: Row, names: Mapping[str, str]) -> dict[int, str]:
    """Two header rows as one: `Event` over `start` is `Event start`; either alone where the pair says nothing."""
    upper = {index: shown(value) for index, value in enumerate(top.cells) if isinstance(value, str)}
    lower = dict(_texts(under))
    joined: dict[int, str] = {}
    for index in sorted({*upper, *lower}):
        pair = f"{upper.get(index, '')} {lower.get(index, '')}".strip()
        options = [pair, lower.get(index, ""), upper.get(index, "") if index not in top.across else ""]
        joined[index] = next((text for text in options if label(text) in names), lower.get(index, ""))
    return {index: text for index, text in joined.items() if text}


def _match(sheet: Sheet, header: int, texts: Mapping[int, str], names: Mapping[str, str]) -> Table:
    columns: dict[str, int] = {}
    unknown: list[str] = []
    twice: list[str] = []
    for index, text in texts.items():
        name = names.get(label(text))
        if name is None:
            unknown.append(text)
        elif name in columns:
            twice.append(text)
        else:
            columns[name] = index
    return Table(sheet, header, columns, dict(texts), tuple(unknown), tuple(twice))
