"""The walks of a week in a real browser: with scripts and without, by keyboard alone, and left open while it runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from campaign.address import KeyRing
from campaign.channels.base import Limits
from campaign.delivery.samples import add_samples
from campaign.errors import Refused
from campaign.model import Role
from campaign.programme import Loaded, load_file
from tests.browser.chromium import enter, follow, opened, press, violations
from tests.browser.test_desk import sign_in, stand_at
from tests.delivery.world import EIGHT, Recorder, a_post
from tests.web.desks import PASSWORD, DeskStand

pytestmark = pytest.mark.browser

FILE = Path(__file__).resolve().parents[2] / "schedules" / "safeguarding-childrens-week-2023.yaml"
NINE = EIGHT + timedelta(hours=1)
SLUG = "hiow-scw-2023"
#: The most presses of Tab between two things that are used one after the other.
PRESSES = 120


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[DeskStand]:
    """A desk on the Monday of the week of 2023 at 7am, with its channels and people, and no programme yet."""
    for stand in stand_at(tmp_path):
        programme = load_file(FILE).programme
        for name in programme.channels:
            stand.world.ways.made.setdefault(name, Recorder(name, stand.world.clock))
        stand.world.clock.set(EIGHT - timedelta(hours=1))
        add_samples(stand.world.store, KeyRing(stand.world.key), programme, stand.world.now)
        stand.world.approvals = True
        yield stand


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[DeskStand]:
    """A week that has not begun."""
    for stand in stand_at(tmp_path):
        stand.load(a_post(channels=("a", "b")))
        yield stand


def packed(loaded: Loaded) -> bytes:
    """The week as a person uploads it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("week.yaml", loaded.data)
        for name, data in loaded.files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no scripts"])
def test_the_week_of_2023_from_upload_to_settling(browser: Browser, empty: DeskStand, script: bool) -> None:
    world, base = empty.world, empty.parts.site.base_url
    with opened(browser, script=script) as page:
        sign_in(page, empty, Role.APPROVER)
        _load_and_approve(page, packed(load_file(FILE)))
        service = world.start()
        world.play(service, EIGHT + timedelta(hours=1, minutes=5))
        page.goto(f"{base}/desk")
        expect(page.locator("#sentence")).to_contain_text("Monday: 6 of 11 sent, next at 10:30am")
        _correct(page, base)
        _test_mail(page, base)
        assert [email.subject for _, _, email in world.ways.made["mail"].accepted][-1].startswith("TEST: Wednesday")
        follow(page.get_by_role("link", name="Pause everything"))
        page.get_by_label("Reason").fill("Something happened")
        page.locator("input[value=all]").check()
        follow(page.get_by_role("button", name="Pause everything"))
        expect(page.locator(".pause-banner")).to_contain_text("Something happened")
        world.play(service, EIGHT + timedelta(hours=6, minutes=30))
        follow(page.get_by_role("link", name="Review and resume").first)
        follow(page.get_by_role("button", name="Resume", exact=True))
        expect(page.get_by_role("button", name="Send it now")).to_have_count(5)
        follow(page.get_by_role("button", name="Send it now").first)
        for left in (4, 3, 2, 1):
            expect(page.get_by_role("button", name="Skip it")).to_have_count(left)
            follow(page.get_by_role("button", name="Skip it").first)
        expect(page.locator("main")).to_contain_text("Nothing needs you")
        world.play(service, EIGHT + timedelta(hours=7))
    assert sorted(world.states(SLUG).values()).count("dropped") == 4
    sent = [each for recorder in world.ways.made.values() for each in recorder.accepted]
    assert len([at for at, _, _ in sent if at > EIGHT + timedelta(hours=2)]) == 1
    assert not any(recorder.twice for recorder in world.ways.made.values())


