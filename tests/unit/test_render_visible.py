"""Who sees what, when: approval, embargo, events, areas and audiences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.model import (
    Before,
    CampaignStatus,
    Event,
    EventState,
    IfPending,
    Programme,
    Resource,
    ResourceApproval,
    ThemeStatus,
)
from campaign.render import visible
from campaign.render.uses import gated_addresses, needed_blocks, resources_used
from campaign.render.visible import EVERYONE, Reader, Shown
from tests.weeks import DAILY, LAUNCH, MONDAY, NOW, RESOURCES, TUESDAY, WEEK, resource


def with_resource(one: Resource) -> Programme:
    return replace(WEEK, resources=MappingProxyType({**WEEK.resources, one.id: one}))


def shown(one: Resource, now: datetime = NOW, reader: Reader = EVERYONE) -> tuple[Shown, str]:
    found = visible.seen(with_resource(one), one, now, reader)
    return found.shown, found.link


PENDING = ResourceApproval.PENDING


@pytest.mark.parametrize(
    ("one", "want"),
    [
        (resource("ce"), (Shown.LINK, "https://example.org/ce")),
        (resource("ce", link="", no_link="printed only"), (Shown.NAME, "")),
        (resource("ce", approval=None), (Shown.ABSENT, "")),
        (resource("ce", approval=PENDING), (Shown.ABSENT, "")),
        (resource("ce", approval=PENDING, if_pending=IfPending.NAME_ONLY), (Shown.PENDING, "")),
        (resource("ce", approval=PENDING, if_pending=IfPending.BLOCK), (Shown.ABSENT, "")),
        (resource("ce", approval=ResourceApproval.WITHDRAWN), (Shown.ABSENT, "")),
        (resource("ce", embargo_until="held"), (Shown.ABSENT, "")),
        (resource("ce", approval=PENDING, if_pending=IfPending.NAME_ONLY, embargo_until="held"), (Shown.ABSENT, "")),
        (resource("ce", embargo_until=datetime(2023, 10, 10, 8, 0, 1)), (Shown.ABSENT, "")),
        (resource("ce", embargo_until=datetime(2023, 10, 10, 8, 0, 0)), (Shown.LINK, "https://example.org/ce")),
        (resource("ce", visible_from=datetime(2023, 10, 11, 7, 0)), (Shown.ABSENT, "")),
        (resource("ce", visible_from=datetime(2023, 10, 1, 7, 0), embargo_until="held"), (Shown.ABSENT, "")),
    ],
)
def test_a_resource_shows_by_its_approval_and_its_embargo(one: Resource, want: tuple[Shown, str]) -> None:
    assert shown(one) == want


def launch(state: EventState, now: datetime, **facts: object) -> tuple[Shown, str]:
    event = replace(WEEK.resources["launch"].event or Event(), state=state, **facts)  # type: ignore[arg-type]
    return shown(replace(WEEK.resources["launch"], event=event), now)


DURING, AFTER = datetime(2023, 10, 10, 9, 59, tzinfo=UTC), datetime(2023, 10, 10, 10, 0, tzinfo=UTC)


def test_an_event_can_be_booked_while_it_is_open_and_gives_way_to_its_recording() -> None:
    assert launch(EventState.OPEN, DURING) == (Shown.LINK, "https://example.org/book")
    assert launch(EventState.FULL, DURING) == (Shown.NAME, "")
    assert launch(EventState.CLOSED, DURING) == (Shown.NAME, "")
    assert launch(EventState.CANCELLED, DURING) == (Shown.NAME, "")
    assert launch(EventState.TBC, DURING) == (Shown.NAME, "")
    assert launch(EventState.OPEN, AFTER) == (Shown.NAME, "")
    recorded = "https://example.org/watch"
    assert launch(EventState.OPEN, DURING, recording=recorded) == (Shown.LINK, "https://example.org/book")
    assert launch(EventState.FULL, AFTER, recording=recorded) == (Shown.LINK, recorded)
    assert launch(EventState.CANCELLED, AFTER, recording=recorded) == (Shown.NAME, "")


def test_an_event_without_an_end_is_over_when_its_day_is() -> None:
    last = datetime(2023, 10, 10, 22, 59, tzinfo=UTC)
    assert launch(EventState.OPEN, last, ends=None)[1]
    assert not launch(EventState.OPEN, last + timedelta(minutes=1), ends=None)[1]
    assert launch(EventState.OPEN, last, starts=date(2023, 10, 10), ends=None)[1]
    assert not launch(EventState.OPEN, last + timedelta(minutes=1), starts=date(2023, 10, 9), ends=date(2023, 10, 10))[
        1
    ]


def test_a_resource_waits_for_its_days_unlock_and_an_event_does_not() -> None:
    early = datetime(2023, 10, 9, 12, 0, tzinfo=UTC)
    assert shown(WEEK.resources["ce"], early)[0] is Shown.ABSENT
    assert shown(WEEK.resources["launch"], early)[0] is Shown.LINK
    assert visible.unlock_at(WEEK, TUESDAY) == datetime(2023, 10, 10, 6, 0, tzinfo=UTC)
    assert visible.unlock_at(WEEK, MONDAY) == datetime(2023, 10, 9, 5, 30, tzinfo=UTC)
    assert shown(WEEK.resources["ce"], datetime(2023, 10, 10, 6, 0, tzinfo=UTC))[0] is Shown.LINK


def test_a_page_opens_at_its_time_and_a_draft_never() -> None:
    before = datetime(2023, 10, 10, 5, 59, 59, tzinfo=UTC)
    day = replace(TUESDAY, before=Before.TITLE)
    assert visible.page_shows(WEEK, day, before) is Before.TITLE
    assert visible.page_shows(WEEK, day, before + timedelta(seconds=1)) is None
    draft = replace(WEEK, campaign=replace(WEEK.campaign, status=CampaignStatus.DRAFT))
    assert visible.page_shows(draft, day, NOW) is Before.NOTHING
    assert visible.page_shows(WEEK, replace(day, dates=()), NOW) is Before.NOTHING


AREAS = st.frozensets(st.sampled_from(["HAM", "IOW", "POR"]))
AUDIENCES = st.frozensets(st.sampled_from(["practitioners", "parents"]))


@given(AREAS, AUDIENCES, AREAS, AUDIENCES)
def test_a_person_sees_the_union_over_their_areas_and_audiences(
    areas: frozenset[str], audiences: frozenset[str], here: frozenset[str], who: frozenset[str]
) -> None:
    seen = visible.for_reader(WEEK, areas, audiences, Reader(here, who))
    each_area = [frozenset({one}) for one in here] or [frozenset[str]()]
    each_audience = [frozenset({one}) for one in who] or [frozenset[str]()]
    apart = [
        visible.for_reader(WEEK, areas, audiences, Reader(area, audience))
        for area in each_area
        for audience in each_audience
    ]
    assert seen == any(apart)
    assert visible.for_reader(WEEK, areas, audiences, EVERYONE)


def test_groups_of_areas_stand_for_their_members_and_cancelled_themes_go() -> None:
    theme = replace(TUESDAY.themes[0], areas=("HIOW",), audiences=())
    assert visible.for_reader(WEEK, theme.areas, (), Reader(frozenset({"IOW"})))
    assert not visible.for_reader(WEEK, theme.areas, (), Reader(frozenset({"POR"})))
    cancelled = replace(TUESDAY, themes=(replace(theme, status=ThemeStatus.CANCELLED),))
    assert visible.themes(WEEK, cancelled) == ()


@given(st.datetimes(datetime(2023, 1, 1), datetime(2024, 1, 1)), st.sampled_from(RESOURCES))
def test_nothing_once_seen_is_hidden_again_but_a_booking_link(wall: datetime, one: Resource) -> None:
    now = wall.replace(tzinfo=UTC)
    later = now + timedelta(days=3)
    order = [Shown.ABSENT, Shown.PENDING, Shown.NAME, Shown.LINK]
    first, second = visible.seen(WEEK, one, now), visible.seen(WEEK, one, later)
    if one.event is None:
        assert order.index(second.shown) >= order.index(first.shown)
    else:
        assert (second.shown is Shown.ABSENT) <= (first.shown is Shown.ABSENT)


def test_what_blocks_a_message_is_named() -> None:
    blocked = with_resource(resource("ce", approval=PENDING, if_pending=IfPending.BLOCK))
    assert needed_blocks(blocked, LAUNCH, TUESDAY, {}) == ("ce",)
    assert needed_blocks(WEEK, LAUNCH, TUESDAY, {}) == ()


def test_a_message_uses_what_it_links_to_names_and_shows() -> None:
    assert resources_used(WEEK, LAUNCH, TUESDAY, {}) >= {"ce", "launch", "waiting"}
    used = resources_used(WEEK, DAILY, MONDAY, {})
    assert used == {"chair"}
    named = replace(DAILY, body="b.md")
    assert "hidden" in resources_used(WEEK, named, MONDAY, {"messages/b.md": b"[it](resource:hidden)"})


def test_an_address_that_would_escape_its_gate_is_found() -> None:
    text = "See https://EXAMPLE.org/later/ and https://example.org/ce, or (https://example.org/book)."
    assert gated_addresses(WEEK, text, NOW) == (
        ("https://EXAMPLE.org/later/", "later"),
        ("https://example.org/book", "launch"),
    )
    early = datetime(2023, 10, 9, tzinfo=UTC)
    assert ("https://example.org/ce", "ce") in gated_addresses(WEEK, text, early)
