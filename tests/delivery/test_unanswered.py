"""An email that ended without an answer, its service alive: the provider is asked before anybody is in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from campaign.channels.base import Receipt
from campaign.delivery import asking
from campaign.delivery.mail import mailjob
from campaign.delivery.outcomes import RESENT
from campaign.delivery.service import Service
from campaign.errors import TryLater, Uncertain
from campaign.model import Broadcast, InDoubt
from tests.delivery.test_asking import Teller, provider, states
from tests.delivery.world import EIGHT, Recorder, Swallowed, World, a_mailing, a_week

__all__ = ["provider"]


def begun(world: World, people: int = 1, in_doubt: InDoubt = InDoubt.HOLD) -> tuple[Service, Broadcast]:
    """A mailing to so many, sent at eight as far as it goes."""
    areas = {f"A{number}": f"Area {number}" for number in range(people)}
    world.load(replace(a_week(mailings=(a_mailing(in_doubt=in_doubt),)), areas=areas))
    service = world.start()
    world.clock.set(EIGHT)
    service.settle()
    (row,) = world.store.ledger.of("week").values()
    return service, row


def later(world: World, service: Service, span: timedelta = asking.LISTED) -> datetime:
    world.play(service, world.now + span + timedelta(seconds=2))
    return world.now


def test_the_provider_that_took_it_is_believed(world: World, provider: Teller) -> None:
    provider.faults = [Swallowed("no answer")]
    provider.knows = lambda key: Receipt(remote_id="p-1")
    service, row = begun(world, 3)
    assert [state for state, _ in states(world, row)] == ["sending", "sent", "sent"]
    assert not provider.asked, "its listing does not show what it took a moment ago"
    later(world, service)
    assert states(world, row) == [("sent", "")] * 3
    assert len(provider.accepted) == 3
    [(_, _, since)] = provider.asked
    assert since <= EIGHT
    tries = world.store.deliveries.attempts(world.store.deliveries.of(row.id)[0].id)
    assert [each.outcome for each in tries] == ["Uncertain", "accepted"]


def test_what_the_provider_has_not_goes_again_at_once(world: World, provider: Teller) -> None:
    provider.faults = [Uncertain("cut")]
    provider.knows = lambda key: None
    service, row = begun(world)
    assert not provider.accepted
    moment = later(world, service)
    assert [at <= moment for at, _, _ in provider.accepted] == [True]
    assert [state for state, _ in states(world, row)] == ["sent"]


@pytest.mark.parametrize(("in_doubt", "accepted"), [(InDoubt.HOLD, 0), (InDoubt.RESEND, 1)])
def test_where_it_cannot_tell_the_mailing_says_what_becomes_of_it(
    world: World, provider: Teller, in_doubt: InDoubt, accepted: int
) -> None:
    provider.faults = [Uncertain("cut")]
    service, row = begun(world, in_doubt=in_doubt)
    later(world, service)
    assert len(provider.accepted) == accepted
    why = "cut; its network cannot tell"
    assert states(world, row) == ([("sent", RESENT)] if accepted else [("uncertain", why)])


def test_sent_twice_and_again_without_an_answer_it_is_never_sent_a_third_time(world: World, provider: Teller) -> None:
    provider.faults = [Swallowed("cut"), Swallowed("cut")]
    service, row = begun(world, in_doubt=InDoubt.RESEND)
    later(world, service)
    later(world, service)
    later(world, service)
    assert len(provider.accepted) == 2
    assert [state for state, _ in states(world, row)] == ["uncertain"]


def test_a_provider_that_gives_no_answer_is_asked_until_it_does(world: World, provider: Teller) -> None:
    provider.faults = [Uncertain("cut")]
    provider.knows = lambda key: TryLater("no network")
    service, row = begun(world)
    later(world, service, timedelta(minutes=10))
    assert len(provider.asked) > 3
    provider.knows = lambda key: Receipt(remote_id="p-9")
    later(world, service, asking.NO_ANSWER)
    assert [state for state, _ in states(world, row)] == ["sent"]


def test_a_service_that_dies_meanwhile_leaves_it_to_the_next(world: World, provider: Teller) -> None:
    provider.faults = [Swallowed("no answer")]
    provider.knows = lambda key: Receipt(remote_id="p-1")
    _, row = begun(world, in_doubt=InDoubt.RESEND)
    world.crash()
    service = world.start()
    later(world, service, asking.SETTLES)
    assert [state for state, _ in states(world, row)] == ["sent"]
    assert len(provider.accepted) == 1


def test_a_provider_in_a_bad_way_leaves_few_in_doubt(world: World) -> None:
    """It takes nothing and says nothing for a while: some are in doubt, and not the whole mailing."""
    way = Recorder("mail", world.clock)
    world.ways.made["mail"] = way
    way.faults = [Uncertain("500") for _ in range(1000)]
    service, row = begun(world, 90)
    assert len(states(world, row)) == 90
    world.play(service, EIGHT + timedelta(minutes=10))
    doubtful = [state for state, _ in states(world, row)].count("uncertain")
    assert doubtful <= 5 + 12, "one a minute once it is known"
    way.faults.clear()
    later(world, service)
    assert [state for state, _ in states(world, row)].count("sent") == 90 - doubtful


def test_a_single_cut_stops_nothing(world: World) -> None:
    way = Recorder("mail", world.clock)
    world.ways.made["mail"] = way
    way.faults = [Uncertain("cut")] * (mailjob.DOUBTS - 1)
    _, row = begun(world, 30)
    found = [state for state, _ in states(world, row)]
    assert (found.count("uncertain"), found.count("sent")) == (mailjob.DOUBTS - 1, 30 - mailjob.DOUBTS + 1)
