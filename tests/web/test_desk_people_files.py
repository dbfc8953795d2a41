"""Files of people that are broken, hostile or huge, uploaded at the desk: a sentence each, and nobody added wrongly."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.web.desks import DeskStand
from tests.web.test_desk_people import WORDS, listed, take, who

__all__ = ["listed"]

HEAD = "Email,First name\n"


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", b"<workbook>" + b" " * 100_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, "not a spreadsheet"),
        (b"ann@example.org,Ann\nbob@example.org,Bob\n", "Give the first row the names of the columns"),
        (b"Email," + b"," * 10_000 + b"x\nann@example.org\n", "columns"),
        (bomb(), ""),
    ],
    ids=["empty", "binary", "no header", "10,000 columns", "bomb"],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(listed: DeskStand, data: bytes, words: str) -> None:
    page = take(listed, data, "people.csv", 422)
    assert words in page
    assert 'href="#file"' in page


def test_a_file_of_more_than_twenty_megabytes_is_refused_before_it_is_read(listed: DeskStand) -> None:
    assert "at most 20 MB" in take(listed, b"Email\n" + b"x" * (20 * 1024 * 1024 + 300_000), "people.csv", 413)


def applied(desk: DeskStand, text: str) -> str:
    where = take(desk, text.encode("utf-8"), "people.csv")
    given = {"column-0": "email", "column-1": "first name", "list": "parents", **WORDS}
    assert desk.post(where, where, **given, do="check").status_code == 200
    return desk.post(where, where, **given, do="apply").text


def test_bad_rows_are_refused_alone_and_names_are_only_names(listed: DeskStand) -> None:
    page = applied(
        listed,
        HEAD + HEAD + "x" * 308 + "@example.org,Long\n"
        '"ann@example.org\r\nBcc: all@example.org",Ann\n'
        'bob@example.org,"Bob\r\nBcc: all@example.org"\n'
        "cy@example.org,\u202e\u05d0\u05d1\u05d2\n"
        "di@example.org,Z" + "\u0301" * 500 + "\n"
        "=HYPERLINK(1),Eve\n",
    )
    assert "3 added" in page
    assert "3 refused" in page
    names = {name: who(listed, f"{name}@example.org") for name in ("bob", "cy", "di")}
    kept = {name: person.details.first_name for name, person in names.items() if person}
    assert kept["bob"] == "Bob Bcc: all@example.org"
    assert kept["cy"] == "\u05d0\u05d1\u05d2"
    assert len(kept["di"]) == 200
