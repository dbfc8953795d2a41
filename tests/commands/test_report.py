"""`campaign channels stats` and `campaign report`: figures of every network, by its own name, kept for the week."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from campaign.delivery import figures
from tests.networks import CHANNELS, Connected, connected

#: What each imitation says of a post.
SAID = {
    "bluesky": {"likes": 3, "reposts": 2, "replies": 1, "quotes": 0},
    "discord": {"likes": 5},
    "facebook": {"likes": 7, "reposts": 3, "replies": 2},
    "instagram": {"likes": 6, "replies": 1},
    "linkedin": {"likes": 8, "replies": 2},
    "mastodon": {"likes": 4, "reposts": 2, "replies": 1},
    "threads": {"likes": 9, "reposts": 1, "replies": 2, "views": 300},
    "x": {"likes": 5, "reposts": 4, "replies": 3, "views": 200},
}


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """A week that went out over every network, and whose figures were read."""
    with connected(tmp_path_factory.mktemp("networks")) as home:
        home.send_week()
        yield home


def test_everything_went_out_and_each_network_understood_it(week: Connected) -> None:
    assert week.networks.broken == []
    assert {kind: len(week.networks.of(kind).accepted) for kind in CHANNELS} == dict.fromkeys(CHANNELS, 1)


def test_before_they_are_read_the_report_says_how(week: Connected) -> None:
    assert "campaign channels stats our-week" in week.run("report", "our-week").output


@pytest.fixture(scope="module")
def told(week: Connected) -> str:
    """What `stats` said."""
    return week.run("channels", "stats", "our-week").output


@pytest.mark.parametrize("kind", CHANNELS)
def test_each_network_is_asked_and_its_figures_are_kept(kind: str, week: Connected, told: str) -> None:
    [line] = [each for each in told.splitlines() if each.startswith(f"our-week/launch/tue/{kind} ")]
    kept = json.loads(week.run("report", "our-week", "--format", "json").output)
    [message] = [each for each in kept["messages"] if each["key"].endswith(f"/{kind}")]
    assert message["figures"] == SAID.get(kind, {})
    assert bool(message["read_at"]) is (kind in SAID)
    assert message["state"] == "done"
    assert ("the network does not say" in line) is (kind not in SAID)
    for name, number in SAID.get(kind, {}).items():
        assert f"{number} {name if number != 1 else ''}".strip() in line


def test_the_report_adds_up_for_people_spreadsheets_and_programs(week: Connected, told: str) -> None:
    said = week.run("report", "our-week").output
    total = {name: sum(each.get(name, 0) for each in SAID.values()) for name in ("likes", "reposts", "replies")}
    assert f"In all: {total['likes']} likes, {total['reposts']} reposts, {total['replies']} replies, 500 views" in said
    assert json.loads(week.run("report", "our-week", "--format", "json").output)["totals"]["likes"] == total["likes"]
    rows = list(csv.DictReader(io.StringIO(week.run("report", "our-week", "--format", "csv").output)))
    assert len(rows) == len(CHANNELS)
    assert sum(int(row["likes"] or 0) for row in rows) == total["likes"]
    assert {row["channel"] for row in rows if row["sent"] == "1"} == set(CHANNELS)


def test_status_shows_them_and_what_programs_read_holds_them(week: Connected, told: str) -> None:
    assert "done: 9 likes, 1 repost, 2 replies, 300 views" in week.run("status", "our-week").output
    [found] = json.loads(week.run("status", "--json").output)["campaigns"]
    items = [item for day in found["days"] for item in day["items"]]
    assert next(item for item in items if item["channel"] == "x")["figures"] == SAID["x"]


def test_a_network_that_is_signed_out_keeps_what_was_read_before_and_the_others_go_on(
    week: Connected, told: str
) -> None:
    week.networks.threads.token = "another"
    week.networks.x.posts.clear()
    try:
        said = week.run("channels", "stats", "our-week").output
    finally:
        week.networks.threads.token = CHANNELS["threads"]["token"]
    assert "our-week/launch/tue/threads    not read: Threads answered 400" in said
    assert "our-week/launch/tue/facebook   7 likes" in said
    kept = json.loads(week.run("report", "our-week", "--format", "json").output)
    assert kept["by_channel"]["threads"] == SAID["threads"]


def test_what_the_desk_shows_of_one_post(week: Connected, told: str) -> None:
    app = week.app()
    found = figures.of_message(app.parts, "our-week", "launch", "tue")
    app.close()
    assert {name: dict(reading.numbers) for name, reading in found.items()} == SAID


def test_a_campaign_that_is_not_there(week: Connected) -> None:
    assert "no-such-week" in week.run("report", "no-such-week", code=4).output
    assert "no-such-week" in week.run("channels", "stats", "no-such-week", code=4).output
