"""`campaign status` and `settle`: what needs a person is listed with what can be done, and each of it does it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from campaign.clock import SettableClock
from campaign.delivery import loading
from campaign.model import HoldScope, Strength
from campaign.programme import load_bytes
from campaign.settings import load_settings
from campaign.wiring import App

WEEK = """schema: 1
campaign:
  id: today
  title: A week for today
  status: ready
  starts: {day}
  ends: {day}
  timezone: {zone}
  contact: {{name: Team, email: team@example.org}}
channels:
  hook: {{kind: webhook}}
days:
  - date: {day}
    themes: [{{id: t, title: Theme}}]
posts:
  gone: {{at: {day} 06:00, channels: [hook], text: Too late, late_ok: 10m}}
  passed: {{at: {day} 06:05, channels: [hook], text: Too late too, late_ok: 10m}}
  kept: {{at: {day} 08:00, channels: [hook], text: Held back}}
  kept-too: {{at: {day} 08:01, channels: [hook], text: Held back too}}
  lost: {{at: {day} 08:20, channels: [hook], text: break off}}
  lost-too: {{at: {day} 08:40, channels: [hook], text: break off again}}
  no: {{at: {day} 09:00, channels: [hook], text: refuse this}}
  fine: {{at: {day} 09:20, channels: [hook], text: All is well}}
  ahead: {{at: {day} 18:00, channels: [hook], text: Later}}
"""


class Taker:
    """Takes posts, refuses some, and breaks off in the middle of others, until `kind` is set."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.kind = False
        taker = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
                if "break off" in text and not taker.kind:
                    self.close_connection = True
                    return
                refused = "refuse" in text and not taker.kind
                if not refused:
                    taker.taken.append(text)
                self.send_response(400 if refused else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Today:
    """An installation on a day of its own, at noon by a zone chosen for that, and its commands."""

    def __init__(self, folder: Path, taker: Taker) -> None:
        noon = round((datetime.now(UTC).replace(hour=12) - datetime.now(UTC)).total_seconds() / 3600)
        self.zone = ZoneInfo(f"Etc/GMT{-noon:+d}" if noon else "Etc/GMT")
        self.day = datetime.now(self.zone).date()
        self.env = {
            "CAMPAIGN_HOME": str(folder / "home"),
            "CAMPAIGN_KEY_FILE": str(folder / "key" / "key"),
            "CAMPAIGN_ALLOW_PRIVATE": "true",
            "CAMPAIGN_APPROVALS": "off",
            "CAMPAIGN_USER": "",
        }
        self("init")
        self("people", "add", "Jo", "--role", "approver")
        url = f"http://127.0.0.1:{taker.server.server_address[1]}/"
        hook = f"hook: {{kind: webhook, url: '{url}', secret: a-secret-for-tests}}\n"
        (folder / "home" / "channels.yaml").write_text(hook)
        self.settings = load_settings(
            _env_file=None,
            home=folder / "home",
            key_file=folder / "key" / "key",
            allow_private=True,
            approvals="off",
        )

    def __call__(self, *words: str, code: int = 0) -> Result:
        shown = CliRunner().invoke(main, list(words), env=self.env)
        assert shown.exit_code == code, (words, shown.output)
        return shown

    def at(self, hour: int, minute: int = 0) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, hour, minute, tzinfo=self.zone).astimezone(UTC)

    def morning(self) -> None:
        """Load the week at half past seven, and run a service over what follows, to ten."""
        clock = SettableClock(self.at(7, 30))
        app = App(self.settings, clock)
        text = WEEK.format(day=self.day, zone=self.zone.key)
        app.store.channels.set_live("hook", "webhook", True, author="Jo", now=clock.now())
        loaded = load_bytes(text.encode(), files={})
        shown = loading.preview(app.parts, loaded.programme, loaded.files, None, clock.now())
        loading.apply(app.parts, shown, author="Jo", reason="", now=clock.now())
        hold = 0
        with app.service() as service:
            for hour, minute in ((7, 30), (8, 0), (8, 1), (8, 20), (8, 40), (9, 0), (9, 20), (10, 0)):
                clock.set(self.at(hour, minute))
                if (hour, minute) == (8, 0):
                    pause = {"strength": Strength.ALL, "reason": "mourning", "author": "Jo", "now": clock.now()}
                    hold = app.store.holds.place(scope=HoldScope.ALL, target="", **pause)  # type: ignore[arg-type]
                if (hour, minute) == (8, 20):
                    app.store.holds.lift(hold, author="Jo", now=clock.now())
                service.settle()
        app.close()

    def go_on(self, moment: datetime) -> None:
        """Run a service for as long as it has anything to do at that moment."""
        clock = SettableClock(moment)
        app = App(self.settings, clock)
        with app.service() as service:
            service.settle()
        app.close()

    def needs(self) -> dict[str, dict[str, Any]]:
        """What needs a person, by message."""
        found = json.loads(self("status", "--json").output)["needs_you"]
        return {each["key"].split("/")[1]: each for each in found}

    def states(self) -> dict[str, str]:
        """The state of every message."""
        (week,) = json.loads(self("status", "--json").output)["campaigns"]
        return {item["message"]: item["state"] for day in week["days"] for item in day["items"]}


