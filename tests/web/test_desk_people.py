"""People at the desk: added with proof, moved, taken off, imported with a dry run, copied, erased."""

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import update

from campaign.address import KeyRing
from campaign.model import Role, Sender
from campaign.store.bases import Basis
from campaign.store.lists import NewList, add_list, save_senders
from campaign.store.subscribers import Subscriber, find_one
from campaign.store.tables_lists import subscribers
from tests.delivery.world import EIGHT
from tests.web.desks import BASE, DeskStand

WORDS = {"date": "9 October 2023", "source": "phone call", "wording": "Yes, email me."}


@pytest.fixture
def listed(both: DeskStand, tmp_path: Path) -> DeskStand:
    """A desk with a list that asks for consent, and one of work addresses."""
    with both.world.store.database.write() as connection:
        save_senders(connection, [Sender(id="s", from_name="S", from_address="s@example.org")])
        for name, basis in (("parents", Basis.CONSENT), ("councils", Basis.CORPORATE)):
            made = NewList(slug=name, title=name.title(), sender="s", basis=basis, double_opt_in=False)
            add_list(connection, made, who="test", now=both.world.now)
    parts = both.parts.desk
    assert parts is not None
    both.rebuild(replace(both.parts, desk=replace(parts, outbox=tmp_path / "outbox")))
    both.sign_in(Role.EDITOR, "Ada")
    return both


def who(desk: DeskStand, address: str) -> Subscriber | None:
    with desk.world.store.database.read() as connection:
        return find_one(connection, address)


def added(desk: DeskStand, address: str = "jo@council.example.org") -> str:
    """A person on both lists; the address of their page."""
    token = desk.token()
    data = {"form": token, "address": address, "first_name": "Jo", "lists": ["parents", "councils"], **WORDS}
    answer = desk.client.post("/desk/people/add", data=data, headers={"Origin": BASE})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_person_is_added_with_the_proof_of_their_consent(listed: DeskStand) -> None:
    refused = listed.post("/desk/people/add", address="jo@council.example.org", lists="parents")
    assert refused.status_code == 422
    assert "consent" in refused.text
    assert who(listed, "jo@council.example.org") is None
    page = listed.text(added(listed))
    assert "Parents: subscribed" in page
    assert "Yes, email me." in page
    assert "phone call" in page
    assert listed.post("/desk/people/add", lists="parents").status_code == 422
    assert "jo@council" not in listed.client.get("/desk/people").headers.get("location", "")


def test_who_left_by_phone_is_off_at_once_and_no_form_brings_them_back(listed: DeskStand) -> None:
    path = added(listed)
    assert "Say why" in listed.post(f"{path}/leave", lists="parents").text
    listed.post(f"{path}/leave", lists="parents", reason="asked by phone")
    page = listed.text(path)
    assert "Parents: unsubscribed" in page
    assert "Councils: subscribed" in page
    assert "they left" in page
    assert "asked by phone" in page
    again = listed.post("/desk/people/add", address="jo@council.example.org", lists="parents", **WORDS)
    assert again.status_code == 422
    listed.post(f"{path}/leave", reason="asked by phone")
    assert "Councils: unsubscribed" in listed.text(path)


def test_a_new_address_takes_everything_along(listed: DeskStand) -> None:
    path = added(listed)
    assert listed.post(f"{path}/move", new="nonsense").status_code == 422
    listed.post(f"{path}/move", new="jo@new.example.org")
    assert "jo@new.example.org" in listed.text(path)
    assert who(listed, "jo@council.example.org") is None


def test_addresses_are_stopped_and_let_through_by_whoever_may(listed: DeskStand) -> None:
    where = "/desk/people/stopped"
    assert "No address is stopped" in listed.text(where)
    listed.post(where, address="gone@example.org", reason="bounces by letter", do="stop")
    assert "stopped by staff: bounces by letter" in listed.text(where)
    assert listed.post(where, address="gone@example.org", reason="mended", do="lift").status_code == 422
    listed.sign_in(Role.APPROVER)
    assert listed.post(where, address="gone@example.org", reason="mended", do="lift").status_code == 303
    assert "No address is stopped" in listed.text(where)


def test_an_import_says_what_each_row_would_do_before_it_does(listed: DeskStand) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("Contact point", "Called", "E-mail 2"),
        ("ann@one.example.org", "Ann", "x"),
        ("bob@two.example.org", "Bob", ""),
        ("not an address", "Cy", ""),
    ):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    where = take(listed, out.getvalue(), "people.xlsx", 422)
    assert "no header called Email" in where
    sheet["A1"] = "Email"
    out = io.BytesIO()
    book.save(out)
    where = take(listed, out.getvalue(), "people.xlsx")
    page = listed.text(where)
    assert "ann@one.example.org" in page
    given = {"column-0": "email", "column-1": "", "list": "parents"}
    assert "Say which column" in listed.post(where, where, **{**given, "column-0": ""}, do="check").text
    given["column-1"] = "first name"
    dry = listed.post(where, where, **given, do="check").text
    assert "3 refused" in dry
    assert "consent" in dry
    dry = listed.post(where, where, **given, **WORDS, do="check").text
    assert "2 added" in dry
    assert "Row 4:" in dry
    assert "Import 2 rows" in dry
    assert who(listed, "ann@one.example.org") is None
    done = listed.post(where, where, **given, **WORDS, do="apply").text
    assert "People imported" in done
    person = who(listed, "ann@one.example.org")
    assert person is not None
    assert person.details.first_name == "Ann"
    assert "not here any more" in listed.text(where, 422)


