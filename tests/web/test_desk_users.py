"""Invitations and other links by letter, and what an administrator can do for users."""

import re
from email import message_from_bytes, policy
from pathlib import Path

from click.testing import CliRunner
from starlette.testclient import TestClient

from campaign.cli import main
from campaign.cli.pages import parts_of
from campaign.clock import SettableClock
from campaign.model import Role
from campaign.settings import load_settings
from campaign.web.app import create_app
from campaign.web.desk.agents import names
from campaign.wiring import App
from tests.web.desks import BASE, PASSWORD, DeskStand
from tests.web.test_desk_second import switch_on
from tests.web.weeks import at

ORIGIN = {"Origin": BASE}


def invite(desk: DeskStand, name: str = "Bea") -> str:
    desk.sign_in(Role.ADMINISTRATOR, "Ada")
    answer = desk.post("/desk/users/invite", "/desk/users", name=name, login=f"{name}@example.org", role="approver")
    assert answer.status_code == 200
    return str(answer.text)


def test_a_letter_brings_the_link_and_the_page_does_not_show_it(desk: DeskStand) -> None:
    desk.letters_leave = True
    page = invite(desk)
    [(kind, to, values)] = desk.letters
    assert (kind, to, values["author"]) == ("invite", "Bea@example.org", "Ada")
    assert "A letter is on its way to Bea" in page
    assert values["token"] not in page
    bea = desk.browser()
    form = {"password": PASSWORD}
    assert bea.post(f"/desk/enter/{values['token']}", data=form, headers=ORIGIN).headers["location"] == "/desk"


def test_where_no_letter_leaves_the_page_shows_the_link_once(desk: DeskStand) -> None:
    page = invite(desk)
    token = desk.letters[0][2]["token"]
    assert f"{BASE}/desk/enter/{token}" in page
    assert token not in desk.text("/desk/users")


def test_a_new_link_makes_the_one_before_useless(both: DeskStand) -> None:
    invite(both)
    bea = next(each for each in both.accounts.all() if each.name == "Bea")
    both.post(f"/desk/users/{bea.person}/reset", "/desk/users")
    (_, _, first), (kind, _, second) = both.letters
    assert kind == "invite", "she has not come yet"
    assert both.browser().get(f"/desk/enter/{first['token']}").status_code == 404
    form = {"password": PASSWORD}
    assert both.browser().post(f"/desk/enter/{second['token']}", data=form, headers=ORIGIN).status_code == 303
    both.post(f"/desk/users/{bea.person}/reset", "/desk/users")
    assert both.letters[-1][0] == "reset"


def test_another_password_by_letter_still_takes_the_code(desk: DeskStand) -> None:
    switch_on(desk)
    ada = desk.person(Role.EDITOR, "Ada")
    desk.sign_in(Role.ADMINISTRATOR, "Cy")
    desk.post(f"/desk/users/{ada.person}/reset", "/desk/users")
    thief = desk.browser()
    link = f"/desk/enter/{desk.letters[-1][2]['token']}"
    done = thief.post(link, data={"password": "another long password"}, headers=ORIGIN)
    assert done.headers["location"] == "/desk/sign-in"
    assert thief.get("/desk").status_code == 303


def test_an_administrator_helps_who_lost_the_phone(desk: DeskStand) -> None:
    switch_on(desk)
    ada = desk.person(Role.EDITOR, "Ada")
    desk.sign_in(Role.ADMINISTRATOR, "Cy")
    assert desk.post(f"/desk/users/{ada.person}/second", "/desk/users").status_code == 303
    form = {"login": "ada@example.org", "password": PASSWORD}
    assert desk.browser().post("/desk/sign-in", data=form, headers=ORIGIN).status_code == 303


def test_nothing_is_left_of_who_was_removed(both: DeskStand) -> None:
    switch_on(both)
    ada = both.person(Role.EDITOR, "Ada")
    both.sign_in(Role.ADMINISTRATOR, "Cy")
    both.post(f"/desk/users/{ada.person}/reset", "/desk/users")
    assert both.post(f"/desk/users/{ada.person}/remove", "/desk/users").status_code == 303
    assert both.browser().get(f"/desk/enter/{both.letters[-1][2]['token']}").status_code == 404
    assert both.world.store.seconds.codes_left(ada.person) == 0


