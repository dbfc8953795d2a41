"""A small world to play weeks in: a real ledger and engine, a settable clock, and channels that remember."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, ClassVar

from campaign.address import KeyRing
from campaign.channels.base import Channel, Notes, Options, Receipt, Replay, ReplayKind, Tools
from campaign.clock import SettableClock
from campaign.delivery import loading
from campaign.delivery.parts import Parts
from campaign.delivery.samples import add_samples, sample_sender
from campaign.delivery.service import Service
from campaign.errors import SettingsError, Uncertain
from campaign.model import (
    Audience,
    Campaign,
    CampaignStatus,
    ChannelRef,
    Contact,
    Day,
    Email,
    PlannedMailing,
    PlannedPost,
    Post,
    Programme,
    Theme,
    When,
)
from campaign.render import Pages, Urls
from campaign.store import Cipher, Database, Store
from campaign.tokens import Key
from tests.figures import agree

EIGHT = datetime(2023, 10, 9, 7, 0, tzinfo=UTC)
DAYS = ("mon", "tue", "wed", "thu", "fri")


class Swallowed(Uncertain):
    """The network took it, and its answer never came."""


class Recorder(Channel[Any]):
    """A channel that remembers what it accepted, and fails as it is told."""

    kind: ClassVar[str] = "recorder"
    title: ClassVar[str] = "Recorder"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(ReplayKind.NEVER, "For tests.")

    def __init__(self, name: str, clock: SettableClock) -> None:
        super().__init__(Options(), Tools(name=name, now=clock.now))
        self.accepted: list[tuple[datetime, str, Any]] = []
        self.faults: list[Exception] = []
        self.before: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def send(self, message: Post | Email, *, key: str, notes: Notes) -> Receipt:
        self.before()
        with self._lock:
            fault = self.faults.pop(0) if self.faults else None
            if fault and not isinstance(fault, Swallowed):
                raise fault
            self.accepted.append((self.tools.now(), key, message))
        if fault:
            raise fault
        return Receipt(remote_id=key, url=f"https://example.org/{key}")

    @property
    def twice(self) -> list[str]:
        """Keys that it accepted more than once."""
        return [key for key, count in Counter(key for _, key, _ in self.accepted).items() if count > 1]


class ManualRecorder(Recorder):
    """A channel that a person carries."""

    by_hand: ClassVar[bool] = True


@dataclass
class Channels:
    """The ways out of the world."""

    made: dict[str, Recorder]
    broken: dict[str, str]
    store: Store

    def problem(self, ref: ChannelRef) -> str:
        state = self.store.channels.all().get(ref.id)
        return self.broken.get(ref.id, "") or (f"down ({state.down})" if state and state.down else "")

    def channel(self, ref: ChannelRef) -> Channel[Any]:
        if ref.id in self.broken or ref.id not in self.made:
            raise SettingsError()
        return self.made[ref.id]

    def is_live(self, name: str) -> bool:
        return False


def a_week(*posts: PlannedPost, mailings: tuple[PlannedMailing, ...] = (), slug: str = "week") -> Programme:
    """A ready week of 9 to 13 October 2023 with two channels for posts, one for mail and one by hand."""
    days = tuple(
        Day(
            id=name,
            dates=(date(2023, 10, 9 + number),),
            themes=(Theme(id=f"theme-{name}", title=f"Theme of {name}", text=f"What {name} is about."),),
        )
        for number, name in enumerate(DAYS)
    )
    kinds = {"a": "recorder", "b": "recorder", "mail": "recorder", "hand": "recorder"}
    return Programme(
        campaign=Campaign(
            id=slug,
            title="A week",
            status=CampaignStatus.READY,
            starts=date(2023, 10, 9),
            ends=date(2023, 10, 13),
            contact=Contact(name="Team", email="team@example.org"),
        ),
        audiences={"parents": Audience(id="parents", name="Parents and carers")},
        channels={name: ChannelRef(id=name, kind=kind) for name, kind in kinds.items()},
        days=days,
        posts={post.id: post for post in posts},
        mailings={mailing.id: mailing for mailing in mailings},
    )


def a_post(name: str = "hello", *, channels: tuple[str, ...] = ("a",), **changes: Any) -> PlannedPost:
    """A post each day at nine."""
    plain = PlannedPost(
        id=name, when=When(each_day=True, time=time(9)), channels=channels, text=f"{name} {{{{ day.title }}}}"
    )
    return replace(plain, **changes)


def a_mailing(name: str = "daily", **changes: Any) -> PlannedMailing:
    """A mailing each day at eight, to the list `parents`."""
    plain = PlannedMailing(
        id=name,
        when=When(each_day=True, time=time(8)),
        channel="mail",
        lists=("parents",),
        subject="{{ day.weekday }}",
        preheader="Today",
        template="day",
    )
    return replace(plain, **changes)


class World:
    """One installation on a settable clock. `start` makes a service; `crash` leaves it as a kill -9 would."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        approvals: bool = False,
        start: datetime = EIGHT - timedelta(hours=2),
        patience: float = 30,
    ) -> None:
        self.url = url
        self.folder = folder
        self.clock = SettableClock(start)
        self.key = Key(b"k" * 32)
        self.approvals = approvals
        self.store = Store(Database(url, patience=patience), folder=folder, cipher=Cipher(b"c" * 32))
        made = {name: Recorder(name, self.clock) for name in ("a", "b", "mail")}
        made["hand"] = ManualRecorder("hand", self.clock)
        self.ways = Channels(made, {}, self.store)
        self.parts = Parts(
            store=self.store,
            clock=self.clock,
            key=self.key,
            ways=self.ways,
            senders=lambda: {"rehearsal": self.sender},
            pages=lambda programme: Pages(base_url="https://week.example.org", campaign=programme.campaign.id),
            urls=lambda person: Urls(
                preferences=f"https://week.example.org/p/{person.unsubscribe_token}",
                unsubscribe=f"https://week.example.org/u/{person.unsubscribe_token}",
            ),
            approving=lambda: self.approvals,
        )
        self._life = ExitStack()
        self._alive: list[int] = []
        self._peopled = False

    @property
    def sender(self) -> Any:
        return sample_sender(a_week())

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def load(self, programme: Programme, *, author: str = "Ada", files: Mapping[str, bytes] | None = None) -> int:
        """Load a programme, with its sample subscribers the first time."""
        if programme.mailings and not self._peopled:
            add_samples(self.store, KeyRing(self.key), programme, self.now)
            self._peopled = True
        known = self.store.campaigns.get(programme.campaign.id)
        from campaign.delivery.shelf import Shelf

        old = Shelf(self.store).get(known.slug) if known else None
        shown = loading.preview(self.parts, programme, files or {}, old, self.now)
        return loading.apply(self.parts, shown, author=author, reason="test", now=self.now)

    def start(self, *, boot: str = "boot-1") -> Service:
        """A new service on this ledger."""
        worker = self._life.enter_context(
            self.store.workers.working(host="test", pid=1, boot=boot, now=self.now, alone=False)
        )
        self._alive.append(worker.id)
        service = Service(self.parts, worker=worker.id, boot=boot)
        service.begin()
        return service

    def play(self, service: Service, until: datetime) -> None:
        """Play to `until`, and stand there."""
        while True:
            service.settle()
            due = service.next_due()
            if due is None or due > until:
                break
            self.clock.set(max(due, self.now + timedelta(milliseconds=1)))
        if until > self.now:
            self.clock.set(until)
            service.settle()
        for worker in self._alive:
            self.store.workers.beat(worker, now=self.now)

    def crash(self) -> None:
        """The process is gone: its lock is free, and its rows are as they were."""
        self._life.close()
        self._life = ExitStack()
        self._alive = []

    def sent(self, name: str) -> list[datetime]:
        """When a channel accepted something."""
        return [at for at, _, _ in self.ways.made[name].accepted]

    def states(self, slug: str = "week") -> dict[str, str]:
        """Key -> state of every row."""
        return {key: row.state.value for key, row in self.store.ledger.of(slug).items()}

    def close(self) -> None:
        self.crash()
        agree(self.store.database)
        self.store.close()
