"""A pause that keeps the pages locked: no unlock while it lasts, and nothing leads readers to what they cannot see."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from campaign.delivery import views
from campaign.delivery.shelf import Shelf
from campaign.model import HoldScope, PlannedHold, PlannedPost, Strength, When
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week

SEVEN, NINE = EIGHT - timedelta(hours=1), EIGHT + timedelta(hours=1)
MONDAY = When(day="mon", time=time(9))


def essential(name: str = "hello", **changes: Any) -> PlannedPost:
    """A post on Monday at nine that a pause of the plain strength lets pass."""
    return a_post(name, when=MONDAY, essential=True, **changes)


def paused(world: World, *, pages: bool = True, scope: HoldScope = HoldScope.ALL, target: str = "") -> int:
    return world.store.holds.place(
        scope=scope,
        target=target,
        strength=Strength.PROACTIVE,
        reason="mourning",
        author="Ada",
        now=world.now,
        pages=pages,
    )


def unlocked(world: World) -> list[datetime]:
    return [entry.at for entry in world.store.log.entries(act="unlock")]


def shown(world: World) -> bool:
    """Whether Monday stands as unlocked in the week that people see."""
    return views.week(world.parts, Shelf(world.store).get("week"), world.now).days[0].unlocked


def test_the_unlock_is_written_once_the_pause_is_lifted(world: World) -> None:
    world.load(a_week())
    service = world.start()
    hold = paused(world)
    world.play(service, NINE)
    assert (unlocked(world), shown(world)) == ([], False)
    world.store.holds.lift(hold, author="Ada", now=world.now)
    world.play(service, NINE + timedelta(minutes=1))
    assert (unlocked(world), shown(world)) == ([NINE], True)


def test_a_pause_that_leaves_the_pages_alone_unlocks_them(world: World) -> None:
    world.load(a_week())
    service = world.start()
    paused(world, pages=False)
    world.play(service, NINE)
    assert (unlocked(world), shown(world)) == ([SEVEN], True)


def test_a_page_that_was_open_already_stays_open(world: World) -> None:
    world.load(a_week(essential(link="day")))
    service = world.start()
    world.play(service, EIGHT)
    paused(world)
    world.play(service, NINE)
    assert (unlocked(world), shown(world), world.sent("a")) == ([SEVEN], True, [NINE])


def test_what_leads_to_the_page_waits_with_the_reason_and_the_rest_goes(world: World) -> None:
    linking, plain = essential("linking", link="day"), essential("plain", channels=("b",))
    in_words = essential("words", channels=("b",), text="See {{ day.page_url }}")
    world.load(a_week(linking, plain, in_words, mailings=(a_mailing(when=MONDAY, essential=True),)))
    service = world.start()
    hold = paused(world)
    world.play(service, NINE + timedelta(minutes=1))
    states = world.states()
    assert {key.split("/")[1]: state for key, state in states.items()} == {
        "linking": "waiting",
        "words": "waiting",
        "plain": "done",
        "daily": "waiting",
    }
    reasons = {need.why for need in views.needs(world.parts)}
    assert reasons == {"the page it links to is kept locked by a pause of Ada: mourning"}
    world.store.holds.lift(hold, author="Ada", now=world.now)
    world.play(service, NINE + timedelta(minutes=30))
    assert set(world.states().values()) == {"done"}


def test_a_pause_of_another_campaign_locks_nothing_here(world: World) -> None:
    world.load(a_week(essential(link="day")))
    service = world.start()
    paused(world, scope=HoldScope.CAMPAIGN, target="another")
    paused(world, scope=HoldScope.CHANNEL, target="b")
    world.play(service, NINE)
    assert (unlocked(world), world.sent("a")) == ([SEVEN], [NINE])


def test_the_programmes_own_pause_unlocks_when_it_ends(world: World) -> None:
    week = a_week(essential(link="day", late_ok=timedelta(hours=4)))
    announced = PlannedHold(
        start=datetime(2023, 10, 9, 0, 0), end=datetime(2023, 10, 9, 11, 0), reason="quiet", pages=True
    )
    world.load(replace(week, campaign=replace(week.campaign, holds=(announced,))))
    world.play(world.start(), NINE + timedelta(hours=3))
    ends = NINE + timedelta(hours=2)
    assert (unlocked(world), world.sent("a")) == ([ends], [ends])
