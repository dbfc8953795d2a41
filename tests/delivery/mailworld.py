"""A loaded week with one mailing, its people, and a worker that mails them: in this process, or in one to be killed.

`python -m tests.delivery.mailworld URL FOLDER PORT LANES PROCESSES OPTIONS` works until nothing is left, then ends with
0. OPTIONS are the relay's, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import exists, insert, select

from campaign.address import KeyRing, parse
from campaign.channels.base import Channel, Tools
from campaign.channels.smtp import LANES, Smtp
from campaign.channels.smtp.options import SmtpOptions
from campaign.clock import Clock, SystemClock, to_micros
from campaign.delivery.gates import HoldsNow
from campaign.delivery.mail.crew import HandLost
from campaign.delivery.mail.hand import Kit
from campaign.delivery.mail.mailing import Mailing
from campaign.delivery.mail.nursery import Nursery, open_nursery
from campaign.delivery.parts import Parts
from campaign.delivery.recovery import Recovery
from campaign.delivery.shelf import Shelf
from campaign.model import Broadcast, BroadcastKey, BroadcastKind, ChannelRef, InDoubt, Programme, Sender
from campaign.programme import canonical
from campaign.render import Pages
from campaign.render.pages import PersonUrls
from campaign.store import Store
from campaign.store.database import Database
from campaign.store.ledger import Opening
from campaign.store.tables_lists import lists, senders, subscribers, subscriptions
from campaign.tokens import Key
from tests.figures import agree
from tests.weeks import DAILY, SENDER, WEEK

NOW = datetime.now(UTC).replace(microsecond=0)
KEY = Key(b"k" * 32)
PROGRAMME = replace(WEEK, mailings=MappingProxyType({"daily": replace(DAILY, lists=("practitioners",))}))
BOOT = "this start of the machine"


class OneWay:
    """The only channel: smtp to a relay of the test."""

    def __init__(self, store: Store, channel: Channel[Any]) -> None:
        self.store = store
        self.one = channel

    def problem(self, ref: ChannelRef) -> str:
        return self.store.channels.all()[ref.id].down if ref.id in self.store.channels.all() else ""

    def channel(self, ref: ChannelRef) -> Channel[Any]:
        return self.one

    def is_live(self, name: str) -> bool:
        return True


def relay_at(port: int, clock: Clock, lanes: int, **options: object) -> Smtp:
    """An smtp channel to a port of this machine."""
    settings = {"host": "127.0.0.1", "port": port, "security": "off", "connections": lanes} | options
    return Smtp(SmtpOptions.model_validate(settings), Tools(name="mail", now=clock.now))


@dataclass
class MailWorld:
    """A worker on one ledger."""

    parts: Parts
    worker: int
    closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.parts.store)
        self.mailing = Mailing(self.parts, self.shelf, HoldsNow(self.parts), self.worker, self.closing)

    @property
    def broadcast(self) -> Broadcast:
        """The mailing as it stands."""
        found = self.parts.store.ledger.get(BROADCAST)
        assert found is not None
        return found

    def open(self, *, in_doubt: InDoubt = InDoubt.HOLD, stop: timedelta = timedelta(hours=8)) -> Broadcast:
        """Open the mailing with all its people."""
        self.begin(in_doubt=in_doubt, stop=stop)
        self.mailing.open(self.broadcast)
        return self.broadcast

    def begin(self, *, in_doubt: InDoubt = InDoubt.HOLD, stop: timedelta = timedelta(hours=8)) -> None:
        """Begin to open the mailing: nobody is in it yet."""
        opening = Opening(
            key=BROADCAST, kind=BroadcastKind.MAILING, planned_at=NOW, late_until=NOW + timedelta(hours=1),
            stop_at=NOW + stop, essential=False, in_doubt=in_doubt, revision=1,
        )  # fmt: skip
        self.parts.store.ledger.open_mailing(opening, NOW)

    def work(self) -> None:
        """Open the mailing and send it, as the engine does."""
        self.mailing.work(self.broadcast)

    def send(self) -> None:
        """One run of the flow."""
        self.mailing.send(self.broadcast)

    def recover(self) -> datetime | None:
        """Settle what dead workers left; when to look again, None where nothing is left."""
        return Recovery(self.parts, self.shelf, boot=BOOT).run(self.worker)

    def states(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        found = self.parts.store.deliveries.tally(self.broadcast.id)[self.broadcast.id]
        return {state.value: count for state, count in found.items()}


BROADCAST = BroadcastKey(campaign=WEEK.campaign.id, message="daily", day="tue", channel="mail")


def add_people(database: Database, count: int, *, domains: int = 3, step: int = 1, key: Key = KEY) -> None:
    """`count` confirmed people of one list, their ids so far apart, hashed under an installation's key."""
    when = to_micros(NOW)
    ring = KeyRing(key)
    with database.write() as connection:
        if not connection.scalar(select(exists().where(senders.c.id == SENDER.id))):
            connection.execute(insert(senders).values(id=SENDER.id, from_name="x", from_address=SENDER.from_address))
        made = connection.execute(
            insert(lists).values(
                slug="practitioners", title="Practitioners", sender=SENDER.id, basis="consent", made_at=when
            )
        ).inserted_primary_key
        assert made is not None
        for start in range(1, count + 1, 10_000):
            numbers = range(start, min(start + 10_000, count + 1))
            rows = [
                {
                    "id": number * step, "address": address, "address_key": parse(address).key,
                    "address_hash": ring.hash(parse(address).key), "first_name": f"Reader{number}",
                    "token": f"token{number:017d}", "made_at": when, "changed_at": when,
                }
                for number in numbers
                if (address := address_of(number, domains))
            ]  # fmt: skip
            connection.execute(insert(subscribers), rows)
            on_it = {"list": made[0], "state": "confirmed", "changed_at": when}
            links = [{"subscriber": n * step} | on_it for n in numbers]
            connection.execute(insert(subscriptions), links)


