"""People press the button in their mail app while the mailing that they leave is on its way, many times."""

from __future__ import annotations

import bisect
import random
import threading
from functools import partial
from pathlib import Path

from campaign.address import KeyRing, parse
from campaign.delivery.mail.nursery import Nursery
from campaign.model import DeliveryState
from campaign.store.database import Database
from campaign.store.joining import one_click_leave
from campaign.store.links import ListSets
from campaign.store.lists import get_list
from campaign.store.suppressions import Reason, suppress
from tests.delivery.mailworld import KEY, NOW, address_of
from tests.delivery.test_mailing import ended, mailing
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.timed import Timed
from tests.waiting import until

PEOPLE = 900
LEAVING = 60


def test_whoever_leaves_at_any_moment_gets_nothing_more(
    database: Database, tmp_path: Path, nursery: Nursery | None
) -> None:
    """Also somebody whose email is in the next group: only what had begun may still arrive."""
    chance = random.Random(7)
    relay = Timed(Script(delay=0.01))
    with relay, mailing(database, tmp_path, relay, PEOPLE, lanes=4, nursery=nursery) as world:
        relay.clock = world.parts.clock.monotonic
        with database.read() as connection:
            chosen = [get_list(connection, "practitioners")]
        sets = ListSets(database)
        ring = KeyRing(KEY)
        thread = threading.Thread(target=world.send)
        thread.start()
        gone: dict[str, float] = {}

        def went_on(mark: int) -> bool:
            return relay.counts.total() >= mark or not thread.is_alive()

        for number in chance.sample(range(1, PEOPLE + 1), LEAVING):
            mark = relay.counts.total() + chance.randrange(1, 8)
            until(partial(went_on, mark), "the mailing to go on")
            link = sets.link(f"token{number:017d}", chosen)
            assert one_click_leave(database, ring, link, now=NOW) is not None
            gone[address_of(number)] = world.parts.clock.monotonic()
        ended(thread)
        assert not [to for to, moment in gone.items() if relay.counts[to] and relay.late(to, moment)]
        spared = [to for to in gone if not relay.counts[to]]
        assert spared, "somebody left before their turn came, however busy the machine is"
        assert world.states() == {"sent": PEOPLE - len(spared), "skipped": len(spared)}
        assert max(relay.counts.values()) == 1
        times = [came for came, _, _ in relay.came]
        assert bisect.bisect(times, min(gone.values())) < len(times)


def test_a_thousand_and_one_suppressed_people_do_not_keep_the_next_from_theirs(
    database: Database, tmp_path: Path
) -> None:
    last = 1002
    with CountingServer() as relay, mailing(database, tmp_path, relay, last, lanes=2) as world:
        ring = KeyRing(KEY)
        with database.write() as connection:
            for number in range(1, last):
                suppress(connection, ring, parse(address_of(number)).key, reason=Reason.COMPLAINT, now=NOW)
        world.send()
        assert relay.counts == {address_of(last): 1}
        assert world.states() == {"sent": 1, "skipped": last - 1}
        [reason] = {row.reason for row in world.parts.store.deliveries.of(world.broadcast.id, DeliveryState.SKIPPED)}
        assert reason == "suppressed"
