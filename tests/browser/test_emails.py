"""Every layout of an email in a real Chromium: nothing that axe finds, no sideways scroll, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from campaign.render.palette import DARK, LIGHT
from tests.browser.chromium import WCAG, opened, overflow, violations
from tests.unit.test_render_email import LAYOUTS

pytestmark = pytest.mark.browser


@pytest.fixture(
    params=[(700, False), (320, False), (320, True), (700, True)], ids=["desk", "phone", "dark", "desk-dark"]
)
def shown(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, dark = request.param
    with opened(browser, width=width, dark=dark) as page:
        yield page


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_a_layout_is_accessible_and_fits(shown: Page, layout: str) -> None:
    shown.set_content(LAYOUTS[layout]().body.html)
    assert violations(shown, WCAG) == []
    assert overflow(shown) == 0
    size = shown.evaluate(
        "Math.min(...[...document.querySelectorAll('p,li,a,h1,h2,td')].map("
        "e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert size >= 16


def test_the_dark_colours_take_over(browser: Browser) -> None:
    seen = []
    for dark in (False, True):
        with opened(browser, dark=dark) as page:
            page.set_content(LAYOUTS["day"]().body.html)
            seen.append(page.evaluate("getComputedStyle(document.querySelector('.sf')).backgroundColor"))
    assert seen == [_rgb(LIGHT["surface"]), _rgb(DARK["surface"])]


def _rgb(colour: str) -> str:
    return f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:7], 16)})"
