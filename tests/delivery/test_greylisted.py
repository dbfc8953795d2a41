"""Greylisting through the whole engine: put off at first, and taken at the right later moment, once each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from campaign.address import KeyRing, parse
from campaign.channels.base import Tools
from campaign.channels.smtp import Smtp
from campaign.channels.smtp.options import SmtpOptions
from campaign.clock import to_micros
from campaign.delivery.outcomes import RESENT
from campaign.delivery.service import Service
from campaign.model import DeliveryState, InDoubt
from campaign.store.database import Database
from campaign.store.tables_lists import lists, subscribers, subscriptions
from tests.delivery.mailworld import address_of
from tests.delivery.world import EIGHT, World, a_mailing, a_week
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.mail import PATIENT
from tests.smtpserver.script import DROP

PEOPLE = 40


def by_smtp(world: World, relay: CountingServer, **options: object) -> None:
    """Let the world's mail go to that relay."""
    settings = {"host": "127.0.0.1", "port": relay.port, "security": "off", "timeouts": PATIENT} | options
    tools = Tools(name="mail", now=world.clock.now)
    world.ways.made["mail"] = Smtp(SmtpOptions.model_validate(settings), tools)  # type: ignore[assignment]


def add_parents(world: World, addresses: list[str]) -> None:
    """People on the list `parents`, beside the sample ones."""
    ring, when = KeyRing(world.key), to_micros(world.now)
    with world.store.database.write() as connection:
        parents = connection.scalar(select(lists.c.id).where(lists.c.slug == "parents"))
        for number, address in enumerate(addresses):
            person = {
                "address": address, "address_key": parse(address).key, "address_hash": ring.hash(parse(address).key),
                "first_name": "", "token": f"grey{number:018d}", "made_at": when, "changed_at": when,
            }  # fmt: skip
            made = connection.execute(insert(subscribers).values(**person).returning(subscribers.c.id)).scalar_one()
            link = {"subscriber": made, "list": parents, "state": "confirmed", "changed_at": when}
            connection.execute(insert(subscriptions).values(**link))


def one_mailing(world: World, **changes: Any) -> Service:
    """A Monday's mailing to the sample people and forty more, at eight."""
    week = a_week(mailings=(a_mailing(**changes),))
    world.load(replace(week, days=week.days[:1]))
    add_parents(world, [address_of(number) for number in range(PEOPLE)])
    return world.start()


@pytest.fixture
def sqlite_world(tmp_path: Path) -> Iterator[World]:
    """What differs by relay, and not by database."""
    url = f"sqlite:///{tmp_path / 'campaign.db'}"
    database = Database(url)
    database.create()
    database.close()
    world = World(url, tmp_path)
    yield world
    world.close()


def test_everyone_is_put_off_once_and_then_gets_it_once(world: World) -> None:
    with CountingServer(Script(greylist=True)) as relay:
        by_smtp(world, relay)
        service = one_mailing(world)
        world.play(service, EIGHT)
        (row,) = world.store.ledger.of("week").values()
        waiting = world.store.deliveries.of(row.id, DeliveryState.PENDING)
        assert not relay.counts
        assert len(waiting) > PEOPLE
        assert {each.attempts for each in waiting} == {1}
        tries = [each.not_before - EIGHT for each in waiting if each.not_before is not None]
        assert len(tries) == len(waiting)
        assert timedelta(minutes=5) <= min(tries) <= max(tries) <= timedelta(minutes=7)
        world.play(service, EIGHT + min(tries) - timedelta(seconds=1))
        assert not relay.counts, "nobody is tried before their moment"
        world.play(service, EIGHT + timedelta(minutes=8))
        assert len(relay.counts) == len(waiting)
        assert set(relay.counts.values()) == {1}
        assert world.states() == {"week/daily/mon/mail": "done"}
        rows = world.store.deliveries.of(row.id)
        assert {(each.state, each.attempts) for each in rows} == {(DeliveryState.SENT, 2)}


def test_who_is_put_off_again_and_again_is_tried_at_5_15_30_60_minutes_and_missed_at_the_end(world: World) -> None:
    slow, others = address_of(3), PEOPLE - 1
    tried: list[datetime] = []

    class Noting(list[str]):
        """Always greylists, and notes when it was asked."""

        def __bool__(self) -> bool:
            return True

        def pop(self, index: object = -1) -> str:
            tried.append(world.now)
            return "450 4.2.0 greylisted"

    with CountingServer(Script(rcpt={slow: Noting()})) as relay:
        by_smtp(world, relay)
        service = one_mailing(world)
        world.play(service, EIGHT + timedelta(hours=16))
        (row,) = world.store.ledger.of("week").values()
        assert relay.counts[slow] == 0
        assert len(relay.counts) > others
        gaps = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(tried)]
        for gap, least in zip(gaps, [5, 15, 30, *[60] * 99], strict=False):
            assert least <= gap <= 1.3 * least
        assert len(gaps) >= 9, "until its time of day is over"
        assert max(tried) <= row.stop_at
        [missed] = world.store.deliveries.of(row.id, DeliveryState.MISSED)
        assert missed.attempts == len(tried)
        assert world.states() == {"week/daily/mon/mail": "done"}


