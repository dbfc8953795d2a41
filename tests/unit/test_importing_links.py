"""Links behind the words of a cell, as Excel's Insert, Link makes them: read as the address that a click leads to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openpyxl import Workbook

from campaign import sheets
from campaign.programme import load_bytes
from campaign.programme.importing.book import import_workbook
from campaign.programme.importing.draft import Draft
from tests.unit.sheet_files import part_of, saved, with_part
from tests.unit.test_importing_schedule import HEAD, row

BOOKING = "https://example.org/book?a=1&b=2"


def draft_of(links: dict[str, str], **cells: Any) -> Draft:
    """A week of one post whose cells (by reference) lead to addresses."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for values in (HEAD, row(**cells)):
        sheet.append(list(values))
    for reference, url in links.items():
        sheet[reference].hyperlink = url
    draft = import_workbook(sheets.read(saved(workbook), "plan.xlsx"))
    load_bytes(draft.yaml().encode())
    return draft


def link_of(draft: Draft) -> str | None:
    link: str | None = draft.tree["posts"]["p"].get("link")
    return link


def test_words_in_the_link_column_lead_where_a_click_leads() -> None:
    draft = draft_of({"I2": BOOKING}, Link="Book your place")
    assert link_of(draft) == BOOKING
    assert not [question for question in draft.questions if "link" in question.text]


def test_a_link_behind_the_copy_is_the_posts_link_where_the_column_is_empty() -> None:
    draft = draft_of({"H2": BOOKING}, Copy="Book your place")
    assert (link_of(draft), draft.tree["posts"]["p"]["text"]) == (BOOKING, "Book your place")
    assert (
        link_of(draft_of({"H2": BOOKING}, Copy="Book", Link="https://example.org/other")) == "https://example.org/other"
    )


def test_an_address_that_the_copy_carries_itself_is_not_given_twice() -> None:
    assert link_of(draft_of({"H2": BOOKING}, Copy=f"Book: {BOOKING}")) is None


def test_a_cell_that_shows_one_address_and_leads_to_another_is_asked_about() -> None:
    draft = draft_of({"I2": "https://safelinks.example.net/?x=1"}, Link="https://example.org/toolkit")
    assert link_of(draft) == "https://example.org/toolkit"
    [question] = [question.text for question in draft.questions if "safelinks" in question.text]
    assert "https://example.org/toolkit was kept" in question


@pytest.mark.parametrize("url", ["mailto:comms@example.org", "javascript:alert(1)", "file:///etc/passwd", "#Sheet2!A1"])
def test_what_leads_to_no_web_page_is_no_link(url: str) -> None:
    assert link_of(draft_of({"H2": url})) is None


def test_a_hyperlink_formula_leads_to_its_address() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for values in (HEAD, row(Link="FORMULA")):
        sheet.append(list(values))
    data = saved(workbook)
    part = part_of(data, "xl/worksheets/sheet1.xml")
    cell = re.search(rb'<c r="I2"[^>]*>.*?</c>', part)
    assert cell is not None
    formula = b'<c r="I2" t="str"><f>HYPERLINK("https://example.org/toolkit","The toolkit")</f><v>The toolkit</v></c>'
    data = with_part(data, "xl/worksheets/sheet1.xml", part.replace(cell[0], formula))
    assert link_of(import_workbook(sheets.read(data, "plan.xlsx"))) == "https://example.org/toolkit"


def test_links_beyond_number_are_left_unread() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Words"])
    sheet["A1"].hyperlink = BOOKING
    data = saved(workbook)
    part = part_of(data, "xl/worksheets/sheet1.xml")
    element = re.search(rb"<hyperlink [^>]*/>", part)
    assert element is not None
    many = b"".join(element[0].replace(b'"A1"', b'"B%d"' % n) for n in range(1, 100_000))
    end = element[0].replace(b'"A1"', b'"A2"')
    part = part.replace(element[0], element[0] + many + end)
    part = part.replace(b"</sheetData>", b'<row r="2"><c r="A2" t="str"><v>Words</v></c></row></sheetData>')
    lines = sheets.read(with_part(data, "xl/worksheets/sheet1.xml", part), "plan.xlsx").sheets[0].rows()
    first, second = (line.cells[0] for line in lines)
    assert (first, second) == ("Words", "Words")
    assert isinstance(first, sheets.Linked)
    assert first.url == BOOKING
    assert not isinstance(second, sheets.Linked)
