"""The walk of joining and leaving in a real browser, at phone width, in the dark and with scripts off."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.responses import HTMLResponse
from starlette.routing import Route

from campaign.store.database import Database
from campaign.web.serve import Server, address, listen
from tests.browser.chromium import follow, opened, overflow, press, scripts_allowed, violations
from tests.web.people import People
from tests.web.weeks import Stand, at

pytestmark = pytest.mark.browser

#: Every page is looked at in each of these: window widths in CSS pixels, and colours.
LOOKS: list[tuple[int, Literal["light", "dark"]]] = [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")]


class Walk:
    """The pages of joining behind a real server, over lists of their own."""

    def __init__(self, people: People, stand: Stand) -> None:
        self.people = people
        self.stand = stand
        self.url = stand.site.base_url

    def letter(self, kind: str) -> str:
        """The address in the last letter, which must be of that kind."""
        last = self.people.letters()[-1]
        assert last["kind"] == kind
        return f"{self.url}/confirm/{last['token']}"


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    database = Database(f"sqlite:///{tmp_path / 'campaign.db'}")
    database.create()
    people = People(database, at("8 12:00"))
    listening = listen("127.0.0.1", 0)
    other = address(listening).replace("http://127.0.0.1", "localhost")
    stand = Stand("8 12:00", base=address(listening), visitors=people.visitors, hosts=(other,))
    with Server(stand.app, listening):
        yield Walk(people, stand)
    database.close()


def fine(page: Page, *, script: bool) -> None:
    """Wide and narrow, light and dark: nothing wider than the window, and nothing for axe-core to find.

    A page that was loaded without scripts is judged as it then stands: they are let run for axe-core alone.
    """
    with nullcontext() if script else scripts_allowed(page):
        for width, colours in LOOKS:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=colours, reduced_motion="reduce")  # no colour half way
            assert overflow(page) == 0, (page.url, width, colours)
            assert violations(page) == [], (page.url, width, colours)


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no scripts"])
def test_a_person_joins_chooses_asks_and_leaves(browser: Browser, walk: Walk, script: bool) -> None:
    with opened(browser, script=script, width=320, dark=True) as page:
        page.goto(walk.url)
        fine(page, script=script)
        follow(page.get_by_role("button", name="Begin"))
        assert page.inner_text("h1") == "Get emails about the week"
        fine(page, script=script)
        follow(page.get_by_role("button", name="Send me the emails"))
        assert page.title().startswith("Error:")
        fine(page, script=script)
        press(page.get_by_role("link", name="Enter an email address like name@example.org"))
        expect(page.get_by_label("Email address")).to_be_focused()
        page.get_by_label("Email address").fill("jo@example.org")
        page.get_by_label("Practitioners").check()
        page.get_by_label("Parents").check()
        follow(page.get_by_role("button", name="Send me the emails"))
        assert page.inner_text("h1") == "Check your inbox"
        fine(page, script=script)

        page.goto(walk.letter("confirm"))
        fine(page, script=script)
        follow(page.get_by_role("button", name="Yes, subscribe me"))
        assert page.inner_text("h1") == "You are subscribed"
        fine(page, script=script)

        link = walk.people.link()
        page.goto(f"{walk.url}/preferences/{link}")
        fine(page, script=script)
        page.get_by_label("Isle of Wight").check()
        page.get_by_label("Take a break").select_option("14")
        follow(page.get_by_role("button", name="Save"))
        assert page.get_by_label("Isle of Wight").is_checked()
        assert page.get_by_role("status").first.inner_text().startswith("Saved")
        fine(page, script=script)
        follow(page.get_by_role("button", name="Ask for a copy"))
        page.goto(walk.letter("export"))
        fine(page, script=script)
        follow(page.get_by_role("button", name="Read it here"))
        assert "jo@example.org" in page.inner_text("main")
        fine(page, script=script)

        page.goto(f"{walk.url}/unsubscribe/{link}")
        fine(page, script=script)
        follow(page.get_by_role("button", name="Unsubscribe me"))
        assert page.inner_text("h1") == "You are unsubscribed"
        fine(page, script=script)
        assert set(walk.people.states().values()) == {"unsubscribed"}


def partner(walk: Walk, path: str) -> str:
    """The address of a page of another site (localhost) that frames that path of ours."""
    frame = f'<iframe title="Ours" width="300" height="900" src="{walk.url}{path}"></iframe>'
    html = f'<!doctype html><html lang="en"><title>Partner</title><main><h1>Partner</h1>{frame}</main>'
    walk.stand.app.router.routes.insert(
        0, Route("/partner", lambda request: HTMLResponse(html, headers={"Content-Security-Policy": "frame-src *"}))
    )
    return walk.url.replace("127.0.0.1", "localhost") + "/partner"


def test_the_form_works_within_a_partners_site(browser: Browser, walk: Walk) -> None:
    with opened(browser, width=360, script=False) as page:
        page.goto(partner(walk, "/join/form"))
        frame = page.frame_locator("iframe")
        frame.get_by_label("Email address").fill("jo@example.org")
        frame.get_by_label("Parents").check()
        press(frame.get_by_role("button", name="Send me the emails"))
        frame.get_by_role("heading", name="Check your inbox").wait_for()
    assert [letter["kind"] for letter in walk.people.letters()] == ["confirm"]


def test_the_week_shows_within_a_partners_site(browser: Browser, walk: Walk) -> None:
    with opened(browser, width=360) as page:
        page.goto(partner(walk, "/week-2023/widget"))
        page.frame_locator("iframe").get_by_role("heading", name="Safeguarding Week 2023").wait_for()
        assert violations(page) == []


def test_no_other_page_of_ours_shows_within_a_partners_site(browser: Browser, walk: Walk) -> None:
    with opened(browser, width=360) as page:
        page.goto(partner(walk, "/week-2023"))
        assert page.frame_locator("iframe").get_by_role("heading", name="Safeguarding Week 2023").count() == 0
