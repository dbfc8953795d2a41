"""The public pages in a real browser: nothing for axe-core to find, nothing too wide, all without scripts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import Browser, expect
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaign.delivery.forms import Published
from campaign.model import Logo
from campaign.web.parts import Statements, Theme
from campaign.web.public.pictures import card
from campaign.web.serve import Server, address, listen
from tests.browser.chromium import enter, opened, overflow, violations
from tests.web.weeks import Stand, at, programme

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/week-2023",
    "/week-2023/tue",
    "/week-2023/tue?area=IOW",
    "/week-2023/fri",
    "/weeks",
    "/privacy",
    "/accessibility",
    "/week-2023/embed",
    "/week-2023/widget",
    "/nothing",
)
WAYS: dict[str, dict[str, Any]] = {
    "light": {"width": 1280},
    "dark": {"width": 1280, "dark": True},
    "phone": {"width": 320},
    "dark phone": {"width": 320, "dark": True},
    "wide": {"width": 1920},
}


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """The pages behind a real server, on Tuesday at 10:30; `site.base_url` says where."""
    listening = listen("127.0.0.1", 0)
    stand = Stand("10 10:30", base=address(listening), look=Theme(name="Safeguarding Partnerships"))
    gallery(stand)
    with Server(stand.app, listening):
        yield stand


def gallery(stand: Stand) -> None:
    """Put the gallery of components, under public and desk styles, beside the pages."""
    templates = stand.app.state.templates
    templates.env.loader = ChoiceLoader([templates.env.loader, FileSystemLoader(Path(__file__).parent)])

    def page(request: Request) -> Response:
        answer: Response = templates.desk("gallery.html", sheet=request.path_params["sheet"])
        return answer

    stand.app.router.routes.insert(0, Route("/gallery/{sheet}", page))


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_page_is_for_everyone(browser: Browser, stand: Stand, way: str) -> None:
    found = {}
    with opened(browser, **WAYS[way]) as page:
        for path in (*PAGES, "/gallery/public.css", "/gallery/desk.css"):
            page.goto(stand.site.base_url + path)
            found[path] = (violations(page), overflow(page))
    assert found == {path: ([], 0) for path in found}


def test_without_scripts_every_page_says_the_same(browser: Browser, stand: Stand) -> None:
    with opened(browser, width=320) as with_scripts, opened(browser, width=320, script=False) as without:
        for path in PAGES:
            for page in (with_scripts, without):
                page.goto(stand.site.base_url + path)
            assert with_scripts.inner_text("body") == without.inner_text("body")
            assert overflow(without) == 0


def test_a_visitor_before_and_after_the_unlock(browser: Browser, stand: Stand) -> None:
    with opened(browser, script=False) as page:
        page.goto(stand.site.base_url + "/week-2023/wed")
        assert page.inner_text("h1") == "This page opens on Wednesday"
        stand.clock.set(at("11 07:00"))
        page.reload()
        assert page.inner_text("h1") == "Training together"
        stand.clock.set(at("10 10:30"))
        page.reload()
        assert page.inner_text("h1") == "This page opens on Wednesday"


def test_the_week_can_be_read_by_keyboard(browser: Browser, stand: Stand) -> None:
    with opened(browser) as page:
        page.goto(stand.site.base_url + "/week-2023")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        enter(page)
        assert page.inner_text("h1") == "Child exploitation and Talking at home"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_an_organisations_own_look_is_for_everyone_too(browser: Browser, dark: bool) -> None:
    picture = card("Our logo", "", "", "#ffffff")
    logo = Logo(file="ours.png", alt="Safeguarding Partnership")
    week = programme()
    partners = {key: replace(one, logo=logo) for key, one in week.organisations.items()}
    published = Published(replace(week, organisations=partners), {"images/ours.png": picture})
    listening = listen("127.0.0.1", 0)
    stand = Stand(
        "10 10:30",
        published,
        base=address(listening),
        look=Theme(name="Our council", logo=picture, primary="#7a1c12"),
        statements=Statements(
            controller="Our council",
            officer_email="officer@example.org",
            accessibility_contact="web@example.org",
            prepared_on="1 September 2023",
            known_problems=("The map of events has no text version yet.",),
        ),
        rehearsal=True,
    )
    found = {}
    with Server(stand.app, listening), opened(browser, width=320, dark=dark) as page:
        for path in ("/week-2023", "/week-2023/tue", "/privacy", "/accessibility"):
            page.goto(stand.site.base_url + path)
            found[path] = (violations(page), overflow(page))
            assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert found == {path: ([], 0) for path in found}


def test_with_forced_colours_everything_is_seen(browser: Browser, stand: Stand) -> None:
    """What is drawn by colour alone would vanish: buttons, tags and panels keep an edge, focus an outline."""
    with opened(browser) as page:
        page.emulate_media(forced_colors="active")
        for path in PAGES:
            page.goto(stand.site.base_url + path)
            assert page.evaluate("matchMedia('(forced-colors: active)').matches")
            assert violations(page) == [], path
            bare = page.evaluate(
                """[...document.querySelectorAll('.button, button, .tag, .panel')]
                .filter(each => each.offsetParent && getComputedStyle(each).borderTopStyle === 'none')
                .map(each => each.outerHTML.slice(0, 80))"""
            )
            assert bare == [], path
        page.goto(stand.site.base_url + "/week-2023")
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "(style => [style.outlineStyle, parseFloat(style.outlineWidth)])(getComputedStyle(document.activeElement))"
        )
        assert outline[0] == "solid"
        assert outline[1] >= 2


def test_a_day_can_be_printed(browser: Browser, stand: Stand) -> None:
    with opened(browser, dark=True) as page:
        for path in ("/week-2023", "/week-2023/tue"):
            page.goto(stand.site.base_url + path)
            page.emulate_media(media="print")
            assert not page.locator("nav").first.is_visible()
            assert page.locator("h1").is_visible()
            assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") in {
                "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}  # fmt: skip
            assert page.pdf()[:5] == b"%PDF-"
            page.emulate_media(media="screen")