def _load_and_approve(page: Page, archive: bytes) -> None:
    follow(page.get_by_role("link", name="Upload a programme").first)
    page.get_by_label("Programme", exact=True).set_input_files(
        {"name": "week.zip", "mimeType": "application/zip", "buffer": archive}
    )
    follow(page.get_by_role("button", name="Read and compare"))
    follow(page.get_by_role("button", name="Apply these changes"))
    expect(page.locator("#banner")).to_contain_text("revision 1")
    follow(page.get_by_role("link", name="This week").first)
    press(page.get_by_text("Approve the whole week"))
    follow(page.get_by_role("button", name="Approve 37 messages"))
    expect(page.locator("#banner")).to_contain_text("Approved 37 messages")


def _correct(page: Page, base: str) -> None:
    """Change the words of Tuesday's first post, look at it, save it, and approve it again."""
    page.goto(f"{base}/desk/message/{SLUG}/tue-launch/tue")
    follow(page.get_by_role("link", name="Edit it"))
    page.get_by_label("Words", exact=True).fill("Today four partnerships launch a toolkit. Come to the virtual launch.")
    follow(page.get_by_role("button", name="Check and preview"))
    expect(page.locator(".preview-card").first).to_contain_text("Today four partnerships launch a toolkit.")
    follow(page.get_by_role("button", name="Save"))
    expect(page.locator("#banner")).to_contain_text("Saved as revision 2")
    expect(page.locator("#state")).to_contain_text("Needs approval")
    follow(page.get_by_role("button", name="Approve this version"))
    expect(page.locator("#state")).to_contain_text("Pending")


def _test_mail(page: Page, base: str) -> None:
    page.goto(f"{base}/desk/message/{SLUG}/daily/wed")
    follow(page.get_by_role("button", name="Send a test to approver@example.org"))
    expect(page.locator("#banner")).to_contain_text("A test is on its way")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus; AssertionError where it never gets it, or cannot be seen."""
    for _ in range(PRESSES):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const it = document.activeElement;
                const label = it.labels && it.labels.length ? it.labels[0].innerText : it.innerText || it.value || "";
                const box = it.getBoundingClientRect();
                const drawn = getComputedStyle(it).outlineStyle !== "none";
                return [label.trim().split("\\n")[0], box.width > 0 && drawn]; }"""
        )
        if found[0] == name:
            assert found[1], f"{name} has the focus and nothing shows it"
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_a_week_is_run_by_keyboard_alone(browser: Browser, quiet: DeskStand) -> None:
    quiet.world.approvals = True
    login = quiet.person(Role.APPROVER).login
    with opened(browser) as page:
        page.goto(f"{quiet.parts.site.base_url}/desk")
        tab_to(page, "Email")
        page.keyboard.type(login)
        tab_to(page, "Password")
        page.keyboard.type(PASSWORD)
        enter(page)
        tab_to(page, "Approve the whole week")
        page.keyboard.press("Space")
        tab_to(page, "Approve 15 messages")
        enter(page)
        expect(page.locator("#banner")).to_contain_text("Approved 15 messages")
        tab_to(page, "Pause everything")
        enter(page)
        expect(page.locator("h1")).to_have_text("Pause everything")
        tab_to(page, "Reason")
        page.keyboard.type("Something happened")
        tab_to(page, "Pause everything")
        enter(page)
        expect(page.locator(".pause-banner")).to_contain_text("Something happened")
        service = quiet.world.start()
        quiet.world.play(service, NINE + timedelta(minutes=5))
        tab_to(page, "Review and resume")
        enter(page)
        tab_to(page, "Resume")
        enter(page)
        for left in (3, 2, 1):
            expect(page.get_by_role("button", name="Skip it")).to_have_count(left)
            tab_to(page, "Skip it")
            enter(page)
        expect(page.locator("main")).to_contain_text("Nothing needs you")


def hide(page: Page) -> None:
    """Let the page believe that nobody sees it: it asks nothing until `ask`."""
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")


def ask(page: Page) -> None:
    """Let the page be seen and ask what is new, as it does by itself every half minute."""
    page.locator("#live[data-htmx-powered]").wait_for(state="attached")
    page.evaluate("delete document.hidden; htmx.trigger('#live', 'every')")


