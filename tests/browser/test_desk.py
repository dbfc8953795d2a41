"""The desk in a real browser: nothing for axe-core to find, nothing too wide, and a week run without scripts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from campaign.errors import Refused, Uncertain
from campaign.model import Event, HoldScope, Resource, ResourceType, Role, Strength
from campaign.store.database import Database
from campaign.web.serve import Server, address, listen
from tests.browser.chromium import follow, opened, overflow, press, violations
from tests.delivery.world import EIGHT, a_mailing, a_post, a_week
from tests.web.desks import PASSWORD, DeskStand

pytestmark = pytest.mark.browser

PAGES = (
    "/desk",
    "/desk/needs-you",
    "/desk/message/week/hello/mon",
    "/desk/message/week/daily/mon",
    "/desk/message/week/daily/tue?view=words",
    "/desk/message/week/daily/tue?view=phone&find=parents",
    "/desk/message/week/hello/tue/edit",
    "/desk/message/week/daily/tue/edit",
    "/desk/programme",
    "/desk/programme/upload",
    "/desk/programme/week/resources/launch",
    "/desk/programme/week/checks",
    "/desk/people?q=parents",
    "/desk/people/1",
    "/desk/people/1/erase",
    "/desk/people/add",
    "/desk/people/import",
    "/desk/people/stopped",
    "/desk/channels",
    "/desk/channels/a",
    "/desk/channels/callback?code=x&state=y",
    "/desk/activity",
    "/desk/users",
    "/desk/account",
    "/desk/pause",
    "/desk/resume",
)
WAYS: dict[str, dict[str, Any]] = {
    "light": {"width": 1280},
    "dark": {"width": 1280, "dark": True},
    "phone": {"width": 320},
    "dark phone": {"width": 320, "dark": True},
    "wide": {"width": 1920},
}


def stand_at(folder: Path) -> Iterator[DeskStand]:
    """A desk behind a real server on Monday at half past nine, with something of every state."""
    url = f"sqlite:///{folder / 'desk.db'}"
    database = Database(url)
    database.create()
    database.close()
    listening = listen("127.0.0.1", 0)
    stand = DeskStand(url, folder, base=address(listening))
    with Server(stand.app, listening):
        yield stand
    stand.close()


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[DeskStand]:
    """A week under way."""
    for stand in stand_at(tmp_path):
        launch = Resource(id="launch", type=ResourceType.EVENT, title="Launch", event=Event(), embargo_until="held")
        week = a_week(
            a_post(channels=("a", "b")), a_post("other", channels=("b",)), a_post("paste", channels=("hand",)),
            mailings=(a_mailing(),),
        )  # fmt: skip
        stand.world.load(replace(week, resources={"launch": launch}))
        stand.world.ways.made["a"].faults = [Uncertain("no answer came back")]
        stand.world.ways.made["b"].faults = [Refused("the text is too long")]
        stand.world.play(stand.world.start(), EIGHT + timedelta(hours=1, minutes=30))
        stand.world.approvals = True
        stand.world.store.holds.place(
            scope=HoldScope.ALL, target="", strength=Strength.PROACTIVE, reason="A test of the pause.", author="Ada",
            now=stand.world.now,
        )  # fmt: skip
        yield stand


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[DeskStand]:
    """A week that has not begun."""
    for stand in stand_at(tmp_path):
        stand.load(a_post(channels=("a", "b")))
        yield stand


def sign_in(page: Page, stand: DeskStand, role: Role) -> None:
    """Sign in by the form."""
    account = stand.person(role)
    page.goto(f"{stand.parts.site.base_url}/desk")
    page.get_by_label("Email").fill(account.login)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Sign in"))


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_page_is_for_everyone(browser: Browser, busy: DeskStand, way: str) -> None:
    found = {}
    with opened(browser, **WAYS[way]) as page:
        page.goto(f"{busy.parts.site.base_url}/desk/sign-in")
        found["/desk/sign-in"] = (violations(page), overflow(page))
        sign_in(page, busy, Role.ADMINISTRATOR)
        for path in PAGES:
            page.goto(busy.parts.site.base_url + path)
            assert page.locator("h1").count() == 1, path
            found[path] = (violations(page), overflow(page))
    assert found == {path: ([], 0) for path in found}


@pytest.mark.parametrize("script", [True, False])
def test_a_week_is_run_with_scripts_or_without(browser: Browser, quiet: DeskStand, script: bool) -> None:
    quiet.world.approvals = True
    base = quiet.parts.site.base_url
    with opened(browser, script=script) as page:
        sign_in(page, quiet, Role.APPROVER)
        press(page.get_by_text("Approve the whole week"))
        follow(page.get_by_role("button", name="Approve 15 messages"))
        expect(page.locator("#banner")).to_contain_text("Approved 15 messages")
        follow(page.get_by_role("link", name="Pause everything"))
        page.get_by_label("Reason").fill("Something happened")
        page.locator("input[value=all]").check()
        follow(page.get_by_role("button", name="Pause everything"))
        expect(page.locator(".pause-banner")).to_contain_text("Something happened")
        service = quiet.world.start()
        quiet.world.play(service, EIGHT + timedelta(hours=1, minutes=5))
        follow(page.get_by_role("link", name="Review and resume").first)
        follow(page.get_by_role("button", name="Resume"))
        assert page.url == f"{base}/desk/needs-you"
        for held in (3, 2, 1):
            expect(page.get_by_role("button", name="Skip it")).to_have_count(held)
            follow(page.get_by_role("button", name="Skip it").first)
        expect(page.locator("main")).to_contain_text("Nothing needs you")
        quiet.world.play(service, EIGHT + timedelta(hours=2))
    assert quiet.world.sent("a") == quiet.world.sent("mail") == []


def test_the_email_is_drawn_in_its_frame_and_runs_no_script(browser: Browser, quiet: DeskStand) -> None:
    with opened(browser) as page:
        sign_in(page, quiet, Role.VIEWER)
        page.goto(f"{quiet.parts.site.base_url}/desk/message/week/daily/mon")
        frame = page.frame_locator("iframe.email-frame")
        expect(frame.locator("body")).to_contain_text("What mon is about.")
        page.goto(f"{quiet.parts.site.base_url}/desk/message/week/daily/mon/frame")
        assert "What mon is about." in page.inner_text("body")
