"""Spreadsheets: what each kind of file gives, and what each bad one is told."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from campaign import sheets
from campaign.errors import FileError
from campaign.sheets import ErrorCell, Limits, neutralise, restore, tidy


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


# ---- .xlsx


def test_shared_strings_join_their_runs_and_leave_reading_aids_out() -> None:
    runs = "<si><r><t>Safe</t></r><r><rPr><b/></rPr><t xml:space='preserve'>guarding </t></r><rPh><t>aid</t></rPh></si>"
    assert cells(with_strings(f"{runs}<si><t>caf\u00e9_x000D_\nnext</t></si>".encode())) == [
        ("Safeguarding", "caf\u00e9\nnext")
    ]


def test_cells_keep_their_kinds() -> None:
    moment = datetime(2023, 10, 9, 8, 30)
    data = book([["Copy", 3, 2.5, True, date(2023, 10, 9), time(8, 30), moment, None, "end"]])
    assert cells(data) == [("Copy", 3, 2.5, True, date(2023, 10, 9), time(8, 30), moment, None, "end")]


def test_rows_keep_their_numbers_when_some_are_empty() -> None:
    rows = list(sheets.read(book([["a"], [], [], ["b"]])).sheets[0].rows())
    assert [(row.number, row.cells) for row in rows] == [(1, ("a",)), (4, ("b",))]


def test_hidden_rows_and_sheets_are_flagged() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["a"])
    sheet.append(["b"])
    sheet.row_dimensions[2].hidden = True
    other = workbook.create_sheet("Lists")
    other.append(["x"])
    other.sheet_state = "hidden"
    read = sheets.read(saved(workbook))
    assert [row.hidden for row in read.sheets[0].rows()] == [False, True]
    assert [sheet.hidden for sheet in read.sheets] == [False, True]


def test_a_merged_cell_speaks_for_its_whole_range() -> None:
    data = book(
        [["Date", "Copy", "Link"], [1, "one", "x"], [None, "two", None], [None, "three", None]], a="A2:A4", b="B4:C4"
    )
    rows = list(sheets.read(data).sheets[0].rows())
    assert [row.cells for row in rows][1:] == [(1, "one", "x"), (1, "two"), (1, "three", "three")]
    assert rows[3].across == {2}


def test_text_in_cells_is_tidied() -> None:
    data = book([["  Mon\u00a0day\u200b ", "one\r\ntwo  \nthree", "it\u2019s \u201cfine\u201d \u2013 yes", "caf\x85"]])
    assert cells(data) == [("Mon day", "one\ntwo\nthree", "it\u2019s \u201cfine\u201d \u2013 yes", "caf")]


def test_excels_escapes_are_undone_and_c1_controls_are_what_was_meant() -> None:
    data = book([["a_x000D_\nb", "it\x92s"]])
    assert cells(data) == [("a\nb", "it\u2019s")]


def test_a_formula_gives_its_stored_value_and_an_error_is_one() -> None:
    data = book([["x"]])
    sheet = part_of(data, "xl/worksheets/sheet1.xml").decode()
    row = (
        '<row r="2"><c r="A2" t="str"><f>1&amp;"a"</f><v>1a</v></c><c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        '<c r="C2"><f>1+1</f><v>2</v></c><c r="D2"><f>now()</f></c></row></sheetData>'
    )
    changed = with_part(data, "xl/worksheets/sheet1.xml", sheet.replace("</sheetData>", row).encode())
    assert cells(changed)[1] == ("1a", ErrorCell("#DIV/0!"), 2)


def test_dates_of_an_old_mac_count_from_1904() -> None:
    data = book([[date(2023, 10, 9)]])
    changed = with_part(
        data,
        "xl/workbook.xml",
        part_of(data, "xl/workbook.xml").replace(b"<workbookPr/>", b'<workbookPr date1904="1"/>'),
    )
    assert cells(changed) == [(date(2027, 10, 10),)]


def test_a_row_without_references_counts_its_own_cells() -> None:
    data = book([["a", "b"]])
    bare = b"<sheetData><row>"
    bare += b'<c t="inlineStr"><is><t>a</t></is></c><c><v>2</v></c></row><row><c><v>3</v></c></row></sheetData>'
    sheet = part_of(data, "xl/worksheets/sheet1.xml")
    start, end = sheet.index(b"<sheetData>"), sheet.index(b"</sheetData>") + len(b"</sheetData>")
    changed = with_part(data, "xl/worksheets/sheet1.xml", sheet[:start] + bare + sheet[end:])
    rows = list(sheets.read(changed).sheets[0].rows())
    assert [(row.number, row.cells) for row in rows] == [(1, ("a", 2)), (2, (3,))]


@pytest.mark.parametrize(
    ("code", "value", "wanted"),
    [
        ("dd/mm/yyyy", 45208, date(2023, 10, 9)),
        ("[$-809]dddd d mmmm yyyy", 45208, date(2023, 10, 9)),
        ("h:mm AM/PM", 0.354166666666667, time(8, 30)),
        ("hh:mm", 0.3541666, time(8, 30)),
        ("[h]:mm", 1.0416666667, "25:00"),
        ('0 "days"', 3, 3),
        ("0.00%", 0.5, 0.5),
        ("#,##0", 45208, 45208),
        ("[Red]0", 4, 4),
        ("General", 45208, 45208),
    ],
)
def test_a_number_is_what_its_format_says(code: str, value: float, wanted: object) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    cell = sheet.cell(1, 1)
    cell.value = value
    cell.number_format = code
    assert cells(saved(workbook)) == [(wanted,)]


_CELL = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12),
    st.integers(-(10**9), 10**9),
    st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda number: round(number, 3)),
    st.booleans(),
    st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0, second=1)
    ),
)


@given(st.lists(st.lists(_CELL, min_size=1, max_size=6), min_size=1, max_size=6))
def test_what_is_read_agrees_with_an_independent_reader(rows: list[list[Any]]) -> None:
    rows = [[None if isinstance(cell, str) and cell.startswith("=") else cell for cell in row] for row in rows]
    data = book(rows)
    ours = {
        (row.number, index): cell for row in sheets.read(data).sheets[0].rows() for index, cell in enumerate(row.cells)
    }
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as other:
        theirs = other.get_sheet_by_index(0).to_python(skip_empty_area=False)
    for number, row in enumerate(theirs, 1):
        for index, cell in enumerate(row):
            mine = ours.get((number, index))
            wanted = tidy(cell) if isinstance(cell, str) else cell
            if isinstance(wanted, datetime) and wanted.time() == time():
                wanted = wanted.date()
            assert (mine or "") == wanted or mine == wanted, (number, index)


# ---- .csv


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_text_tables_in_every_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    lines = [["Date", "Copy", "Link"], ["09/10/2023", "It\u2019s caf\u00e9 \u2013 week", "https://example.org/a,b;c"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines) + "\r\n"
    assert cells(text.encode(encoding)) == [tuple(line) for line in lines]


def test_a_table_with_one_comma_in_its_prose_is_still_split_by_semicolons() -> None:
    text = "Date;Time;Copy\n9 Oct;8.30am;Come, and see\n10 Oct;9am;Again\n"
    assert cells(text.encode())[1] == ("9 Oct", "8.30am", "Come, and see")


def test_line_breaks_in_a_quoted_cell_stay_in_it() -> None:
    assert cells(b'Copy,Link\r\n"one\r\ntwo",x\r\n') == [("Copy", "Link"), ("one\ntwo", "x")]


def test_a_first_line_that_names_the_delimiter_is_obeyed() -> None:
    rows = list(sheets.read(b"sep=;\nDate;Copy\n9 Oct;a,b\n").sheets[0].rows())
    assert [(row.number, row.cells) for row in rows] == [(2, ("Date", "Copy")), (3, ("9 Oct", "a,b"))]


def test_one_column_is_a_table_too() -> None:
    assert cells(b"Email\na@example.org\n") == [("Email",), ("a@example.org",)]


@given(st.text())
def test_neutralise_and_restore_are_inverse_and_safe(text: str) -> None:
    safe = neutralise(text)
    assert restore(safe) == text
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.text())
def test_tidy_is_done_once(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


# ---- what cannot be read


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
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
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


# ---- the table in a sheet

ALIASES = {"date": ("When", "Date of post"), "start": ("Event start",), "copy": ("Text", "Post copy"), "approved": ()}


def table(rows: Sequence[Sequence[Any]], **merged: str) -> sheets.Table | None:
    return sheets.find_table(sheets.read(book(rows, **merged)).sheets[0], ALIASES)


def test_the_header_is_found_by_other_names_in_any_order_below_a_title() -> None:
    found = table(
        [
            ["Safeguarding Week plan"],
            [],
            ["POST COPY:", "Owner", "when", "Approved? (Yes/No)"],
            ["Hello", "Me", 1, "Yes"],
        ]
    )
    assert found is not None
    assert found.header == 3
    assert found.unknown == ("Owner",)
    assert found.column("date") == "when (column C)"
    (record,) = found.records()
    assert record.number == 4
    assert record.values == {"copy": "Hello", "date": 1, "approved": "Yes"}
    assert record.extra == {"Owner": "Me"}


def test_two_header_rows_are_read_as_one() -> None:
    found = table([["Date", "Event", None, "Copy"], [None, "start", "end", None], [1, 2, 3, "Hello"]], a="B1:C1")
    assert found is not None
    assert found.header == 2
    assert [record.values for record in found.records()] == [{"date": 1, "start": 2, "copy": "Hello"}]
    assert [record.extra for record in found.records()] == [{"end": 3}]


def test_a_column_named_twice_is_told() -> None:
    found = table([["Date", "Copy", "Text"], [1, "a", "b"]])
    assert found is not None
    assert found.twice == ("Text",)


def test_prose_is_no_header() -> None:
    assert table([["When we meet"], ["Some text"], ["more"]]) is None


def test_a_cell_that_holds_too_much_is_refused_by_its_row() -> None:
    data = book([["x"]])
    cell = b'<row r="7"><c r="A7" t="inlineStr"><is><t>' + b"long " * 1000 + b"</t></is></c></row></sheetData>"
    sheet = part_of(data, "xl/worksheets/sheet1.xml").replace(b"</sheetData>", cell)
    assert "Row 7" in refused(with_part(data, "xl/worksheets/sheet1.xml", sheet), limits=Limits(cell=1024))
