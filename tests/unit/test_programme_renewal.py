"""Next year's week: days by weekday, copy and timetable kept, what was of its time cleared and listed."""

from __future__ import annotations

import json
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings

from campaign.errors import ProgrammeError
from campaign.model import EventState, Programme, ResourceApproval
from campaign.programme import load_bytes
from campaign.programme.diff import differences, side_by_side
from campaign.programme.renewal import empty_week, renew
from campaign.programme.writing import to_tree
from tests.unit.any_programme import programmes

OLD = b"""
schema: 1
campaign:
  id: week-2023
  title: Example Week 2023
  status: ready
  edition: 2023
  starts: 2023-10-09
  ends: 2023-10-13
  hashtags: [ExampleWeek2023]
  text: In 2023 we begin.
  holds: [{from: 2023-10-10 00:00, to: 2023-10-11 00:00, reason: election}]
  contact: {name: Team, email: team@example.org}
channels: {x: {kind: x}, mail: {kind: smtp}}
resources:
  kit: {type: toolkit, title: Kit, link: "https://example.org/kit", approval: approved, approved_by: Board, approved_on: 2023-10-01, embargo_until: 2023-10-10 10:00}
  shut: {type: document, title: Shut, link: "https://example.org/shut", embargo_until: held, approval: withdrawn}
  launch:
    type: event
    title: Launch
    event: {starts: 2023-10-10 10:00, ends: 2023-10-10 11:00, place: online, booking: "https://example.org/b", state: full, recording: "https://example.org/r", speakers: [A Speaker]}
days:
  - {date: 2023-10-09, themes: [{id: one, title: One, text: Words, resources: [kit]}]}
  - {date: 2023-10-13, unlock: "06:00", themes: [{id: two, title: Two, status: cancelled}]}
posts:
  p: {at: 2023-10-10 10:05, channels: [x], text: Hello, link: kit, again: true}
  q: {day: fri, time: "09:00", channels: [x], text: Bye}
mailings:
  m: {each_day: true, time: "08:00", channel: mail, lists: [all], subject: Today}
"""  # noqa: E501 - a programme as it stands in a file


@pytest.fixture(name="old")
def _old() -> Programme:
    return load_bytes(OLD).programme


def renewed(old: Programme) -> tuple[Programme, list[str]]:
    draft = renew(old, date(2024, 10, 7), name="old.yaml")
    return load_bytes(draft.yaml().encode()).programme, draft.asked()


def test_days_and_times_go_by_their_weekday(old: Programme) -> None:
    new, _ = renewed(old)
    assert [day.dates for day in new.days] == [(date(2024, 10, 7),), (date(2024, 10, 11),)]
    assert new.posts["p"].when.at == datetime(2024, 10, 8, 10, 5)
    assert new.posts["q"].when == old.posts["q"].when
    assert (new.campaign.starts, new.campaign.ends) == (date(2024, 10, 7), date(2024, 10, 11))
    assert new.days[1].unlock == time(6)


def test_copy_resources_and_timetable_stay(old: Programme) -> None:
    new, _ = renewed(old)
    assert [theme.text for theme in new.themes()] == ["Words", ""]
    assert new.mailings == old.mailings
    assert {ident: each.link for ident, each in new.resources.items()} == {i: r.link for i, r in old.resources.items()}
    assert new.campaign.contact == old.campaign.contact


def test_what_was_of_its_time_is_cleared_and_listed(old: Programme) -> None:
    new, asked = renewed(old)
    kit, launch = new.resources["kit"], new.resources["launch"].event
    assert kit.approval is ResourceApproval.PENDING
    assert (kit.approved_by, kit.approved_on, kit.embargo_until) == ("", None, None)
    assert launch is not None
    assert (launch.starts, launch.booking, launch.recording, launch.state) == (None, "", "", EventState.TBC)
    assert launch.place == "online"
    assert new.campaign.status == "draft"
    assert new.campaign.holds == ()
    assert not new.posts["p"].again
    text = "\n".join(asked)
    for words in ("approval by Board", "embargo until 2023-10-10 10:00", "event 2023-10-10 10:00 to 2023-10-10 11:00",
                  "https://example.org/b", "https://example.org/r", "state full", "A Speaker", "election", "cancelled",
                  "again"):  # fmt: skip
        assert words in text


