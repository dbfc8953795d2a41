"""Comma, semicolon and tab separated text, in the encodings that spreadsheet programs write."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from functools import partial
from itertools import islice

from campaign.sheets.cells import restore, tidy
from campaign.sheets.reading import Limits, Opener, Row, Sheet, Workbook, refuse

_DELIMITERS = ",;\t"
_SAMPLE = 256 * 1024


def open_delimited(opener: Opener, name: str, limits: Limits) -> Workbook:
    """Open a text file as one sheet. Raises FileError where it is not text."""
    encoding = _encoding(opener, name)
    with opener() as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        sample = text.read(_SAMPLE)
    if not tidy(sample):
        raise refuse(name, "The file is empty.", "Check that it finished saving or downloading.")
    delimiter, told = _delimiter(sample)
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or "Sheet"
    sheet = Sheet(stem, partial(_rows, opener, name, encoding, delimiter, told, limits))
    return Workbook(name, "csv", (sheet,))


def _encoding(opener: Opener, name: str) -> str:
    """UTF-8 or UTF-16 by their mark, UTF-16 by its zero bytes, UTF-8 where it decodes throughout, else cp1252."""
    with opener() as file:
        head = file.read(4096)
    if head.startswith(codecs.BOM_UTF8):
        return _checked(opener, name, "utf-8-sig")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(opener, name, "utf-16")
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 and not even:
        return _checked(opener, name, "utf-16-le")
    if even > len(head) // 4 and not odd:
        return _checked(opener, name, "utf-16-be")
    if even or odd:
        raise refuse(name, "This is not a spreadsheet or a text table.", "Give a .xlsx or .csv file.")
    return "utf-8" if _decodes(opener, "utf-8") else _checked(opener, name, "cp1252")


def _decodes(opener: Opener, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with opener() as file:
        try:
            while chunk := file.read(_SAMPLE):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _checked(opener: Opener, name: str, encoding: str) -> str:
    if not _decodes(opener, encoding):
        raise refuse(
            name,
            f"The file begins as {encoding} text and then holds bytes that are not.",
            "Save it again as CSV UTF-8.",
        )
    return encoding


def _delimiter(sample: str) -> tuple[str, bool]:
    """The delimiter, and whether the first line names it (`sep=;`, as Excel understands)."""
    first = sample.lstrip("\ufeff").split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], True
    scores: list[tuple[float, int, str]] = []
    for order, delimiter in enumerate(_DELIMITERS):
        widths = _widths(sample, delimiter)
        split = [width for width in widths if width > 1]
        common = max(split, key=split.count, default=1)
        scores.append((split.count(common) / max(len(widths), 1) * min(common, 8) if split else 0.0, -order, delimiter))
    return max(scores)[2], False


def _widths(sample: str, delimiter: str) -> list[int]:
    """How many cells the first rows have; as far as they can be split."""
    widths: list[int] = []
    try:
        widths.extend(len(row) for row in islice(csv.reader(io.StringIO(sample), delimiter=delimiter), 50) if row)
    except csv.Error:
        return widths
    return widths


def _rows(opener: Opener, name: str, encoding: str, delimiter: str, told: bool, limits: Limits) -> Iterator[Row]:
    with opener() as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter)
        number = 0
        while True:
            begins = reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise refuse(
                    name,
                    f"From line {begins}: the row never ends or is too long ({error}).",
                    'Look for a quotation mark (") that is not closed.',
                    line=begins,
                ) from error
            if fields is None:
                return
            number += 1
            if told and number == 1:
                continue
            if len(fields) > limits.columns:
                raise refuse(
                    name, f"Row {number} has {len(fields)} columns; at most {limits.columns} are read.", line=begins
                )
            if number > limits.rows:
                raise refuse(name, f"The file holds more than {limits.rows} rows.", "Split it.")
            whole = "".join(fields)
            plain = whole.isascii() and whole.isprintable() and "'" not in whole  # nothing in it to tidy or to restore
            cells = [(field.strip() if plain else restore(tidy(field))) or None for field in fields]
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                yield Row(number, tuple(cells))
