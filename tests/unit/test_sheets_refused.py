"""Spreadsheets that cannot be read: each is told why, and costs nothing."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from campaign import sheets
from campaign.errors import FileError
from campaign.sheets import Limits
from tests.unit.sheet_files import book, every_row, part_of, refused, saved, with_part, with_strings

# ---- what cannot be read


def ole(shift: int, sector: int, name: str) -> bytes:
    """An OLE file whose directory stands in a sector and names one stream."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(30, b"\0") + shift.to_bytes(2, "little")
    head = head.ljust(48, b"\0") + sector.to_bytes(4, "little")
    return head.ljust((sector + 1) << shift, b"\0") + name.encode("utf-16-le")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n....", "is a picture"),
        (b"\xff\xd8\xff\xe0....", "is a picture"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "is a picture"),
        (b"%PDF-1.7", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel file (.xls)"),
        (ole(9, 3, "EncryptedPackage"), "protected by a password"),
        (ole(12, 2_000, "EncryptedPackage"), "protected by a password"),
        (ole(9, 3, "Workbook"), "old Excel file (.xls)"),
        (b"<html><table><tr><td>Date</td></tr></table></html>", "is a web page"),
        (b"PK\x05\x06" + b"\0" * 18, "empty archive"),
        (b"\x00\x01\x02\x03\x00\x00" * 40, "not a spreadsheet"),
        (b'Date,Copy\n9 Oct,"never closed\n' + b"x" * 200_000, "From line 2"),
    ],
)
def test_files_that_are_something_else_are_named(data: bytes, words: str) -> None:
    assert words in refused(data)


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


def test_other_zips_are_named() -> None:
    assert "Word file" in refused(_zip(word__document_dot_xml=b"<x/>"))
    assert "Numbers" in refused(_zip(Index__Document_dot_iwa=b"x"))
    assert ".ods" in refused(_zip(content_dot_xml=b"<x/>"))
    assert ".xlsb" in refused(_zip(xl__workbook_dot_bin=b"x"))
    assert "zip file" in refused(_zip(letter_dot_txt=b"x"))


def test_macros_are_refused() -> None:
    assert "macros" in refused(with_part(book([["a"]]), "xl/vbaProject.bin", b"x"), "week.xlsm")


def test_a_document_type_is_refused_wherever_it_stands() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"):
        assert "document type" in refused(with_part(book([["a"]]), part, bomb))


def test_a_cut_off_or_garbled_workbook_is_damaged() -> None:
    data = book([["a", "b"]] * 50)
    sheet = part_of(data, "xl/worksheets/sheet1.xml")
    assert "damaged" in refused(data[: len(data) // 2])
    assert "damaged" in refused(with_part(data, "xl/worksheets/sheet1.xml", sheet[:-200]))
    assert "damaged" in refused(with_part(data, "xl/_rels/workbook.xml.rels", None))


@given(st.integers(0, 6000), st.integers(0, 255))
def test_a_flipped_byte_gives_rows_or_a_sentence_never_a_traceback(position: int, byte: int) -> None:
    data = bytearray(_SMALL)
    data[position % len(data)] = byte
    words = "read"
    try:
        every_row(bytes(data), "week.xlsx")
    except FileError as error:
        words = str(error)
    assert words.startswith(("read", "week.xlsx: error SHEET: "))


_SMALL = book([["Date", "Copy"], [date(2023, 10, 9), "one"]], a="A1:B1")


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    rows = b"<row>" + b" " * 40_000_000 + b"</row></sheetData>"
    data = book([["a"]])
    sheet = part_of(data, "xl/worksheets/sheet1.xml").replace(b"</sheetData>", rows)
    bomb = with_part(data, "xl/worksheets/sheet1.xml", sheet)
    assert len(bomb) < 100_000
    tracemalloc.start()
    words = refused(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "zip bomb" in words
    assert peak < 2_000_000


def test_every_bound_is_kept() -> None:
    data = book([["a", "b", "c"]] * 5)
    assert "MB" in refused(data, limits=Limits(file=100))
    assert "unpacks" in refused(data, limits=Limits(unpacked=100))
    assert "parts" in refused(data, limits=Limits(parts=2))
    assert "rows" in refused(data, limits=Limits(rows=4))
    assert "columns" in refused(data, limits=Limits(columns=2))
    assert "texts" in refused(with_strings(b"<si><t>a</t></si>"), limits=Limits(strings=10))
    assert "rows" in refused(b"a,b\n" * 5, limits=Limits(rows=4))
    assert "columns" in refused(b"a,b,c\n", limits=Limits(columns=2))


def test_a_cell_far_away_costs_nothing() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"] = "Date"
    sheet["A1048576"] = "far"
    data = saved(workbook)
    tracemalloc.start()
    rows = list(sheets.read(data).sheets[0].rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows[-1].number == 1_048_576
    assert peak < 4_000_000


def _million(rows: int) -> Iterator[bytes]:
    for number in range(1, rows + 1):
        yield b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>a%d@example.org</t></is></c></row>' % (
            number,
            number,
            number,
        )


@pytest.mark.slow
def test_a_full_sheet_streams_in_flat_memory(tmp_path: Path) -> None:
    rows = 60_000
    data = book([["x"]])
    sheet = part_of(data, "xl/worksheets/sheet1.xml")
    start, end = sheet.index(b"<sheetData>") + len(b"<sheetData>"), sheet.index(b"</sheetData>")
    path = tmp_path / "full.xlsx"
    path.write_bytes(
        with_part(data, "xl/worksheets/sheet1.xml", sheet[:start] + b"".join(_million(rows)) + sheet[end:])
    )
    tracemalloc.start()
    count = sum(1 for _ in sheets.read(path).sheets[0].rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == rows
    assert peak < 12_000_000


def test_a_cell_that_holds_too_much_is_refused_by_its_row() -> None:
    data = book([["x"]])
    cell = b'<row r="7"><c r="A7" t="inlineStr"><is><t>' + b"long " * 1000 + b"</t></is></c></row></sheetData>"
    sheet = part_of(data, "xl/worksheets/sheet1.xml").replace(b"</sheetData>", cell)
    assert "Row 7" in refused(with_part(data, "xl/worksheets/sheet1.xml", sheet), limits=Limits(cell=1024))
