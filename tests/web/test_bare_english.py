"""Every page in the pseudo-locale: what still reads as English there is in no catalogue, and cannot be translated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import html5lib
import pytest
from httpx import Response

from campaign.delivery.forms import Published
from campaign.errors import Refused, Uncertain
from campaign.model import Event, HoldScope, Programme, Resource, ResourceType, Role, Strength
from campaign.programme.canonical import to_json
from campaign.store.database import Database
from campaign.web.desk.routes import ACTS
from campaign.words import PSEUDO
from tests.delivery.world import EIGHT, a_mailing, a_post, a_week
from tests.web.desks import BASE, DeskStand
from tests.web.people import People
from tests.web.weeks import Stand, at, programme

WORD = re.compile(r"(?<!\w)[A-Za-z]{3,}(?!\w)")
#: Addresses, names of files and of settings.
APART = re.compile(r"\S*(?:://|@|/|_)\S*|\S+\.\w{2,}")
#: What people read of an element besides its text.
SAID = ("alt", "title", "aria-label", "placeholder")
#: Names, the same in every language; and what the tests' own people, samples and channels are called.
NAMES = {
    "Ada", "Administrator", "Bluesky", "Daily", "Email", "Europe", "Example", "First", "London", "Organisation",
    "Recorder", "Sam", "accepted", "name", "promise", "recorder", "rehearsal", "sample", "schema", "subscriber",
    "test", "tests", "testserver",
}  # fmt: skip


def words_of(html: str) -> set[str]:
    """The words of Latin letters alone that people meet on a page."""
    found: set[str] = set()
    for element in html5lib.parse(html, namespaceHTMLElements=False).iter():
        texts = [child.tail or "" for child in element]
        if element.tag not in {"script", "style", "code", "pre", "textarea"} and isinstance(element.tag, str):
            texts += [element.text or "", *(element.get(name, "") for name in SAID)]
        for text in texts:
            found.update(WORD.findall(APART.sub(" ", text)))
    return found


def known(*programmes: Programme) -> set[str]:
    """Words of programmes, and names."""
    return NAMES | {word for one in programmes for word in WORD.findall(to_json(one).replace("\\n", " "))}


WEEK = replace(
    a_week(a_post(channels=("a", "b")), a_post("other", channels=("b",)), a_post("paste", channels=("hand",)),
           mailings=(a_mailing(),)),
    resources={
        "launch": Resource(
            id="launch", type=ResourceType.EVENT, title="Launch", event=Event(), embargo_until="held"
        )
    },
)  # fmt: skip
WEEK = replace(WEEK, campaign=replace(WEEK.campaign, language=PSEUDO))


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[DeskStand]:
    """A week under way, paused, with something of every state, on a desk in the pseudo-locale."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    Database(url).create()
    stand = DeskStand(url, tmp_path)
    stand.rebuild(replace(stand.parts, site=replace(stand.parts.site, language=PSEUDO)))
    stand.world.load(WEEK)
    stand.world.ways.made["a"].faults = [Uncertain("the channel gave no outcome")]
    stand.world.ways.made["b"].faults = [Refused("Discord takes no post without words or an image.")]
    stand.world.play(stand.world.start(), EIGHT + timedelta(hours=1, minutes=30))
    stand.world.approvals = True
    stand.world.store.holds.place(
        scope=HoldScope.ALL, target="", strength=Strength.PROACTIVE, reason="", author="Ada", now=stand.world.now
    )
    stand.sign_in(Role.ADMINISTRATOR)
    yield stand
    stand.close()


