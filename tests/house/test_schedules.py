"""The shipped programmes load, and hold what their documents say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from campaign.cli import main
from campaign.model import CampaignKind, CampaignStatus, Programme, ResourceApproval
from campaign.programme import Loaded, load_file, with_monday
from campaign.programme.canonical import from_json, to_json
from tests.house.files import ROOT

SCHEDULES = sorted((ROOT / "schedules").glob("*.yaml"))


def loaded(name: str) -> Loaded:
    return load_file(ROOT / "schedules" / name)


@pytest.mark.parametrize("path", SCHEDULES, ids=lambda path: path.stem)
def test_every_schedule_loads_and_survives_the_ledger(path: Path) -> None:
    programme = load_file(path).programme
    assert from_json(to_json(programme)) == programme


def per_day(programme: Programme) -> list[tuple[int, int]]:
    mailings = [mailing for mailing in programme.mailings.values() if mailing.when.each_day]
    return [
        (len(mailings), sum(post.when.day == day.id for post in programme.posts.values())) for day in programme.days
    ]


def test_the_week_of_2023_is_ready_from_monday_to_friday() -> None:
    programme = loaded("safeguarding-childrens-week-2023.yaml").programme
    assert programme.campaign.status is CampaignStatus.READY
    assert [day.dates for day in programme.days] == [(date(2023, 10, number),) for number in range(9, 14)]
    assert [len(day.themes) for day in programme.days] == [2, 1, 1, 1, 1]
    assert programme.campaign.hashtags == ("SafeguardingChildren2023",)
    assert programme.campaign.contact is not None
    assert programme.campaign.contact.email == "hscp@hants.gov.uk"
    assert all(mailings == 1 and 1 <= posts <= 3 for mailings, posts in per_day(programme))
    assert all(image.alt for post in programme.posts.values() for image in post.images)


def test_learning_from_reviews_is_a_draft_that_can_be_given_its_monday() -> None:
    programme = loaded("learning-from-reviews-2024.yaml").programme
    assert programme.campaign.status is CampaignStatus.DRAFT
    assert [day.weekday for day in programme.days] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    assert not any(day.dates for day in programme.days)
    dated = with_monday(programme, date(2024, 3, 4))
    assert [day.dates for day in dated.days] == [(date(2024, 3, number),) for number in range(4, 9)]
    assert all(mailings == 1 and 1 <= posts <= 3 for mailings, posts in per_day(programme))


def test_the_briefing_is_one_mailing_with_two_pending_resources() -> None:
    whole = loaded("practitioner-briefing.yaml")
    programme = whole.programme
    body = whole.files["messages/practitioner-briefing.md"].decode()
    assert programme.campaign.kind is CampaignKind.BRIEFING
    assert list(programme.mailings) == ["briefing"]
    assert programme.mailings["briefing"].when.at is None
    pending = [name for name, one in programme.resources.items() if one.approval is ResourceApproval.PENDING]
    assert pending == ["educational-neglect", "trauma-neurodiversity"]
    assert len(programme.resources) == 22
    assert all(f"](resource:{name})" in body for name in programme.resources)
    assert "> “There is learning for all parts" in body


def test_the_shipped_schedules_pass_the_check() -> None:
    shown = CliRunner(env={"CAMPAIGN_HOME": "/nonexistent"}).invoke(main, ["check", *map(str, SCHEDULES)])
    assert shown.exit_code == 0, shown.output
    ready = CliRunner().invoke(main, ["check", "--alone", "--json", str(SCHEDULES[-1])])
    (week,) = json.loads(ready.output)["files"]
    assert (week["title"], week["status"], week["problems"]) == ("Safeguarding Children's Week 2023", "ready", [])
