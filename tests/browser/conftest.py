"""One Chromium for the tests of a process; each test opens pages of its own (`chromium.opened`)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import PATIENCE, chromium, flags, opened

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium. Without one the tests say so and are skipped; in CI that is a failure."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: install Debian's package chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=flags(), timeout=PATIENCE)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A blank page, 1280 by 800, light, with JavaScript."""
    with opened(browser) as blank:
        yield blank
