"""The page of the week in a real Chromium: at the desk, on a phone, in the dark, with nobody's script running."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from campaign.channels.base import Options, Tools
from campaign.channels.outbox import EmailOutbox, Entry, PostOutbox
from campaign.channels.outbox import page as week_page
from campaign.model import PlainBody
from campaign.testing import NOON, a_key, a_post, an_about, an_email, an_image
from tests.browser.chromium import WCAG, opened, overflow, press, violations

pytestmark = pytest.mark.browser

SCRIPTED = "<!doctype html><html lang=en><head><title>A</title></head><body><p>Dear reader</p><script>top.x=1;document.body.textContent='ran'</script><img src='https://tracker.example.org/p.gif' alt=''></body></html>"  # noqa: E501


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with everything on it."""
    folder = tmp_path_factory.mktemp("outbox")
    tools = Tools(name="x", now=lambda: NOON, folder=folder)
    posts, emails = PostOutbox(Options(), tools), EmailOutbox(Options(), tools)
    long = "https://www.example.org/" + "a-long-word-without-a-break" * 8
    for number in range(3):
        about = an_about(channel=f"channel-{number}")
        post = a_post(about=about, text=f"Words {long}", images=(an_image(width=1200, height=630),))
        posts.send(post, key=a_key(number), notes={})
    for number in range(6):
        body = PlainBody(f"Theme {number % 2}", SCRIPTED if number == 0 else an_email(number).body.html)
        email = an_email(number, body=body)
        if number == 0:
            raw = email.raw.replace(email.raw[email.raw.index(b"<!doctype") : email.raw.rindex(b"</html>")], b"")
            email = an_email(number, body=body, raw=raw.replace(b"</html>", SCRIPTED.encode()))
        emails.send(email, key=a_key(number + 10), notes={})
    states = ("unlocked", "held", "missed", "failed", "uncertain", "waiting", "dropped")
    entries = [Entry(at=NOON, state=state, title=f"Something {state}", detail="And why.") for state in states]
    return week_page(folder, title="Example Week", entries=entries).as_uri()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_it_can_be_read_anywhere(browser: Browser, address: str, width: int, dark: bool) -> None:
    with opened(browser, width=width, dark=dark) as page:
        page.goto(address)
        for summary in page.locator("details.email > summary").all():
            if not summary.evaluate("it => it.parentElement.open"):
                press(summary)
        assert overflow(page) == 0
        assert violations(page, WCAG) == []


def test_it_works_without_script_and_runs_none(browser: Browser, address: str) -> None:
    with opened(browser) as page:
        page.goto(address)
        frames = page.locator("details[open] > iframe")
        assert frames.count(), "the first version of an email is open"
        for number in range(frames.count()):
            frames.nth(number).scroll_into_view_if_needed()  # it loads no earlier
            expect(frames.nth(number).content_frame.locator("body")).to_contain_text("Dear")
        assert page.evaluate("typeof window.x") == "undefined"
    with opened(browser, script=False) as page:
        page.goto(address)
        assert page.get_by_role("heading", name="Example Week").is_visible()
        assert page.locator("article").first.is_visible()


def test_the_skip_link_comes_first_and_is_seen(browser: Browser, address: str) -> None:
    with opened(browser) as page:
        page.goto(address)
        page.keyboard.press("Tab")
        link = page.locator(":focus")
        assert link.inner_text() == "Skip to the week"
        box = link.bounding_box()
        assert box is not None
        assert box["x"] >= 0


def images_are_shown(page: Page) -> None:
    """Each loads when it is nearly seen; AssertionError where one of them cannot be had."""
    images = page.locator("article img")
    assert images.count()
    for number in range(images.count()):
        images.nth(number).scroll_into_view_if_needed()
        expect(images.nth(number)).to_have_js_property("complete", True)
        assert images.nth(number).evaluate("image => image.naturalWidth") > 0


def test_images_beside_the_page_are_shown(browser: Browser, address: str) -> None:
    with opened(browser) as page:
        page.goto(address)
        images_are_shown(page)


def test_it_prints(browser: Browser, address: str) -> None:
    with opened(browser) as page:
        page.goto(address)
        page.emulate_media(media="print")
        assert page.locator("nav").is_hidden()
        assert page.locator("article").first.is_visible()


def test_one_folder_can_be_moved(browser: Browser, address: str, tmp_path: Path) -> None:
    from shutil import copytree
    from urllib.parse import unquote, urlsplit

    copytree(Path(unquote(urlsplit(address).path)).parent, tmp_path / "elsewhere")
    with opened(browser) as page:
        page.goto((tmp_path / "elsewhere" / "index.html").as_uri())
        images_are_shown(page)
