"""Signing in, in a real browser: passkeys by a virtual authenticator, and every page of it for everyone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page

from campaign.model import Role
from campaign.store.database import Database
from campaign.web.serve import Server, address, listen
from tests.browser.chromium import follow, opened, overflow, press, violations
from tests.browser.test_desk import WAYS, sign_in
from tests.web.desks import PASSWORD, DeskStand

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskStand]:
    """A desk behind a real server that is asked for by a name, as passkeys need it."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    database = Database(url)
    database.create()
    database.close()
    listening = listen("127.0.0.1", 0)
    stand = DeskStand(url, tmp_path, base=address(listening).replace("127.0.0.1", "localhost"))
    with Server(stand.app, listening):
        yield stand
    stand.close()


def with_authenticator(page: Page, *, knows_owner: bool = True) -> None:
    """Give a page's browser an authenticator that answers at once (Chrome DevTools protocol, WebAuthn domain)."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": knows_owner,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_signs_in_and_is_removed(browser: Browser, desk: DeskStand) -> None:
    base = desk.parts.site.base_url
    with opened(browser) as page:
        with_authenticator(page)
        sign_in(page, desk, Role.EDITOR)
        page.goto(f"{base}/desk/account")
        form = page.locator("form[data-passkey=create]")
        form.get_by_label("A name for this passkey").fill("my phone")
        form.get_by_label("Your password").fill("not my password")
        press(form.get_by_role("button", name="Add a passkey"))
        form.get_by_text("That is not your password").wait_for()
        form.get_by_label("Your password").fill(PASSWORD)
        follow(form.get_by_role("button", name="Add a passkey"))
        page.get_by_role("button", name="Remove my phone").wait_for()
        assert "The passkey is added." in page.inner_text("#banner")
        follow(page.get_by_role("button", name="Sign out"))
        follow(page.get_by_role("button", name="Use a passkey"))
        page.wait_for_url(f"{base}/desk")
        page.goto(f"{base}/desk/account")
        form = page.locator("form[data-passkey=create]")
        form.get_by_label("Your password").fill(PASSWORD)
        press(form.get_by_role("button", name="Add a passkey"))
        form.get_by_text("This device has a passkey for you already.").wait_for()
        follow(page.get_by_role("button", name="Remove my phone"))
        follow(page.get_by_role("button", name="Sign out"))
        follow(page.get_by_role("button", name="Use a passkey"))
        page.get_by_role("link", name="This passkey did not sign you in").wait_for()
    assert desk.world.store.log.entries(act="sign in failed")


def test_without_scripts_nothing_asks_for_a_passkey(browser: Browser, desk: DeskStand) -> None:
    with opened(browser, script=False) as page:
        sign_in(page, desk, Role.EDITOR)
        page.goto(f"{desk.parts.site.base_url}/desk/account")
        assert page.get_by_text("Adding a passkey needs JavaScript").is_visible()
        assert not page.get_by_role("button", name="Add a passkey").is_visible()


@pytest.mark.parametrize("way", ["light", "dark phone"])
def test_every_page_of_signing_in_is_for_everyone(browser: Browser, desk: DeskStand, way: str) -> None:
    base = desk.parts.site.base_url
    found = {}

    def look(page: Page, name: str) -> None:
        found[name] = (violations(page), overflow(page), page.locator("h1").count())

    with opened(browser, **WAYS[way]) as page:
        for path in ("/desk/sign-in", "/desk/sign-in/letter", "/desk/enter/none"):
            page.goto(base + path)
            look(page, path)
        page.goto(f"{base}/desk/enter/{desk.links.first(now=desk.world.now)}")
        look(page, "first")
        sign_in(page, desk, Role.ADMINISTRATOR)
        page.goto(f"{base}/desk/account")
        look(page, "account")
        page.locator("form[action$='/second/begin']").get_by_label("Your password").fill(PASSWORD)
        follow(page.get_by_role("button", name="Switch codes on"))
        look(page, "second")
        drawn = page.locator("img").evaluate("image => [image.complete, image.naturalWidth > 100]")
        assert drawn == [True, True]
        shown = re.search(r"[A-Z2-7 ]{39}", page.inner_text("main code"))
        assert shown
        now = int(desk.world.now.timestamp())
        page.get_by_label("The code that the app shows").fill(pyotp.TOTP(shown[0].replace(" ", "")).at(now))
        follow(page.get_by_role("button", name="Switch codes on"))
        look(page, "codes")
        assert page.locator("main li code").count() == 10
        follow(page.get_by_role("link", name="I have kept them"))
        look(page, "account with codes")
        page.goto(f"{base}/desk/users")
        page.get_by_label("Name").fill("Bea")
        page.get_by_label("Email").fill("bea@example.org")
        follow(page.get_by_role("button", name="Invite someone"))
        look(page, "users")
    assert found == {name: ([], 0, 1) for name in found}
