"""Two processes on one ledger whose token has just run out: one of them renews it, and both go on."""

from __future__ import annotations

import json
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from campaign.channels.base import Tools
from campaign.channels.x import X, XOptions
from campaign.clock import SystemClock
from campaign.store import Database
from campaign.store.ciphers import Cipher
from campaign.store.notes import ChannelNotes
from campaign.testing import NOON, FakeNetwork, detour
from tests.channels.played_x import PlayedX

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.channels.test_refresh_processes"])
WORKERS = 2


def notes(url: str) -> ChannelNotes:
    return ChannelNotes(Database(url), "x-hscp", Cipher(b"k" * 32))


def ask(url: str, port: int, told: Any, ready: Any) -> None:
    """Ask the network whose account it is, as any command or service does. Runs in a process of its own."""
    http, sleep = detour(port, patience=600.0), SystemClock().sleep
    patient = Tools(
        name="x-hscp", now=lambda: NOON, http=http, notes=notes(url), sleep=lambda seconds: sleep(seconds * 4)
    )
    channel = X(XOptions(client_id="example-client"), patient)
    ready.release()
    told.put(channel.verify().name)


def test_one_renews_and_the_others_wait_for_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    database = Database(url)
    database.create()
    database.close()
    old = {"access": "access-0", "refresh": "refresh-0", "expires": (NOON - timedelta(minutes=1)).timestamp()}
    assert notes(url).swap("token", old=None, new=json.dumps(old), secret=True)
    told, ready = CONTEXT.Queue(), CONTEXT.Semaphore(0)
    with FakeNetwork(PlayedX()) as network:

        def step(number: int, when: str) -> None:
            """The first question is the renewal: it is answered once every process is at work."""
            if (number, when) == (1, "before"):
                for _ in range(WORKERS):
                    assert ready.acquire(timeout=300)

        network.on_request = step
        processes = [CONTEXT.Process(target=ask, args=(url, network.port, told, ready)) for _ in range(WORKERS)]
        for process in processes:
            process.start()
        names = [told.get(timeout=600) for _ in processes]
        for process in processes:
            process.join(300)
        played: Any = network.imitation
        assert names == ["@hscp"] * WORKERS
        assert played.refreshes == 1, "a refresh token works once"
        assert not played.broken
    kept = json.loads(str(notes(url).get("token")))
    assert (kept["access"], kept["refresh"]) == (played.bearer, played.refresh)
    assert notes(url).get("token.lock") is None
