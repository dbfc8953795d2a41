"""One sheet of a workbook as a stream of rows, its merged cells spread over their ranges."""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from campaign.sheets.cells import ErrorCell, Value, tidy
from campaign.sheets.reading import Limits, Opener, Row, refuse
from campaign.sheets.xlsx_links import MOST, Links, formula_link, linked, links_in, targets_of
from campaign.sheets.xlsx_values import column_index, iso_value, number_value, unescape
from campaign.sheets.xml_parts import CHUNK, DAMAGE, broken, feed, new_parser

_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})$")
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*?\bref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_DIGITS = "0123456789"
_KEPT = 1_000
_MAX_MERGES = 20_000
_MAX_FILL = 10_000


class Strings:
    """The workbook's shared strings, kept as one block of bytes and read back one at a time."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def add(self, text: str) -> None:
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            return ""
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Styles:
    """For each cell style, whether its numbers are dates ("date"), spans of time ("elapsed") or numbers ("")."""

    kinds: tuple[str, ...] = ()

    def kind(self, style: str) -> str:
        return self.kinds[int(style)] if style.isdigit() and int(style) < len(self.kinds) else ""


@dataclass(slots=True)
class Book:
    """What every sheet of a workbook shares."""

    opener: Opener
    name: str
    limits: Limits
    strings: Strings
    styles: Styles
    epoch: datetime


@dataclass(frozen=True, slots=True)
class _Merge:
    top: int
    left: int
    bottom: int
    right: int


class _SheetReader:
    """Callbacks for one sheet: gathers finished rows into `done`, which the stream empties after each piece."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.done: list[tuple[int, bool, dict[int, Value]]] = []
        self.number = 0
        self.hidden = False
        self.cells: dict[int, Value] = {}
        self.index = -1
        self.type = ""
        self.style = ""
        self.pieces: list[str] = []
        self.formula: list[str] = []
        self.size = 0
        self.taking = False
        self.telling = False
        self.phonetic = False
        #: The few tags and columns of a sheet come again in every row: what each is is found once.
        self.tags: dict[str, str] = {}
        self.columns: dict[str, int] = {}

    def _local(self, tag: str) -> str:
        """A tag without its namespace; a file that makes up new ones fills no memory."""
        found = tag.rpartition(" ")[2]
        if len(self.tags) < _KEPT:
            self.tags[tag] = found
        return found

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = self.tags.get(tag) or self._local(tag)
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "v" or (tag == "t" and not self.phonetic):
            self.taking = True
        elif tag == "f":
            self.telling = True
        elif tag == "rPh":
            self.phonetic = True
        elif tag == "row":
            given = attributes.get("r", "")
            self.number = int(given) if given.isdigit() else self.number + 1
            self.hidden = attributes.get("hidden", "0") in {"1", "true"}
            self.cells = {}
            self.index = -1

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r", "")
        known = self.columns.get(reference.rstrip(_DIGITS))
        self.index = self._column(reference) if known is None else known
        self.type = attributes.get("t", "n")
        self.style = attributes.get("s", "")
        self.pieces = []
        self.formula = []
        self.size = 0

    def _column(self, reference: str) -> int:
        """The column of a cell, by its reference; without one it is the next."""
        match = _REFERENCE.match(reference)
        if match is None:
            return self.index + 1
        found = column_index(match.group(1))
        if len(self.columns) < _KEPT:
            self.columns[match.group(1)] = found
        return found

    def text(self, data: str) -> None:
        if self.taking or self.telling:
            self.size += len(data)
            if self.size > self.book.limits.cell:
                raise refuse(
                    self.book.name,
                    f"Row {self.number}: a cell holds more than {self.book.limits.cell // 1024} kB of text.",
                )
            (self.pieces if self.taking else self.formula).append(data)

    def end(self, tag: str) -> None:
        tag = self.tags.get(tag) or self._local(tag)
        if tag == "v" or tag == "t":
            self.taking = False
        elif tag == "f":
            self.telling = False
        elif tag == "c":
            if self.pieces:
                self._take(self.pieces[0] if len(self.pieces) == 1 else "".join(self.pieces))
        elif tag == "row":
            if self.cells:
                self.done.append((self.number, self.hidden, self.cells))
                self.cells = {}
        elif tag == "rPh":
            self.phonetic = False

    def _take(self, raw: str) -> None:
        book = self.book
        value: Value
        if self.type == "s":
            value = tidy(book.strings[int(raw)] if raw.strip().isdigit() else "") or None
        elif self.type == "n":
            value = number_value(raw, book.styles.kind(self.style), book.epoch)
        elif self.type in {"str", "inlineStr"}:
            value = tidy(unescape(raw)) or None
            if self.formula:
                value = linked(value, formula_link("".join(self.formula)))
        elif self.type == "b":
            value = raw.strip() == "1"
        elif self.type == "e":
            value = ErrorCell(raw.strip())
        else:
            value = iso_value(raw.strip())
        if value is None:
            return
        if self.index >= book.limits.columns:
            raise refuse(
                book.name,
                f"Row {self.number}: the sheet passes {book.limits.columns} columns.",
                "Remove what is not needed.",
            )
        self.cells[self.index] = value


