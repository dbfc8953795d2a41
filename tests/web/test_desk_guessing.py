"""Guesses are slowed for good, over restarts and networks, and keep nobody out who is innocent."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.testclient import TestClient

from campaign.model import Role
from campaign.store.database import Database
from campaign.web.app import create_app
from campaign.web.desk.guessing import Guessing
from tests.web.desks import BASE, PASSWORD, DeskStand
from tests.web.test_desk_second import switch_on

ORIGIN = {"Origin": BASE}
#: The same password, hashed so that a thousand comparisons take a second.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def browser(desk: DeskStand, network: int = 0) -> TestClient:
    """A browser that was never here, in a network of its own."""
    found = TestClient(desk.app, base_url=BASE, follow_redirects=False)
    found._transport.client = (f"198.51.{network}.7", 1)
    return found


def attempt(client: TestClient, password: str = "wrong wrong wrong", code: str = "", login: str = "ada") -> int:
    form = {"login": f"{login}@example.org", "password": password, "code": code}
    status: int = client.post("/desk/sign-in", data=form, headers=ORIGIN).status_code
    return status


def ada(desk: DeskStand, name: str = "Ada") -> None:
    """Ada has an account, with a quick hash."""
    account = desk.person(Role.EDITOR, name)
    desk.accounts.set_password(account.person, QUICK, who="test", now=desk.world.now)


def flood(desk: DeskStand, networks: range, tries: int = 11) -> None:
    for network in networks:
        client = browser(desk, network)
        for _ in range(tries):
            attempt(client)


def test_one_network_is_stopped_for_one_account(both: DeskStand) -> None:
    ada(both)
    ada(both, "Bea")
    client = browser(both, 1)
    assert [attempt(client) for _ in range(11)] == [422] * 10 + [429]
    assert attempt(client, PASSWORD) == 429
    assert attempt(client, login="bea") == 422, "another account may be tried"
    assert attempt(browser(both, 2), PASSWORD) == 303, "another network may try"
    both.world.clock.advance(timedelta(minutes=15))
    assert attempt(client, PASSWORD) == 303


def test_a_new_start_forgets_nothing(desk: DeskStand) -> None:
    ada(desk)
    flood(desk, range(1, 2))
    desk.app = create_app(desk.parts)
    assert attempt(browser(desk, 1)) == 429


def test_many_networks_together_are_stopped_too(desk: DeskStand) -> None:
    ada(desk)
    statuses = [attempt(browser(desk, network)) for network in range(60)]
    assert statuses == [422] * 30 + [429] * 30
    assert "sign ins stopped (account)" in {entry.act for entry in desk.world.store.log.entries()}


def test_one_network_cannot_try_account_after_account(both: DeskStand) -> None:
    guessing = Guessing(both.world.parts, both.parts.site)
    plain = Request({"type": "http", "headers": []})
    tries = [guessing.begin(plain, f"nobody{each}", "198.51.1.0/24", None, both.world.now) for each in range(110)]
    assert [each.open for each in tries] == [True] * 100 + [False] * 10
    assert guessing.begin(plain, "nobody1", "198.51.2.0/24", None, both.world.now).open


def test_a_known_browser_gets_in_whatever_others_try(both: DeskStand) -> None:
    ada(both)
    home = browser(both, 1)
    assert attempt(home, PASSWORD) == 303
    cookie = home.cookies["desk-known"]
    home.cookies.delete("desk")
    flood(both, range(1, 6))
    assert attempt(home, PASSWORD) == 303
    thief = browser(both, 9)
    for forged in (cookie[:-1] + "x", f"1.{'9' * 11}.00.{cookie[-32:]}", "1.2.3.4", "", "||||", "x" * 4000):
        thief.cookies.set("desk-known", forged)
        assert attempt(thief, PASSWORD) == 429, forged
        thief.cookies.clear()


def test_a_stolen_known_browser_has_few_tries(desk: DeskStand) -> None:
    ada(desk)
    home = browser(desk, 1)
    assert attempt(home, PASSWORD) == 303
    flood(desk, range(2, 6))
    assert [attempt(home) for _ in range(11)] == [422] * 10 + [429]


def test_a_known_browser_is_known_for_its_own_account_alone(desk: DeskStand) -> None:
    ada(desk)
    ada(desk, "Bea")
    home = browser(desk, 1)
    assert attempt(home, PASSWORD, login="bea") == 303
    flood(desk, range(1, 6))
    assert attempt(home, PASSWORD) == 429
    assert attempt(home, PASSWORD, login="bea") == 303


def test_the_right_code_gets_in_from_anywhere(desk: DeskStand) -> None:
    ada(desk)
    secret, paper = switch_on(desk)
    flood(desk, range(1, 6))
    desk.world.clock.advance(timedelta(seconds=90))
    code = pyotp.TOTP(secret).at(int(desk.world.now.timestamp()))
    assert attempt(browser(desk, 1), "wrong wrong wrong", code) == 429
    assert attempt(browser(desk, 1), PASSWORD) == 429
    assert attempt(browser(desk, 1), PASSWORD, code) == 303
    assert attempt(browser(desk, 1), PASSWORD, paper[0]) == 303


def test_codes_cannot_be_guessed_by_who_has_the_password(desk: DeskStand) -> None:
    ada(desk)
    secret, _ = switch_on(desk)
    desk.world.clock.advance(timedelta(minutes=5))
    right = pyotp.TOTP(secret).at(int(desk.world.now.timestamp()))
    wrong = "000000" if right != "000000" else "000001"
    client = browser(desk, 1)
    statuses = [attempt(client, PASSWORD, wrong) for _ in range(40)]
    assert statuses == [422] * 10 + [429] * 30, "once stopped, nothing tells that the password is right"
    assert len(desk.world.store.log.entries(act="sign in failed")) == 20
    assert attempt(client, PASSWORD, right) == 429


def test_who_does_not_know_the_password_uses_up_no_codes(desk: DeskStand) -> None:
    ada(desk)
    secret, _ = switch_on(desk)
    client = browser(desk, 1)
    for _ in range(60):
        attempt(client, "wrong wrong wrong", "000000")
    desk.world.clock.advance(timedelta(seconds=90))
    assert attempt(browser(desk, 1), PASSWORD, pyotp.TOTP(secret).at(int(desk.world.now.timestamp()))) == 303


def test_a_letter_lets_a_new_browser_try(both: DeskStand) -> None:
    ada(both)
    flood(both, range(1, 6))
    new = browser(both, 9)
    assert attempt(new, PASSWORD) == 429
    form = {"login": "ada@example.org"}
    told = new.post("/desk/sign-in/letter", data=form, headers=ORIGIN)
    unknown = new.post("/desk/sign-in/letter", data={"login": "nobody@example.org"}, headers=ORIGIN)
    assert (told.status_code, told.text) == (unknown.status_code, unknown.text)
    [(kind, to, values)] = both.letters
    assert (kind, to) == ("browser", "ada@example.org")
    path = f"/desk/enter/{values['token']}"
    assert new.get(path).status_code == 200
    assert "desk-known" not in new.cookies
    assert new.post(path, data={"x": ""}, headers=ORIGIN).headers["location"] == "/desk/sign-in"
    assert new.post(path, data={"x": ""}, headers=ORIGIN).status_code == 404
    assert new.get("/desk").status_code == 303, "the link signs nobody in"
    assert attempt(new) == 422
    assert attempt(new, PASSWORD) == 303


def test_letters_cannot_be_heaped_on_anybody(desk: DeskStand) -> None:
    ada(desk)
    for network in range(10):
        browser(desk, network).post("/desk/sign-in/letter", data={"login": "ada@example.org"}, headers=ORIGIN)
    assert len(desk.letters) == 3


def test_what_was_tried_is_in_the_log_without_addresses(desk: DeskStand, caplog: pytest.LogCaptureFixture) -> None:
    ada(desk)
    attempt(browser(desk, 1))
    attempt(browser(desk, 2), login="mallory")
    assert attempt(browser(desk, 3), PASSWORD) == 303
    found = [(entry.who, entry.act, entry.target) for entry in desk.world.store.log.entries() if "sign" in entry.act]
    assert found[:3] == [
        ("Ada", "sign in", ""), ("somebody", "sign in failed", "***@***.org"), ("Ada", "sign in failed", "")
    ]  # fmt: skip
    said = caplog.text + "".join(entry.detail for entry in desk.world.store.log.entries())
    assert "mallory" not in said
    assert "wrong wrong" not in said
    assert "198.51.2.0/24" in said
    with desk.world.store.database.read() as connection:
        names = connection.exec_driver_sql("select name from counts").scalars().all()
    assert names
    assert not any(re.search("ada|mallory|198", name) for name in names)


def test_ones_own_password_is_asked_for_so_often_and_no_more(desk: DeskStand) -> None:
    desk.sign_in(Role.EDITOR, "Ada")
    desk.accounts.set_password(desk.person(Role.EDITOR, "Ada").person, QUICK, who="test", now=desk.world.now, but=1)
    for _ in range(10):
        desk.post("/desk/account/password", old="wrong", new="another long password")
    answer = desk.post("/desk/account/password", old=PASSWORD, new="another long password")
    assert "Too many wrong passwords" in answer.text


@how(max_examples=6)
@given(attack=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["ada", "bea"]), st.booleans()), max_size=40))
def test_whatever_is_tried_the_innocent_get_in_and_the_attack_is_slowed(
    tmp_path_factory: pytest.TempPathFactory, attack: list[tuple[int, str, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("desk")
    url = f"sqlite:///{folder / 'desk.db'}"
    database = Database(url)
    database.create()
    database.close()
    desk = DeskStand(url, folder)
    try:
        ada(desk)
        ada(desk, "Bea")
        home = browser(desk, 0)
        assert attempt(home, PASSWORD) == 303
        home.cookies.delete("desk")
        judged = 0
        for network, login, code in attack:
            status = attempt(browser(desk, network), code="123456" if code else "", login=login)
            assert status in {422, 429}
            judged += status == 422 and login == "ada"
        assert judged <= 30, "an hour's worth of guesses at one account"
        assert attempt(home, PASSWORD) == 303
    finally:
        desk.close()
