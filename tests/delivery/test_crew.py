"""What holds for a mailing sent by threads holds for one sent by several processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from campaign.delivery.mail.nursery import Nursery
from campaign.store.database import Database
from tests.delivery import test_leaving_midway as leaving
from tests.delivery import test_mailing as by_threads
from tests.delivery import test_mailing_relays as relays
from tests.delivery import test_signed as signed
from tests.delivery import test_strange_people as strange
from tests.delivery import test_two_mailings as two
from tests.delivery.apart import nursery_apart
from tests.delivery.mailworld import PROGRAMME, relay_at
from tests.delivery.test_mailing import everyone, mailing
from tests.smtpserver import CountingServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process sends")

Scenario = Callable[[Database, Path, Nursery], None]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with nursery_apart(2) as made:
        yield made


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'campaign.db'}")
    database.create()
    yield database
    database.close()


@pytest.mark.parametrize(
    "scenario",
    [
        by_threads.test_everyone_gets_it_once,
        by_threads.test_refusals_are_each_persons_own,
        by_threads.test_in_doubt_resend_goes_once_more_and_is_listed,
        by_threads.test_in_doubt_resend_that_arrives_stays_listed,
        by_threads.test_a_dead_relay_costs_only_time,
        by_threads.test_policy_refusals_stop_the_channel_and_suppress_nobody,
        by_threads.test_being_signed_out_stops_the_channel,
        by_threads.test_a_pause_in_mid_run_is_honoured_within_two_seconds,
        by_threads.test_stopping_the_service_in_mid_run_loses_and_doubts_nobody,
        by_threads.test_who_leaves_in_mid_run_gets_nothing_more,
        by_threads.test_limits_of_relay_and_domain_hold_in_a_run,
        leaving.test_whoever_leaves_at_any_moment_gets_nothing_more,
        relays.test_a_relay_that_takes_fewer_connections_is_used_over_those,
        relays.test_a_relay_with_room_for_one_process_alone_is_used_over_that,
        relays.test_a_relay_that_dies_in_mid_run_is_gone_round,
        signed.test_everyone_gets_a_signed_email_once,
        two.test_one_is_paused_and_the_other_goes_on,
        two.test_an_essential_mailing_does_not_wait_behind_another,
        strange.test_any_name_is_spoken_to_and_forges_nothing,
    ],
    ids=lambda scenario: scenario.__name__.removeprefix("test_"),
)
def test_by_processes_too(scenario: Scenario, sqlite: Database, tmp_path: Path, nursery: Nursery) -> None:
    before = nursery.made
    scenario(sqlite, tmp_path, nursery)
    assert nursery.made > before, "else threads did it once more"


def test_a_message_rendered_for_each_person_is_sent_by_processes_too(
    sqlite: Database, tmp_path: Path, nursery: Nursery
) -> None:
    subject = "{{ subscriber.first_name|upper }}, today"
    programme = replace(PROGRAMME, mailings={"daily": replace(PROGRAMME.mailings["daily"], subject=subject)})
    before = nursery.made
    with (
        CountingServer() as relay,
        mailing(sqlite, tmp_path, relay, 30, programme=programme, nursery=nursery) as world,
    ):
        world.send()
        assert relay.counts == everyone(30)
    assert nursery.made > before


def test_without_its_processes_threads_send_a_mailing(sqlite: Database, tmp_path: Path) -> None:
    with nursery_apart(2) as lost:
        lost.close()
        with CountingServer() as relay, mailing(sqlite, tmp_path, relay, 30, nursery=lost) as world:
            world.send()
            assert relay.counts == everyone(30)


def test_a_relay_that_took_nothing_is_tried_before_processes_are_made(
    sqlite: Database, tmp_path: Path, nursery: Nursery
) -> None:
    with CountingServer() as relay, mailing(sqlite, tmp_path, relay, 30, nursery=nursery) as world:
        relay.die()
        world.send()
        made = nursery.made
        world.mailing._rests.clear()
        world.send()
        assert nursery.made == made
        assert world.mailing.next_due() is not None
        assert world.states() == {"pending": 30}
        relay.revive()
        world.mailing._rests.clear()
        world.parts.ways.one = relay_at(relay.port, world.parts.clock, 4)  # type: ignore[attr-defined]
        world.send()
        assert nursery.made > made
        assert relay.counts == everyone(30)
