"""The heart of it: a whole check, a ring over many messages, many channels at once, memory at rest, a rehearsal."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from benchmarks import Figure, paired, program, seconds
from campaign.channels.base import Channel, Notes, Options, Receipt, Replay, ReplayKind, Tools
from campaign.cli.common import rehearsal_settings
from campaign.clock import SettableClock
from campaign.delivery import loading
from campaign.delivery.service import Service
from campaign.model import Campaign, CampaignStatus, ChannelRef, Day, PlannedPost, Post, Programme, Theme, When
from campaign.settings import load_installation, load_key, make_home
from campaign.wiring import make_parts, open_store

WEEK = Path(__file__).parents[1] / "schedules" / "safeguarding-childrens-week-2023.yaml"
EARLY = datetime(2023, 10, 9, 5, 0, tzinfo=UTC)
NINE = datetime(2023, 10, 9, 8, 0, tzinfo=UTC)
ANSWER = 0.1
PASS = (sys.executable, "-c", "pass")


def measure() -> Iterator[Figure]:
    """Every figure of the core."""
    yield _check()
    yield from _rings()
    yield _at_once()
    yield _memory()
    yield _rehearsal()


def _check() -> Figure:
    command = (sys.executable, "-m", "campaign", "check", "--alone", str(WEEK))
    figure, reference = paired(program(*command), program(*PASS), times=5)
    return Figure("campaign check of the 2023 week, whole process", figure, "s", reference, "python -c pass")


def _rehearsal() -> Figure:
    with TemporaryDirectory() as folder:
        number = count()

        def play() -> None:
            out = f"{folder}/{next(number)}"
            program(sys.executable, "-m", "campaign", "rehearse", "--quiet", "--out", out, str(WEEK))()

        figure, reference = paired(play, program(*PASS), times=3)
    return Figure("the 2023 week rehearsed, whole process", figure, "s", reference, "python -c pass")


class Slow(Channel[Any]):
    """A channel whose network takes 100 ms to answer."""

    kind: ClassVar[str] = "slow"
    title: ClassVar[str] = "Slow"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(ReplayKind.NEVER, "For measuring.")
    answered = 0

    def send(self, message: Any, *, key: str, notes: Notes) -> Receipt:
        threading.Event().wait(ANSWER)
        type(self).answered += 1
        return Receipt(remote_id=key)


class Ways:
    """Every channel is a slow one."""

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock
        self._made: dict[str, Slow] = {}

    def problem(self, ref: ChannelRef) -> str:
        return ""

    def channel(self, ref: ChannelRef) -> Channel[Any]:
        return self._made.setdefault(ref.id, Slow(Options(), Tools(name=ref.id, now=self._clock.now)))

    def is_live(self, name: str) -> bool:
        return False


def _week(posts: int, channels: int) -> Programme:
    """Posts each day at nine, local time, over every channel: five days times posts times channels."""
    names = tuple(f"c{number}" for number in range(channels))
    days = ("mon", "tue", "wed", "thu", "fri")
    return Programme(
        campaign=Campaign(
            id="week",
            title="A week",
            status=CampaignStatus.READY,
            starts=date(2023, 10, 9),
            ends=date(2023, 10, 13),
        ),
        channels={name: ChannelRef(id=name, kind="slow") for name in names},
        days=tuple(
            Day(id=day, dates=(date(2023, 10, 9 + number),), themes=(Theme(id=day, title=f"Theme of {day}"),))
            for number, day in enumerate(days)
        ),
        posts={
            f"p{number}": PlannedPost(
                id=f"p{number}",
                when=When(each_day=True, time=time(9)),
                channels=names,
                text=f"Post {number}: {{{{ day.title }}}}",
            )
            for number in range(posts)
        },
    )


@contextmanager
def _service(programme: Programme) -> Iterator[tuple[Service, SettableClock, Path]]:
    """A service with that programme loaded, three hours before its first post."""
    with TemporaryDirectory() as folder:
        clock, home = SettableClock(EARLY), Path(folder)
        settings = rehearsal_settings(home)
        make_home(settings)
        key = load_key(settings.key_file)
        store = open_store(settings, key, create=True)
        parts = make_parts(settings, store, key, clock, load_installation(settings), Ways(clock))
        shown = loading.preview(parts, programme, {}, None, clock.now())
        loading.apply(parts, shown, author="benchmark", reason="measured", now=clock.now())
        try:
            with store.workers.working(host="here", pid=1, boot="1", now=clock.now(), alone=True) as worker:
                service = Service(parts, worker=worker.id, boot="1")
                service.begin()
                yield service, clock, home
                service.close()
        finally:
            store.close()


def _rings() -> Iterator[Figure]:
    """A ring after a change (somebody paused, approved, loaded), and one after nothing at all."""
    with _service(_week(100, 20)) as (service, clock, home):
        now = clock.now()
        planned = service.shelf.get("week").planned
        moments = [each.at for each in planned]

        def ring_anew() -> None:
            service.ring._seen = -1
            service.ring(now)

        def loop() -> int:
            return sum(moment <= now for moment in moments)

        against = "a raw loop that compares as many times"
        figure, reference = paired(ring_anew, loop, times=15)
        yield Figure(f"a ring over {len(planned):,} planned messages", figure * 1000, "ms", reference * 1000, against)
        database = sqlite3.connect(home / "campaign.db")
        _sent_already(database, [str(each.key) for each in planned])
        figure, reference = paired(ring_anew, loop, times=15)
        name = f"a ring over {len(planned):,} messages that went already"
        yield Figure(name, figure * 1000, "ms", reference * 1000, against)
        figure, reference = paired(
            lambda: [service.ring(now) for _ in range(200)],
            lambda: [database.execute("SELECT count FROM changes").fetchone() for _ in range(200)],
            times=9,
        )
        database.close()
        against = "sqlite3 reading the same number"
        yield Figure("an idle ring", figure * 1000 / 200, "ms", reference * 1000 / 200, against)


def _sent_already(database: sqlite3.Connection, keys: list[str]) -> None:
    """A row of the ledger for each key, as if a busy week lay behind it."""
    with database:
        database.executemany(
            "INSERT INTO broadcasts (campaign, key, state, planned_at, late_until, stop_at, changed_at)"
            " VALUES (1, ?, 'done', 1, 1, 1, 1)",
            [(key,) for key in keys],
        )


def _at_once() -> Figure:
    """From the ring to the last line of the ledger; the median of five runs, and of as many runs of one channel."""
    figure = statistics.median(_handed_over(20) for _ in range(5))
    reference = statistics.median(_handed_over(1) for _ in range(5))
    name = f"20 channels due at the same minute, each answering in {ANSWER * 1000:.0f} ms"
    return Figure(name, figure, "s", reference, "one such channel alone")


def _handed_over(channels: int) -> float:
    with _service(_week(1, channels)) as (service, clock, _):
        service.settle()
        clock.set(NINE + timedelta(seconds=1))
        Slow.answered = 0
        taken = seconds(service.settle)
        if Slow.answered != channels:
            raise RuntimeError(f"{Slow.answered} posts were handed over, not {channels}")
        return taken


def _memory() -> Figure:
    """`campaign run`, pages and all, with the 2023 week loaded, after it has rung for some seconds."""
    with TemporaryDirectory() as folder:
        ports = {"CAMPAIGN_HEALTH_PORT": "0", "CAMPAIGN_WEB_PORT": "0"}
        environment = {**os.environ, "CAMPAIGN_HOME": f"{folder}/home", "CAMPAIGN_KEY_FILE": f"{folder}/key", **ports}
        campaign = (sys.executable, "-m", "campaign")
        for command in (("init",), ("load", str(WEEK), "--apply")):
            subprocess.run((*campaign, *command), check=True, env=environment, capture_output=True)
        service = subprocess.Popen(
            (*campaign, "run"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        idle = subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE)
        try:
            _wait_for_rings(service)
            return Figure(
                "memory of an idle campaign run", _resident(service.pid), "MB", _resident(idle.pid), "an idle python"
            )
        finally:
            for process in (service, idle):
                process.terminate()
                process.communicate(timeout=30)


def _wait_for_rings(service: subprocess.Popen[str]) -> None:
    """Until its health says that it rang, and some seconds more."""
    line = service.stdout.readline() if service.stdout else ""
    found = re.search(r"health at http://([^/:]+):(\d+)/healthz", line)
    if not found:
        raise RuntimeError(f"the service did not start: {line!r}")
    for _ in range(60):
        threading.Event().wait(1)
        connection = HTTPConnection(found[1], int(found[2]), timeout=10)
        connection.request("GET", "/healthz")
        rang = json.load(connection.getresponse())["last_ring"] != "never"
        connection.close()
        if rang:
            threading.Event().wait(5)
            return
    raise RuntimeError("the service does not ring")


def _resident(pid: int) -> float:
    """Resident memory of a process, in MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024
