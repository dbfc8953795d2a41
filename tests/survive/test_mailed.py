"""`campaign run` with mailings on their way, and what is asked and told beside it: stopped, paused, left, watched."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from campaign.delivery.mail.nursery import MANY
from campaign.model import HoldScope, Strength
from tests.delivery.mailworld import address_of
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.timed import SOON, Timed
from tests.survive.conftest import PATIENCE
from tests.survive.mailed import Mailed
from tests.waiting import until


@contextmanager
def running(home: Mailed) -> Iterator[subprocess.Popen[bytes]]:
    """`campaign run`, killed at the end where it still lives."""
    with home.start("run", out=subprocess.PIPE, error=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


def test_nothing_begins_two_seconds_after_a_pause_or_sigterm(tmp_path: Path) -> None:
    """Sent by processes of its own. The relay rests until it was said, so that it comes in mid-run."""
    people = MANY + 2000
    with Timed(Script(delay=0.01)) as relay:
        home = Mailed(tmp_path / "home", relay.port, people=people, CAMPAIGN_MAIL_PROCESSES="2")
        app = home.app()
        relay.rest_at(60)
        with running(home) as child:
            until(lambda: relay.counts.total() >= 60, "emails to arrive")
            hold = app.store.holds.place(
                scope=HoldScope.ALL, target="", strength=Strength.ALL, reason="", author="Ada", now=app.clock.now()
            )
            told = time.monotonic()
            relay.go_on()
            until(lambda: time.monotonic() > told + SOON and "taken" not in home.tally(), "all to come back")
            paused = relay.counts.total()
            assert not relay.begun_after(told + SOON)
            assert home.tally() == {"sent": paused, "pending": people - paused}
            relay.rest_at(paused + 60)
            app.store.holds.lift(hold, author="Ada", now=app.clock.now())
            until(lambda: relay.counts.total() >= paused + 60, "more emails to arrive")
            child.send_signal(signal.SIGTERM)
            told = time.monotonic()
            relay.go_on()
            assert child.wait(PATIENCE) == 0
        app.close()
        assert not relay.begun_after(told + SOON)
        assert home.tally() == {"sent": relay.counts.total(), "pending": people - relay.counts.total()}
        assert relay.counts.total() < people, "else nothing was stopped"
        assert max(relay.counts.values()) == 1


def frames(text: str) -> list[str]:
    """What `--watch` drew, a screen each; the last may be half drawn."""
    return text.replace("\r", "").split("\x1b[2J\x1b[1;1H")[1:-1]


def tiles(frame: str) -> dict[str, int]:
    """The tiles of the one mailing on a screen; they add up to everybody. {} where none is under way."""
    found = re.search(r"^storm/\S+: ([\d,]+) people\n  (.+)$", frame, re.MULTILINE)
    if found is None:
        return {}
    parts = [part.split(" ", 1) for part in found[2].split(" + ")]
    counts = {name: int(count.replace(",", "")) for count, name in parts}
    assert sum(counts.values()) == int(found[1].replace(",", "")), frame
    return counts


def metrics(address: str) -> dict[str, int]:
    """How many deliveries are in each state, as `/metrics` has it."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=PATIENCE) as answer:
        lines = re.findall(r'campaign_deliveries{.*state="(\w+)"} ([\d.]+)', answer.read().decode())
    return {state: int(float(count)) for state, count in lines}


class Screen:
    """`campaign status --watch` on a terminal of its own, and all that it drew so far."""

    def __init__(self, home: Mailed) -> None:
        self._mine, screen = pty.openpty()
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
        self.child = home.start("status", "--watch", out=screen, error=screen)
        os.close(screen)
        self._drawn = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while data := os.read(self._mine, 65536):
                self._drawn += data

    def frames(self) -> list[str]:
        return frames(self._drawn.decode())

    def shows(self, wanted: Callable[[str], bool], what: str) -> str:
        """The first screen from now on of which that is true."""
        seen = len(self.frames())
        return until(lambda: next((frame for frame in self.frames()[seen:] if wanted(frame)), ""), what)

    def close(self) -> None:
        self.child.send_signal(signal.SIGINT)
        self.child.wait(PATIENCE)
        self._reader.join(PATIENCE)
        os.close(self._mine)


def test_a_mailing_is_watched_on_a_terminal_while_it_goes(tmp_path: Path) -> None:
    """The same figures in `/metrics`; and why nothing leaves, with since when."""
    people = 2_000  # many more than are taken while the relay rests
    script = Script(
        rcpt={address_of(9): ["450 4.2.0 greylisted"], address_of(10): ["550 5.1.1 nobody"]},
        drop_after_dot={address_of(11): 1},
    )
    with CountingServer(script) as relay:
        home = Mailed(tmp_path / "home", relay.port, people=people)
        app = home.app()
        relay.rest_at(100)
        with running(home) as child, contextlib.closing(Screen(home)) as screen:
            assert child.stdout is not None
            health = re.search(rb"health at (http://\S+)/healthz", child.stdout.readline())
            assert health is not None
            until(lambda: relay.counts.total() >= 100, "emails to arrive")
            until(lambda: home.tally().get("uncertain") == 1 and home.tally().get("sent", 0) > 50, "them to be settled")
            frame = screen.shows(lambda frame: tiles(frame).get("sent", 0) > 50, "the mailing in mid-run")
            shown = tiles(frame)
            assert {"sent", "on the way", "waiting", "deferred", "failed", "in doubt"} <= set(shown)
            assert (shown["deferred"], shown["failed"], shown["in doubt"]) == (1, 1, 1)
            assert "deferred: 1 at d0.example.org: 4.2.0" in frame
            assert "failed: 1 at d1.example.org: 5.1.1" in frame
            assert re.search(r"[\d.]+ a second, about \d+ (seconds|minutes) left", frame)
            app.store.holds.place(
                scope=HoldScope.ALL, target="", strength=Strength.ALL, reason="a flood", author="Ada",
                now=app.clock.now(),
            )  # fmt: skip
            relay.go_on()
            until(lambda: "taken" not in home.tally(), "all to come back")
            home.let_time_pass(timedelta(hours=1))
            frame = screen.shows(lambda frame: "No email has left" in frame, "why nothing leaves")
            assert re.search(r"No email has left since \d+(:\d\d)?[ap]m, because Ada paused it: a flood\.", frame)
            shown, counted = tiles(frame), metrics(health[1].decode())
            assert sum(counted.values()) == people
            assert (counted["sent"], counted["uncertain"], counted["failed"]) == (shown["sent"], 1, 1)
            assert counted["pending"] == shown.get("waiting", 0) + shown["deferred"]
            under_way = [bool(tiles(each)) for each in screen.frames()]
            assert under_way == sorted(under_way), "from its opening on it is shown"
            child.send_signal(signal.SIGTERM)
            assert child.wait(PATIENCE) == 0
        app.close()
