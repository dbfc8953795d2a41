"""A real Chromium for the tests of pages, and the questions asked of a page."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Route

from tests.waiting import until

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LOCAL = {"127.0.0.1", "localhost", None}  # None: about:blank, data:
#: Milliseconds for which a page, or a thing on it, is waited for: generous, for machines differ and are shared.
PATIENCE = 120_000
#: What a page still waits for: pictures that load lazily are none of it, nor are movements that never end.
MISSING = """() => [
    document.readyState === "complete" ? null : "the page itself",
    ...[...document.querySelectorAll("link[rel~=stylesheet]")].map(link => link.sheet ? null : link.href),
    ...[...document.images].map(image => image.complete || image.loading === "lazy" ? null : image.src),
    document.fonts.status === "loaded" ? null : "letters",
    ...document.getAnimations().map(one =>
        one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity ? null : "a movement"),
].filter(each => each)"""
ASK = """async rules => (await axe.run({runOnly: rules})).violations.map(
    v => v.id + " (" + v.help + "): " + v.nodes.map(n => n.target.join(" ")).join(", "))"""


def chromium() -> str | None:
    """The path of a Chromium or Chrome on this machine, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def flags() -> list[str]:
    """What Chromium needs: as root it refuses to start with its sandbox."""
    return ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@contextmanager
def opened(
    browser: Browser, *, width: int = 1280, height: int = 800, dark: bool = False, script: bool = True
) -> Iterator[Page]:
    """A blank page of a fresh profile, sizes in CSS pixels.

    At the end AssertionError where the page asked another host than this machine, or a script of it failed.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        locale="en-GB",
        timezone_id="Europe/London",
    )
    context.set_default_timeout(PATIENCE)
    wrong: list[str] = []

    def local_only(route: Route) -> None:
        if urlsplit(route.request.url).hostname in LOCAL:
            route.continue_()
        else:
            wrong.append(f"asked {route.request.url}")
            route.abort()

    context.route("**/*", local_only)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(f"script failed: {error}"))
    try:
        yield page
    finally:
        context.close()
    assert not wrong, wrong


@cache
def axe() -> str:
    """The source of axe-core."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def settled(page: Page) -> None:
    """Wait until a page is here whole: its styles, pictures and letters, and nothing on it moves."""
    until(lambda: page.evaluate(MISSING) == [], "a page that is here whole", seconds=PATIENCE / 1000)


def follow(leading: Locator) -> None:
    """Click on what leads to another page, a link or a button of a form, and wait until that page is here whole.

    A click alone returns before: whatever is asked then may be answered by the page that was left, or by half of
    the next one, and a page gone to meanwhile breaks off what the form sends.
    """
    with leading.page.expect_navigation(wait_until="load"):
        leading.click()
    settled(leading.page)


def enter(page: Page) -> None:
    """Press Enter on what has the focus and leads to another page, and wait until that page is here whole."""
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    settled(page)


def press(staying: Locator) -> None:
    """Click on what leads to no other page. What it does may take its time: `expect` what should come of it."""
    staying.click()


def violations(page: Page, rules: Sequence[str] = (*WCAG, "best-practice")) -> list[str]:
    """What axe-core finds on a page that is here whole, against WCAG 2.2 A and AA and good practice.

    Each with its rule, help and elements. An email has no landmarks: judge it by `WCAG` alone.
    """
    settled(page)
    page.evaluate(axe() + "; undefined")
    found: list[str] = page.evaluate(ASK, list(rules))
    return found


@contextmanager
def scripts_allowed(page: Page) -> Iterator[None]:
    """Scripts are let run for a moment in a page that was loaded without: its own never ran, and ours can ask.

    What a `noscript` shows is taken out of it, for it would not be shown for that moment.
    """
    page.evaluate("document.querySelectorAll('noscript').forEach(one => one.replaceWith(...one.childNodes))")
    session = page.context.new_cdp_session(page)
    for value in (True, False):  # what a session has not set itself it does not take back
        session.send("Emulation.setScriptExecutionDisabled", {"value": value})
    try:
        yield
    finally:
        session.send("Emulation.setScriptExecutionDisabled", {"value": True})
        session.detach()


def overflow(page: Page) -> int:
    """By how many CSS pixels a page that is here whole is wider than its window."""
    settled(page)
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider
