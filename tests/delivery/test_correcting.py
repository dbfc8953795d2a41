"""Loading over what has opened, correcting what has not, and documents that change their mind."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from campaign.delivery import approving, correcting
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import RefusedError, TryLater
from campaign.model import Resource, ResourceApproval, ResourceType, When
from tests.delivery.world import EIGHT, World, a_mailing, a_post, a_week

NINE = EIGHT + timedelta(hours=1)


def force(world: World) -> InForce:
    return Shelf(world.store).get("week")


def test_what_has_opened_cannot_be_moved_removed_or_renamed(world: World) -> None:
    monday = When(day="mon", time=time(9))
    world.load(a_week(a_post(when=monday)))
    world.play(world.start(), NINE)
    for changed in (
        a_week(a_post(when=When(day="mon", time=time(10)))),
        a_week(a_post("other", when=monday, text="Quite other words")),
    ):
        with pytest.raises(RefusedError, match="Nothing was loaded"):
            world.load(changed)
    assert force(world).number == 1


def test_the_same_words_under_a_new_name_are_refused_unless_meant(world: World) -> None:
    post = a_post(when=When(day="mon", time=time(9)), text="The same words")
    twin = a_post("twin", when=When(day="tue", time=time(9)), text="The same words")
    world.load(a_week(post))
    world.play(world.start(), NINE)
    with pytest.raises(RefusedError, match="has said already"):
        world.load(a_week(post, twin))
    assert world.load(a_week(post, replace(twin, again=True))) == 2


def test_the_same_programme_again_makes_no_revision(world: World) -> None:
    assert world.load(a_week(a_post())) == 1
    assert world.load(a_week(a_post())) == 1


def test_a_message_that_left_the_programme_asks_nobody_any_more(world: World) -> None:
    world.approvals = True
    world.load(a_week(a_post(), a_post("second")))
    world.play(world.start(), NINE)
    world.load(a_week(a_post()))
    assert world.states()["week/second/mon/a"] == "cancelled"
    assert world.states()["week/hello/mon/a"] == "waiting"


def test_an_edit_is_a_revision_and_the_approval_falls(world: World) -> None:
    world.approvals = True
    world.load(a_week(a_post()))
    approving.approve(world.parts, force(world), force(world).planned, author="Grace", now=world.now)
    number = correcting.edit(
        world.parts,
        force(world),
        "hello",
        {"text": "Better words"},
        text_for={"a": "For a"},
        author="Ada",
        now=world.now,
    )
    assert number == 2
    world.play(world.start(), NINE)
    assert world.sent("a") == []
    approving.approve(world.parts, force(world), force(world).planned, author="Grace", now=world.now)
    world.play(world.start(), NINE + timedelta(minutes=1))
    assert world.ways.made["a"].accepted[0][2].text == "For a"


def test_what_has_opened_is_not_edited(world: World) -> None:
    world.load(a_week(a_post()))
    world.play(world.start(), NINE)
    with pytest.raises(RefusedError, match="has opened"):
        correcting.edit(world.parts, force(world), "hello", {"text": "No"}, text_for={}, author="Ada", now=world.now)


def test_nobody_approves_what_they_last_edited_where_that_is_the_rule(world: World) -> None:
    world.load(a_week(a_post()), author="Ada")
    with pytest.raises(RefusedError, match="another person"):
        approving.approve(world.parts, force(world), force(world).planned, author="Ada", now=world.now, other=True)
    assert (
        approving.approve(world.parts, force(world), force(world).planned, author="Bo", now=world.now, other=True) == 5
    )


def test_a_document_withdrawn_holds_the_open_mailing_that_shows_it(world: World) -> None:
    kit = Resource(
        id="kit", type=ResourceType.TOOLKIT, title="The kit", approval=ResourceApproval.APPROVED, no_link="-"
    )
    week = a_week(mailings=(a_mailing(),))
    theme = replace(week.days[0].themes[0], resources=("kit",))
    world.load(replace(week, resources={"kit": kit}, days=(replace(week.days[0], themes=(theme,)), *week.days[1:])))
    world.ways.made["mail"].faults = [TryLater("busy")]
    service = world.start()
    world.play(service, EIGHT)
    held = correcting.change_resource(
        world.parts, force(world), "kit", "approval", "withdrawn", author="Ada", now=world.now
    )
    assert held == 1
    world.play(service, EIGHT + timedelta(hours=3))
    assert world.sent("mail") == []


def test_an_unknown_document_or_fact_is_named(world: World) -> None:
    world.load(a_week(a_post()))
    with pytest.raises(RefusedError, match="no resource"):
        correcting.change_resource(world.parts, force(world), "kit", "approval", "approved", author="A", now=world.now)


def test_a_post_is_not_deleted_where_the_network_does_not_allow_it(world: World) -> None:
    world.load(a_week(a_post()))
    with pytest.raises(RefusedError, match="not been sent"):
        correcting.delete_post(world.parts, force(world), "week/hello/mon/a", author="Ada", now=world.now)
    world.play(world.start(), NINE)
    with pytest.raises(RefusedError, match="does not let us delete"):
        correcting.delete_post(world.parts, force(world), "week/hello/mon/a", author="Ada", now=world.now)