def test_an_open_week_follows_what_happens_and_keeps_its_focus(browser: Browser, quiet: DeskStand) -> None:
    service = quiet.world.start()
    quiet.world.ways.made["b"].faults = [Refused("the text is too long")]
    with opened(browser) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        sign_in(page, quiet, Role.VIEWER)
        hide(page)
        press(page.get_by_text("Choose what to show"))
        expect(page.locator(".filters")).to_have_attribute("open", "")
        link = page.locator("#today a").first
        link.focus()
        mark = page.locator("#live").get_attribute("hx-get")
        quiet.world.play(service, NINE + timedelta(minutes=1))
        ask(page)
        expect(page.locator("#today")).to_contain_text("1 of 2 sent, b failed")
        expect(page.locator("#needs-count")).to_have_text("Needs you (1)")
        expect(page.locator("#sentence")).to_contain_text("2 of 3 sent")
        expect(page.locator("#status")).to_contain_text("things changed on this page")
        assert page.evaluate("document.activeElement.matches('#today a')")
        assert page.locator(".filters").get_attribute("open") is not None
        assert page.locator("#live").get_attribute("hx-get") != mark
        page.evaluate("document.getElementById('status').textContent = ''")
        with page.expect_response("**/desk/live/week**") as answer:
            ask(page)
        assert answer.value.status == 204
        assert page.locator("#status").inner_text() == ""
        assert [line for line in said if "Content Security Policy" in line] == []


def test_a_post_is_counted_and_drawn_while_somebody_writes(browser: Browser, quiet: DeskStand) -> None:
    quiet.world.ways.made["b"].limits = Limits(text=40)
    with opened(browser) as page:
        sign_in(page, quiet, Role.EDITOR)
        page.goto(f"{quiet.parts.site.base_url}/desk/message/week/hello/tue/edit")
        expect(page.locator("#counts")).to_contain_text("b: 18 of 40 characters")
        page.get_by_label("Words", exact=True).fill("Words that go on for longer than they should go")
        expect(page.locator("#counts")).to_contain_text("b: 47 of 40 characters 7 characters too many")
        expect(page.locator("#drawn mark").first).to_contain_text("uld go")
        expect(page.locator("#status")).to_have_text("b: 7 characters too many.")
        assert violations(page) == []
        page.get_by_label("Words", exact=True).fill("Short again")
        expect(page.locator("#counts")).to_contain_text("b: 11 of 40 characters")
        expect(page.locator("#status")).to_have_text("")
    assert quiet.world.store.campaigns.revision("week").number == 1


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no scripts"])
def test_on_a_phone_a_day_that_is_over_is_its_count_until_it_is_opened(
    browser: Browser, quiet: DeskStand, script: bool
) -> None:
    quiet.world.clock.set(EIGHT + timedelta(days=1))
    with opened(browser, width=320, script=script) as page:
        sign_in(page, quiet, Role.VIEWER)
        monday = page.locator(".day-panel-past")
        expect(page.locator("#today li").first).to_be_visible()
        expect(monday.locator("li").first).to_be_hidden()
        press(page.get_by_role("link", name="Show Monday 9 October"))
        expect(monday.locator("li").first).to_be_visible()
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{quiet.parts.site.base_url}/desk")
        expect(monday.locator("li").first).to_be_visible()


def test_a_page_that_cannot_be_refreshed_says_so_and_keeps_what_it_shows(browser: Browser, quiet: DeskStand) -> None:
    with opened(browser) as page:
        sign_in(page, quiet, Role.VIEWER)
        expect(page.locator("#sentence")).to_be_visible()
        expect(page.locator("[data-trouble]")).to_be_hidden()
        page.context.clear_cookies()
        with page.expect_response("**/desk/live/week**"):
            ask(page)
        expect(page.locator("[data-trouble]")).to_be_visible()
        expect(page.locator("[data-trouble]")).to_contain_text("We could not refresh.")
        assert page.locator(".day-panel").count() == 5
