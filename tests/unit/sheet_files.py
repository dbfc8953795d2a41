"""Makes the spreadsheets that tests read: whole ones, and ones with a part changed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

from campaign import sheets
from campaign.errors import FileError


def book(rows: Sequence[Sequence[Any]], **merged: str) -> bytes:
    """A workbook of one sheet written by openpyxl."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for area in merged.values():
        sheet.merge_cells(area)
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def cells(data: bytes, **options: Any) -> list[tuple[Any, ...]]:
    return [row.cells for row in sheets.read(data, "week.xlsx", **options).sheets[0].rows()]


def every_row(data: bytes, name: str, **options: Any) -> list[sheets.Row]:
    return [row for sheet in sheets.read(data, name, **options).sheets for row in sheet.rows()]


def refused(data: bytes, name: str = "week.xlsx", **options: Any) -> str:
    try:
        every_row(data, name, **options)
    except FileError as error:
        return str(error)
    raise AssertionError("it was read")


def with_part(data: bytes, part: str, content: bytes | None) -> bytes:
    """The same zip with one part changed, added, or (None) taken away."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != part:
                new.writestr(info.filename, old.read(info.filename))
        if content is not None:
            new.writestr(part, content)
    return out.getvalue()


def part_of(data: bytes, part: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(part)


def with_strings(strings: bytes) -> bytes:
    """A workbook whose cells point into shared strings, as Excel, LibreOffice, Google and Numbers write them."""
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    data = with_part(book([["x"]]), "xl/sharedStrings.xml", b"<sst %s>%s</sst>" % (space, strings))
    row = b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>9</v></c></row>'
    sheet = b"<worksheet %s><sheetData>%s</sheetData></worksheet>" % (space, row)
    return with_part(data, "xl/worksheets/sheet1.xml", sheet)
