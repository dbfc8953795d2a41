"""The door of the desk: who gets in, what each role may do, and what other sites cannot make a browser do."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from campaign.errors import RefusedError
from campaign.model import Role
from campaign.store.restoring import settle_in
from campaign.web.desk.routes import ACTS
from tests.web.desks import BASE, PASSWORD, DeskStand

ORIGIN = {"Origin": BASE}


KNOWN = {"campaign": "week", "message": "hello", "day": "mon", "slug": "week", "name": "a", "channel": "a"}


def filled(path: str) -> str:
    """An address with something for each of its parts."""
    return re.sub(r"\{(\w+)(:int)?\}", lambda part: "1" if part[2] else KNOWN.get(part[1], "none"), path)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: f"{act.method} {act.path}")
def test_without_a_session_every_act_leads_to_the_sign_in(desk: DeskStand, act) -> None:  # type: ignore[no-untyped-def]
    answer = desk.client.request(act.method, filled(act.path), data={"a": "b"} if act.method == "POST" else None)
    if act.quiet:
        assert answer.status_code == 401
        return
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/sign-in")


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_it_may_and_nothing_more(desk: DeskStand, role: Role) -> None:
    desk.load()
    desk.sign_in(role)
    for act in ACTS:
        answer = desk.client.request(act.method, filled(act.path), data={"a": "b"} if act.method == "POST" else None)
        allowed = role.may(act.least)
        if not allowed:
            assert answer.status_code == 403, act.path
            assert "You cannot do this" in answer.text
        elif act.method == "POST":
            assert answer.status_code == 403, f"{act.path} took a form that was not ours"
            assert "This form is too old" in answer.text
        else:
            assert answer.status_code in {200, 404, 422}, f"{act.path}: {answer.status_code}"


def test_signing_in_and_out(both: DeskStand) -> None:
    both.load()
    both.person(Role.EDITOR, "Ada")
    page = both.client.get("/desk/needs-you")
    assert page.headers["location"] == "/desk/sign-in?next=/desk/needs-you"
    both.text("/desk/sign-in?next=/desk/needs-you")
    form = {"login": "Ada@example.org", "password": PASSWORD, "next": "/desk/needs-you"}
    answer = both.client.post("/desk/sign-in", data=form, headers=ORIGIN)
    assert answer.headers["location"] == "/desk/needs-you"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Ada" in both.text("/desk")
    assert both.post("/desk/sign-out").headers["location"] == "/desk/sign-in"
    assert both.client.get("/desk").status_code == 303


def test_a_wrong_password_and_an_unknown_name_look_the_same(desk: DeskStand) -> None:
    desk.person(Role.EDITOR, "Ada")
    answers = [
        desk.client.post("/desk/sign-in", data={"login": login, "password": "wrong wrong wrong"}, headers=ORIGIN)
        for login in ("ada@example.org", "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    one, two = (answer.text.replace("nobody", "ada") for answer in answers)
    assert one == two
    assert "Error:" in one


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/desk", "/desk//evil.example", "/\\evil.example", "/desk/../week",
     "javascript:alert(1)", "/desk\r\nX: y", "/deskevil"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(desk: DeskStand, wanted: str) -> None:
    desk.person(Role.EDITOR, "Ada")
    form = {"login": "ada@example.org", "password": PASSWORD, "next": wanted}
    assert desk.client.post("/desk/sign-in", data=form, headers=ORIGIN).headers["location"] == "/desk"
    assert "evil" not in desk.browser().get("/desk/sign-in", params={"next": wanted}).text


def test_other_sites_cannot_send_our_forms(desk: DeskStand) -> None:
    desk.load()
    desk.sign_in(Role.APPROVER)
    token = desk.token()
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{BASE}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert desk.client.post("/desk/pause", data={"form": token}, headers=headers).status_code == 403
    for form in ("", "x.y", token[:-1] + ("0" if token[-1] != "0" else "1")):
        assert desk.client.post("/desk/pause", data={"form": form}, headers=ORIGIN).status_code == 403
    assert desk.client.post("/desk/pause", json={"form": token}, headers=ORIGIN).status_code == 415
    assert desk.world.store.holds.all() == []


def test_a_web_server_before_us_may_ask_by_another_name(desk: DeskStand) -> None:
    site = replace(desk.parts.site, base_url="https://week.example.org", hosts=("testserver",))
    desk.rebuild(replace(desk.parts, site=site))
    desk.person(Role.EDITOR, "Ada")
    form = {"login": "ada@example.org", "password": PASSWORD}
    headers = {"Origin": "https://week.example.org", "Host": "testserver"}
    assert desk.client.post("/desk/sign-in", data=form, headers=headers).status_code == 303
    assert desk.client.post("/desk/sign-in", data=form, headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_form_of_another_session_is_not_ours(desk: DeskStand) -> None:
    desk.sign_in(Role.APPROVER, "Ada")
    token = desk.token()
    desk.sign_in(Role.APPROVER, "Bea")
    assert desk.client.post("/desk/pause", data={"form": token}, headers=ORIGIN).status_code == 403


def test_a_form_counts_once(both: DeskStand) -> None:
    both.load()
    both.sign_in(Role.APPROVER)
    data = {"form": both.token(), "reason": "once"}
    for _ in range(2):
        assert both.client.post("/desk/pause", data=data, headers=ORIGIN).status_code == 303
    assert len(both.world.store.holds.all()) == 1
    assert "sent already" in both.text("/desk")


def test_a_session_ends_by_time_by_hand_and_with_the_account(both: DeskStand) -> None:
    both.sign_in(Role.EDITOR, "Ada")
    both.text("/desk")
    both.world.clock.advance(timedelta(hours=13))
    assert both.client.get("/desk").status_code == 303
    both.sign_in(Role.EDITOR, "Ada")
    other = both.sessions.start(both.person(Role.EDITOR, "Ada"), network="", agent="other", now=both.world.now)
    found = both.sessions.find(other, now=both.world.now)
    assert found
    assert both.post(f"/desk/account/sessions/{found.id}").status_code == 303
    assert both.sessions.find(other, now=both.world.now) is None
    both.accounts.remove(both.person(Role.EDITOR, "Ada").person, who="test", now=both.world.now)
    assert both.client.get("/desk").status_code == 303


def test_nobody_ends_another_persons_session(desk: DeskStand) -> None:
    ada = desk.person(Role.EDITOR, "Ada")
    token = desk.sessions.start(ada, network="", agent="", now=desk.world.now)
    found = desk.sessions.find(token, now=desk.world.now)
    assert found
    desk.sign_in(Role.ADMINISTRATOR, "Bea")
    assert desk.post(f"/desk/account/sessions/{found.id}").status_code == 422
    assert desk.sessions.find(token, now=desk.world.now)


def test_the_first_administrator_comes_by_a_link_that_works_once(both: DeskStand) -> None:
    stale = both.links.first(now=both.world.now)
    link = both.links.first(now=both.world.now)
    assert "does not work" in both.text(f"/desk/enter/{stale}", 404)
    both.text(f"/desk/enter/{link}")
    both.text(f"/desk/enter/{link}")
    form = {"name": "Ada Example", "login": "ada@example.org", "password": "short"}
    answer = both.client.post(f"/desk/enter/{link}", data=form, headers=ORIGIN)
    assert answer.status_code == 422
    assert "at least 12" in answer.text
    form["password"] = PASSWORD
    assert both.client.post(f"/desk/enter/{link}", data=form, headers=ORIGIN).headers["location"] == "/desk"
    assert "Ada Example" in both.text("/desk")
    assert both.links.first(now=both.world.now) == ""
    assert both.client.post(f"/desk/enter/{link}", data=form, headers=ORIGIN).status_code == 404
    with pytest.raises(RefusedError, match="only administrator"):
        both.accounts.set_role(both.accounts.all()[0].person, Role.VIEWER, who="test", now=both.world.now)


def test_a_link_is_too_old_after_its_time(desk: DeskStand) -> None:
    link = desk.links.first(now=desk.world.now)
    desk.world.clock.advance(timedelta(days=1))
    desk.text(f"/desk/enter/{link}", 404)


def test_another_password_ends_the_other_sessions(desk: DeskStand) -> None:
    ada = desk.sign_in(Role.EDITOR, "Ada")
    other = desk.sessions.start(ada, network="", agent="", now=desk.world.now)
    assert desk.post("/desk/account/password", old="wrong", new="another long password").status_code == 422
    assert desk.post("/desk/account/password", old=PASSWORD, new="another long password").status_code == 303
    assert desk.sessions.find(other, now=desk.world.now) is None
    desk.text("/desk")


def test_desk_pages_have_strict_headers(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR)
    for path in ("/desk", "/desk/sign-in", "/desk/needs-you", "/desk/nothing"):
        headers = desk.client.get(path).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_the_cookie_is_bound_to_the_host_where_there_is_tls(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from campaign.store.database import Database

    url = f"sqlite:///{tmp_path / 'desk.db'}"
    Database(url).create()
    desk = DeskStand(url, tmp_path, base="https://testserver")
    desk.person(Role.EDITOR, "Ada")
    form = {"login": "ada@example.org", "password": PASSWORD}
    cookie = desk.client.post("/desk/sign-in", data=form, headers=ORIGIN).headers["set-cookie"]
    assert cookie.startswith("__Host-desk=")
    assert "Secure" in cookie
    desk.close()


def test_a_restore_signs_everybody_out(both: DeskStand) -> None:
    link = both.links.first(now=both.world.now)
    both.sign_in(Role.ADMINISTRATOR)
    both.text("/desk")
    database, now = both.world.store.database, both.world.now
    with database.write() as connection:
        settle_in(connection, [], taken_at=now, author="Ada", now=now)
    assert both.client.get("/desk").status_code == 303
    both.text(f"/desk/enter/{link}", 404)
