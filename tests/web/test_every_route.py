"""Every address of the app at once: no cookie for readers, no form of others, and no fault whatever is sent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.routing import Route

from campaign.delivery.visitors import Weeks
from campaign.model import Role
from campaign.store.database import Database
from campaign.web.desk.routes import ACTS
from tests.delivery.world import EIGHT, a_mailing, a_post
from tests.web.desks import BASE, DeskStand
from tests.web.people import People
from tests.web.test_desk_door import filled

NINES = "9" * 25
POSTS = [act for act in ACTS if act.method == "POST"]
#: What forms of the desk call their fields; each is sent odd to each address.
FIELDS = (
    "decision", "key", "delivery", "to", "reason", "comment", "revision", "what", "field", "value", "base", "address",
    "list", "lists", "date", "source", "wording", "new", "lift", "do", "role", "name", "login", "old", "code", "theme",
    "credential", "challenge", "answer", "strength", "text", "time", "at", "day", "link", "hashtags", "subject", "body",
    "own-a", "text-a", "kept", "column-0", "areas", "language", "file", "form_of", "url", "title",
)  # fmt: skip
#: Every field said oddly, and what no field may leave out left out.
ODD: tuple[dict[str, str], ...] = (
    dict.fromkeys(FIELDS, "\x00'\"<x>\u0663"),
    dict.fromkeys(FIELDS, "9" * 5000) | {"decision": "went"},
    {},
)


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[DeskStand]:
    """A desk, and everything else that an app can carry, on one ledger."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    Database(url).create()
    stand = DeskStand(url, tmp_path)
    stand.load(a_post(channels=("a", "b")), mailings=(a_mailing(),))
    people = Database(f"sqlite:///{tmp_path / 'people.db'}")
    people.create()
    visitors = People(people, EIGHT).visitors
    weeks = Weeks(stand.world.store, stand.world.clock)
    hooks = {"one": lambda body, headers, now: (200, "ok")}
    media = tmp_path / "media"
    media.mkdir()
    stand.rebuild(replace(stand.parts, visitors=visitors, weeks=weeks, hooks=hooks, media=media))
    yield stand
    stand.close()
    people.close()


def sealed(stand: DeskStand) -> str:
    """A form's token as a page of the session would hold it, without drawing one."""
    session = stand.sessions.find(stand.client.cookies["desk"], now=stand.world.now)
    assert session is not None
    nonce = secrets.token_urlsafe(12)
    return f"{nonce}.{stand.world.key.token('desk-form-v1', str(session.id), nonce)}"


def addresses(stand: DeskStand) -> list[tuple[str, str]]:
    """Every method and address of the app, with something in its places."""
    found = []
    for route in stand.app.routes:
        assert isinstance(route, Route)
        found += [(method, filled(route.path)) for method in sorted(route.methods or ()) if method != "HEAD"]
    return found


def test_no_address_but_the_desks_sets_a_cookie(whole: DeskStand) -> None:
    asked = [(method, path) for method, path in addresses(whole) if not path.startswith("/desk")]
    assert len(asked) > 35
    asked += [("GET", path) for path in ("/week", "/week/mon", "/week/tue", "/week/fri", "/nothing", "/week/feed.xml")]
    for method, path in asked:
        data = {"email": "jo@example.org", "button": "all"} if method == "POST" else None
        answer = whole.client.request(method, path, data=data)
        assert answer.status_code < 500, path
        assert "set-cookie" not in answer.headers, path
        assert "://" not in answer.headers.get("location", ""), path
        assert not whole.client.cookies
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "default-src 'none'" in answer.headers["content-security-policy"], path


def test_no_act_takes_a_form_that_is_not_of_this_session(whole: DeskStand) -> None:
    whole.sign_in(Role.ADMINISTRATOR, "Bea")
    others = whole.token()
    whole.sign_in(Role.ADMINISTRATOR)
    log = whole.world.store.log
    before = len(log.entries(limit=1000))
    ours = {"Origin": BASE}
    for act in POSTS:
        path = filled(act.path)
        for form in ({"form": ""}, {"form": others}, {"form": "x.y"}):
            assert whole.client.post(path, data=form, headers=ours).status_code == 403, act.path
        token = {"form": sealed(whole)}
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {**ours, "Sec-Fetch-Site": "cross-site"},
        ):
            assert whole.client.post(path, data=token, headers=headers).status_code == 403, act.path
        assert whole.client.post(path, json=token, headers=ours).status_code == 415, act.path
    assert len(log.entries(limit=1000)) == before


@pytest.mark.parametrize("odd", ODD, ids=["signs", "numbers", "nothing"])
def test_no_act_fails_whatever_its_fields_say(whole: DeskStand, odd: dict[str, str]) -> None:
    """A fault of ours would be raised here: the client lets none pass."""
    stays = {"/desk/sign-out", "/desk/account/sessions/{id:int}", "/desk/users/sessions/{id:int}"}
    for act in POSTS:
        if act.path in stays or "erase" in act.path:
            continue
        whole.sign_in(Role.ADMINISTRATOR)
        data = {"form": sealed(whole), **odd}
        answer = whole.client.post(filled(act.path), data=data, headers={"Origin": BASE})
        assert answer.status_code < 500, act.path


@pytest.mark.parametrize(
    "query", ["?page=-1&before=%00&week=%00&q=%27%22%3Cx%3E", f"?page={NINES}&before={NINES}&person={NINES}"]
)
def test_no_page_of_the_desk_fails_whatever_is_asked(whole: DeskStand, query: str) -> None:
    whole.sign_in(Role.ADMINISTRATOR)
    for act in ACTS:
        if act.method == "GET":
            for path in {filled(act.path), filled(act.path).replace("/1", f"/{NINES}")}:
                assert whole.client.get(path + query).status_code < 500, path
