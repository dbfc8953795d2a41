"""Links are tried once each, and what they answer is told."""

from __future__ import annotations

import threading

import pytest

from campaign.errors import Refused, Severity, TryLater
from campaign.programme.checks.links import try_links
from tests.unit.check_weeks import changed, good, laid_out

KIT = "https://roads.gov.uk/kit"


def test_each_address_is_tried_once() -> None:
    asked: list[str] = []
    data = changed("days/0/themes/0/text", f"See [it]({KIT}) and [that](https://roads.gov.uk/text).")

    def fetch(url: str) -> int:
        asked.append(url)
        return 200

    assert try_links(laid_out(data), fetch) == []
    assert sorted(asked) == sorted(set(asked))
    assert {KIT, "https://roads.gov.uk/text", "https://roads.gov.uk/privacy"} <= set(asked)


@pytest.mark.parametrize(
    ("status", "severity", "said"),
    [
        (404, Severity.ERROR, "is not there"),
        (410, Severity.ERROR, "is not there"),
        (403, Severity.WARNING, "does not open for a program"),
        (503, Severity.WARNING, "answers with an error"),
    ],
)
def test_what_a_page_answers_is_told(status: int, severity: Severity, said: str) -> None:
    (problem,) = try_links(laid_out(good()), lambda url: status if url == KIT else 200)
    assert (problem.code, problem.severity, problem.where) == ("K6", severity, "resources.kit.link")
    assert said in problem.message


@pytest.mark.parametrize("error", [TryLater("no answer"), Refused("a private address")])
def test_a_page_that_cannot_be_opened_is_a_warning(error: Exception) -> None:
    def fetch(url: str) -> int:
        if url == KIT:
            raise error
        return 200

    (problem,) = try_links(laid_out(good()), fetch)
    assert problem.severity is Severity.WARNING
    assert str(error) in problem.message


def test_a_page_that_never_answers_does_not_hold_the_check_up() -> None:
    release = threading.Event()

    def fetch(url: str) -> int:
        if url == KIT:
            release.wait(300)
        return 200

    try:
        problems = try_links(laid_out(good()), fetch, seconds=0.3)
    finally:
        release.set()
    assert all("did not answer" in each.message for each in problems), "on a busy machine others may come late too"
    assert "resources.kit.link" in {each.where for each in problems}
