"""A home with a loaded week whose posts go to a counting receiver, and services that can be killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaign.clock import SettableClock
from campaign.delivery import loading, settling
from campaign.delivery.shelf import Shelf
from campaign.programme import load_bytes
from campaign.settings import load_settings, make_home
from campaign.wiring import App
from tests.figures import agree
from tests.ports import bound
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
NINE = datetime(2023, 10, 9, 8, 0, tzinfo=UTC)
#: How many rounds each test of a kill is given: more by `CAMPAIGN_TRIALS=50 pytest tests/survive`.
TRIALS = int(os.environ.get("CAMPAIGN_TRIALS", "2"))
#: Seconds for which a process, or what it does, is waited for: generous, for machines differ and are shared.
PATIENCE = 300.0
CHANNELS = ("one", "two", "three", "four")


class Server(ThreadingHTTPServer):
    """Counts the connections under way."""

    open = 0
    change = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.change:
            self.open += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self.change:
            self.open -= 1


class Receiver:
    """Takes posts over HTTP and counts each by its key.

    It answers after `hold` seconds, and what comes once `rest_at` were taken not before `let_go` is set: so whoever
    waits for a moment comes in time, however slow. While it is closed nobody else gets its port.
    """

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.hold = 0.0
        self.rest_at: int | None = None
        self.arrived = threading.Condition()
        self.let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(self.headers["Idempotency-Key"])
                body = json.dumps({"id": self.headers["Idempotency-Key"]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._handler = Handler
        self._bound = bound()
        self.port = int(self._bound.getsockname()[1])
        self.open()

    def open(self) -> None:
        """Listen, at the same port as before."""
        self._server = Server(("127.0.0.1", self.port), self._handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, key: str) -> None:
        with self.arrived:
            self.accepted[key] += 1
            self.arrived.notify_all()
            rests = self.rest_at is not None and self.accepted.total() >= self.rest_at
        self.let_go.wait(None if rests else self.hold)

    def go_on(self) -> None:
        """Let those who wait have their answers, and rest no more."""
        self.rest_at, self.hold = None, 0.0
        self.let_go.set()

    def wait_for(self, count: int) -> None:
        """Until so many were accepted in all."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.accepted.total() >= count, timeout=PATIENCE), self.accepted

    def settle(self) -> None:
        """Take all that was written by whoever has ended by now: they are accepted in order, and ours is the last."""
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.shutdown(socket.SHUT_WR)
            last.recv(1)
        until(lambda: self._server.open == 0, "every connection to end")

    def close(self) -> None:
        """Refuse connections from now on."""
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def end(self) -> None:
        """Close, and leave the port to others."""
        self.close()
        self._bound.close()


class Home:
    """A throw-away installation with live webhook channels."""

    def __init__(self, folder: Path, receiver: Receiver, posts: int) -> None:
        self.folder = folder
        self.receiver = receiver
        self.settings = load_settings(
            _env_file=None, home=folder, key_file=folder / "key", allow_private=True, approvals="off"
        )
        make_home(self.settings)
        lines = [
            f"{name}: {{kind: webhook, url: 'http://127.0.0.1:{receiver.port}/', secret: a-secret-for-tests}}"
            for name in CHANNELS
        ]
        (folder / "channels.yaml").write_text("\n".join(lines) + "\n")
        self.expected = posts * len(CHANNELS)
        self._load(programme(posts))

    def _load(self, text: str) -> None:
        app = self.app()
        loaded = load_bytes(text.encode(), files={})
        for name in CHANNELS:
            app.store.channels.set_live(name, "webhook", True, author="Ada", now=app.clock.now())
        shown = loading.preview(app.parts, loaded.programme, loaded.files, None, app.clock.now())
        loading.apply(app.parts, shown, author="Ada", reason="test", now=app.clock.now())
        app.close()

    def app(self) -> App:
        """The installation, opened by this process."""
        return App(self.settings, SettableClock(NINE), create=True)

    def start(self, at: datetime = NINE, **environment: str) -> subprocess.Popen[str]:
        """A service in a process of its own; returns once it works or has refused."""
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.survive.child", str(self.folder), at.isoformat()],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        self.said = child.stdout.readline().strip()
        return child

    def finish(self, at: datetime = NINE) -> int:
        """Run a service until nothing is left to do; its exit code."""
        child = self.start(at)
        code = child.wait(timeout=PATIENCE)
        close(child)
        return code

    def set_clock(self, seconds: float) -> None:
        """Set the clock of services that run by so many seconds, all at once."""
        whole = self.folder / "clock-moved.partial"
        whole.write_text(str(seconds))
        whole.rename(self.folder / "clock-moved")

    def attempts(self) -> int:
        """How many deliveries were tried at least once."""
        app = self.app()
        rows = app.store.ledger.of("storm").values()
        found = sum(each.attempts > 0 for row in rows for each in app.store.deliveries.of(row.id))
        app.close()
        return found

    def tally(self) -> Counter[str]:
        """How many deliveries are in each state."""
        app = self.app()
        found: Counter[str] = Counter()
        for row in app.store.ledger.of("storm").values():
            found.update({state.value: count for state, count in app.store.deliveries.tally(row.id)[row.id].items()})
        agree(app.store.database)
        app.close()
        return found