def take(desk: DeskStand, data: bytes, name: str, status: int = 303) -> str:
    """Upload a file of people: where it leads, or the page that refuses it."""
    token = desk.token("/desk/people/import")
    files = {"file": (name, data, "application/octet-stream")}
    answer = desk.client.post("/desk/people/import", data={"form": token}, files=files, headers={"Origin": BASE})
    assert answer.status_code == status, answer.text
    return str(answer.headers["location"]) if status == 303 else str(answer.text)


def test_a_csv_as_people_save_it_and_a_file_that_is_none(listed: DeskStand) -> None:
    where = take(listed, "E-mail;Forename\r\nann@one.example.org;Ann\r\n".encode("cp1252"), "people.csv")
    page = listed.text(where)
    assert 'option value="email" selected' in page
    assert "picture" in take(listed, b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "a.csv", 422)
    listed.post(f"{where}/cancel", where)
    assert "not here any more" in listed.text(where, 422)


def test_rights_are_an_administrators_and_an_erasure_asks_for_the_address(listed: DeskStand) -> None:
    path = added(listed)
    assert listed.post(f"{path}/copy").status_code == 403
    assert listed.post("/desk/people/export").status_code == 403
    listed.sign_in(Role.ADMINISTRATOR, "Grace")
    copy = listed.post(f"{path}/copy")
    assert "What we hold about you" in copy.text
    assert copy.headers["content-security-policy"].endswith("sandbox")
    assert listed.post(f"{path}/copy", form_of="data").json()["person"]["first_name"] == "Jo"
    assert listed.post(f"{path}/erase", address="other@example.org").status_code == 422
    assert who(listed, "jo@council.example.org") is not None
    listed.post(f"{path}/erase", address="JO@council.example.org")
    assert who(listed, "jo@council.example.org") is None
    assert "they were erased" in listed.text("/desk/people/stopped")
    log = listed.text("/desk/activity")
    assert "jo@council" not in log


def test_the_file_of_everybody_runs_nothing_in_a_spreadsheet(listed: DeskStand) -> None:
    path = added(listed)
    listed.sign_in(Role.ADMINISTRATOR)
    with listed.world.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE subscribers SET first_name = '=cmd()'")
    answer = listed.post("/desk/people/export", path, list="parents")
    assert answer.headers["content-disposition"].startswith("attachment")
    lines = answer.text.splitlines()
    assert lines[0].startswith("\ufeffEmail,")
    assert "'=cmd()" in lines[1]
    assert len(lines) == 2
    assert listed.post("/desk/people/export", path, list="nobody").status_code == 422


def test_a_viewer_sees_masked_addresses_and_pages_go_on(listed: DeskStand) -> None:
    for number in range(52):
        assert added(listed, f"p{number:02d}@council.example.org")
    listed.sign_in(Role.VIEWER)
    page = listed.text("/desk/people?list=parents")
    assert "p•••@council.example.org" in page
    assert "p00@council" not in page
    later = re.search(r'href="([^"]*page=2)"', page)
    assert later
    assert listed.text(later[1]).count("p•••@council.example.org") == 2
    assert "No one matches" in listed.text("/desk/people?q=nobody")
    assert "p•••" in listed.text("/desk/people?q=Jo+P07")
    assert listed.client.get("/desk/people/99999").status_code == 404


def test_a_mark_of_the_address_is_all_that_the_log_keeps(listed: DeskStand) -> None:
    path = added(listed)
    listed.post(f"{path}/leave", reason="asked by phone")
    mark = KeyRing(listed.world.key).hash("jo@council.example.org")[:12]
    assert mark in listed.text("/desk/activity")


def test_a_persons_page_calls_emails_lists_and_audiences_by_their_names(desk: DeskStand) -> None:
    desk.load()
    desk.world.play(desk.world.start(), EIGHT + timedelta(minutes=1))
    with desk.world.store.database.write() as connection:
        connection.execute(update(subscribers).where(subscribers.c.id == 1).values(audiences=",parents,"))
    desk.sign_in(Role.VIEWER)
    page = desk.text("/desk/people/1")
    assert "Email: Theme of mon</a>" in page
    assert "<dd>Parents and carers</dd>" in page
    assert "<li>parents:" not in page


def test_an_address_that_is_looked_for_stands_in_no_url(listed: DeskStand) -> None:
    added(listed)
    page = listed.text("/desk/people")
    assert '<form method="post" action="/desk/people" class="filter-form">' in page
    sent = {"form": listed.token("/desk/people"), "q": "JO@council.example.org"}
    for _ in range(2):  # a form that only looks can be sent again
        found = listed.client.post("/desk/people", data=sent, headers={"Origin": BASE})
        assert found.status_code == 200
        assert "jo@council.example.org</a>" in found.text
    by_words = listed.post("/desk/people", q="Jo", list="parents")
    assert (by_words.status_code, by_words.headers["location"]) == (303, "/desk/people?q=Jo&list=parents")
    everything = page + found.text + listed.text("/desk/people?q=Jo")
    assert not re.search(r"(?:href|action)=\"[^\"]*(?:@|%40)", everything)
