"""Two mailings on one channel, to the same people, at the same time.

One is paused meanwhile, and the other goes on; one is essential, and goes first.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from campaign.delivery.engine import Engine
from campaign.delivery.gates import HoldsNow
from campaign.delivery.mail.nursery import Nursery
from campaign.delivery.mail.precedence import GIVES_WAY, Precedence
from campaign.model import Broadcast, BroadcastKind, HoldScope, InDoubt, Strength
from campaign.store.database import Database
from campaign.store.ledger import Opening
from tests.delivery.mailworld import BOOT, BROADCAST, NOW, PROGRAMME, MailWorld, address_of
from tests.delivery.test_mailing import ended, mailing
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.timed import SOON, Timed
from tests.waiting import until

PEOPLE = 300
MONDAYS = replace(BROADCAST, day="mon")
BOTH = replace(
    PROGRAMME,
    mailings=MappingProxyType({"daily": replace(PROGRAMME.mailings["daily"], subject="{{ day.weekday }}")}),
)


def open_mondays(world: MailWorld, *, essential: bool = False) -> None:
    """Monday's mailing, beside Tuesday's, opened with all its people."""
    row = begin_mondays(world, essential=essential)
    while not world.mailing.fill(row):
        pass


def begin_mondays(world: MailWorld, *, essential: bool = False) -> Broadcast:
    """Monday's mailing, beside Tuesday's, to be opened by whoever works."""
    first = world.broadcast
    opening = Opening(
        key=MONDAYS, kind=BroadcastKind.MAILING, planned_at=NOW, late_until=first.late_until, stop_at=first.stop_at,
        essential=essential, in_doubt=InDoubt.HOLD, revision=1,
    )  # fmt: skip
    world.parts.store.ledger.open_mailing(opening, NOW)
    row = world.parts.store.ledger.get(MONDAYS)
    assert row is not None
    return row


def got(relay: CountingServer) -> Counter[tuple[str, str]]:
    """How often each person got each mailing."""
    return Counter((message.to, subject_of(message.data)) for message in relay.accepted)


def subject_of(message: bytes) -> str:
    """What its subject says."""
    return message.partition(b"\r\nSubject: ")[2].partition(b"\r\n")[0].decode()


def test_one_is_paused_and_the_other_goes_on(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    with (
        Timed(Script(delay=0.01)) as relay,
        mailing(database, tmp_path, relay, PEOPLE, programme=BOTH, nursery=nursery) as world,
    ):
        open_mondays(world)
        store, now = world.parts.store, world.parts.clock.now
        engine = Engine(world.parts, world.shelf, worker=world.worker, boot=BOOT)
        relay.rest_at(50)
        thread = threading.Thread(target=engine.run)
        thread.start()
        until(lambda: relay.counts.total() >= 50, "emails to arrive")
        first = next(iter(got(relay)))[1]
        paused = BROADCAST if first == "Tuesday" else MONDAYS
        hold = store.holds.place(
            scope=HoldScope.BROADCAST, target=str(paused), strength=Strength.ALL, reason="", author="Ada", now=now()
        )
        told = relay.clock()
        relay.go_on()
        ended(thread)
        other = "Monday" if first == "Tuesday" else "Tuesday"
        counted = Counter(subject for _, subject in got(relay).elements())
        assert counted[other] == PEOPLE
        late = Counter(relay.begun_after(told + SOON))
        assert all(late[to] <= 1 for to in late), "the other's alone"
        store.holds.lift(hold, author="Ada", now=now())
        engine.run()
        people = [address_of(number) for number in range(1, PEOPLE + 1)]
        assert got(relay) == {(to, subject): 1 for to in people for subject in ("Tuesday", "Monday")}
        assert relay.most_at_once <= 4
        for key in (BROADCAST, MONDAYS):
            row = store.ledger.get(key)
            assert row is not None
            assert row.state == "done"
            tally = store.deliveries.tally(row.id)[row.id]
            assert {state.value: count for state, count in tally.items()} == {"sent": PEOPLE}
        engine.close(0)


def test_an_essential_mailing_does_not_wait_behind_another(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    with (
        Timed(Script(delay=0.01)) as relay,
        mailing(database, tmp_path, relay, PEOPLE, programme=BOTH, nursery=nursery) as world,
    ):
        engine = Engine(world.parts, world.shelf, worker=world.worker, boot=BOOT)
        relay.rest_at(50)
        thread = threading.Thread(target=engine.run)
        thread.start()
        until(lambda: relay.counts.total() >= 50, "emails to arrive")
        open_mondays(world, essential=True)
        until(lambda: engine._mailing._precedence._gave, "the other to give way")
        relay.go_on()
        ended(thread)
        engine.run()
        people = [address_of(number) for number in range(1, PEOPLE + 1)]
        assert got(relay) == {(to, subject): 1 for to in people for subject in ("Tuesday", "Monday")}
        subjects = [subject_of(message.data) for message in relay.accepted]
        last = len(subjects) - subjects[::-1].index("Monday")
        assert subjects[last:].count("Tuesday") >= PEOPLE - 50 - 2 * 4, "the essential ones all went first"
        engine.close(0)


def test_a_mailing_gives_way_only_to_one_that_can_go_and_once_a_minute(database: Database, tmp_path: Path) -> None:
    with Timed(Script()) as relay, mailing(database, tmp_path, relay, 3, programme=BOTH) as world:
        open_mondays(world, essential=True)
        store, now = world.parts.store, world.parts.clock.now()
        mondays = store.ledger.get(MONDAYS)
        assert mondays is not None
        first = Precedence(store, HoldsNow(world.parts))
        assert first.against(mondays, now) == ""
        assert first.against(world.broadcast, now + timedelta(days=1)) == "", "its day is over"
        hold = store.holds.place(
            scope=HoldScope.BROADCAST, target=str(MONDAYS), strength=Strength.ALL, reason="", author="Ada", now=now
        )
        assert first.against(world.broadcast, now) == "", "it is paused"
        store.holds.lift(hold, author="Ada", now=now)
        assert first.against(world.broadcast, now) == GIVES_WAY
        assert first.against(world.broadcast, now + timedelta(seconds=59)) == ""
        assert first.against(world.broadcast, now + timedelta(seconds=60)) == GIVES_WAY
        world.mailing.send(mondays)
        assert first.against(world.broadcast, now + timedelta(hours=1)) == "", "all of it has gone"
