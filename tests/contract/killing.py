"""One delivery of one channel in a process of its own, to be killed at any moment; and what a restart makes of it.

The files in `folder` stand for the ledger: `notes.json` and `sending` are on disk before the step they announce, and
`settled` after it, as the engine does it.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from campaign.channels.base import UNKNOWN, Channel, Finds, MemoryNotes, Receipt, ReplayKind, Tools
from campaign.channels.http import Http
from campaign.errors import ChannelError
from campaign.testing import NOON, ChannelContract, FakeNetwork, a_key, detour

CONTEXT = get_context("forkserver")
LATER = NOON + timedelta(minutes=10)


class DiskNotes(MemoryNotes):
    """A channel's notes in a file, written at every change."""

    def __init__(self, path: Path, first: Mapping[str, str]) -> None:
        self._path = path
        super().__init__(json.loads(path.read_text("utf-8")) if path.exists() else first)

    def swap(self, name: str, *, old: str | None, new: str | None, secret: bool = False) -> bool:
        """As `MemoryNotes`, and on disk before it returns."""
        done = super().swap(name, old=old, new=new, secret=secret)
        write(self._path, json.dumps(self._values))
        return done


def write(path: Path, text: str) -> None:
    """Replace a file whole."""
    part = path.with_suffix(".part")
    part.write_text(text, "utf-8")
    os.replace(part, path)


def suite_of(module: str, name: str) -> ChannelContract:
    """The contract suite that knows the channel, its options and its message."""
    suite: ChannelContract = getattr(import_module(module), name)()
    return suite


def channel_of(suite: ChannelContract, folder: Path, http: Http, now: datetime) -> Channel[Any]:
    """The channel as a fresh process makes it."""
    tools = Tools(
        name="under-test",
        now=lambda: now,
        http=http,
        notes=DiskNotes(folder / "store.json", suite.stored),
        folder=folder,
        media_url="https://media.example.org/",
        publish_media=lambda data, media_type: f"https://media.example.org/{len(data)}",
    )
    return suite.channel(suite._options(), tools)


def attempt(module: str, name: str, folder: Path, port: int, now: datetime, *, die_before_settling: bool) -> None:
    """Prepare and send, as one worker does it. Runs in the process that is to be killed."""
    suite = suite_of(module, name)
    http = detour(port)
    channel = channel_of(suite, folder, http, now)
    notes = json.loads((folder / "notes.json").read_text("utf-8")) if (folder / "notes.json").exists() else {}
    try:
        notes = dict(channel.prepare(suite.message(), key=a_key(), notes=notes))
        write(folder / "notes.json", json.dumps(notes))
        write(folder / "sending", "")
        receipt = channel.send(suite.message(), key=a_key(), notes=notes)
    except ChannelError as error:
        write(folder / "settled", type(error).__name__)
        return
    if die_before_settling:
        os.kill(os.getpid(), signal.SIGKILL)
    write(folder / "settled", json.dumps({"remote_id": receipt.remote_id}))


class Delivery:
    """One delivery, from the side of those who look on: the network, and the worker that comes after."""

    def __init__(self, suite: type[ChannelContract], folder: Path, network: FakeNetwork) -> None:
        self.names = (suite.__module__, suite.__name__)
        self.suite = suite()
        self.folder = folder
        self.network = network
        folder.mkdir(parents=True)

    @property
    def accepted(self) -> int:
        """How many messages the network holds."""
        return len(self.network.imitation.accepted)

    def run(self, *, now: datetime = NOON, kill_at: tuple[int, str] | None = None, at_the_end: bool = False) -> bool:
        """Run a worker to its end, or kill it at request number, before or after the network handled it.

        Whether it was killed.
        """
        process: BaseProcess = CONTEXT.Process(
            target=attempt,
            args=(*self.names, self.folder, self.network.port, now),
            kwargs={"die_before_settling": at_the_end},
        )
        first = self.network.seen
        started = threading.Event()

        def step(number: int, when: str) -> None:
            if kill_at == (number - first, when):
                assert started.wait(300)
                os.kill(process.pid or 0, signal.SIGKILL)

        self.network.on_request = step
        process.start()
        started.set()
        process.join(300)
        assert process.exitcode is not None, "the worker did not end"
        self.network.on_request = None
        return process.exitcode == -signal.SIGKILL

    def promised(self) -> ReplayKind:
        """What the channel promises, as it is set up and has come to know its server."""
        return channel_of(self.suite, self.folder, self.network.http(), LATER).promise().kind

    def restart(self) -> str:
        """What the next worker does with it: `sent`, or `person` where only a person can tell."""
        if (self.folder / "settled").exists():
            return "sent"
        if not (self.folder / "sending").exists():
            return self._again()
        replay = self.promised()
        if replay is ReplayKind.SAFE:
            return self._again()
        if replay is ReplayKind.NEVER:
            return "person"
        channel = channel_of(self.suite, self.folder, self.network.http(), LATER)
        assert isinstance(channel, Finds)
        found = channel.find(self.suite.message(), key=a_key(), since=NOON)
        if isinstance(found, Receipt):
            return "sent"
        return "person" if found is UNKNOWN else self._again()

    def _again(self) -> str:
        assert not self.run(now=LATER)
        said = (self.folder / "settled").read_text("utf-8")
        assert said.startswith("{"), f"the second worker was told {said}"
        return "sent"


__all__ = ["Delivery"]
