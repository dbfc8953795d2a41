"""Files of people that are broken, hostile or huge: a clear answer each, and no traceback."""

from __future__ import annotations

import io
import resource
import zipfile
from pathlib import Path

import pytest

from tests.commands.conftest import Run

HEAD = "Email,First name,Consent date,Consent source,Consent wording\n"
SAID = "01/09/2023,form,Yes\n"


@pytest.fixture
def listed(run: Run) -> Run:
    """With a list called parents."""
    run("lists", "add", "parents", "--title", "Parents", "--sender", "hscp", "--basis", "consent")
    return run


def bring(run: Run, path: Path, code: int = 1) -> str:
    shown = run("lists", "import", str(path), "--list", "parents", "--apply", code=code)
    assert "Traceback" not in shown.output
    return shown.output


def test_two_gigabytes_are_refused_by_their_size_alone(listed: Run, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(HEAD.encode())
        file.truncate(2 * 1024**3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "at most" in bring(listed, path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_workbook_that_unpacks_to_a_bomb_is_refused(listed: Run, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", b"<workbook>" + b" " * 200_000_000)
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(packed.getvalue())
    assert len(packed.getvalue()) < 1_000_000
    assert bring(listed, path)


@pytest.mark.parametrize("data", [b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, b"\x00" * 5000, b"%PDF-1.7 x"])
def test_a_binary_file_is_no_list_of_people(listed: Run, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    assert bring(listed, path)


def test_a_row_of_ten_thousand_columns(listed: Run, tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(HEAD + "ann@example.org,Ann," + SAID.strip() + "," * 10_000 + "x\n", encoding="utf-8")
    shown = listed("lists", "import", str(path), "--list", "parents", code=1).output
    assert "Traceback" not in shown


def test_a_file_that_breaks_off_says_how_far_it_got_and_can_be_imported_again(listed: Run, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    rows = [f"p{number}@example.org,Ann,{SAID}" for number in range(1001)]
    path.write_text(HEAD + "".join(rows) + "q@example.org,Ann," + SAID.strip() + "," * 10_000 + "x\n", encoding="utf-8")
    assert "The first 1,000 rows are imported" in bring(listed, path)
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    assert "1 added, 1,000 unchanged" in bring(listed, path, code=0)


@pytest.mark.parametrize("gap", ["", "\n"])
def test_a_second_header_row_is_no_person(listed: Run, tmp_path: Path, gap: str) -> None:
    """As where two files were put together."""
    path = tmp_path / "people.csv"
    path.write_text(HEAD + HEAD + f"ann@example.org,Ann,{SAID}" + gap + HEAD + f"bob@example.org,Bob,{SAID}", "utf-8")
    assert "2 rows: 2 added." in bring(listed, path, code=0)


def test_no_header_row_is_said_with_what_to_write(listed: Run, tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("ann@example.org,Ann\nbob@example.org,Bob\n", encoding="utf-8")
    assert "Give the first row the names of the columns: Email" in bring(listed, path)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("x" * 308 + "@example.org", "320 characters"),
        ('"ann@example.org\r\nBcc: all@example.org"', "line break"),
        ("=HYPERLINK(ann@example.org)", "refused"),
    ],
)
def test_a_bad_address_is_one_refused_row(listed: Run, tmp_path: Path, address: str, why: str) -> None:
    path = tmp_path / "people.csv"
    good = f"bob@example.org,Bob,{SAID}"
    path.write_text(HEAD + f"{address},Ann,{SAID}" + good, encoding="utf-8", newline="")
    shown = bring(listed, path)
    assert why in shown
    assert "1 added, 1 refused" in shown


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("'=1+1", "=1+1"),
        ('"Ann\r\nBcc: all@example.org"', "Ann Bcc: all@example.org"),
        ("\u202eAnn", "Ann"),
        ("\u05d0\u05d1\u05d2", "\u05d0\u05d1\u05d2"),
        ("Z" + "\u0301" * 500, "\u0179"),
        ("N" * 5000, "N" * 200),
    ],
)
def test_a_name_may_hold_anything_and_is_one_short_line(listed: Run, tmp_path: Path, name: str, kept: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEAD + f"ann@example.org,{name},{SAID}", encoding="utf-8", newline="")
    bring(listed, path, code=0)
    shown = listed("subscribers", "show", "ann@example.org").output
    line = next(line for line in shown.splitlines() if line.startswith("name:"))
    assert kept in line
    assert len(line) < 220
