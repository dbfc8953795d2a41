"""The questions asked of pages have both answers: a bad page is found out, a good one passes."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import opened, overflow, scripts_allowed, violations

pytestmark = pytest.mark.browser

GOOD = '<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1><p>Some words.</p></main>'
BAD = (
    '<!doctype html><html><title>A page</title><main><img src="data:,"><p style="color:#bbb;background:#fff">Some words'
    '<div style="width:2000px">wide</div></main>'
)


def test_a_good_page_passes(page: Page) -> None:
    page.set_content(GOOD)
    assert violations(page) == []
    assert overflow(page) == 0


def test_a_bad_page_is_found_out(page: Page) -> None:
    page.set_content(BAD)
    rules = {line.split(" ")[0] for line in violations(page)}
    assert {"html-has-lang", "image-alt", "color-contrast"} <= rules
    assert overflow(page) > 700


def test_a_page_must_not_ask_other_hosts(browser: Browser) -> None:
    with pytest.raises(AssertionError, match=r"asked https://elsewhere\.example/"), opened(browser) as page:
        page.set_content('<img src="https://elsewhere.example/pixel.png">')


def test_a_failing_script_is_told(browser: Browser) -> None:
    with pytest.raises(AssertionError, match="script failed"), opened(browser) as page:
        page.set_content("<script>nothing.here()</script>")


def test_dark_narrow_and_scriptless_pages_can_be_had(browser: Browser) -> None:
    with opened(browser, width=320, dark=True, script=False) as page:
        page.set_content("<title>before</title><script>document.title = 'after'</script>")
        assert page.title() == "before"
    with opened(browser, width=320, dark=True) as page:
        assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches && innerWidth === 320") is True


def test_a_page_without_scripts_is_judged_as_it_stands(browser: Browser) -> None:
    late = "<script>setTimeout(() => document.documentElement.lang = 'en', 1)</script>"
    with opened(browser, script=False) as page:
        page.goto(f"data:text/html,{quote(f'{BAD}{late}<noscript><input></noscript>')}")
        with scripts_allowed(page):
            rules = {line.split(" ")[0] for line in violations(page)}
        assert {"html-has-lang", "image-alt", "color-contrast", "label"} <= rules, (
            "and what stands for no script counts"
        )
        page.goto("data:text/html,<title>before</title><script>document.title = 'after'</script>")
        assert page.title() == "before", "scripts are off again"