def _beyond(archive: zipfile.ZipFile, part: str, name: str) -> tuple[list[_Merge], Links]:
    """Merged ranges and links, which stand after the cells in the part; so it is unpacked twice, once for these."""
    merges: list[_Merge] = []
    links: Links = {}
    targets = targets_of(archive, part, name)
    tail = b""
    after = False
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            block = tail + chunk
            if not after:
                at = block.find(b"sheetData>")
                after = b"/sheetData>" in block or b"sheetData/>" in block
                block = block[at:] if after else block
            if after:
                merges += _merges_in(block)
                links |= links_in(block, targets) if targets else {}
                if len(merges) >= _MAX_MERGES or len(links) >= MOST:
                    break
            cut = block.rfind(b"<")
            tail = block[cut:] if after and cut >= 0 else block[-64:]
            tail = tail[-4096:]
    return merges[:_MAX_MERGES], links


def _merges_in(block: bytes) -> list[_Merge]:
    found = []
    for match in _MERGE.finditer(block):
        left, top, right, bottom = (group.decode() for group in match.groups())
        found.append(_Merge(int(top), column_index(left), int(bottom), column_index(right)))
    return found


class _Spread:
    """Copies a merged cell's value over its range as rows go by, for ranges of a size that people draw."""

    def __init__(self, merges: list[_Merge]) -> None:
        self.waiting = sorted(
            (m for m in merges if (m.bottom - m.top + 1) * (m.right - m.left + 1) <= _MAX_FILL),
            key=lambda m: m.top,
            reverse=True,
        )
        self.live: list[tuple[_Merge, Value]] = []

    def apply(self, number: int, cells: dict[int, Value]) -> frozenset[int]:
        across: set[int] = set()
        while self.waiting and self.waiting[-1].top <= number:
            merge = self.waiting.pop()
            if merge.top == number and merge.left in cells:
                self.live.append((merge, cells[merge.left]))
        if self.live:
            self.live = [(merge, value) for merge, value in self.live if merge.bottom >= number]
            for merge, value in self.live:
                for column in range(merge.left, merge.right + 1):
                    cells.setdefault(column, value)
                    if column > merge.left:
                        across.add(column)
        return frozenset(across)


def sheet_rows(book: Book, part: str) -> Iterator[Row]:
    """The rows of one part. Raises FileError where it breaks off or passes a limit."""
    try:
        with book.opener() as file, zipfile.ZipFile(file) as archive:
            merges, links = _beyond(archive, part, book.name)
            spread = _Spread(merges)
            reader = _SheetReader(book)
            parser = new_parser(book.name)
            parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
            parser.CharacterDataHandler = reader.text
            count = 0
            for _ in feed(archive, part, parser, book.name):
                for number, hidden, cells in reader.done:
                    count += 1
                    if count > book.limits.rows:
                        raise refuse(book.name, f"The sheet holds more than {book.limits.rows} rows.", "Split it.")
                    if links:
                        cells = {at: linked(value, links.get((number, at), "")) for at, value in cells.items()}
                    across = spread.apply(number, cells)
                    width = max(cells) + 1
                    yield Row(number, tuple(map(cells.get, range(width))), hidden, across)
                reader.done.clear()
    except DAMAGE as error:
        raise broken(book.name) from error