def run(home: Path, *words: str) -> str:
    environment = {
        "CAMPAIGN_HOME": str(home),
        "CAMPAIGN_KEY_FILE": str(home.parent / "key" / "key"),
        "CAMPAIGN_BASE_URL": "https://week.example.org",
    }
    done = CliRunner().invoke(main, list(words), env=environment)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_real_installation_from_its_first_link_to_a_letter_in_the_outbox(tmp_path: Path) -> None:
    home = tmp_path / "home"
    link = re.search(r"https://week\.example\.org(/desk/enter/\S+)", run(home, "init"))
    assert link
    (home / "channels.yaml").write_text("mail: {kind: smtp, host: relay.example.org}\n", "utf-8")
    (home / "senders.yaml").write_text("hscp: {from_address: news@example.org, from_name: Hampshire SCP}\n", "utf-8")
    settings = load_settings(
        _env_file=None, home=home, key_file=home.parent / "key" / "key", base_url="https://week.example.org"
    )
    app = App(settings, SettableClock(at("9 09:00")))
    try:
        client = TestClient(create_app(parts_of(app)), base_url="https://week.example.org", follow_redirects=False)
        origin = {"Origin": "https://week.example.org"}
        ada = {"name": "Ada", "login": "ada@example.org", "password": PASSWORD}
        assert client.post(link[1], data=ada, headers=origin).headers["location"] == "/desk"
        form = re.search(r'name="form" value="([^"]+)"', client.get("/desk/users").text)
        assert form
        bea = {"form": form[1], "name": "Bea", "login": "bea@example.org", "role": "editor"}
        page = client.post("/desk/users/invite", data=bea, headers=origin).text
        shown = re.search(r"https://week\.example\.org/desk/enter/[\w-]+", page)
        assert shown, "letters go to the outbox, so the page shows the link"
        letters = next(chore for chore in app.chores() if chore.name == "letters")
        letters.job(app.clock.now())
        [kept] = (home / "outbox").rglob("*.eml")
        letter = message_from_bytes(kept.read_bytes(), policy=policy.default)
        assert letter["to"] == "bea@example.org"
        body = letter.get_body(("plain",))
        assert body
        assert shown[0] in body.get_content()
        assert "works once, for 3 days" in body.get_content()
    finally:
        app.close()


def test_who_is_locked_out_is_let_in_from_the_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run(home, "init", "--as", "Chief")
    settings = load_settings(
        _env_file=None, home=home, key_file=home.parent / "key" / "key", base_url="https://week.example.org"
    )
    app = App(settings)
    invited = {"name": "Ada", "login": "ada@example.org", "role": Role.ADMINISTRATOR}
    token = app.store.sign_in_links.invite(**invited, who="Chief", now=app.clock.now())  # type: ignore[arg-type]
    ada = app.store.sign_in_links.accept(token, password="a hash", now=app.clock.now())
    app.store.seconds.switch_on(ada.person, "SECRET", step=1, now=app.clock.now())
    said = run(home, "people", "link", "Ada", "--no-codes", "--as", "Chief")
    found = re.fullmatch(r"https://week\.example\.org/desk/enter/(\S+)", said.strip())
    assert found
    link = app.store.sign_in_links.find(found[1], now=app.clock.now())
    assert link
    assert link.account
    assert (link.account.name, link.account.second) == ("Ada", False)
    app.close()


def test_browsers_are_called_what_people_call_them(desk: DeskStand) -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1"
    for agent, called in (
        (windows, ("Chrome", "Windows")),
        (windows + " Edg/140.0", ("Edge", "Windows")),
        (phone, ("Safari", "iPhone")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ("Firefox", "Linux")),
        ("<script>alert(1)</script>", ("", "")),
    ):
        assert names(agent) == called
    ada = desk.sign_in(Role.ADMINISTRATOR, "Ada")
    for agent in (windows, "<script>alert(1)</script>"):
        desk.sessions.start(ada, network="", agent=agent, now=desk.world.now)
    page = desk.client.get("/desk/account").text
    assert "Chrome on Windows" in page
    assert "An unknown browser" in page
    assert "alert(1)" not in page