@pytest.mark.parametrize(
    ("reply", "step", "relays"),
    [
        ("451 4.7.1 please try again", "rcpt", 1),
        ("421 4.7.0 come again", "rcpt", 1),
        ("421 4.7.0 come again", "data", 2),
        ("421 4.7.0 come again", "final", 1),
        ("451 4.3.0 trouble here", "rcpt", 2),
        ("451 4.3.0 trouble here", "final", 1),
        (DROP, "rcpt", 2),
        (DROP, "data", 1),
    ],
)
def test_one_who_is_put_off_keeps_nobody_else_waiting(sqlite_world: World, reply: str, step: str, relays: int) -> None:
    """Whatever every relay says to one recipient, wherever, and as often as it likes."""
    world = sqlite_world
    scripts = Script(), Script()
    for script in scripts:
        setattr(script, step, {address_of(0): [reply] * 1000})
    with CountingServer(scripts[0]) as relay, CountingServer(scripts[1]) as other:
        by_smtp(world, relay, connections=2, relays=[{"port": other.port}][: relays - 1])
        service = one_mailing(world)
        world.play(service, EIGHT + timedelta(minutes=3))
        counts = relay.counts + other.counts
        got = {to for to in counts if to in map(address_of, range(1, PEOPLE))}
        assert len(got) == PEOPLE - 1
        assert max(counts.values()) == 1
        assert counts[address_of(0)] == 0


@pytest.mark.parametrize(
    ("reply", "step"),
    [
        ("421 4.7.0 not now", "rcpt"),
        ("451 4.3.0 no room on the disk", "data"),
        ("451 4.3.2 no", "final"),
        (DROP, "rcpt"),
    ],
)
def test_a_relay_that_takes_nothing_costs_its_time_and_nothing_else(sqlite_world: World, reply: str, step: str) -> None:
    world = sqlite_world
    script = Script()
    setattr(script, step, {"*": [reply] * 100_000})
    with CountingServer(script) as relay:
        by_smtp(world, relay, connections=2)
        service = one_mailing(world)
        world.play(service, EIGHT + timedelta(minutes=4))
        (row,) = world.store.ledger.of("week").values()
        rows = world.store.deliveries.of(row.id)
        assert {each.state for each in rows} == {DeliveryState.PENDING}
        assert sum(each.attempts > 0 for each in rows) <= 3, "for the others nothing was counted"
        setattr(script, step, {})
        world.play(service, EIGHT + timedelta(minutes=10))
        assert len(relay.counts) == len(rows)
        assert set(relay.counts.values()) == {1}


def test_many_of_whom_the_relay_speaks_as_of_its_own_trouble_keep_nobody_waiting(sqlite_world: World) -> None:
    """Such as when it cannot look up some domains: they come first, one behind the other, and the others after them."""
    world, bad = sqlite_world, range(30)
    with CountingServer(Script(rcpt={address_of(n): ["451 4.3.0 look-up failed"] * 999 for n in bad})) as relay:
        by_smtp(world, relay, connections=2)
        service = one_mailing(world)
        world.play(service, EIGHT + timedelta(minutes=4))
        assert {address_of(number) for number in range(30, PEOPLE)} <= set(relay.counts)
        assert max(relay.counts.values()) == 1
        (row,) = world.store.ledger.of("week").values()
        assert world.store.deliveries.tally(row.id)[row.id][DeliveryState.PENDING] == len(bad)


@pytest.mark.parametrize("cuts", [1, 2])
def test_who_is_put_off_at_the_second_sending_gets_no_third(world: World, cuts: int) -> None:
    """In doubt, sent again, put off, sent: and still listed as one who may have two; in doubt again, and no more."""
    one = address_of(3)
    script = Script(drop_after_dot={one: cuts}, rcpt={one: ["", "450 4.2.0 not now", "451 4.7.1 nor now"]})
    with CountingServer(script) as relay:
        by_smtp(world, relay, domain_rates={"d0.example.org": 8})
        service = one_mailing(world, in_doubt=InDoubt.RESEND)
        world.play(service, EIGHT + timedelta(hours=2))
        (row,) = world.store.ledger.of("week").values()
        assert relay.counts[one] == 2
        assert max(count for to, count in relay.counts.items() if to != one) == 1
        [known] = [each for each in world.store.deliveries.of(row.id) if each.attempts == 4]
        if cuts == 1:
            assert (known.state, known.reason) == (DeliveryState.SENT, RESENT)
        else:
            assert known.state is DeliveryState.UNCERTAIN
