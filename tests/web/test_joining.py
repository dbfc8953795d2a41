"""Joining and leaving over HTTP, on the real lists: a GET never acts, and no answer tells who is on a list."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from campaign.address import parse
from campaign.store.database import Database
from campaign.store.held import access
from tests.web.people import RING, People
from tests.web.weeks import Stand, at

FORM = {"content-type": "application/x-www-form-urlencoded"}
JO = {"email": "jo@example.org", "lists": "practitioners"}


class Door:
    """The pages of joining over a database."""

    def __init__(self, database: Database) -> None:
        self.people = People(database, at("8 12:00"))
        self.stand = Stand("8 12:00", visitors=self.people.visitors)
        self.client: TestClient = self.stand.client

    def join(self) -> str:
        """Jo joins; Jo's own link."""
        self.client.post("/join", data=JO)
        self.client.post(f"/confirm/{self.people.letters()[-1]['token']}", data={"how": "page"})
        return self.people.link()


@pytest.fixture
def door(database: Database) -> Door:
    return Door(database)


def test_the_form_offers_public_lists_alone(door: Door) -> None:
    text = door.stand.text("/join")
    assert "Practitioners" in text
    assert "Parents" in text
    assert "Staff" not in text
    assert "I agree to get these emails from The Partnership." in text


def test_nothing_is_ticked_beforehand_but_what_a_link_names(door: Door) -> None:
    assert " checked" not in door.stand.text("/join")
    assert door.stand.text("/join?list=parents&list=practitioners&list=staff&list=nothing").count(" checked") == 2


@pytest.mark.parametrize("path", ["/join", "/join/form"])
def test_a_form_for_one_list_offers_that_list_alone(door: Door, path: str) -> None:
    text = door.stand.text(f"{path}?list=parents")
    assert '<input type="hidden" name="lists" value="parents">' in text
    assert "Practitioners" not in text
    wrong = door.client.post(path, data={"email": "no address", "list": "parents", "lists": "parents"})
    assert wrong.status_code == 422
    assert "Practitioners" not in wrong.text
    assert door.client.post(path, data={"email": "jo@example.org", "list": "parents", "lists": "parents"}).is_success
    assert list(door.people.letters()[-1]["lists"]) == ["Parents"]


def test_a_form_for_a_campaign_asks_and_names_what_is_its_own(door: Door) -> None:
    for text in (
        door.stand.text("/join?campaign=clean-air"),
        door.client.post("/join/start", data={"email": "jo@example.org", "campaign": "clean-air"}).text,
    ):
        assert "Winchester" in text
        assert "Hampshire" not in text
        assert "Practitioners" not in text
        assert "Staff" not in text, "a list that is not open to anybody, though the campaign mails it"
        assert "I agree to get these emails from Clean Air Group." in text
    sent = {"email": "jo@example.org", "campaign": "clean-air", "lists": "parents", "areas": ["WIN", "HAM"]}
    door.client.post("/join", data=sent)
    door.client.post(f"/confirm/{door.people.letters()[-1]['token']}", data={"how": "page"})
    held = access(door.people.database, RING, parse("jo@example.org"))
    assert held["person"]["areas"] == ",WIN,"
    assert [(one["list"], one["controllers"]) for one in held["consents"]] == [("parents", "Clean Air Group")]


def test_a_campaign_that_is_not_there_narrows_nothing(door: Door) -> None:
    assert "Practitioners" in door.stand.text("/join?campaign=nothing")


def test_joining_takes_a_letter_and_a_button(door: Door) -> None:
    answer = door.client.post("/join", data=JO)
    assert answer.status_code == 200
    assert "Check your inbox" in answer.text
    (letter,) = door.people.letters()
    assert letter["kind"] == "confirm"
    page = door.client.get(f"/confirm/{letter['token']}")
    assert "j•••@example.org" in page.text
    assert "I agree to get these emails from The Partnership." in page.text
    assert door.people.states() == {}, "a GET changes nothing: scanners follow links"
    done = door.client.post(f"/confirm/{letter['token']}", data={"how": "page"})
    assert "You are subscribed" in done.text
    assert list(door.people.states().values()) == ["confirmed"]
    again = door.client.post(f"/confirm/{letter['token']}", data={"how": "page"})
    assert "You are subscribed" in again.text


def test_the_answer_is_the_same_for_all(door: Door) -> None:
    first = door.client.post("/join", data=JO)
    door.client.post(f"/confirm/{door.people.letters()[0]['token']}", data={"how": "page"})
    known = door.client.post("/join", data=JO)
    unknown = door.client.post("/join", data={**JO, "email": "sam@example.org"})
    program = door.client.post("/join", data={**JO, "email": "bot@example.org", "website": "https://spam.example"})
    assert first.text == known.text == unknown.text == program.text
    assert dict(first.headers) == dict(known.headers) == dict(unknown.headers) == dict(program.headers)
    assert "bot@example.org" not in {letter["address"] for letter in door.people.letters()}


