"""`campaign people`, `lists` and `subscribers`, as a comms officer types them."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from campaign.address import KeyRing
from campaign.store.database import Database
from campaign.store.joining import asked_for, confirm
from campaign.tokens import new_key
from tests.commands.conftest import Run

HEAD = "Email,First name,Organisation,Area,Consent date,Consent source,Consent wording\n"
ANN = "ann@example.org,Ann,County Council,HAM,01/09/2023,2023 event form,Yes please\n"
BOB = "bob@example.org,Bob,=cmd|' /C calc'!A0,IOW,01/09/2023,2023 event form,Yes please\n"


@pytest.fixture
def listed(run: Run) -> Run:
    """With a list called parents."""
    run("lists", "add", "parents", "--title", "Parents", "--sender", "hscp", "--basis", "consent", "--public")
    return run


def write(tmp_path: Path, text: str, name: str = "people.csv", encoding: str = "utf-8") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return str(path)


def test_the_team_is_kept_by_name(run: Run) -> None:
    assert "Jo" in run("people", "list").output
    run("people", "add", "Jo", code=4)
    run("people", "remove", "Jo")
    assert "Nobody yet" in run("people", "list").output
    assert "Jo" in run("people", "list", "--removed").output
    run("people", "remove", "Jo", code=4)
    run("people", "add", "Jo")
    assert "editor" not in run("people", "list").output


def test_a_list_needs_a_basis_a_sender_and_a_plain_name(run: Run) -> None:
    words = ("lists", "add", "friends", "--title", "Friends", "--sender", "hscp", "--basis")
    assert "lawful basis" in run(*words, "because", code=4).output
    assert "charity" in run(*words, "charity_soft_opt_in", code=4).output
    run(*words, "charity_soft_opt_in", "--charity-number", "1234567")
    assert "already" in run(*words, "consent", code=4).output
    assert (
        "no sender" in run("lists", "add", "x", "--title", "X", "--sender", "no", "--basis", "consent", code=4).output
    )
    run("lists", "add", "Not a name", "--title", "X", "--sender", "hscp", "--basis", "consent", code=4)
    assert "charity_soft_opt_in" in run("lists").output


def test_an_import_is_a_dry_run_until_it_is_applied(listed: Run, tmp_path: Path) -> None:
    file = write(tmp_path, HEAD + ANN + "nobody,,,,,,\n" + ANN)
    dry = listed("lists", "import", file, "--list", "parents", code=1).output
    assert "3 rows: 1 added, 2 refused." in dry
    assert "row 3: refused" in dry
    assert "row 4: refused: the same address is on an earlier row" in dry
    assert "Nothing is changed yet" in dry
    assert "Nobody." in listed("subscribers", "find").output
    listed("lists", "import", file, "--list", "parents", "--apply", code=1)
    assert "ann@example.org" in listed("subscribers", "find", "ANN").output


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_csv_as_people_save_it(listed: Run, tmp_path: Path, encoding: str, comma: str) -> None:
    row = ["Zoë", "01/09/2023", "zoe@example.org", "form", '"Yes,\r\nplease"']
    text = comma.join(["Forename", "Opt-in date", "E-mail", "Source", "Wording"]) + "\r\n" + comma.join(row) + "\r\n"
    file = write(tmp_path, text, encoding=encoding)
    assert "1 rows: 1 added." in listed("lists", "import", file, "--list", "parents", "--apply").output
    assert "Zoë" in listed("subscribers", "show", "zoe@example.org").output


def test_xlsx_with_real_dates_and_a_list_column(listed: Run, tmp_path: Path) -> None:
    from datetime import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Subscribers"
    sheet.append(["Email", "List", "Consent date", "Consent source", "Consent wording"])
    sheet.append(["ann@example.org", "Parents", datetime(2023, 9, 1), "form", "Yes"])
    book.save(tmp_path / "people.xlsx")
    assert "1 added" in listed("lists", "import", str(tmp_path / "people.xlsx"), "--apply").output


def test_an_error_of_the_spreadsheet_refuses_its_row_alone(listed: Run, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    said = ["01/09/2023", "form", "Yes"]
    sheet.append(["Email", "Area", "Consent date", "Consent source", "Consent wording"])
    sheet.append(["#REF!", "HAM", *said])
    sheet.append(["bob@example.org", "#N/A", *said])
    sheet.append(["ann@example.org", 1, *said])
    sheet.append(["cat@example.org", True, *said])
    for cell in (sheet["A2"], sheet["B3"]):
        cell.data_type = "e"
    book.save(tmp_path / "people.xlsx")
    file = str(tmp_path / "people.xlsx")
    shown = listed("lists", "import", file, "--list", "parents", "--apply", code=1).output
    assert "row 2: refused: Email (column A) holds an error of the spreadsheet: #REF!" in shown
    assert "row 3: refused: Area (column B) holds an error of the spreadsheet: #N/A" in shown
    assert "4 rows: 2 added, 2 refused." in shown
    assert "areas:        1\n" in listed("subscribers", "show", "ann@example.org").output
    assert "areas:        TRUE\n" in listed("subscribers", "show", "cat@example.org").output


def test_staff_stop_an_organisations_mail_and_lift_it_again(listed: Run, tmp_path: Path) -> None:
    words = ("--title", "T", "--sender", "hscp", "--basis", "consent", "--organisation")
    listed("lists", "add", "ours", *words, "HSCP")
    listed("lists", "add", "theirs", *words, "IOWSCP")
    said = "01/09/2023,form,Yes"
    head = "Email,List,Consent date,Consent source,Consent wording\n"
    file = write(tmp_path, f"{head}ann@example.org,ours,{said}\nann@example.org,theirs,{said}\n")
    stop = ("subscribers", "suppress", "ann@example.org", "--reason", "boss@example.org asked")
    listed(*stop, "--list", "ours", "--organisation", "HSCP", code=2)
    assert "There is: HSCP, IOWSCP" in listed(*stop, "--organisation", "HSAB", code=4).output
    assert "Nobody." in listed("subscribers", "suppressed").output
    assert "from HSCP" in listed(*stop, "--organisation", "HSCP").output
    assert "already" in listed(*stop, "--organisation", "HSCP").output
    brought = listed("lists", "import", file, "--apply").output
    assert "1 added, 1 suppressed" in brought
    assert "row 2: suppressed: stopped by staff" in brought
    row = listed("subscribers", "suppressed", "--scope", "organisation", "--reason", "staff").output
    assert "ann@example.org" in row
    assert "organisation HSCP" in row
    assert "boss" not in row, "no address stands in a reason"
    assert "Nobody." in listed("subscribers", "suppressed", "--scope", "all").output
    listed("subscribers", "suppressed", "--reason", "whim", code=2)
    assert "suppress" in listed("log").output
    listed("subscribers", "lift", "ann@example.org", "--reason", "asked again", "--as", "Jo")
    assert "1 added, 1 unchanged" in listed("lists", "import", file, "--apply").output


def test_staff_stop_an_address_that_nobody_here_has(listed: Run, tmp_path: Path) -> None:
    listed("subscribers", "suppress", "ANN@example.org", "--reason", "a spam trap")
    shown = listed("subscribers", "suppressed").output
    assert "ann@" not in shown
    assert "a spam trap" in shown
    assert "suppressed" in listed("lists", "import", write(tmp_path, HEAD + ANN), "--list", "parents", "--apply").output
    listed("subscribers", "leave", "ann@example.org", "--reason", "rang")
    listed("subscribers", "lift", "ann@example.org", "--reason", "was none", "--as", "Jo")
    still = listed("lists", "import", write(tmp_path, HEAD + ANN), "--list", "parents", "--apply").output
    assert "asked to leave" in still, "their own no stands"


def test_what_is_no_table_of_people_is_said_so(listed: Run, tmp_path: Path) -> None:
    for text, words in (("", "empty"), ("just words\nand more\n", "No column of email"), ("\x00\x01\x02" * 99, "")):
        shown = listed("lists", "import", write(tmp_path, text), "--list", "parents", code=1).output
        assert words in shown
        assert "Traceback" not in shown
    assert "no such file" in listed("lists", "import", str(tmp_path / "none.csv"), code=1).output
    twice = HEAD + HEAD + ANN
    assert "1 added" in listed("lists", "import", write(tmp_path, twice), "--list", "parents").output


def test_who_left_by_phone_is_not_brought_back_and_can_only_return_alone(listed: Run, tmp_path: Path) -> None:
    file = write(tmp_path, HEAD + ANN)
    listed("lists", "import", file, "--list", "parents", "--apply")
    assert "Left: parents." in listed("subscribers", "leave", "ann@example.org", "--reason", "phone call").output
    shown = listed("lists", "import", file, "--list", "parents", "--apply").output
    assert "suppressed: asked to leave" in shown
    lift = listed("subscribers", "lift", "ann@example.org", "--reason", "rang again", "--as", "Jo", code=4).output
    assert "own confirmed sign-up" in lift
    adding = ("subscribers", "add", "ann@example.org", "--list", "parents", "--consent-source", "phone")
    assert "suppressed" in listed(*adding, "--consent-wording", "I agree.", code=4).output


def test_somebody_unknown_who_rings_is_kept_out_too(listed: Run, tmp_path: Path) -> None:
    listed("subscribers", "leave", "ann@example.org", "--reason", "phone call")
    shown = listed("lists", "import", write(tmp_path, HEAD + ANN), "--list", "parents", "--apply").output
    assert "1 suppressed" in shown


def test_adding_one_person_needs_their_proof(listed: Run) -> None:
    words = ("subscribers", "add", "Ann@example.org", "--list", "parents", "--first-name", "Ann")
    assert "source, wording is missing" in listed(*words, code=4).output
    listed(*words, "--consent-source", "phone", "--consent-wording", "May we email you? Yes.")
    shown = listed("subscribers", "show", "ANN@example.org").output
    assert "Ann@example.org" in shown
    assert "parents (confirmed" in shown
    listed("subscribers", "move", "ann@example.org", "ann@example.com")
    assert "nobody with that address" in listed("subscribers", "show", "ann@example.org", code=4).output


def test_an_export_runs_nothing_and_can_be_imported_again(listed: Run, tmp_path: Path) -> None:
    listed("lists", "import", write(tmp_path, HEAD + ANN + BOB), "--list", "parents", "--apply")
    out = tmp_path / "out.csv"
    assert "2 rows" in listed("subscribers", "export", str(out)).output
    with out.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["Organisation"].startswith("'=cmd")
    assert rows[0]["Consent wording"] == "Yes please"
    assert out.stat().st_mode & 0o077 == 0
    again = listed("lists", "import", str(out)).output
    assert "2 rows: 2 unchanged." in again
    listed("subscribers", "export", str(out), code=4)


def test_access_gives_everything_and_erasure_takes_it(listed: Run, tmp_path: Path) -> None:
    listed("lists", "import", write(tmp_path, HEAD + ANN), "--list", "parents", "--apply")
    held = json.loads(listed("subscribers", "access", "ann@example.org").output)
    assert held["person"]["first_name"] == "Ann"
    assert held["consents"][0]["text"] == "Yes please"
    page = tmp_path / "ann.html"
    listed("subscribers", "access", "ann@example.org", "--page", str(page))
    assert "County Council" in page.read_text("utf-8")
    assert "--as NAME" in listed("subscribers", "erase", "ann@example.org", "--yes", code=4).output
    assert "Nothing is changed yet" in listed("subscribers", "erase", "ann@example.org", "--as", "Jo").output
    listed("subscribers", "erase", "ann@example.org", "--as", "Jo", "--yes")
    held = json.loads(listed("subscribers", "access", "ann@example.org").output)
    assert held["person"] == {}
    assert [each["reason"] for each in held["suppressions"]] == ["erased"]
    shown = listed("lists", "import", write(tmp_path, HEAD + ANN), "--list", "parents", "--apply").output
    assert "asked to be erased" in shown
    database = (tmp_path / "home" / "campaign.db").read_bytes()
    assert b"ann@example.org" not in database
    assert b"County Council" not in database


def test_the_report_holds_every_row_and_no_address(listed: Run, tmp_path: Path) -> None:
    rows = "".join(f"nobody{number},,,,,,\n" for number in range(30))
    report = tmp_path / "report.csv"
    file = write(tmp_path, HEAD + ANN + rows)
    shown = listed("lists", "import", file, "--list", "parents", "--report", str(report), code=1).output
    assert "Only the first 20" in shown
    with report.open(newline="", encoding="utf-8-sig") as opened:
        kept = list(csv.DictReader(opened))
    assert len(kept) == 31
    assert kept[0]["Verdict"] == "added"
    assert "ann@" not in report.read_text("utf-8")


def test_another_key_than_the_ledgers_own_is_refused(listed: Run, tmp_path: Path) -> None:
    key = tmp_path / "keys" / "key"
    key.write_text("ab" * 32 + "\n")
    assert "made with the key" in listed("lists", code=3).output


def test_who_waits_for_their_confirmation_is_asked_once_and_joins_by_the_link(listed: Run, tmp_path: Path) -> None:
    listed("lists", "add", "councils", "--title", "Councils", "--sender", "hscp", "--basis", "corporate")
    file = write(tmp_path, "Email\n" + "".join(f"{name}@council.example.org\n" for name in ("ann", "bob", "cy")))
    shown = listed("lists", "import", file, "--list", "councils", "--apply").output
    assert "3 wait for their confirmation" in shown
    listed("subscribers", "leave", "cy@council.example.org", "--reason", "phone")
    listed("subscribers", "suppress", "bob@council.example.org", "--reason", "their manager asked")
    assert "2 on councils wait" in listed("lists", "ask", "councils").output
    assert "1 are asked" in listed("lists", "ask", "councils", "--yes").output
    assert "0 are asked" in listed("lists", "ask", "councils", "--yes").output
    with closing(sqlite3.connect(tmp_path / "home" / "campaign.db")) as connection:
        ((kind, address, content),) = connection.execute("SELECT kind, address, content FROM letters")
    assert (kind, address) == ("ask", "ann@council.example.org")
    database = Database(f"sqlite:///{tmp_path / 'home' / 'campaign.db'}")
    token, now, ring = json.loads(content)["token"], datetime.now(UTC), KeyRing(new_key())
    asked = asked_for(database, token, now=now)
    assert asked is not None
    assert "I agree to get emails from" in asked.wording
    assert confirm(database, ring, token, now=now) is not None
    database.close()
    assert "confirmed" in listed("subscribers", "show", "ann@council.example.org").output