@pytest.fixture
def taker() -> Iterator[Taker]:
    taker = Taker()
    yield taker
    taker.close()


@pytest.fixture
def today(tmp_path: Path, taker: Taker) -> Today:
    today = Today(tmp_path, taker)
    today.morning()
    return today


def key(message: str) -> str:
    return f"today/{message}/once/hook"


def test_the_day_in_a_sentence_and_what_can_be_done_of_each(today: Today, taker: Taker) -> None:
    said = today("status").output
    weekday = datetime.now(today.zone).strftime("%A")
    assert f"{weekday}: 1 of 9 sent, next at 6pm on Webhook, 7 need you." in said
    choices = {message: need["choices"] for message, need in today.needs().items()}
    assert choices == {
        "gone": ["send now", "move to", "drop"],
        "passed": ["send now", "move to", "drop"],
        "kept": ["send now", "move to", "drop"],
        "kept-too": ["send now", "move to", "drop"],
        "lost": ["it went out", "it did not"],
        "lost-too": ["it went out", "it did not"],
        "no": ["try again", "drop"],
    }
    assert f"{key('gone')} is missed" in said
    assert "you can: it went out, it did not" in said
    (week,) = json.loads(today("status", "--json").output)["campaigns"]
    assert week["sentence"].endswith("7 need you")
    assert taker.taken == ["All is well"]


def test_each_way_to_settle_does_what_it_says(today: Today, taker: Taker) -> None:
    lost, lost_too, no = (str(today.needs()[name]["delivery"]) for name in ("lost", "lost-too", "no"))
    taker.kind = True
    today("settle", key("gone"), "--send-now", "--as", "Jo")
    assert "It goes" in today("settle", key("passed"), "--move-to", f"{today.day} 17:00", "--as", "Jo").output
    today("settle", key("kept"), "--drop", "--as", "Jo", "--reason", "not any more")
    today("settle", key("kept-too"), "--move-to", f"{today.day} 17:30", "--as", "Jo")
    today("settle", lost, "--it-went-out", "--url", "https://example.org/1", "--as", "Jo")
    today("settle", lost_too, "--it-did-not", "--as", "Jo")
    today("settle", no, "--try-again", "--as", "Jo")
    assert today.needs() == {}
    taker.taken.clear()
    today.go_on(datetime.now(UTC))
    assert sorted(taker.taken) == ["Too late", "break off again", "refuse this"]
    today.go_on(today.at(17, 0))
    today.go_on(today.at(17, 30))
    assert sorted(taker.taken) == ["Held back too", "Too late", "Too late too", "break off again", "refuse this"]
    states = today.states()
    assert states.pop("kept") == "dropped"
    assert states.pop("ahead") == "planned"
    assert set(states.values()) == {"done"}
    log = today("log").output
    assert sum(log.count(f"Jo: {act} ") for act in ("settle", "move", "dropped")) == 7
    assert "not any more" in log


Refusal = tuple[Callable[[Today], list[str]], int, str]
REFUSALS: list[Refusal] = [
    (lambda today: [key("gone"), "--as", "Jo"], 2, "exactly one of the options"),
    (lambda today: [key("gone"), "--drop", "--send-now", "--as", "Jo"], 2, "exactly one of the options"),
    (lambda today: [key("gone"), "--drop"], 4, "--as NAME"),
    (lambda today: [key("gone"), "--drop", "--as", "Nobody"], 4, "Nobody"),
    (lambda today: ["today/none/once/hook", "--drop", "--as", "Jo"], 4, "campaign status"),
    (lambda today: ["none/none/once/hook", "--drop", "--as", "Jo"], 4, "none"),
    (lambda today: ["987654", "--it-went-out", "--as", "Jo"], 4, "987654"),
    (lambda today: [key("gone"), "--move-to", f"{today.day} 21:00", "--as", "Jo"], 4, "past the time of day"),
    (lambda today: [key("gone"), "--move-to", f"{today.day} 06:00", "--as", "Jo"], 4, "That time is over"),
    (lambda today: [key("gone"), "--move-to", "some day", "--as", "Jo"], 2, "--move-to"),
    (lambda today: [key("fine"), "--send-now", "--as", "Jo"], 4, "is done"),
    (lambda today: [key("fine"), "--move-to", f"{today.day} 17:00", "--as", "Jo"], 4, "is done"),
    (lambda today: [key("gone"), "--it-went-out", "--as", "Jo"], 4, "does not wait to be pasted"),
]


def test_what_cannot_be_settled_so_is_refused_and_changes_nothing(today: Today) -> None:
    before = today.needs()
    for words, code, said in REFUSALS:
        shown = today("settle", *words(today), code=code)
        assert said in shown.output, shown.output
    assert today.needs() == before


def test_a_pause_stops_what_is_sent_now(today: Today) -> None:
    today("pause", "--all", "--reason", "an accident", "--as", "Jo")
    shown = today("settle", key("gone"), "--send-now", "--as", "Jo", code=4)
    assert "A pause by Jo is on" in shown.output
    assert today.states()["gone"] == "missed"