def address_of(number: int, domains: int = 3) -> str:
    """The address of a person."""
    return f"p{number}@d{number % domains}.example.org"


def load(store: Store, programme: Programme = PROGRAMME) -> None:
    """Keep the programme as revision 1."""
    campaign = programme.campaign
    store.campaigns.save(
        slug=campaign.id, title=campaign.title, kind=campaign.kind, series="", edition=None,
        programme=canonical.to_json(programme), files={}, author="test", reason="", now=NOW,
    )  # fmt: skip


#: A person's own links.
urls_of = PersonUrls("https://week.example.org")


def make_parts(store: Store, channel: Channel[Any], clock: Clock, nursery: Nursery | None = None) -> Parts:
    """What a mail worker needs."""
    senders_of: Mapping[str, Sender] = {SENDER.id: SENDER}
    return Parts(
        store=store,
        clock=clock,
        key=KEY,
        ways=OneWay(store, channel),
        senders=lambda: senders_of,
        pages=lambda programme: Pages(base_url="https://week.example.org", campaign=programme.campaign.id),
        urls=urls_of,
        approving=lambda: False,
        nursery=nursery,
    )


@contextmanager
def working(
    url: str, folder: Path, port: int, *, lanes: int = 4, nursery: Nursery | None = None, **options: Any
) -> Iterator[MailWorld]:
    """A living worker on the ledger at `url`. With a `nursery` its mailings are sent by processes from there."""
    clock = SystemClock()
    store = Store(Database(url), folder=folder)
    channel = relay_at(port, clock, lanes, **options)
    with store.workers.working(host="here", pid=os.getpid(), boot=BOOT, now=clock.now(), alone=False) as worker:
        world = MailWorld(make_parts(store, channel, clock, nursery), worker.id)
        yield world
    channel.close()
    agree(store.database)
    store.close()


def kit() -> Kit:
    """What the processes of a nursery have from its service."""
    return Kit(SystemClock(), KEY, urls_of)


def main(url: str, folder: str, port: str, lanes: str, processes: str = "1", options: str = "{}") -> int:
    """Recover, then open and send until nothing is left."""
    nursery = open_nursery(kit(), int(processes), os.environ, many=0, loads=LANES)
    with working(url, Path(folder), int(port), lanes=int(lanes), nursery=nursery, **json.loads(options)) as world:
        while world.recover() is not None:
            world.parts.clock.sleep(0.05)
        print("ready", flush=True)
        while True:
            with suppress(HandLost):  # one of its processes was killed: the next run settles what that one left
                world.work()
                break
    if nursery is not None:
        nursery.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
