"""How long a spreadsheet of 5,000 rows takes to become a programme that the strict loader accepts."""

import io
from collections.abc import Iterator
from datetime import date, time, timedelta

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from benchmarks import Figure, paired
from campaign import sheets
from campaign.programme.importing.book import import_workbook

ROWS = 5_000
HEAD = ("Ref", "Date", "Time", "Channel", "Type", "Theme", "Copy", "Link", "Hashtags", "Owner")


def _workbook() -> bytes:
    book = Workbook()
    sheet = book.create_sheet("Schedule", 0)
    sheet.append(HEAD)
    for number in range(ROWS):
        day = date(2023, 10, 9) + timedelta(days=number % 5)
        copy = f"Post {number} says something about the day, and asks people to come and look at its page."
        sheet.append(
            [f"p{number}", day, time(9 + number % 8, number % 60), "X, Facebook", "post", f"Theme {number % 5}", copy,
             f"https://example.org/{number}", "#Example #Week", "Comms team"]
        )  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def measure() -> Iterator[Figure]:
    """The whole import, and the reading alone, beside a bare read by calamine, which checks nothing."""
    data = _workbook()

    def bare() -> int:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return len(book.get_sheet_by_index(0).to_python())

    def read() -> int:
        return sum(1 for _ in sheets.read(data).sheets[0].rows())

    def whole() -> int:
        return len(import_workbook(sheets.read(data, "week.xlsx")).tree["posts"])

    assert (bare(), read(), whole()) == (ROWS + 1, ROWS + 1, ROWS)
    figure, reference = paired(whole, bare, times=3)
    yield Figure("import 5,000 rows", figure, "s", reference, "a bare calamine read")
    figure, reference = paired(read, bare, times=5)
    yield Figure("read 5,000 rows", figure, "s", reference, "a bare calamine read")
