"""The programme at the desk as people keep it: a workbook out and in again, a sheet, a Word file."""

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from httpx import Response
from openpyxl import load_workbook

from campaign.model import Role
from tests.delivery.world import EIGHT, a_mailing, a_post
from tests.unit.test_importing_word import row as cells_of
from tests.unit.test_importing_word import table, word
from tests.web.desks import BASE, DeskStand

DOCUMENTS = Path(__file__).parents[1] / "fixtures" / "documents"


def send(desk: DeskStand, data: bytes, name: str) -> Response:
    """Upload a programme in whatever form."""
    answer: Response = desk.client.post(
        "/desk/programme/upload",
        data={"form": desk.token("/desk/programme/upload")},
        files={"file": (name, data, "application/octet-stream")},
        headers={"Origin": BASE},
    )
    return answer


def test_a_workbook_goes_out_and_comes_back_unchanged(both: DeskStand) -> None:
    both.load(a_post(text="Words of the day"), mailings=(a_mailing(),))
    both.sign_in(Role.EDITOR, "Ada")
    book = both.client.get("/desk/programme/week/workbook")
    assert book.headers["content-disposition"] == 'attachment; filename="week.xlsx"'
    answer = send(both, book.content, "week.xlsx")
    assert answer.status_code == 303, answer.text
    assert "matches the programme" in both.text(answer.headers["location"])


def test_a_change_in_the_workbook_is_compared_and_applied(desk: DeskStand) -> None:
    desk.load(a_post(text="Words of the day"))
    desk.sign_in(Role.EDITOR, "Ada")
    book = load_workbook(io.BytesIO(desk.client.get("/desk/programme/week/workbook").content))
    changed = 0
    for row in book["Schedule"].iter_rows():
        for cell in row:
            if cell.value == "Words of the day":
                cell.value, changed = "Other words", changed + 1
    assert changed == 1
    out = io.BytesIO()
    book.save(out)
    where = send(desk, out.getvalue(), "week.xlsx").headers["location"]
    page = desk.text(where)
    assert "Other words" in page
    assert desk.world.store.campaigns.need("week").revision == 1
    desk.post(f"{where}/apply", where, base="1")
    assert desk.world.store.campaigns.need("week").revision == 2


def test_what_went_out_is_not_changed_by_a_workbook(desk: DeskStand) -> None:
    desk.load(a_post(text="Words of the day"), mailings=(a_mailing(),))
    desk.world.play(desk.world.start(), EIGHT + timedelta(hours=3))
    desk.sign_in(Role.EDITOR, "Ada")
    book = load_workbook(io.BytesIO(desk.client.get("/desk/programme/week/workbook").content))
    for row in book["Schedule"].iter_rows():
        for cell in row:
            if cell.value == "Words of the day":
                cell.value = "Other words"
    out = io.BytesIO()
    book.save(out)
    page = desk.text(send(desk, out.getvalue(), "week.xlsx").headers["location"])
    assert "Could not be used" in page
    assert "sent" in page


def test_a_sheet_as_people_write_it_brings_questions(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    sheet = "Date,Theme,Post,Channel\nMon 9 Oct,Online safety,Join us today,Twitter\n"
    answer = send(desk, sheet.encode(), "plan.csv")
    assert answer.status_code == 303, answer.text
    page = desk.text(answer.headers["location"])
    assert "To answer" in page
    assert "Online safety" in page
    assert desk.world.store.campaigns.all() == []


def test_each_week_that_a_document_tells_of_is_compared_by_itself(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    answer = send(desk, (DOCUMENTS / "practice-weeks.txt").read_bytes(), "practice-weeks.txt")
    assert answer.status_code == 200, answer.text
    found = re.findall(r'href="(/desk/programme/upload/[^"]+)"', answer.text)
    assert len(found) > 1
    assert all("brings a new campaign" in desk.text(where) for where in found)
    assert desk.world.store.campaigns.all() == []


def test_a_file_that_tells_of_no_week_says_so(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    assert send(desk, b"Nothing at all", "notes.txt").status_code == 422
    assert send(desk, b"PK\x03\x04broken", "plan.xlsx").status_code == 422
    empty = desk.client.get("/desk/programme/template")
    assert load_workbook(io.BytesIO(empty.content)).sheetnames


def test_a_word_file_is_compared_and_applied_as_any_programme(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    document = word(
        table(
            cells_of("Day", "Theme"),
            cells_of("Monday 9 October", "Kindness"),
            cells_of("", "Passwords"),
            cells_of("Tuesday", "Games"),
        ),
        title="Example Week 2023",
    )
    where = send(desk, document, "Plan for the week.docx").headers["location"]
    page = desk.text(where)
    assert "brings a new campaign" in page
    assert all(title in page for title in ("Kindness", "Passwords", "Games"))
    assert "matches the programme" not in page
    assert "To answer" in page
    assert desk.world.store.campaigns.all() == []
    desk.post(f"{where}/apply", where, base="0")
    [campaign] = desk.world.store.campaigns.all()
    assert campaign.slug == "example-week-2023"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (word()[:900], "plan.docx", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "plan.doc", "old Word file"),
        (b"%PDF-1.7", "plan.pdf", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "plan.png", "is a picture"),
        (b"{\\rtf1 Monday: One}", "plan.rtf", "rich text"),
    ],
)
def test_a_file_of_another_kind_is_told_by_what_it_is(desk: DeskStand, data: bytes, name: str, words: str) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    answer = send(desk, data, name)
    assert answer.status_code == 422
    assert words in answer.text
