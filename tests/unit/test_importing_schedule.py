"""A schedule as teams keep it: each cell read as it was meant, or refused by its row and column."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from campaign import sheets
from campaign.errors import FileError
from campaign.programme import load_bytes
from campaign.programme.importing.book import import_workbook
from campaign.programme.importing.draft import Draft
from tests.unit.sheet_files import book, saved

HERE = Path(__file__).parents[1] / "fixtures" / "sheets"
HEAD = ("Ref", "Date", "Day", "Time", "Channel", "Type", "Theme", "Copy", "Link")


def draft_of(rows: Sequence[Sequence[Any]], **merged: str) -> Draft:
    draft = import_workbook(sheets.read(book(rows, **merged), "plan.xlsx"))
    load_bytes(draft.yaml().encode())
    return draft


def row(**cells: Any) -> list[Any]:
    given = {"Ref": "p", "Date": date(2023, 10, 9), "Time": time(9), "Channel": "X", "Copy": "Hello"} | cells
    return [given.get(name) for name in HEAD]


def one(**cells: Any) -> dict[str, Any]:
    held: dict[str, Any] = draft_of([HEAD, row(**cells)]).tree["posts"]["p"]
    return held


def refusals(*rows: Sequence[Any], head: Sequence[str] = HEAD) -> list[str]:
    return [problem.message for problem in draft_of([head, *rows]).refused]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        (time(8, 30), "08:30"),
        (datetime(2023, 10, 9, 8, 30), "08:30"),
        ("08:30", "08:30"),
        ("8.30am", "08:30"),
        ("8:30 AM", "08:30"),
        ("7pm", "19:00"),
        ("noon", "12:00"),
        ("12.30pm", "12:30"),
        ("0830", "08:30"),
        (8.3, "08:30"),
        ("8.30 - 9.15am", "08:30"),
        ("12pm - 1pm", "12:00"),
        ("1.30pm - 3pm", "13:30"),
        ("7-8.30pm", "19:00"),
        ("12-12.40pm", "12:00"),
        ("1:15 \u2013 2pm", "13:15"),
        ("10.25 to 12.00", "10:25"),
        ("12.55 to 14.00", "12:55"),
        ("11-1pm", "11:00"),
        ("9am:", "09:00"),
        ("9\u00a0am", "09:00"),
    ],
)
def test_times_as_people_write_them(cell: Any, wanted: str) -> None:
    assert one(Time=cell)["at"] == f"2023-10-09 {wanted}"


@pytest.mark.parametrize("cell", ["25:00", "9", 9, "half nine", "8.75", "13pm", "9am - 8am", True])
def test_a_time_that_is_none_is_named_with_what_would_do(cell: Any) -> None:
    (message,) = refusals(row(Time=cell))
    assert message.startswith("Row 2, Time: '")
    assert message.endswith("write 8:30am or 08:30")


@pytest.mark.parametrize(
    "cell",
    [
        date(2023, 10, 9),
        datetime(2023, 10, 9, 0, 0),
        "09/10/2023",
        "9/10/23",
        "9.10.2023",
        "9 October 2023",
        "9th Oct 2023",
        "Monday 9 October 2023",
        "Mon, 9 October 2023,",
        "2023-10-09",
        "Mon 9\u00a0October 2023",
        "October 9, 2023",
    ],
)
def test_dates_as_people_write_them_are_day_first(cell: Any) -> None:
    assert one(Date=cell)["at"] == "2023-10-09 09:00"


def test_dates_without_a_year_take_the_weeks() -> None:
    draft = draft_of([HEAD, row(Ref="a"), row(Ref="b", Date="Tues, 10 October"), row(Ref="c", Date="Wednesday11 Oct")])
    assert [post["at"][:10] for post in draft.tree["posts"].values()] == ["2023-10-09", "2023-10-10", "2023-10-11"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"Date": "Tues, 11 October 2023"}, "11 October 2023 is a Wednesday, not a Tuesday"),
        (
            {"Date": date(2023, 10, 11), "Day": "Tues"},
            "either the weekday is Wednesday, or the date is 10 October 2023",
        ),
        ({"Date": "13/13/2023"}, "there is no month 13"),
        ({"Date": "30/02/2023"}, "February 2023 has no day 30"),
        ({"Date": 45208}, "'45208' is a bare number, not a date"),
        ({"Date": "soon"}, "'soon' is not a date"),
        ({"Channel": "Pigeon post"}, "'Pigeon post' is not a channel that is known"),
        ({"Link": "our website, see home page"}, "is not a web address"),
        ({"Link": "https://a.example.org https://b.example.org"}, "several links"),
        ({"Link": "toolkit"}, "neither a web address nor a resource's Ref"),
        ({"Type": "banner", "Channel": None}, "'banner' is not a type"),
        ({"Ref": "!!!"}, "holds no letter or digit"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named(cells: dict[str, Any], words: str) -> None:
    messages = refusals(row(**cells))
    assert any(message.startswith("Row 2, ") and words in message for message in messages), messages


def test_a_refused_cell_loses_nothing_else_of_its_row_and_keeps_the_week_a_draft() -> None:
    draft = draft_of([HEAD, row(Time="25:00", Link="https://example.org")])
    assert draft.tree["posts"]["p"] == {
        "day": "Monday",
        "channels": ["x"],
        "text": "Hello",
        "link": "https://example.org",
    }
    assert draft.tree["campaign"]["status"] == "draft"
    assert "# MEND: Row 2, Time: '25:00' is not a time" in draft.yaml()


def test_blank_and_same_as_above_dates_repeat_the_one_above() -> None:
    rows = [row(Ref="a"), row(Ref="b", Date=None), row(Ref="c", Date="same as above"), row(Ref="d", Date='"')]
    posts = draft_of([HEAD, *rows]).tree["posts"]
    assert {post["at"] for post in posts.values()} == {"2023-10-09 09:00"}


def test_merged_dates_speak_for_their_rows() -> None:
    posts = draft_of([HEAD, row(Ref="a"), row(Ref="b", Date=None)], dates="B2:B3").tree["posts"]
    assert {post["at"] for post in posts.values()} == {"2023-10-09 09:00"}


def test_a_formulas_error_is_refused_where_it_stands() -> None:
    draft = import_workbook(sheets.read(HERE / "libreoffice.xlsx"))
    assert [problem.message for problem in draft.refused] == [
        "Row 6, Post copy: '#DIV/0!' is a formula's error; mend the formula, or type the value"
    ]


def test_a_libreoffice_file_with_a_title_merged_days_and_a_hidden_row() -> None:
    draft = import_workbook(sheets.read(HERE / "libreoffice.xlsx"))
    posts = sorted((post["at"], post.get("text", "")) for post in draft.tree["posts"].values())
    assert posts == [
        ("2023-10-09 08:30", "First \u2013 \u201chello\u201d"),
        ("2023-10-09 13:15", "Second\nline"),
        ("2023-10-10 19:00", "Third: hidden"),
        ("2023-10-11 12:00", ""),
        ("2023-10-12 09:05", "Fifth"),
    ]
    assert any("hidden" in question.text and question.places[0].row == 5 for question in draft.questions)


def test_dates_that_a_program_turned_month_first_are_caught_by_their_weekday() -> None:
    draft = import_workbook(sheets.read(HERE / "libreoffice-us-dates.xlsx"))
    assert [problem.message[:60] for problem in draft.refused][:1] == [
        "Row 2, Day: 10 September 2023 is a Sunday, not a Monday; eit"
    ]


@pytest.mark.parametrize(
    ("name", "words"), [("libreoffice.ods", "OpenDocument"), ("libreoffice.xls", "old Excel file")]
)
def test_other_formats_of_libreoffice_are_told_what_to_do(name: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        sheets.read(HERE / name)


def test_a_numbers_export_with_its_summary_sheet_and_a_google_sheet_with_tick_boxes() -> None:
    workbook = Workbook()
    summary = workbook.active
    assert summary is not None
    summary.title = "Export Summary"
    summary.append(["This document was exported from Numbers."])
    table = workbook.create_sheet("Plan - Table 1")
    table.append(["Date", "Time", "Channel", "Copy", "Essential?"])
    table.append([datetime(2023, 10, 9), datetime(2023, 10, 9, 8, 30), "Facebook", "Hello", True])
    draft = import_workbook(sheets.read(saved(workbook), "plan.xlsx"))
    (post,) = draft.tree["posts"].values()
    assert (post["at"], post["essential"]) == ("2023-10-09 08:30", "true")
    assert not any("Export Summary" in question.text for question in draft.questions)


def test_two_sheets_named_alike_are_told() -> None:
    twice = sheets.Workbook("plan.xlsx", "xlsx", tuple(sheets.read(book([HEAD, row()])).sheets) * 2)
    assert "two sheets are named 'sheet'" in import_workbook(twice).refused[0].message


def test_a_sheet_without_headings_is_read_by_what_it_holds_and_asked_about() -> None:
    rows = [[date(2023, 10, 9), "9am", "X", "A post of some length, in words", "https://example.org/a"],
            [date(2023, 10, 10), "10am", "Facebook", "Another post of some length", None]]  # fmt: skip
    draft = draft_of(rows)
    assert [post["text"] for post in draft.tree["posts"].values()] == [rows[0][3], rows[1][3]]
    assert any("no row of headings" in question.text for question in draft.questions)


def test_what_is_no_schedule_is_told() -> None:
    with pytest.raises(FileError, match="no sheet looks like a schedule"):
        import_workbook(sheets.read(book([["Name", "Phone"], ["A", 1]]), "people.xlsx"))


def test_approved_on_a_post_approves_nothing_and_on_a_resource_says_its_approval() -> None:
    head = ("Ref", "Date", "Type", "Channel", "Theme", "Title", "Copy", "Approved?")
    rows = [["p", date(2023, 10, 9), "post", "X", "One", None, "Hello", "Yes"],
            ["r", date(2023, 10, 9), "resource", None, "One", "Toolkit", "About it", "Yes"]]  # fmt: skip
    draft = draft_of([head, *rows])
    assert draft.tree["resources"]["r"]["approval"] == "approved"
    assert draft.tree["days"][0]["themes"][0]["resources"] == ["r"]
    assert any("does not approve a post" in question.text for question in draft.questions)
    assert "approv" not in str(draft.tree["posts"])


def test_an_event_row_takes_its_time_from_a_range() -> None:
    head = ("Ref", "Date", "Time", "Type", "Theme", "Title", "Copy", "Booking link")
    rows = [
        ["e", date(2023, 10, 10), "1.30pm \u2013 3pm", "event", "One", "Launch", "Come", "https://example.org/book"]
    ]
    event = draft_of([head, *rows]).tree["resources"]["e"]["event"]
    assert event == {"starts": "2023-10-10 13:30", "ends": "2023-10-10 15:00", "booking": "https://example.org/book"}


def test_an_embargo_on_a_post_is_never_lost() -> None:
    head = ("Ref", "Date", "Time", "Channel", "Copy", "Link", "Embargo until")
    when = datetime(2023, 10, 10, 10, 0)
    draft = draft_of([head, ["p", date(2023, 10, 10), time(9), "X", "Hello", "https://example.org/a", when]])
    post = draft.tree["posts"]["p"]
    (name,) = post["needs"]
    assert draft.tree["resources"][name]["embargo_until"] == "2023-10-10 10:00"
    assert post["link"] == name


def test_cells_that_begin_like_formulas_are_text() -> None:
    data = b"Ref,Date,Channel,Copy\na,09/10/2023,X,=HYPERLINK(1)\nb,09/10/2023,X,'=kept\nc,09/10/2023,X,@us\n"
    posts = import_workbook(sheets.read(data, "plan.csv")).tree["posts"]
    assert [post["text"] for post in posts.values()] == ["=HYPERLINK(1)", "=kept", "@us"]


def test_dates_outside_the_week_stay_on_their_posts() -> None:
    rows = [row(Ref=f"d{n}", Date=date(2023, 10, 9 + n), Theme=f"Theme {n}") for n in range(5)]
    draft = draft_of([HEAD, row(Ref="teaser", Date=date(2023, 9, 25)), *rows])
    assert draft.tree["campaign"]["starts"] == "2023-10-09"
    assert draft.tree["posts"]["teaser"]["at"] == "2023-09-25 09:00"
    assert any("2023-09-25 is outside the week" in question.text for question in draft.questions)


def test_an_email_row_keeps_its_copy_as_a_body() -> None:
    head = ("Ref", "Date", "Time", "Channel", "Subject", "Copy")
    draft = draft_of([head, ["m", date(2023, 10, 9), time(8), "Newsletter", "Monday", "Dear all\n\nHello"]])
    assert draft.tree["mailings"]["m"] == {
        "at": "2023-10-09 08:00", "channel": "mail", "subject": "Monday", "body": "m.md",
    }  # fmt: skip
    assert draft.files == {"messages/m.md": b"Dear all\n\nHello\n"}


@pytest.mark.parametrize("cell", [datetime(2023, 10, 9, 8, 30), "09/10/2023 08:30", "Mon 9 October 2023 at 8.30am"])
def test_a_date_cell_that_holds_a_time_too_loses_neither(cell: Any) -> None:
    assert one(Date=cell, Time=None)["at"] == "2023-10-09 08:30"
    assert one(Date=cell, Time="10am")["at"] == "2023-10-09 10:00"


def test_a_schedule_of_more_rows_than_any_week_has_is_refused_before_it_fills_the_memory() -> None:
    lines = "".join(f"r{number},09/10/2023,X,Hello\n" for number in range(10_001))
    with pytest.raises(FileError, match="more than 10,000 rows"):
        import_workbook(sheets.read(f"Ref,Date,Channel,Copy\n{lines}".encode(), "plan.csv"))


def test_a_sheet_for_each_day_is_read_whole() -> None:
    workbook = Workbook()
    for number, name in enumerate(("Mon", "Tue")):
        sheet = workbook.create_sheet(name)
        sheet.append(["Date", "Time", "Platform", "Caption"])
        sheet.append([date(2023, 10, 9 + number), "9am", "X", f"Post of {name}"])
    draft = import_workbook(sheets.read(saved(workbook), "plan.xlsx"))
    assert [post["text"] for post in draft.tree["posts"].values()] == ["Post of Mon", "Post of Tue"]


def test_a_theme_for_every_row_costs_no_more_than_one() -> None:
    rows = [row(Ref=f"r{number}", Theme=f"Theme {number}") for number in range(400)]
    draft = draft_of([HEAD, *rows])
    assert len(draft.tree["days"][0]["themes"]) == 400
    assert draft.tree["posts"]["r399"]["theme"] == "theme-399"
