"""docs/messages.md tells the truth: every variable is in it, and every example is what a template prints."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from campaign.render import views
from campaign.render.context import library, reader_of, scene, sender_view, text_sandbox
from campaign.render.sandbox import FILTERS, render
from tests.weeks import DAILY, NOW, PAGES, SENDER, TUESDAY, URLS, WEEK, person

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "messages.md").read_text("utf-8")
ROWS = re.findall(r"(?m)^\| `(\{\{ .+? \}\})` \| (.*?) ?\| .*\|$", TEXT)


def variables() -> dict[str, Any]:
    """What a practitioner's email on Tuesday knows, and a post's link and hashtags."""
    who = person()
    place = scene(WEEK, DAILY, TUESDAY, now=NOW, reader=reader_of(WEEK, DAILY, who), pages=PAGES)
    found = place.variables("HSCP")
    return found | {
        "subscriber": {"first_name": who.first_name, "organisation": who.organisation},
        "urls": {"unsubscribe": URLS.unsubscribe, "preferences": URLS.preferences, "web": URLS.web},
        "lists": tuple(one.title for one in who.lists),
        "sender": sender_view(SENDER, place.stage),
        "link": "https://example.org/ce",
        "hashtags": views.Tags(("BigWeek2023", "ChildExploitation")),
        "subject": "Tuesday: Protecting from child exploitation",
        "preheader": "We launch the new toolkit today.",
        "body": "# Briefing",
    }


def printed(expression: str) -> set[str]:
    """What the expression prints, `resource` being any of the week's."""
    known = variables()
    stage = scene(WEEK, DAILY, TUESDAY, now=NOW, reader=reader_of(WEEK, DAILY, person()), pages=PAGES).stage
    out = set()
    for resource in stage.resources(WEEK.resources):
        source = library({})
        source.inline["here"] = expression
        out.add(render(text_sandbox(source), "here", {**known, "resource": resource}))
    return out


@pytest.mark.parametrize(("expression", "example"), ROWS, ids=[row[0] for row in ROWS])
def test_an_example_is_what_it_prints(expression: str, example: str) -> None:
    assert example in printed(expression)


def test_every_variable_is_documented() -> None:
    shown = {
        "campaign": views.CampaignView,
        "day": views.DayView,
        "theme": views.ThemeView,
        "resource": views.ResourceView,
        "organisation": views.OrganisationView,
    }
    documented = {re.split(r"[\s\[(]", expression[3:])[0].removesuffix(".split") for expression, _ in ROWS}
    for name, view in shown.items():
        for one in fields(view):
            assert any(word == f"{name}.{one.name}" or word.startswith(f"{name}.{one.name}.") for word in documented), (
                f"{name}.{one.name} is not in docs/messages.md"
            )
    assert set(variables()) <= {word.split(".")[0].split("(")[0] for word in documented}


def test_every_filter_is_documented() -> None:
    listed = re.search(r"Filters: ([^.]+)\.", TEXT)
    assert listed is not None
    assert set(re.split(r",\s+", listed.group(1).replace("\n", " "))) == set(FILTERS)
