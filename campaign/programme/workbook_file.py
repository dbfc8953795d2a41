"""The workbook as a file: headings, notes, drop-downs and grey examples, by openpyxl."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from campaign.programme.importing.columns import DAYS, RESOURCES, SCHEDULE, SUBSCRIBERS, WEEK, Column

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from campaign.programme.workbook import Sheets

FORMATS: tuple[tuple[type, str], ...] = ((datetime, "dd/mm/yyyy hh:mm"), (date, "dd/mm/yyyy"), (time, "hh:mm"))
ROWS = 500
GREY = "FF767676"
"""The grey of examples: 4.5 to 1 on white (WCAG 2.2, 1.4.3)."""

HELP = (
    "How to fill in this workbook",
    "",
    "One sheet is enough: Schedule. The others save questions later.",
    "Week: the campaign itself, a name and its value in each row.",
    "Days: a row for each theme of each day. A blank date is the date above.",
    "Resources: what is linked to: toolkits, guidance, events. Give each a Ref, and say whether it is approved.",
    "Schedule: a row for each post or email. Each has its own Ref, which keeps it from going twice.",
    "Settings: what the columns do not carry, such as which lists an email goes to: Where, Setting, Value.",
    "    For example: mailings.monday-email | lists | practitioners",
    "Subscribers: people for `campaign lists import`. It is not read with the schedule.",
    "",
    "Dates are day first: 09/10/2023 is 9 October. Times are 08:30 or 8.30am.",
    "Grey rows are examples: write over them or delete them. An import leaves them out as they are.",
    "Approved? does not approve a post or an email. That is done in the product, by a person.",
)

EXAMPLE_THEME = "Keeping children safe online"
EXAMPLES: dict[str, tuple[dict[str, Any], ...]] = {
    "Days": ({"ref": "example-theme", "date": date(2023, 10, 9), "day": "Monday", "theme": EXAMPLE_THEME,
              "summary": "What the day is about, in two or three sentences.", "status": "confirmed"},),
    "Resources": ({"ref": "example-toolkit", "title": "Online safety toolkit", "type": "toolkit",
                   "link": "https://example.org/toolkit", "approval": "pending"},),
    "Schedule": (
        {"ref": "example-post", "date": date(2023, 10, 9), "day": "Monday", "time": time(9, 0), "type": "post",
         "channel": "X, Facebook", "theme": EXAMPLE_THEME,
         "copy": "Our week begins. Today: keeping children safe online.", "link": "https://example.org/week",
         "hashtags": "#ExampleWeek2023", "essential": "No"},
        {"ref": "example-email", "date": date(2023, 10, 9), "day": "Monday", "time": time(8, 0), "type": "email",
         "channel": "Email", "audience": "Practitioners", "title": "Monday: keeping children safe online",
         "copy": "Dear colleagues, ..."},
    ),
}  # fmt: skip


def template() -> bytes:
    """An empty workbook to fill in, as .xlsx."""
    from campaign.programme.workbook import Sheets

    sheets = Sheets(
        [["Name", "Value", "What it is"], *([column.header, None, column.note] for column in WEEK)],
        [[column.header for column in DAYS], *_examples(DAYS, "Days")],
        [[column.header for column in RESOURCES], *_examples(RESOURCES, "Resources")],
        [[column.header for column in SCHEDULE], *_examples(SCHEDULE, "Schedule")],
        [["Where", "Setting", "Value"]],
    )
    return save(sheets, example=True)


def _examples(columns: Sequence[Column], name: str) -> Iterator[list[Any]]:
    for example in EXAMPLES[name]:
        yield [example.get(column.field) for column in columns]


def save(sheets: Sheets, *, example: bool = False) -> bytes:
    """The rows as .xlsx bytes. With `example`, rows below the headings are grey, and there is room to write."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.worksheets[0])
    described: dict[str, Sequence[Column]] = {"Days": DAYS, "Resources": RESOURCES, "Schedule": SCHEDULE}
    for name, rows in sheets.named().items():
        sheet = book.create_sheet(name)
        _write(sheet, rows, grey=example and name in EXAMPLES)
        if name in described:
            _describe(sheet, described[name], len(rows) + (ROWS if example else 50))
        elif name == "Week":
            _describe_week(sheet)
        for column, width in zip("ABC", {"Week": (22, 60, 60), "Settings": (30, 24, 60)}.get(name, ()), strict=False):
            sheet.column_dimensions[column].width = width
    if example:
        _write(book.create_sheet("Subscribers"), [list(SUBSCRIBERS)])
    text = book.create_sheet("Help")
    _write(text, [[line] for line in HELP], heading=False)
    text["A1"].font = Font(bold=True, size=14)
    text.column_dimensions["A"].width = 120
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(sheet: Worksheet, rows: Sequence[Sequence[Any]], *, grey: bool = False, heading: bool = True) -> None:
    """Write rows; text is always text, so that nothing a person typed is ever run as a formula."""
    from openpyxl.styles import Alignment, Font

    bold, pale, wrap = Font(bold=True), Font(color=GREY, italic=True), Alignment(vertical="top", wrap_text=True)
    for number, row in enumerate(rows, start=1):
        for index, value in enumerate(row, start=1):
            if value is None or value == "":
                continue
            cell = sheet.cell(number, index)
            cell.value = _clean(value) if isinstance(value, str) else value
            if isinstance(value, str):
                cell.data_type = "s"
                if value[:1] in "=+-@\t\r":
                    cell.quotePrefix = True
            for kind, code in FORMATS:
                if isinstance(value, kind):
                    cell.number_format = code
                    break
            cell.alignment = wrap
            if heading and number == 1:
                cell.font = bold
            elif grey:
                cell.font = pale
    if heading:
        sheet.freeze_panes = "A2"


def _clean(text: str) -> str:
    """Text without what XML cannot hold; Settings carries such text exactly, as JSON."""
    return "".join(sign for sign in text if sign in "\t\n" or (sign >= " " and sign not in "\ufffe\uffff"))


def _describe(sheet: Worksheet, columns: Sequence[Column], rows: int) -> None:
    """A note on each heading, a width, a drop-down where there are choices, and day-first formats."""
    from openpyxl.comments import Comment
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for index, column in enumerate(columns, start=1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = column.width
        sheet.cell(1, index).comment = Comment(column.note, "campaign", width=280, height=90)
        if column.form in {"date", "time", "clock", "day_date"}:
            for number in range(2, min(rows, 200) + 1):
                sheet.cell(number, index).number_format = "hh:mm" if column.form in {"time", "clock"} else "dd/mm/yyyy"
        if column.choices:
            rule = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
            rule.showErrorMessage = column.field not in {"approved"}
            rule.error, rule.errorTitle = column.note, column.header
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{rows}")


def _describe_week(sheet: Worksheet) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    for number, column in enumerate(WEEK, start=2):
        if column.choices:
            rule = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
            sheet.add_data_validation(rule)
            rule.add(f"B{number}")
        if column.form in {"day_date", "clock"}:
            sheet.cell(number, 2).number_format = "dd/mm/yyyy" if column.form == "day_date" else "hh:mm"
