"""The days that a document tells of: lines such as `Monday: ...`, and tables with a day in each row or column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from campaign.programme import dates
from campaign.programme.importing.blocks import Block, plain

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_ON = r"(?:\d{1,2}(?:st|nd|rd|th)?\s+[A-Za-z]+(?:\s+\d{4})?)?"
_LINE = re.compile(rf"({_DAY})\b[.,]?\s*({_ON})\s*[:\u2013\u2014-]\s*(\S.*)$", re.DOTALL)
_ALONE = re.compile(rf"({_DAY})\b[.,]?\s*({_ON})\s*:?$")
_FIRST = re.compile(rf"({_DAY})\b[.,]?\s*(.*)$", re.DOTALL)
#: What a cell says that means the day above.
_DITTO = frozenset(
    {"", '"', "''", "\u201d", "\u3003", "-", "\u2013", "\u2014", "ditto", "same", "as above", "same as above"}
)
#: Headings of a table's columns: of the day, of what it is about, and of what needs no heading to be understood.
_WHEN = frozenset({"day", "days", "date", "dates", "when", "weekday", "day and date", "date and day", "day/date"})
_ABOUT = frozenset(
    {"theme", "themes", "topic", "topics", "focus", "subject", "title", "daily theme", "theme of the day"}
)
_CLEAR = frozenset(
    {"", "details", "detail", "description", "summary", "what", "what happens", "content", "more", "text"}
)
_NARROW = 40


@dataclass(slots=True)
class Told:
    """A day as a document tells it: its words, and the blocks under it, of which the first `own` are of its own row."""

    weekday: int
    when: str
    title: str
    line: int
    body: list[Block] = field(default_factory=list)
    table: bool = False
    own: int = 0


def headings(block: Block) -> tuple[str, ...]:
    """The headings of a table of days, folded, where a row is those; () where it is not."""
    words = tuple(plain(cell).casefold().strip(" :") for cell in block.cells)
    held = [word for word in words if word]
    if len(held) > 1 and any(word in _WHEN for word in held) and all(len(word) <= _NARROW for word in held):
        return words
    return ()


class Teller:
    """Tells which blocks, one after another, are days. Knows the headings and the last day of the table it is in.

    `year` is that of dates that name none; 0 where it is not known.
    """

    def __init__(self, year: int = 0) -> None:
        self._year = year
        self._heads: tuple[str, ...] = ()
        self._above: Told | None = None

    def day(self, block: Block) -> Told | None:
        """The day that a block tells of; None where it tells of none."""
        if block.kind != "row":
            self._heads, self._above = (), None
            return _line(block)
        heads = headings(block)
        if heads:
            self._heads, self._above = heads, None
            return None
        self._above = self._row(block)
        return self._above

    def _row(self, block: Block) -> Told | None:
        heads = self._heads if len(self._heads) == len(block.cells) else ()
        columns = [index for index, head in enumerate(heads) if head in _WHEN] or self._leading(block)
        if not columns:
            return None
        on = self._on([plain(block.cells[index]) for index in columns])
        rest = [index for index, cell in enumerate(block.cells) if cell and index not in columns]
        if on is None or not rest:
            return None
        about = next((index for index in rest if heads and heads[index] in _ABOUT), rest[0])
        title, _, more = block.cells[about].partition("\n")
        lines = [more, *(_named(heads[index] if heads else "", block.cells[index]) for index in rest if index != about)]
        body = [Block("para", text, block.line) for cell in lines for text in cell.split("\n") if text.strip()]
        return Told(*on, title, block.line, body, table=True, own=len(body))

    def _on(self, cells: list[str]) -> tuple[int, str] | None:
        """The day that the cells of a row's day and date together say, or the one above where they say so."""
        if self._above is not None and all(_says_above(cell) for cell in cells):
            return self._above.weekday, self._above.when
        said = [when(cell, self._year) for cell in cells if not _says_above(cell)]
        known = [each for each in said if each is not None]
        if not known or len(known) < len(said):
            return None
        weekday = next((day for day, date in known if not date), known[0][0])
        return weekday, next((date for _, date in known if date), "")

    def _leading(self, block: Block) -> list[int]:
        """The first cells, as far as they say when: a day, a date, or both; one that says the same as above."""
        found: list[int] = []
        for index, cell in enumerate(block.cells[:2]):
            words = plain(cell)
            if when(words, self._year) is None and not (index == 0 and _says_above(words)):
                break
            found.append(index)
            if not words:
                break
        return found


def _says_above(words: str) -> bool:
    return words.strip(" .").casefold() in _DITTO


def when(words: str, year: int) -> tuple[int, str] | None:
    """The weekday (0: Monday) and the date's words that are all that `words` say; None where they say other things."""
    words = " ".join(re.sub(r"[()]", " ", words).split()).strip(" ,:")
    match = _ALONE.match(words)
    try:
        if match:
            return dates.weekday(match.group(1)), match.group(2).strip()
        return dates.parse_date(words, year or None).weekday(), words
    except dates.WeekdayError:
        named = _FIRST.match(words)
        return (dates.weekday(named.group(1)), named.group(2)) if named else None
    except dates.WordsError:
        return None


def _named(head: str, cell: str) -> str:
    return cell if head in _CLEAR or not cell else f"{head.capitalize()}: {cell}"


def _line(block: Block) -> Told | None:
    text = re.sub(r"^(?:\*\*|__)([^*_]+)(?:\*\*|__)", r"\1", block.text)
    match = _LINE.match(text) or (_ALONE.match(text) if block.kind == "heading" else None)
    if not match:
        return None
    title = match.group(3).strip() if match.re is _LINE else ""
    try:
        until = _FIRST.match(title)
        if until and _is_day(until.group(1)):  # `Monday - Friday: ...` is no day
            return None
        return Told(dates.weekday(match.group(1)), match.group(2).strip(), title, block.line)
    except dates.WordsError:
        return None


def _is_day(word: str) -> bool:
    try:
        dates.weekday(word)
    except dates.WordsError:
        return False
    return True


def turned(blocks: Sequence[Block], year: int) -> Iterator[Block]:
    """The blocks, where a table with a day in each column has a row for each day instead."""
    at = 0
    while at < len(blocks):
        columns = _columns(blocks[at], year)
        below = at + 1
        while columns and below < len(blocks) and _goes_on(blocks[below], blocks[at]):
            below += 1
        if not columns or below == at + 1:
            yield blocks[at]
            at += 1
            continue
        head, rows = blocks[at], blocks[at + 1 : below]
        labelled = 0 not in columns
        for column in columns:
            lines = [
                _labelled(row.cells[0] if labelled else "", row.cells[column]) for row in rows if row.cells[column]
            ]
            if lines:
                cells = (head.cells[column], "\n".join(lines))
                yield Block("row", " ".join(cells), rows[0].line, cells=cells)
        at = below


def _columns(block: Block, year: int) -> list[int]:
    """The columns that a row of days heads: three or more, and nothing else in it but a corner."""
    found = [index for index, cell in enumerate(block.cells) if cell and when(plain(cell), year) is not None]
    others = [index for index, cell in enumerate(block.cells) if cell and index not in found]
    return found if len(found) > 2 and others in ([], [0]) else []


def _goes_on(block: Block, head: Block) -> bool:
    return block.kind == "row" and len(block.cells) == len(head.cells)


def _labelled(label: str, cell: str) -> str:
    word = plain(label).casefold().strip(" :")
    return cell if word in _ABOUT or word in _CLEAR else f"{plain(label).strip(' :')}: {cell}"


__all__ = ["Teller", "Told", "headings", "turned", "when"]
