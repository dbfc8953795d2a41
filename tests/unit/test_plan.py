"""The plan: wall times to UTC, and what is decided of one broadcast. Pure."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign import plan
from campaign.model import (
    BroadcastKey,
    BroadcastKind,
    BroadcastState,
    Campaign,
    CampaignStatus,
    ChannelRef,
    Day,
    Hold,
    HoldScope,
    PlannedMailing,
    PlannedPost,
    Programme,
    Strength,
    Theme,
    When,
)
from campaign.plan import Known, Verdict

LONDON = ZoneInfo("Europe/London")
NINE = datetime(2023, 10, 10, 8, 0, tzinfo=UTC)


def programme(*posts: PlannedPost, mailings: tuple[PlannedMailing, ...] = (), ready: bool = True) -> Programme:
    days = tuple(
        Day(id=name, dates=(date(2023, 10, 9 + n),), themes=(Theme(id=f"t{n}", title=f"Theme {n}"),))
        for n, name in enumerate(("mon", "tue", "wed", "thu", "fri"))
    )
    return Programme(
        campaign=Campaign(id="week", title="Week", status=CampaignStatus.READY if ready else CampaignStatus.DRAFT),
        channels={"x": ChannelRef(id="x", kind="x"), "mail": ChannelRef(id="mail", kind="smtp")},
        days=days,
        posts={post.id: post for post in posts},
        mailings={mailing.id: mailing for mailing in mailings},
    )


def planned(**changes: object) -> plan.Planned:
    one = plan.Planned(
        key=BroadcastKey(campaign="week", message="m", day="tue", channel="x"),
        kind=BroadcastKind.POST,
        message=PlannedPost(id="m", channels=("x",)),
        day=None,
        wall=datetime(2023, 10, 10, 9, 0),
        at=NINE,
        late_until=NINE + timedelta(hours=2),
        stop_at=NINE + timedelta(hours=11),
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def hold(since: datetime, until: datetime | None, strength: Strength = Strength.ALL) -> Hold:
    return Hold(
        id=1, scope=HoldScope.ALL, target="", strength=strength, reason="", author="A", since=since, until=until
    )


def test_a_summer_time_is_an_hour_earlier_in_utc() -> None:
    (found,) = plan.broadcasts(programme(PlannedPost(id="m", when=When(day="tue", time=time(9)), channels=("x",))))
    assert found.at == NINE
    assert str(found.key) == "week/m/tue/x"


def test_every_day_gives_one_broadcast_a_day_and_posts_open_before_mailings() -> None:
    every = When(each_day=True, time=time(8))
    found = plan.broadcasts(
        programme(
            PlannedPost(id="p", when=every, channels=("x",)),
            mailings=(PlannedMailing(id="m", when=every, channel="mail"),),
        )
    )
    assert [str(one.key) for one in found[:2]] == ["week/p/mon/x", "week/m/mon/mail"]
    assert len(found) == 10


def test_a_draft_plans_nothing() -> None:
    week = programme(PlannedPost(id="m", when=When(day="tue"), channels=("x",)), ready=False)
    assert plan.broadcasts(week) == ()
    assert plan.unlocks(week) == ()


def test_a_message_at_a_date_is_keyed_once_so_that_moving_it_keeps_its_key() -> None:
    for at in (datetime(2023, 10, 10, 9), datetime(2023, 10, 12, 15)):
        (found,) = plan.broadcasts(programme(PlannedPost(id="m", when=When(at=at), channels=("x",))))
        assert str(found.key) == "week/m/once/x"


def test_unlocks_are_in_time_order() -> None:
    assert [one.day.id for one in plan.unlocks(programme())] == ["mon", "tue", "wed", "thu", "fri"]


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        (datetime(2026, 3, 29, 1, 30), "gap"),
        (datetime(2026, 10, 25, 1, 30), "twice"),
        (datetime(2026, 10, 26, 1, 30), ""),
        (datetime(2026, 3, 29, 2, 0), ""),
    ],
)
def test_clock_changes_are_noticed(wall: datetime, expected: str) -> None:
    assert plan.changed_clocks(wall, LONDON) == expected


def test_a_time_that_comes_twice_means_the_first() -> None:
    assert plan.resolve(datetime(2026, 10, 25, 1, 30), LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_same_wall_time_before_and_after_the_change() -> None:
    assert plan.resolve(datetime(2026, 10, 23, 8), LONDON) == datetime(2026, 10, 23, 7, tzinfo=UTC)
    assert plan.resolve(datetime(2026, 10, 26, 8), LONDON) == datetime(2026, 10, 26, 8, tzinfo=UTC)


def test_a_late_approval_releases_what_is_still_timely_and_no_more() -> None:
    waiting = Known(state=BroadcastState.WAITING, waits_for=("it is not approved",))
    approved = Known(state=BroadcastState.WAITING)
    assert plan.decide(planned(), waiting, NINE).verdict is Verdict.WAIT
    assert plan.decide(planned(), approved, NINE + timedelta(hours=1)).verdict is Verdict.OPEN
    assert plan.decide(planned(), approved, NINE + timedelta(hours=3)).verdict is Verdict.MISS


def test_what_fell_due_in_a_pause_is_held_even_when_the_pause_is_over() -> None:
    over = Known(holds=(hold(NINE - timedelta(minutes=5), NINE + timedelta(minutes=5)),))
    assert plan.decide(planned(), over, NINE + timedelta(minutes=10)).verdict is Verdict.HOLD


def test_a_pause_that_was_over_before_stops_nothing() -> None:
    over = Known(holds=(hold(NINE - timedelta(minutes=5), NINE),))
    assert plan.decide(planned(), over, NINE).verdict is Verdict.OPEN


def test_essential_messages_pass_a_proactive_pause_and_no_other() -> None:
    essential = planned(message=PlannedPost(id="m", channels=("x",), essential=True))
    proactive = Known(holds=(hold(NINE, None, Strength.PROACTIVE),))
    everything = Known(holds=(hold(NINE, None),))
    assert plan.decide(essential, proactive, NINE).verdict is Verdict.OPEN
    assert plan.decide(planned(), proactive, NINE).verdict is Verdict.HOLD
    assert plan.decide(essential, everything, NINE).verdict is Verdict.HOLD


def test_after_an_outage_a_channel_carries_one_late_post_in_fifteen_minutes() -> None:
    late = NINE + timedelta(minutes=30)
    just = Known(last_opened=late - timedelta(minutes=1))
    decision = plan.decide(planned(), just, late)
    assert decision.verdict is Verdict.QUEUE
    assert decision.look_again == late + timedelta(minutes=14)
    assert plan.decide(planned(), Known(last_opened=late - timedelta(minutes=15)), late).verdict is Verdict.OPEN


def test_a_post_that_is_on_time_waits_for_nobody() -> None:
    assert plan.decide(planned(), Known(last_opened=NINE - timedelta(seconds=1)), NINE).verdict is Verdict.OPEN


moments = st.integers(-300, 1500).map(lambda minutes: NINE + timedelta(minutes=minutes))
holds = st.lists(
    st.tuples(moments, st.none() | moments, st.sampled_from(Strength)).map(lambda each: hold(*each)), max_size=3
)


@given(
    now=moments,
    found=holds,
    state=st.none() | st.sampled_from(BroadcastState),
    waits=st.sampled_from([(), ("it is not approved",)]),
    last=st.none() | moments,
    essential=st.booleans(),
)
def test_opening_is_never_early_late_unapproved_paused_or_second(
    now: datetime,
    found: list[Hold],
    state: BroadcastState | None,
    waits: tuple[str, ...],
    last: datetime | None,
    essential: bool,
) -> None:
    one = planned(message=PlannedPost(id="m", channels=("x",), essential=essential))
    known = Known(state=state, holds=tuple(found), waits_for=waits, last_opened=last)
    if plan.decide(one, known, now).verdict is Verdict.OPEN:
        assert one.at <= now <= min(one.late_until, one.stop_at)
        assert not waits
        assert state in (None, BroadcastState.PLANNED, BroadcastState.WAITING)
        stopping = [each for each in found if each.stops(essential)]
        assert not any(each.on_at(now) or each.on_at(one.at) for each in stopping)
