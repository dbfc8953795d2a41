"""People imported, a programme uploaded and a post in doubt settled: in a browser, with scripts and without."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload

from campaign.errors import Uncertain
from campaign.model import Role, Sender
from campaign.programme.writing import write
from campaign.store.bases import Basis
from campaign.store.lists import NewList, add_list, save_senders
from tests.browser.chromium import follow, opened, overflow, violations
from tests.browser.test_desk import sign_in, stand_at
from tests.delivery.world import EIGHT, a_post, a_week
from tests.web.desks import DeskStand

pytestmark = pytest.mark.browser

PEOPLE = FilePayload(
    name="people.csv",
    mimeType="text/csv",
    buffer=b"E-mail,Called\nann@one.example.org,Ann\nbob@two.example.org,Bob\nnot an address,Cy\n",
)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[DeskStand]:
    """A desk with a week, a list of work addresses, and a post whose answer never came."""
    for stand in stand_at(tmp_path):
        stand.load(a_post(text="Words of the day"))
        with stand.world.store.database.write() as connection:
            save_senders(connection, [Sender(id="s", from_name="S", from_address="s@example.org")])
            councils = NewList(
                slug="councils", title="Councils", sender="s", basis=Basis.CORPORATE, double_opt_in=False
            )
            add_list(connection, councils, who="test", now=stand.world.now)
        stand.world.ways.made["a"].faults = [Uncertain("no answer came")]
        stand.world.play(stand.world.start(), EIGHT + timedelta(hours=1, minutes=30))
        yield stand


@pytest.mark.parametrize("script", [True, False])
def test_people_are_imported_and_a_programme_is_uploaded(browser: Browser, stand: DeskStand, script: bool) -> None:
    base, faults = stand.parts.site.base_url, []
    new = write(a_week(a_post(text="Other words"))).encode()
    with opened(browser, script=script, width=320 if script else 1280) as page:

        def look() -> None:
            if script:
                faults.append((page.url, violations(page), overflow(page)))

        sign_in(page, stand, Role.APPROVER)
        page.goto(f"{base}/desk/people")
        follow(page.get_by_role("link", name="Import people"))
        page.get_by_label("Spreadsheet of people").set_input_files(PEOPLE)
        follow(page.get_by_role("button", name="Read the file"))
        look()
        page.get_by_label("Called").select_option("first name")
        page.get_by_label("The list of rows that name none").select_option("councils")
        follow(page.get_by_role("button", name="Check every row"))
        assert page.get_by_text("2 added").is_visible()
        assert page.get_by_text("Row 4:").is_visible()
        look()
        follow(page.get_by_role("button", name="Import 2 rows"))
        assert page.get_by_role("heading", name="People imported").is_visible()
        look()
        page.goto(f"{base}/desk/people?q=ann")
        follow(page.get_by_role("link", name="ann@one.example.org"))
        assert page.get_by_text("Councils: subscribed").first.is_visible()
        look()
        page.goto(f"{base}/desk/programme/upload")
        page.get_by_label("Programme").last.set_input_files(
            FilePayload(name="week.yaml", mimeType="text/yaml", buffer=new)
        )
        follow(page.get_by_role("button", name="Read and compare"))
        assert page.get_by_text("Other words").first.is_visible()
        look()
        if page.get_by_role("button", name="Apply these changes").count():
            follow(page.get_by_role("button", name="Apply these changes"))
            assert page.get_by_text("It is loaded, as revision 2").is_visible()
    assert faults == [(url, [], 0) for url, _, _ in faults]


@pytest.mark.parametrize("script", [True, False])
def test_a_post_in_doubt_is_settled(browser: Browser, stand: DeskStand, script: bool) -> None:
    base = stand.parts.site.base_url
    with opened(browser, script=script, dark=script, width=320) as page:
        sign_in(page, stand, Role.APPROVER)
        page.goto(f"{base}/desk/needs-you")
        follow(page.get_by_role("button", name="It did not go out"))
        assert page.get_by_role("heading", name="send it again?").is_visible()
        if script:
            assert (violations(page), overflow(page)) == ([], 0)
        follow(page.get_by_role("link", name="Go back"))
        follow(page.get_by_role("button", name="It went out"))
        assert page.get_by_text("Noted: it went out").is_visible()
        assert page.get_by_text("Nothing needs you").is_visible()
    row = stand.world.store.ledger.of("week")["week/hello/mon/a"]
    assert [each.state.value for each in stand.world.store.deliveries.of(row.id)] == ["sent"]
