"""The pages that come rarely (errors, refusals, questions before something is done), for everyone too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route

from campaign.delivery.forms import Published
from campaign.model import Role, ThemeStatus
from campaign.store.database import Database
from campaign.web.serve import Server, address, listen
from tests.browser.chromium import opened, overflow, violations
from tests.browser.test_desk import WAYS, busy, sign_in
from tests.web.desks import DeskStand
from tests.web.people import People
from tests.web.weeks import Stand, at, programme

__all__ = ["busy"]
pytestmark = pytest.mark.browser

LOOK = """() => ({
    headings: document.querySelectorAll("h1").length,
    language: document.documentElement.lang,
    titled: document.title.length > 3,
    regions: document.querySelectorAll("#status").length,
    polite: [...document.querySelectorAll("[aria-live]")].map(each => each.outerHTML.slice(0, 60)),
})"""


class Found:
    """What is wrong with each page that was looked at."""

    def __init__(self, *, regions: int) -> None:
        self.wrong: dict[str, object] = {}
        self.good = {"headings": 1, "language": "en-GB", "titled": True, "regions": regions, "polite": []}

    def look(self, page: Page, name: str) -> None:
        """Look at a page as it stands."""
        seen, found, wider = page.evaluate(LOOK), violations(page), overflow(page)
        if found or wider or seen != self.good:
            self.wrong[f"{name} ({page.url})"] = (found, wider, seen)


def fail(request: Request) -> None:
    raise HTTPException(int(request.path_params["status"]))


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Public pages on Tuesday, Monday's taken down, with joining, and an address that fails as it is told."""
    week = programme()
    gone = tuple(replace(theme, status=ThemeStatus.CANCELLED) for theme in week.days[0].themes)
    week = replace(week, days=(replace(week.days[0], themes=gone), *week.days[1:]))
    database = Database(f"sqlite:///{tmp_path / 'people.db'}")
    database.create()
    people = People(database, at("10 10:30"))
    listening = listen("127.0.0.1", 0)
    stand = Stand("10 10:30", Published(week), base=address(listening), visitors=people.visitors, rehearsal=True)
    stand.app.router.routes.insert(0, Route("/fails/{status}", fail))
    with Server(stand.app, listening):
        yield stand
    database.close()


@pytest.mark.parametrize("way", ["light", "dark phone"])
def test_every_rare_public_page_is_for_everyone(browser: Browser, stand: Stand, way: str) -> None:
    found = Found(regions=0)
    with opened(browser, **WAYS[way]) as page:
        for path, status in (
            ("/week-2023/mon", 410), ("/week-2023/fri", 404), ("/nothing", 404), ("/join", 200), ("/join/form", 200),
            ("/confirm/none", 404), ("/preferences/none", 404), ("/unsubscribe/none", 200),
            *((f"/fails/{status}", status) for status in (403, 405, 413, 415, 429, 500)),
        ):  # fmt: skip
            answer = page.goto(stand.site.base_url + path)
            assert answer is not None
            assert answer.status == status, path
            found.look(page, path)
    assert found.wrong == {}


def send(page: Page, path: str, fields: Mapping[str, str], *, files: tuple[str, str] | None = None) -> None:
    """Send a form of the page's session to a path, and wait for the page that answers."""
    script = """([path, fields, file]) => {
        const form = document.createElement("form");
        form.method = "post"; form.action = path;
        const token = document.querySelector("input[name=form]").value;
        for (const [name, value] of Object.entries({form: token, ...fields})) {
            const input = document.createElement("input");
            input.type = "hidden"; input.name = name; input.value = value; form.append(input);
        }
        if (file) {
            form.enctype = "multipart/form-data";
            const input = document.createElement("input");
            input.type = "file"; input.name = "file";
            const kept = new DataTransfer();
            kept.items.add(new File([file[1]], file[0]));
            input.files = kept.files; form.append(input);
        }
        document.body.append(form); form.submit();
    }"""
    with page.expect_navigation(wait_until="load"):
        page.evaluate(script, [path, dict(fields), files])


FORMS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/desk/settle", {"decision": "not", "delivery": "1", "title": "Theme of mon"}),
    ("/desk/settle", {"decision": "none"}),
    ("/desk/people/add", {"address": "none"}),
    ("/desk/people/1/move", {"new": "none"}),
    ("/desk/people/1/erase", {"address": "x@example.org"}),
    ("/desk/people/stopped", {}),
    ("/desk/users/invite", {"name": "", "login": "none", "role": "viewer"}),
    ("/desk/account/password", {"old": "x", "new": "x"}),
    ("/desk/message/week/hello/tue/edit", {"base": "1", "text": "Too early", "time": "99", "do": "save"}),
    ("/desk/programme/week/checks", {}),
)
FILES = (
    ("/desk/programme/upload", "week.yaml", "campaign: 1\nposts: 2\n"),
    ("/desk/people/import", "people.csv", "Email,First name\njo@example.org,Jo\nnone,Al\n"),
)


@pytest.mark.parametrize("way", ["light", "dark phone"])
def test_every_rare_page_of_the_desk_is_for_everyone(browser: Browser, busy: DeskStand, way: str) -> None:
    base, found = busy.parts.site.base_url, Found(regions=1)
    with opened(browser, **WAYS[way]) as page:
        sign_in(page, busy, Role.ADMINISTRATOR)
        for path in ("/desk/nothing", "/desk/people/999", "/desk/message/week/none/mon", "/desk/people/import/none"):
            page.goto(base + path)
            found.look(page, path)
        for path, fields in FORMS:
            page.goto(f"{base}/desk/account")
            send(page, path, fields)
            found.look(page, path)
        for path, name, text in FILES:
            page.goto(f"{base}/desk/account")
            send(page, path, {}, files=(name, text))
            found.look(page, f"{path} {name}")
        page.context.clear_cookies()
        sign_in(page, busy, Role.VIEWER)
        page.goto(f"{base}/desk/users")
        assert "You cannot do this" in page.inner_text("h1")
        found.look(page, "no right")
    assert found.wrong == {}