def test_an_address_gets_one_letter_an_hour(door: Door) -> None:
    for _ in range(3):
        door.client.post("/join", data=JO)
    assert len(door.people.letters()) == 1
    door.stand.clock.advance(timedelta(hours=1))
    door.client.post("/join", data=JO)
    assert len(door.people.letters()) == 2


@pytest.mark.parametrize(
    ("change", "words", "field"),
    [
        ({"email": ""}, "Enter an email address like name@example.org", "email"),
        ({"email": "jo@"}, "", "email"),
        ({"email": "jo@example.org\r\nBcc: all@example.org"}, "", "email"),
        ({"email": "x" * 400 + "@example.org"}, "", "email"),
        ({"lists": "staff"}, "Choose at least one kind of email", "lists"),
        ({"lists": ""}, "Choose at least one kind of email", "lists"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_lost(
    door: Door, change: dict[str, str], words: str, field: str
) -> None:
    answer = door.client.post("/join", data={**JO, "first_name": "Jo <b>", **change})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert "<title>Error:" in answer.text
    assert 'value="Jo &lt;b&gt;"' in answer.text
    assert door.people.letters() == []


def test_a_network_that_tries_too_often_is_told_to_wait(door: Door) -> None:
    found = [door.client.post("/join", data={**JO, "email": ""}).status_code for _ in range(61)]
    assert set(found[:60]) == {422}
    assert found[60] == 429
    door.stand.clock.advance(timedelta(minutes=10))
    assert door.client.post("/join", data={**JO, "email": ""}).status_code == 422


def test_sign_ups_of_one_network_are_limited(door: Door) -> None:
    found = [door.client.post("/join", data={**JO, "email": f"p{n}@example.org"}).status_code for n in range(31)]
    assert found == [200] * 30 + [429]
    anew = Stand("8 12:00", visitors=door.people.visitors).client
    late = anew.post("/join", data={**JO, "email": "late@example.org"})
    assert late.status_code == 429, "a new start, or another process, forgets nothing"


def test_a_link_works_for_a_week(door: Door) -> None:
    door.client.post("/join", data=JO)
    token = door.people.letters()[0]["token"]
    door.stand.clock.advance(timedelta(days=8))
    for answer in (door.client.get(f"/confirm/{token}"), door.client.post(f"/confirm/{token}", data={"how": "page"})):
        assert answer.status_code == 404
        assert "This link no longer works" in answer.text
    assert door.people.states() == {}


def test_one_click_leaving_is_that_of_rfc_8058(door: Door) -> None:
    link = door.join()
    assert door.client.get(f"/unsubscribe/{link}").status_code == 200
    assert door.client.head(f"/unsubscribe/{link}").status_code == 200
    assert list(door.people.states().values()) == ["confirmed"]
    for _ in range(2):
        answer = door.client.post(f"/unsubscribe/{link}", content="List-Unsubscribe=One-Click", headers=FORM)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert "location" not in answer.headers
        assert list(door.people.states().values()) == ["unsubscribed"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (
            b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        (b"", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=One-Click", "text/plain"),
        (b"List-Unsubscribe=One-Click", "multipart/form-data"),
        (b"--b\r\nnothing of a form", "multipart/form-data; boundary=b"),
        (b"\xff" * 5000, "application/x-www-form-urlencoded; charset=nothing"),
    ],
)
def test_one_click_takes_whatever_form_a_mail_program_sends(door: Door, content: bytes, kind: str) -> None:
    link = door.join()
    answer = door.client.post(f"/unsubscribe/{link}", content=content, headers={"content-type": kind})
    assert answer.status_code == 200
    assert list(door.people.states().values()) == ["unsubscribed"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "GET"])
def test_nothing_but_a_post_leaves(door: Door, method: str) -> None:
    link = door.join()
    answer = door.client.request(method, f"/unsubscribe/{link}?List-Unsubscribe=One-Click", follow_redirects=False)
    assert answer.status_code == (200 if method in {"GET", "HEAD"} else 405)
    assert list(door.people.states().values()) == ["confirmed"]


@pytest.mark.parametrize("secret", ["%00" * 20, "A" * 20 + "%00", "%ff" * 20, "\u00e9" * 20, "A" * 5000, "'--" * 8])
def test_an_odd_secret_is_nobodys_and_no_fault_of_ours(door: Door, secret: str) -> None:
    click = {"content": "List-Unsubscribe=One-Click", "headers": FORM}
    assert door.client.post(f"/unsubscribe/{secret}.1", **click).status_code == 200
    assert door.client.get(f"/unsubscribe/{secret}.1").status_code == 200
    assert door.client.get(f"/preferences/{secret}.1").status_code == 404
    assert door.client.get(f"/confirm/{secret}").status_code == 404


def test_one_click_is_never_refused_for_coming_often(door: Door) -> None:
    link = door.join()
    found = {
        door.client.post(f"/unsubscribe/{link}", content="List-Unsubscribe=One-Click", headers=FORM).status_code
        for _ in range(70)
    }
    assert found == {200}


def test_a_strange_link_tells_nothing(door: Door) -> None:
    link = door.join()
    strange = "A" * 22 + ".1"
    click = {"content": "List-Unsubscribe=One-Click", "headers": FORM}
    ours, theirs = (door.client.post(f"/unsubscribe/{one}", **click) for one in (link, strange))
    assert (ours.status_code, ours.text, dict(ours.headers)) == (theirs.status_code, theirs.text, dict(theirs.headers))
    assert door.client.get(f"/unsubscribe/{strange}").status_code == 200


def test_the_button_leaves_and_a_mistake_can_be_mended(door: Door) -> None:
    link = door.join()
    assert "j•••@example.org" in door.stand.text(f"/unsubscribe/{link}")
    left = door.client.post(f"/unsubscribe/{link}", data={"button": "lists"})
    assert "You are unsubscribed" in left.text
    assert "Practitioners" in left.text
    assert list(door.people.states().values()) == ["unsubscribed"]
    door.stand.clock.advance(timedelta(hours=2))
    assert door.client.post(f"/unsubscribe/{link}/again", data={"button": "again"}).status_code == 200


def test_preferences_are_kept(door: Door) -> None:
    link = door.join()
    sent = {"lists": ["practitioners"], "areas": ["IOW", "nowhere"], "pause": "14"}
    answer = door.client.post(f"/preferences/{link}", data=sent)
    assert "Saved" in answer.text
    text = door.stand.text(f"/preferences/{link}")
    assert 'value="IOW" checked' in text
    assert 'value="HAM" checked' not in text
    assert "Until 22 October 2023, as now" in text
    door.stand.clock.advance(timedelta(hours=1))
    door.client.post(f"/preferences/{link}", data={"lists": ["parents"], "pause": "0"})
    assert list(door.people.states().values()) == ["unsubscribed"]
    assert len(door.people.letters()) == 2, "a list that is new waits for a letter's button"


@pytest.mark.parametrize("pause", ["-1", "99999999", "keep", "x", "²"])
def test_an_odd_pause_pauses_nothing(door: Door, pause: str) -> None:
    link = door.join()
    answer = door.client.post(f"/preferences/{link}", data={"lists": ["practitioners"], "pause": pause})
    assert answer.status_code == 200
    assert "as now" not in door.stand.text(f"/preferences/{link}")


def test_a_copy_and_an_erasure_take_a_letter_each(door: Door) -> None:
    link = door.join()
    asked = door.client.post(f"/preferences/{link}/ask", data={"kind": "export"})
    assert "j•••@example.org" in asked.text
    token = door.people.letters()[-1]["token"]
    assert "jo@example.org" not in door.stand.text(f"/confirm/{token}")
    page = door.client.post(f"/confirm/{token}", data={"how": "page"})
    assert "jo@example.org" in page.text
    file = door.client.post(f"/confirm/{token}", data={"how": "file"})
    assert file.json()["address"] == "jo@example.org"
    assert "attachment" in file.headers["content-disposition"]
    door.client.post(f"/preferences/{link}/ask", data={"kind": "erase"})
    token = door.people.letters()[-1]["token"]
    assert door.client.get(f"/confirm/{token}").status_code == 200
    assert door.people.states() != {}
    assert "Everything about you is erased" in door.client.post(f"/confirm/{token}", data={"how": "page"}).text
    assert door.people.states() == {}
    assert door.client.get(f"/preferences/{link}").status_code == 404
    assert door.client.post(f"/preferences/{link}/ask", data={"kind": "sell"}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/join", "/confirm/x", "/preferences/x.0", "/preferences/x.0/ask", "/unsubscribe/x.0/again"]
)
def test_only_forms_are_taken(door: Door, path: str) -> None:
    assert door.client.post(path, json={"email": "jo@example.org"}).status_code == 415


@pytest.mark.parametrize("path", ["/join", "/unsubscribe/abc.0", "/preferences/abc.0", "/confirm/abc"])
def test_pages_with_secrets_are_kept_by_nobody(door: Door, path: str) -> None:
    headers = door.client.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    assert "set-cookie" not in headers


def test_the_form_alone_may_be_framed(door: Door) -> None:
    assert "frame-ancestors *" in door.client.get("/join/form").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in door.client.get("/join").headers["content-security-policy"]
    assert "Check your inbox" in door.client.post("/join/form", data=JO).text
