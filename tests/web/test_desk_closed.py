"""The desk's doors over every address that the app has, and what its pages may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from campaign.channels.http import Http
from campaign.clock import SystemClock
from campaign.errors import CampaignError
from campaign.model import Role
from campaign.web.desk.openid import NotSignedIn, OpenId
from campaign.web.desk.routes import ACTS
from campaign.web.parts import Provider
from campaign.web.security import POLICY, PUBLIC
from tests.delivery.world import EIGHT
from tests.house.files import ROOT
from tests.web.desks import BASE, DeskStand
from tests.web.providers import FakeProvider, served
from tests.web.test_desk_door import filled
from tests.web.test_desk_elsewhere import Stand

WEB = ROOT / "campaign" / "web"
#: What somebody who is not signed in may ask of the desk.
OPEN = {
    "/desk/sign-in": {"GET", "POST"},
    "/desk/sign-in/letter": {"GET", "POST"},
    "/desk/sign-in/passkey": {"POST"},
    "/desk/sign-in/passkey/begin": {"POST"},
    "/desk/sign-in/with": {"GET"},
    "/desk/sign-in/back": {"GET"},
    "/desk/enter/{token}": {"GET", "POST"},
}


@pytest.fixture
def whole(desk: DeskStand, tmp_path: Path) -> Iterator[Stand]:
    """A desk with every way to sign in."""
    (tmp_path / "second").mkdir()
    url = f"sqlite:///{tmp_path / 'second' / 'desk.db'}"
    from campaign.store.database import Database

    Database(url).create()
    stand = Stand(url, tmp_path / "second", base="http://localhost:1")
    with served(FakeProvider(lambda: EIGHT)) as provider:
        stand.with_provider(provider)
        yield stand
    stand.close()


def test_every_address_of_the_desk_is_an_act_with_a_role_or_open_on_purpose(whole: Stand) -> None:
    acts = {(act.path, act.method) for act in ACTS}
    found: dict[str, set[str]] = {}
    for route in whole.app.routes:
        assert isinstance(route, Route)
        if route.path.startswith("/desk"):
            for method in (route.methods or set()) - {"HEAD"}:
                if (route.path, method) not in acts:
                    found.setdefault(route.path, set()).add(method)
    assert found == OPEN
    assert len(acts) == len(ACTS), "two acts at one address"


def test_what_changes_something_is_a_post_and_takes_more_than_looking() -> None:
    own = ("/desk/account", "/desk/sign-out")
    for act in ACTS:
        assert act.method in {"GET", "POST"}
        if act.method == "POST" and not act.looks and not act.path.startswith(own):
            assert act.least is not Role.VIEWER, act.path


@pytest.mark.parametrize("role", list(Role))
def test_a_form_of_ones_own_reaches_each_act_that_the_role_may_and_no_other(desk: DeskStand, role: Role) -> None:
    """With a right token too, so that the role alone decides."""
    desk.load()
    for act in ACTS:
        if act.method != "POST" or role.may(act.least):
            continue
        desk.sign_in(role)
        before = len(desk.world.store.log.entries(limit=1000))
        answer = desk.post(filled(act.path))
        assert answer.status_code == 403, act.path
        assert "You cannot do this" in answer.text
        assert len(desk.world.store.log.entries(limit=1000)) == before, f"{act.path} did something"


OWN = (r"<style", r"<script(?![^>]*(\bsrc=|application/ld\+json))", r"\sstyle=", r"\son[a-z]+=", r"javascript:")


def test_no_template_holds_a_script_or_style_of_its_own() -> None:
    found = []
    for path in (WEB / "templates").rglob("*.html"):
        text = re.sub(r"\{#.*?#\}|<pre.*?</pre>", "", path.read_text("utf-8"), flags=re.S)
        found += [f"{path.name}: {each[0]}" for wrong in OWN for each in re.finditer(wrong, text)]
    assert found == []


def test_no_policy_lets_in_what_stands_in_a_page_or_elsewhere() -> None:
    for policy in (POLICY, PUBLIC):
        assert not re.search(r"unsafe|\*|https?:|blob:|strict-dynamic", " ".join(policy.values()))
        assert policy["default-src"] == "'none'"
        assert policy["base-uri"] == "'none'"
        assert {"script-src", "style-src", "form-action", "frame-ancestors"} <= policy.keys()


def test_pages_of_the_desk_are_kept_nowhere_and_framed_nowhere(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.ADMINISTRATOR)
    for act in ACTS:
        if act.method != "GET":
            continue
        headers = desk.client.get(filled(act.path)).headers
        assert "no-store" in headers["cache-control"], act.path
        assert "unsafe" not in headers["content-security-policy"].replace("style-src 'unsafe-inline'", ""), act.path
        if not act.path.endswith("/frame"):
            assert "frame-ancestors 'none'" in headers["content-security-policy"], act.path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in {"same-origin", "strict-origin-when-cross-origin", "no-referrer"}


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "evil.example:80"]
)
def test_links_of_the_desk_never_come_from_the_host_that_is_asked(desk: DeskStand, host: str) -> None:
    desk.sign_in(Role.ADMINISTRATOR)
    for number, name in enumerate(("Host", "X-Forwarded-Host", "Forwarded", "X-Original-Host")):
        headers = {name: host if name != "Forwarded" else f"host={host}"}
        answer = desk.client.get("/desk/users", headers=headers)
        assert "evil" not in answer.text + str(answer.headers)
        form = {"form": desk.token("/desk/users"), "name": f"N{number}", "login": f"n{number}@example.org"}
        sent = desk.client.post(
            "/desk/users/invite", data={**form, "role": "viewer"}, headers={"Origin": BASE, **headers}
        )
        assert "evil" not in sent.text
        assert (sent.status_code, "testserver/desk/enter/" in sent.text) == (
            (421, False) if not number else (200, True)
        )


@pytest.mark.parametrize("path", ["/desk/sign-in", "/desk/sign-in/letter", "/desk/enter/none"])
def test_who_is_not_signed_in_can_send_little(desk: DeskStand, path: str) -> None:
    answer = desk.client.post(path, data={"login": "x" * 70_000}, headers={"Origin": BASE})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "issuer", ["http://127.0.0.1:1", "https://127.0.0.1:1", "https://localhost", "https://10.0.0.1", "https://[::1]",
               "https://169.254.169.254", "file:///etc/passwd"],
)  # fmt: skip
def test_a_provider_inside_our_network_is_not_asked(issuer: str) -> None:
    http = Http(monotonic=SystemClock().monotonic)
    asked = []

    def call(method: str, url: str, data: object, headers: object, kept: object) -> tuple[int, bytes]:
        try:
            reply = http.request(method, url)
        except CampaignError as error:
            asked.append(str(error))
            raise
        return reply.status, reply.body

    provider = Provider(issuer=issuer, client_id="a", client_secret="", name="Inside", call=call)
    with pytest.raises(NotSignedIn):
        OpenId(provider).begin("https://week.example.org/back", EIGHT)
    assert len(asked) == 1
    assert "public internet" in asked[0] or "encryption" in asked[0] or "https://" in asked[0]
