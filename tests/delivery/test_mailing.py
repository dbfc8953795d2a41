"""A mailing on its way: everyone once, whatever the relay does, and nothing begins after a stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import insert, select, update

from campaign.clock import SettableClock, to_micros
from campaign.delivery.mail.nursery import Nursery
from campaign.delivery.outcomes import RESENT
from campaign.model import DeliveryState, Exclusion, HoldScope, InDoubt, Programme, Strength
from campaign.model.rows import Settled
from campaign.store import Store
from campaign.store.database import Database
from campaign.store.evidence import of_broadcast
from campaign.store.tables import paces
from campaign.store.tables_lists import lists, subscribers, subscriptions
from tests.delivery.mailworld import NOW, PROGRAMME, MailWorld, add_people, address_of, load, relay_at, working
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.mail import PATIENT
from tests.smtpserver.timed import SOON, Timed
from tests.waiting import until


@contextmanager
def mailing(
    database: Database,
    folder: Path,
    relay: CountingServer,
    people: int,
    *,
    lanes: int = 4,
    in_doubt: InDoubt = InDoubt.HOLD,
    stop: timedelta = timedelta(hours=8),
    options: dict[str, Any] | None = None,
    programme: Programme = PROGRAMME,
    boards: tuple[int, ...] = (),
    nursery: Nursery | None = None,
) -> Iterator[MailWorld]:
    add_people(database, people)
    if boards:
        _seat(database, boards)
    load(Store(database, folder=folder), programme)
    url = database.engine.url.render_as_string(hide_password=False)
    more = {"timeouts": PATIENT} | (options or {})
    with working(url, folder, relay.port, lanes=lanes, nursery=nursery, **more) as world:
        world.open(in_doubt=in_doubt, stop=stop)
        yield world


def _seat(database: Database, numbers: tuple[int, ...]) -> None:
    """Those people are on the list `board` too; person 3 lives in Hampshire."""
    when = to_micros(NOW)
    with database.write() as connection:
        board = connection.execute(
            insert(lists)
            .values(slug="board", title="Board", sender="team", basis="consent", made_at=when)
            .returning(lists.c.id)
        ).scalar_one()
        rows = [{"subscriber": n, "list": board, "state": "confirmed", "changed_at": when} for n in numbers]
        connection.execute(insert(subscriptions), rows)
        connection.execute(update(subscribers).where(subscribers.c.id == 3).values(areas=",HAM,"))


def everyone(count: int) -> dict[str, int]:
    return {address_of(number): 1 for number in range(1, count + 1)}


def test_everyone_gets_it_once(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    with CountingServer() as relay, mailing(database, tmp_path, relay, 700, nursery=nursery) as world:
        world.send()
        assert world.states() == {"sent": 700}
        assert relay.counts == everyone(700)
        assert relay.most_at_once <= 4
        assert not list((tmp_path / "journals").iterdir())
        first = world.parts.store.deliveries.of(world.broadcast.id, limit=1)[0]
        assert (first.code, first.attempts) == ("250", 1)
        assert first.remote_id
        with database.read() as connection:
            said = {line.reply for line in of_broadcast(connection, str(world.broadcast.key))}
        assert len(said) == 700
        assert f"250 2.0.0 Ok: queued as {first.remote_id}" in said
        world.send()
        assert relay.counts.total() == 700


def test_refusals_are_each_persons_own(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    script = Script(
        rcpt={address_of(3): ["550 5.1.1 nobody"], address_of(4): ["450 4.2.0 greylisted"]},
        final={address_of(5): ["554 5.6.0 no"]},
        drop_after_dot={address_of(6): 1},
    )
    with CountingServer(script) as relay, mailing(database, tmp_path, relay, 60, nursery=nursery) as world:
        world.send()
        assert world.states() == {"sent": 56, "failed": 2, "pending": 1, "uncertain": 1}
        assert relay.counts == {to: 1 for to in everyone(60) if to not in map(address_of, (3, 4, 5))}
        later = world.parts.store.deliveries.of(world.broadcast.id, DeliveryState.PENDING)[0]
        assert later.attempts == 1
        assert later.not_before is not None
        assert later.not_before > NOW
        [attempt] = world.parts.store.deliveries.attempts(later.id)
        assert (attempt.outcome, attempt.code) == ("TryLater", "4.2.0")
        people = world.parts.store.mailings.count(world.mailing._run(world.broadcast).audience, now=NOW)
        assert people == 59, "the dead address is suppressed"


def test_in_doubt_resend_goes_once_more_and_is_listed(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    script = Script(drop_after_dot={address_of(2): 2})
    with (
        CountingServer(script) as relay,
        mailing(database, tmp_path, relay, 5, nursery=nursery, in_doubt=InDoubt.RESEND) as world,
    ):
        world.send()
        world.send()
        assert relay.counts[address_of(2)] == 2
        assert world.states() == {"sent": 4, "uncertain": 1}
        ids = {each.data.split(b"Message-ID: ")[1].split(b"\r\n")[0] for each in relay.accepted if each.silent}
        assert len(ids) == 1, "the same Message-ID"


def test_in_doubt_resend_that_arrives_stays_listed(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    script = Script(drop_after_dot={address_of(2): 1})
    with (
        CountingServer(script) as relay,
        mailing(database, tmp_path, relay, 5, nursery=nursery, in_doubt=InDoubt.RESEND) as world,
    ):
        world.send()
        world.send()
        assert world.states() == {"sent": 5}
        listed = [each for each in world.parts.store.deliveries.of(world.broadcast.id) if each.reason == RESENT]
        assert len(listed) == 1


def test_whoever_the_programme_leaves_out_gets_nothing(database: Database, tmp_path: Path) -> None:
    without = replace(PROGRAMME.mailings["daily"], exclude=Exclusion(lists=("board",), areas=("HIOW",)))
    programme = replace(
        PROGRAMME,
        area_groups=MappingProxyType({"HIOW": ("HAM", "IOW")}),
        mailings=MappingProxyType({"daily": without}),
    )
    with CountingServer() as relay, mailing(database, tmp_path, relay, 10, programme=programme, boards=(1, 2)) as world:
        assert world.states() == {"pending": 7}, "two of the board, and one of an area of the group"
        with database.write() as connection:
            connection.execute(update(subscribers).where(subscribers.c.id == 9).values(areas=",IOW,"))
        world.send()
        assert world.states() == {"sent": 6, "skipped": 1}
        assert {address_of(number) for number in (1, 2, 3, 9)}.isdisjoint(relay.counts)
        [skipped] = world.parts.store.deliveries.of(world.broadcast.id, DeliveryState.SKIPPED)
        assert (skipped.subscriber, skipped.reason) == (9, "excluded")


def test_a_dead_relay_costs_only_time(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    with CountingServer() as relay, mailing(database, tmp_path, relay, 50, nursery=nursery) as world:
        relay.die()
        world.send()
        assert world.states() == {"pending": 50}
        again = world.mailing.next_due()
        assert again is not None
        assert again <= world.parts.clock.now() + timedelta(seconds=61)
        assert all(each.attempts == 0 for each in world.parts.store.deliveries.of(world.broadcast.id))
        relay.revive()
        world.mailing._rests.clear()
        world.parts.ways.one = relay_at(relay.port, world.parts.clock, 4)  # type: ignore[attr-defined]
        world.send()
        assert relay.counts == everyone(50)


def test_a_relay_that_stays_dead_is_told_of(database: Database, tmp_path: Path) -> None:
    with CountingServer() as relay, mailing(database, tmp_path, relay, 3) as world:
        clock = SettableClock(world.parts.clock.now())
        world = MailWorld(replace(world.parts, clock=clock), world.worker)
        relay.die()
        for _ in range(4):
            world.send()
            clock.advance(timedelta(seconds=61))
        assert world.broadcast.reason.startswith("no email has left since ")
        relay.revive()
        world.parts.ways.one = relay_at(relay.port, world.parts.clock, 1)  # type: ignore[attr-defined]
        world.send()
        assert world.broadcast.reason == ""
        assert relay.counts == everyone(3)


def test_policy_refusals_stop_the_channel_and_suppress_nobody(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    script = Script(rcpt={"*": ["550 5.7.1 not you"] * 400})
    with CountingServer(script) as relay, mailing(database, tmp_path, relay, 400, nursery=nursery, lanes=2) as world:
        world.send()
        states = world.states()
        assert states["failed"] < 100
        assert states["pending"] == 400 - states["failed"]
        state = world.parts.store.channels.all()["mail"]
        assert "refusals in a row" in state.down
        assert world.parts.store.mailings.count(world.mailing._run(world.broadcast).audience, now=NOW) == 400


def test_being_signed_out_stops_the_channel(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    with (
        CountingServer(Script(greeting="554 5.7.1 no")) as relay,
        mailing(database, tmp_path, relay, 30, nursery=nursery) as world,
    ):
        world.send()
        assert world.states() == {"pending": 30}
        assert world.parts.store.channels.all()["mail"].down


def run_until(world: MailWorld, relay: CountingServer, count: int) -> threading.Thread:
    """Begin to send, until the relay has taken so many messages; there it rests until it is told to go on."""
    relay.rest_at(count)
    thread = threading.Thread(target=world.send)
    thread.start()
    until(lambda: relay.counts.total() >= count, "emails to arrive")
    return thread


def ended(thread: threading.Thread) -> None:
    """Wait until the run is over."""
    thread.join(300)
    assert not thread.is_alive()


def test_a_pause_in_mid_run_is_honoured_within_two_seconds(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    with (
        Timed(Script(delay=0.01)) as relay,
        mailing(database, tmp_path, relay, 1200, nursery=nursery, lanes=4) as world,
    ):
        thread = run_until(world, relay, 100)
        world.parts.store.holds.place(
            scope=HoldScope.ALL,
            target="",
            strength=Strength.ALL,
            reason="mourning",
            author="test",
            now=world.parts.clock.now(),
        )
        paused = relay.clock()
        relay.go_on()
        ended(thread)
        assert not relay.begun_after(paused + SOON)
        assert relay.counts.total() < 1200
        states = world.states()
        assert states["sent"] == relay.counts.total()
        assert states["pending"] == 1200 - states["sent"]
        assert set(states) == {"sent", "pending"}


def test_stopping_the_service_in_mid_run_loses_and_doubts_nobody(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    with (
        Timed(Script(delay=0.01)) as relay,
        mailing(database, tmp_path, relay, 1200, nursery=nursery, lanes=4) as world,
    ):
        thread = run_until(world, relay, 100)
        world.closing.set()
        stopped = relay.clock()
        relay.go_on()
        ended(thread)
        assert not relay.begun_after(stopped + SOON)
        assert relay.counts.total() < 1200
        states = world.states()
        assert states == {"sent": relay.counts.total(), "pending": 1200 - relay.counts.total()}
        world.closing.clear()
        world.send()
        assert relay.counts == everyone(1200)


def test_who_leaves_in_mid_run_gets_nothing_more(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    with (
        CountingServer(Script(delay=0.02)) as relay,
        mailing(database, tmp_path, relay, 1000, nursery=nursery, lanes=4) as world,
    ):
        thread = run_until(world, relay, 60)
        with database.write() as connection:
            connection.execute(
                update(subscriptions).where(subscriptions.c.subscriber > 700).values(state="unsubscribed")
            )
        before = sum(relay.counts[address_of(number)] for number in range(701, 1001))
        relay.go_on()
        ended(thread)
        assert before == 0
        assert not [to for number in range(701, 1001) if relay.counts[to := address_of(number)]]
        assert world.states() == {"sent": 700, "skipped": 300}


def test_nothing_begins_after_its_time_of_day(database: Database, tmp_path: Path) -> None:
    with CountingServer() as relay:
        with mailing(database, tmp_path, relay, 20, stop=timedelta(days=-1)) as world:
            world.send()
            assert world.states() == {"missed": 20}
        assert not relay.counts


def test_a_row_waits_for_its_time(database: Database, tmp_path: Path) -> None:
    with CountingServer() as relay, mailing(database, tmp_path, relay, 3) as world:
        [row] = world.parts.store.groups.take(world.broadcast.id, worker=9, now=NOW, limit=1)
        later = Settled(delivery=row[0], state=DeliveryState.PENDING, not_before=NOW + timedelta(days=1), outcome="x")
        world.parts.store.groups.settle(worker=9, began=NOW, now=NOW, others=[later])
        world.send()
        assert world.states() == {"sent": 2, "pending": 1}


def test_limits_of_relay_and_domain_hold_in_a_run(database: Database, tmp_path: Path, nursery: Nursery | None) -> None:
    limits = {"rate": 40, "domain_rates": {"d1.example.org": 1}}
    with CountingServer() as relay, mailing(database, tmp_path, relay, 90, nursery=nursery, options=limits) as world:
        began = world.parts.clock.monotonic()
        world.send()
        took = world.parts.clock.monotonic() - began
        slow = sum(count for to, count in relay.counts.items() if to.endswith("@d1.example.org"))
        assert took > (relay.counts.total() - 2 * 40) / 40
        assert 1 <= slow <= 2 + took
        with database.read() as connection:
            buckets = set(connection.scalars(select(paces.c.name)))
        assert buckets == {f"mail/127.0.0.1:{relay.port}", "mail@d1.example.org"}, "a lane's first message counts too"
        states = world.states()
        assert states["sent"] == relay.counts.total()
        assert states["pending"] == 90 - states["sent"]
        waiting = world.parts.store.deliveries.of(world.broadcast.id, DeliveryState.PENDING)
        assert all(row.attempts == 0 and row.not_before is not None for row in waiting)


def test_a_lane_that_does_not_come_back_leaves_its_row_undoubted(tmp_path: Path) -> None:
    """Stopped while a relay is silent before any text: nothing began, so the next worker sends it."""
    database = Database(f"sqlite:///{tmp_path / 'campaign.db'}")
    database.create()
    url = str(database.engine.url)
    script = Script(mute={address_of(1)})
    with CountingServer(script) as relay:
        with mailing(database, tmp_path, relay, 3, lanes=1, options={"timeouts": {"command": 600}}) as world:
            thread = threading.Thread(target=world.send)
            thread.start()
            assert script.silent.wait(300)
            world.closing.set()
            ended(thread)
            assert not relay.counts
            assert world.states()["taken"] >= 1
            assert list((tmp_path / "journals").iterdir())
        script.mute.clear()
        relay.hang_up()
        with working(url, tmp_path, relay.port) as next_world:
            next_world.recover()
            next_world.send()
            assert next_world.states() == {"sent": 3}
        assert relay.counts == everyone(3)
    database.close()
