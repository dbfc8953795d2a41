"""Two mailings on one channel, to the same people, at the same time: one is paused meanwhile, and the other goes on."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from campaign.delivery.engine import Engine
from campaign.delivery.mail.nursery import Nursery
from campaign.model import BroadcastKind, HoldScope, InDoubt, Strength
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


def open_mondays(world: MailWorld) -> None:
    """Monday's mailing, beside Tuesday's, opened with all its people."""
    first = world.broadcast
    opening = Opening(
        key=MONDAYS, kind=BroadcastKind.MAILING, planned_at=NOW, late_until=first.late_until, stop_at=first.stop_at,
        essential=False, in_doubt=InDoubt.HOLD, revision=1,
    )  # fmt: skip
    world.parts.store.ledger.open_mailing(opening, NOW)
    row = world.parts.store.ledger.get(MONDAYS)
    assert row is not None
    while not world.mailing.fill(row):
        pass


def got(relay: CountingServer) -> Counter[tuple[str, str]]:
    """How often each person got each mailing."""
    return Counter(
        (message.to, message.data.partition(b"\r\nSubject: ")[2].partition(b"\r\n")[0].decode())
        for message in relay.accepted
    )


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
