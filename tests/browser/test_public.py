"""The public pages in a real browser: nothing for axe-core to find, nothing too wide, all without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import Browser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaign.web.parts import Theme
from campaign.web.serve import Server, address, listen
from tests.browser.chromium import opened, overflow, violations
from tests.web.weeks import Stand

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
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_every_page_is_for_everyone(browser: Browser, stand: Stand, way: str, script: bool) -> None:
    found = {}
    with opened(browser, script=script, **WAYS[way]) as page:
        for path in (*PAGES, "/gallery/public.css", "/gallery/desk.css"):
            page.goto(stand.site.base_url + path)
            found[path] = (violations(page), overflow(page))
    assert found == {path: ([], 0) for path in found}