def programme(posts: int) -> str:
    """A week whose Monday has `posts` posts to every channel at nine."""
    channels = "\n".join(f"  {name}: {{kind: webhook}}" for name in CHANNELS)
    wanted = "\n".join(
        f"  p{n}: {{day: mon, time: '09:00', channels: [{', '.join(CHANNELS)}], text: Post number {n}}}"
        for n in range(posts)
    )
    return f"""schema: 1
campaign:
  id: storm
  title: A storm
  status: ready
  starts: 2023-10-09
  ends: 2023-10-13
  contact: {{name: Team, email: team@example.org}}
channels:
{channels}
days:
  - date: 2023-10-09
    themes: [{{id: t, title: Theme}}]
posts:
{wanted}
"""


class Running(Home):
    """An installation on the machine's own clock, for `campaign run` itself. Every post is to go now."""

    def __init__(self, folder: Path, receiver: Receiver, posts: int, **settings: str) -> None:
        self.environment = {
            "CAMPAIGN_HOME": str(folder),
            "CAMPAIGN_KEY_FILE": str(folder / "key"),
            "CAMPAIGN_ALLOW_PRIVATE": "true",
            "CAMPAIGN_APPROVALS": "off",
            "CAMPAIGN_WEB_PORT": "0",
            "CAMPAIGN_HEALTH_PORT": "0",
            **settings,
        }
        self.logged: list[str] = []
        super().__init__(folder, receiver, posts)
        self.health = ""

    def app(self) -> App:
        return App(self.settings, create=True)

    def _load(self, text: str) -> None:
        """Load it on a day of its own, at noon by a zone chosen for that, and let every post go at once."""
        noon = round((datetime.now(UTC).replace(hour=12) - datetime.now(UTC)).total_seconds() / 3600)
        zone = f"Etc/GMT{-noon:+d}" if noon else "Etc/GMT"
        today = datetime.now(ZoneInfo(zone)).date()
        text = (
            text.replace("2023-10-09", str(today))
            .replace("2023-10-13", str(today))
            .replace("day: mon", f"day: {today:%a}".lower())
        )
        super()._load(text.replace("  status: ready", f"  status: ready\n  timezone: {zone}"))
        app = self.app()
        force = Shelf(app.store).get("storm")
        for planned in force.planned:
            settling.send_now(app.parts, force, str(planned.key), author="Ada", now=app.clock.now())
        app.close()

    def run(self, **environment: str) -> subprocess.Popen[str]:
        """`campaign run` in a process of its own; returns once it says that it runs."""
        child = subprocess.Popen(
            [sys.executable, "-m", "campaign", "run"],
            cwd=self.folder.parent,
            env={**os.environ, **self.environment, **environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stderr is not None
        self._reader = threading.Thread(target=lambda log: self.logged.extend(log), args=(child.stderr,))
        self._reader.start()
        said = child.stdout.readline()
        found = re.search(r"health at (http://\S+/healthz)", said)
        assert found, self.logged
        self.health = found[1]
        return child

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command beside it, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "campaign", *words],
            check=False,
            cwd=self.folder.parent,
            env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def ended(self) -> Counter[str]:
        """How many posts of each channel went out, or may have: read beside the service without more ado."""
        query = (
            "SELECT channel, count(*) FROM deliveries JOIN broadcasts ON broadcasts.id = broadcast"
            " WHERE deliveries.state IN ('sent', 'uncertain') GROUP BY channel"
        )
        with closing(sqlite3.connect(self.folder / "campaign.db", timeout=PATIENCE)) as connection:
            return Counter(dict(connection.execute(query).fetchall()))

    def ask(self) -> tuple[int, dict[str, Any]]:
        """What `/healthz` answers: the status, and what it found."""
        try:
            with urllib.request.urlopen(self.health, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def lines(self) -> list[dict[str, Any]]:
        """What it logged."""
        return [json.loads(line) for line in self.logged]

    def stop(self, child: subprocess.Popen[str], sign: signal.Signals = signal.SIGTERM) -> int:
        """End a service; its exit code."""
        child.send_signal(sign)
        code = child.wait(timeout=PATIENCE)
        self._reader.join()
        assert child.stderr is not None
        child.stderr.close()
        close(child)
        return code


def close(child: subprocess.Popen[str]) -> None:
    """Take a process that ended off the books."""
    child.wait(timeout=PATIENCE)
    if child.stdout is not None:
        child.stdout.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.end()


@pytest.fixture
def home(tmp_path: Path, receiver: Receiver) -> Home:
    return Home(tmp_path / "home", receiver, posts=12)