class Reading:
    """Pages that were read, and the bare words found on each."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.bare: dict[str, list[str]] = {}

    def read(self, name: str, answer: Response, status: int = 200) -> None:
        """Read a page, which must have that status."""
        assert answer.status_code == status, f"{name}: {answer.status_code}\n{answer.text[:500]}"
        assert 'lang="en-XA"' in answer.text, name
        if found := words_of(answer.text) - self.names:
            self.bare[name] = sorted(found)


MORE = (
    "/desk/message/week/hello/mon",
    "/desk/message/week/daily/mon",
    "/desk/message/week/daily/tue?view=phone&find=parents",
    "/desk/message/week/hello/tue/edit",
    "/desk/message/week/daily/tue/edit",
    "/desk/programme/week/resources/launch",
    "/desk/programme/week/checks",
    "/desk/people?q=parents",
    "/desk/people/1",
    "/desk/people/1/erase",
    "/desk/channels/a",
    "/desk/channels/callback?code=x&state=y",
)


def test_no_page_of_the_desk_speaks_bare_english(stand: DeskStand) -> None:
    reading = Reading(known(WEEK))
    plain = [act.path for act in ACTS if act.method == "GET" and not act.quiet and "{" not in act.path]
    for path in (*plain, *MORE):
        answer = stand.client.get(path)
        # without an app set up for codes there is nothing to switch on, and nothing to draw
        if answer.headers.get("content-type", "").startswith("text/html"):
            reading.read(path, answer, {"second": 422, "second.svg": 404}.get(path.rpartition("/")[2], 200))
    assert "\n".join(f"{k}: {v}" for k, v in reading.bare.items()) == ""
    assert len(plain) > 15


TUESDAY = "/desk/message/week/hello/tue"
EDIT = "/desk/message/week/hello/wed/edit"
#: What is sent, whereto, and how it is answered: one for each way to be refused.
REFUSED: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/desk/settle", {}),
    ("/desk/settle", {"decision": "send", "key": "week/other/mon/x"}),
    ("/desk/settle", {"decision": "move", "key": "week/other/tue/b", "to": "9"}),
    ("/desk/settle", {"decision": "went", "delivery": "999999"}),
    ("/desk/settle", {"decision": "went", "key": "week/paste/mon/hand", "url": "ftp:9"}),
    (f"{TUESDAY}/approve", {"revision": "77"}),
    (f"{TUESDAY}/withdraw", {"comment": ""}),
    (f"{TUESDAY}/move", {"to": ""}),
    ("/desk/approve/week", {}),
    ("/desk/programme/upload", {}),
    ("/desk/programme/upload/none/apply", {}),
    ("/desk/programme/week/resources/launch/change", {"field": "event.booking", "value": "9"}),
    ("/desk/people/add", {}),
    ("/desk/people/add", {"address": "not an address", "list": "parents"}),
    ("/desk/people/add", {"address": "a@b..org", "list": "parents", "date": "32/1/2020"}),
    ("/desk/people/import", {}),
    ("/desk/people/stopped", {}),
    ("/desk/people/stopped", {"do": "lift", "address": "x@example.org", "reason": "a"}),
    ("/desk/people/1/join", {}),
    ("/desk/people/1/leave", {}),
    ("/desk/people/1/move", {"new": "x"}),
    ("/desk/people/1/lift", {}),
    ("/desk/people/1/lift", {"lift": "a"}),
    ("/desk/people/1/erase", {"address": "x@example.org"}),
    ("/desk/channels/a/verify", {}),
    ("/desk/channels/none/pause", {}),
    ("/desk/users/invite", {}),
    ("/desk/users/invite", {"name": "A", "login": "x", "role": "viewer"}),
    ("/desk/users/1/role", {"role": "viewer"}),
    ("/desk/users/77/remove", {}),
    ("/desk/account/password", {"old": "x", "new": "x"}),
    ("/desk/account/second", {"code": "1"}),
    ("/desk/account/passkeys", {"credential": "x", "challenge": "y"}),
    ("/desk/account/provider", {}),
    ("/desk/account/theme", {"theme": "x"}),
    ("/desk/account/sessions/999", {}),
    (EDIT, {"base": "1", "text": "", "time": "99", "do": "save"}),
    (EDIT, {"base": "1", "text": "9 {{ zz }}", "do": "save"}),
)
FILES = (
    ("/desk/programme/upload", "w.yaml", b"a: 1\na: 2\n"),
    ("/desk/programme/upload", "w.yaml", b"schema: 1\ncampaign: {id: A B, titel: a}\n"),
    ("/desk/programme/upload", "w.yaml", b"\xff\xfe\x00"),
    ("/desk/programme/upload", "w.xlsx", b"PK\x03\x04zz"),
    ("/desk/programme/upload", "w.docx", b"PK\x03\x04zz"),
    ("/desk/programme/upload", "w.txt", b"9"),
    ("/desk/people/import", "p.csv", b"a,b\n1,2\n"),
    ("/desk/people/import", "p.csv", b""),
)


def test_no_refusal_speaks_bare_english(stand: DeskStand) -> None:
    reading = Reading(known(WEEK) | {"link", "titel"})
    for path, fields in REFUSED:
        data = {"form": stand.token(), **fields}
        answer = stand.client.post(path, data=data, headers={"Origin": BASE})
        reading.read(f"{path} {dict(fields)}", answer, 422)
    for path, name, content in FILES:
        form = {"form": stand.token()}
        answer = stand.client.post(path, data=form, files={"file": (name, content)}, headers={"Origin": BASE})
        reading.read(f"{path} {name} {content!r}", answer, 422)
    assert "\n".join(f"{k}: {v}" for k, v in reading.bare.items()) == ""


def test_no_check_speaks_bare_english(stand: DeskStand) -> None:
    reading = Reading(known(WEEK))
    stand.post("/desk/programme/week/checks")
    reading.read("checks", stand.client.get("/desk/programme/week/checks"))
    reading.read("needs", stand.client.get("/desk/needs-you"))
    assert "\n".join(f"{k}: {v}" for k, v in reading.bare.items()) == ""


def test_no_page_of_signing_in_speaks_bare_english(stand: DeskStand) -> None:
    stand.client.cookies.clear()
    reading = Reading(known())
    for path in ("/desk/sign-in", "/desk/sign-in/letter", "/desk/enter/none"):
        answer = stand.client.get(path)
        reading.read(path, answer, answer.status_code)
    link = stand.links.invite(name="Sam", login="sam@example.org", role=Role.EDITOR, who="Ada", now=stand.world.now)
    reading.read("enter", stand.client.get(f"/desk/enter/{link}"))
    for fields in ({"password": "x"}, {"password": "x" * 20, "again": "y"}):
        answer = stand.client.post(f"/desk/enter/{link}", data=fields, headers={"Origin": BASE})
        reading.read(f"enter {fields}", answer, 422)
    for _ in range(12):
        answer = stand.client.post(
            "/desk/sign-in", data={"login": "sam@example.org", "password": "x"}, headers={"Origin": BASE}
        )
        reading.read(f"sign-in {answer.status_code}", answer, answer.status_code)
    assert answer.status_code == 429
    assert "\n".join(f"{k}: {v}" for k, v in reading.bare.items()) == ""


PUBLIC = (
    "/", "/weeks", "/privacy", "/accessibility", "/week-2023", "/week-2023?area=IOW", "/week-2023/mon",
    "/week-2023/tue", "/week-2023/thu", "/week-2023/embed", "/week-2023/widget", "/nothing",
)  # fmt: skip


@pytest.mark.parametrize("moment", ["1 12:00", "10 10:30", "20 12:00"])
def test_no_public_page_speaks_bare_english(moment: str, tmp_path: Path) -> None:
    week = programme(language=PSEUDO)
    database = Database(f"sqlite:///{tmp_path / 'people.db'}")
    database.create()
    people = People(database, at(moment))
    stand = Stand(moment, Published(week), visitors=people.visitors, language=PSEUDO, rehearsal=True)
    reading = Reading(known(week))
    for path in PUBLIC:
        answer = stand.client.get(path)
        reading.read(path, answer, answer.status_code)
    assert "\n".join(f"{k}: {v}" for k, v in reading.bare.items()) == ""
    for path in ("/week-2023/feed.xml", "/week-2023/programme.ics", "/calendar.ics", "/feed.xml"):
        text = re.sub(r"\r\n ", "", stand.text(path))
        assert not re.search(r"(?i)\b(opens|read|at 7am|october)\b", text), path
    database.close()


def test_no_page_of_joining_speaks_bare_english(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'people.db'}")
    database.create()
    people = People(database, at("8 12:00"))
    week = programme(language=PSEUDO)
    stand = Stand("8 12:00", Published(week), visitors=people.visitors, language=PSEUDO)
    reading = Reading(known(week) | {"Practitioners", "Parents", "Partnership"})
    send = stand.client.post
    for path in ("/join", "/join/form", "/confirm/none", "/preferences/none", "/unsubscribe/none"):
        answer = stand.client.get(path)
        reading.read(path, answer, answer.status_code)
    lists = {"lists": "practitioners"}
    for email in ("", "none", "a@b..org", "a b@example.org", "a@localhost", "x" * 300 + "@example.org"):
        reading.read(f"join {email}", send("/join", data={"email": email, **lists}), 422)
    reading.read("join", send("/join", data={"email": "jo@example.org", **lists}))
    last = people.letters()[-1]
    reading.read("confirm", stand.client.get(f"/confirm/{last['token']}"))
    reading.read("confirmed", send(f"/confirm/{last['token']}", data={"how": "page"}))
    mine = f"/preferences/{people.link()}"
    reading.read("preferences", stand.client.get(mine))
    reading.read("saved", send(mine, data={"lists": ["practitioners", "parents"], "pause": "14"}))
    reading.read("none left", send(mine, data={"pause": "0"}))
    for kind in ("export", "erase"):
        reading.read(kind, send(f"{mine}/ask", data={"kind": kind}))
        reading.read(f"{kind} asked", stand.client.get(f"/confirm/{people.letters()[-1]['token']}"))
    reading.read("leaving", stand.client.get(f"/unsubscribe/{people.link()}"))
    reading.read("left", send(f"/unsubscribe/{people.link()}", data={"button": "all"}))
    reading.read("again", send(f"/unsubscribe/{people.link()}/again", data={"button": "again"}))
    for _ in range(60):
        answer = send("/join", data={"email": ""})
    reading.read("often", answer, 429)
    assert "\n".join(f"{k}: {v}" for k, v in reading.bare.items()) == ""
    database.close()