def test_what_is_held_or_withdrawn_stays_so(old: Programme) -> None:
    new, asked = renewed(old)
    assert new.resources["shut"].embargo_until == "held"
    assert new.resources["shut"].approval == "withdrawn"
    assert any("still held" in question for question in asked)


def test_edition_hashtag_and_year_words_are_asked_about(old: Programme) -> None:
    new, asked = renewed(old)
    assert (new.campaign.id, new.campaign.edition, new.campaign.title) == ("week-2024", 2024, "Example Week 2024")
    assert new.campaign.hashtags == ("ExampleWeek2024",)
    assert new.campaign.text == "In 2023 we begin."
    for path in ("campaign.id", "campaign.edition", "campaign.hashtags", "campaign.title"):
        assert any(question.startswith(f"{path}:") for question in asked)
    assert "campaign.text: it speaks of 2023: what should it say now?" in asked


def test_a_day_that_is_no_monday_is_refused(old: Programme) -> None:
    with pytest.raises(ProgrammeError, match="That week's Monday is 7 October 2024"):
        renew(old, date(2024, 10, 8), name="old.yaml")


@given(programmes())
@settings(max_examples=15)
def test_any_programme_can_be_renewed_and_nothing_of_its_words_is_lost(programme: Programme) -> None:
    draft = renew(programme, date(2024, 10, 7), name="old.yaml")
    new = load_bytes(draft.yaml().encode()).programme
    assert {name: post.text for name, post in new.posts.items()} == {n: p.text for n, p in programme.posts.items()}
    assert [theme.text for theme in new.themes()] == [theme.text for theme in programme.themes()]
    assert all(resource.approval != "approved" for resource in new.resources.values())


def test_an_empty_week_loads_and_is_a_draft() -> None:
    draft = empty_week(date(2024, 10, 7), title="Example Week 2024")
    programme = load_bytes(draft.yaml().encode()).programme
    assert [day.id for day in programme.days] == ["mon", "tue", "wed", "thu", "fri"]
    assert programme.campaign.status == "draft"
    assert programme.campaign.hashtags == ("ExampleWeek2024",)
    assert all(theme.status == "tbc" for theme in programme.themes())


# ---- what differs


def test_differences_are_told_in_words(old: Programme) -> None:
    tree = to_tree(old)
    tree["posts"]["p"]["text"] = "Hello again"
    del tree["posts"]["q"]
    tree["days"][0]["themes"].append({"id": "three", "title": "Three"})
    tree["resources"]["kit"]["approval"] = "pending"
    new = load_bytes(json.dumps(tree).encode()).programme
    told = [str(difference) for difference in differences(old, new)]
    assert set(told) == {
        "Resource kit: approval was 'approved', is 'pending'",
        "Monday, theme three added: 'Three'",
        "Post p: text was 'Hello', is 'Hello again'",
        "Post q removed: 'Bye'",
    }


def test_bodies_that_differ_are_told_by_their_lines(old: Programme) -> None:
    files = ({"messages/a.md": b"one\ntwo\n", "images/x.png": b"\xff\x00"}, {"messages/a.md": b"one\n2\n"})
    told = [str(difference) for difference in differences(old, old, files=files)]
    assert told == ["File images/x.png removed: '2 bytes'", "File messages/a.md was 'two', is '2'"]


def test_the_same_programme_does_not_differ(old: Programme) -> None:
    assert differences(old, old) == []


def test_side_by_side_shows_before_and_after_in_two_columns(old: Programme) -> None:
    new = load_bytes(OLD.replace(b"text: Hello", b"text: Good morning")).programme
    lines = side_by_side(differences(old, new), width=60).splitlines()
    assert lines[0] == "~ Post p: text"
    assert [part.strip() for part in lines[1].split("|")] == ["Hello", "Good morning"]
