"""Spreadsheets: what each kind of file gives, and how its table is found."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from campaign import sheets
from campaign.sheets import ErrorCell, neutralise, restore, tidy
from tests.unit.sheet_files import book, cells, part_of, saved, with_part, with_strings

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
