"""No sheet gives a traceback, and every draft that is made of one loads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign import sheets
from campaign.errors import FileError, ProgrammeError
from campaign.programme import load_bytes
from campaign.programme.importing.book import import_workbook
from campaign.programme.importing.columns import DAYS, RESOURCES, SCHEDULE, WEEK
from campaign.programme.importing.merge import merge
from campaign.programme.writing import to_tree
from campaign.sheets import ErrorCell, Row, Sheet, Workbook

CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        ["a", "b", "same", "Mon", "Tues", "every day", "unlock", "25:00", "8.30am", "7-8.30pm", "X", "Email, X",
         "website", "all", "post", "email", "page", "event", "resource", "toolkit",
         "https://example.org/a", "TBC", "#", "day", "#A #B", "ce.png", "decorative", "Yes", "No", "held",
         "Parents and carers", "IOW / HAM", "example-post", "9 Oct", "09/10/2023",
         "26/11/2022 to 27/11/2022", "Mon 10 October 2023", "cancelled", "no_link: none", "x" * 400,
         "(none)", "posts.a", "days.mon", "campaign", "title", '"', "[", "\u2019", "1"
        ]
    ),
    st.text(max_size=6),
    st.integers(-5, 50_000),
    st.floats(0, 30, allow_nan=False),
    st.booleans(),
    st.dates(date(2022, 1, 1), date(2024, 1, 1)),
    st.datetimes(datetime(2022, 1, 1), datetime(2024, 1, 1)),
    st.times().map(lambda clock: clock.replace(microsecond=0)),
    st.just(ErrorCell("#REF!")),
)  # fmt: skip
HEADS = {
    "Schedule": [column.header for column in SCHEDULE],
    "Days": [column.header for column in DAYS],
    "Resources": [column.header for column in RESOURCES],
    "Settings": ["Where", "Setting", "Value"],
}


def _rows(rows: list[list[Any]]) -> Iterator[Row]:
    for number, cells in enumerate(rows, start=1):
        values = [(sheets.tidy(cell) or None) if isinstance(cell, str) else cell
                  for cell in cells]  # fmt: skip
        if any(value is not None for value in values):
            yield Row(number, tuple(values), hidden=number % 7 == 0)


@st.composite
def books(draw: st.DrawFn) -> Workbook:
    """A workbook of some of our sheets, with any cells under headings in any order."""
    made = []
    for name, heads in HEADS.items():
        if draw(st.booleans()):
            some = draw(st.lists(st.sampled_from(heads), min_size=2, max_size=len(heads), unique=True))
            rows = draw(st.lists(st.lists(CELLS, min_size=len(some), max_size=len(some)), max_size=5))
            made.append(Sheet(name, partial(_rows, [some, *rows])))
    pairs = draw(st.lists(st.tuples(st.sampled_from([column.header for column in WEEK]), CELLS), max_size=6))
    return Workbook("any.xlsx", "xlsx", (*made, Sheet("Week", partial(_rows, [list(pair) for pair in pairs]))))


@given(books(), books())
@settings(max_examples=150)
def test_any_sheet_gives_a_draft_that_loads_or_a_sentence(book: Workbook, other: Workbook) -> None:
    drafts = []
    for each in (book, other):
        try:
            drafts.append(import_workbook(each))
        except FileError as error:
            if not all(problem.message for problem in error.problems):
                raise AssertionError(error.problems) from error
    for draft in drafts:
        load_bytes(draft.yaml().encode())
    if len(drafts) == 2:
        mine = to_tree(load_bytes(drafts[0].yaml().encode()).programme)
        try:
            merged = merge(drafts[1], mine, drafts[0].tree, sent={"a"}, remove=["b"])
        except ProgrammeError:  # such as a week of two years
            return
        load_bytes(merged.draft.yaml().encode())
