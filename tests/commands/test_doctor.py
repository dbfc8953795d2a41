"""`campaign doctor`: what is wrong is named, and what cannot be asked is skipped with a word."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from click.testing import CliRunner, Result

from campaign import __version__
from campaign.cli import main
from campaign.cli.doctoring import Finding, room, zones
from tests.ports import refusing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMPAIGN_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("CAMPAIGN_KEY_FILE", str(tmp_path / "key" / "key"))
    assert run("init", "--as", "Ada").exit_code == 0
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def line(said: Result, what: str) -> str:
    return next(each for each in said.output.splitlines() if f" {what}:" in each)


def test_offline_it_says_what_it_could_not_ask(home: Path) -> None:
    said = run("doctor", "--offline")
    assert line(said, "clock").startswith("-")
    assert line(said, "senders' DNS").startswith("-")
    assert line(said, "disk").startswith("✓")


def test_a_service_that_does_not_run_is_a_fault_and_an_exit_status(home: Path) -> None:
    said = run("doctor", "--offline")
    assert line(said, "service").startswith("✗")
    assert said.exit_code == 1


def test_a_home_that_others_may_read_is_a_fault(home: Path) -> None:
    (home / "var").chmod(0o755)
    assert line(run("doctor", "--offline"), "permissions").startswith("✗")


def test_pages_without_https_are_a_fault(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_BASE_URL", "http://week.example.org")
    assert line(run("doctor", "--offline"), "base_url").startswith("✗")


def test_a_key_that_others_may_read_is_refused(home: Path) -> None:
    (home / "key" / "key").chmod(0o644)
    refused = run("doctor", "--offline")
    assert refused.exit_code == 3
    assert "chmod 600" in refused.output


@pytest.mark.parametrize(
    ("host", "base", "proxies", "sign", "words"),
    [
        ("127.0.0.1", "", "", "✓", "127.0.0.1 alone"),
        ("::1", "http://week.example.org", "", "✓", "::1 alone"),
        ("localhost", "", "", "✓", "localhost alone"),
        ("0.0.0.0", "", "", "✗", "without TLS"),
        ("203.0.113.7", "http://week.example.org", "10.0.0.5", "✗", "without TLS"),
        ("::", "https://week.example.org", "", "✗", "TRUSTED_PROXIES"),
        ("0.0.0.0", "https://week.example.org", "10.0.0.5", "✓", "behind 10.0.0.5"),
        ("127.0.0.1", "https://week.example.org", "", "✗", "so that a few keep out all"),
    ],
)
def test_a_desk_on_the_open_internet_without_tls_is_a_fault(
    home: Path, monkeypatch: pytest.MonkeyPatch, host: str, base: str, proxies: str, sign: str, words: str
) -> None:
    monkeypatch.setenv("CAMPAIGN_WEB_HOST", host)
    monkeypatch.setenv("CAMPAIGN_BASE_URL", base)
    monkeypatch.setenv("CAMPAIGN_TRUSTED_PROXIES", proxies)
    said = line(run("doctor", "--offline"), "desk")
    assert said.startswith(sign)
    assert words in said


class Dated(BaseHTTPRequestHandler):
    """Says what time it is by a clock of its own."""

    off: ClassVar[timedelta] = timedelta()

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("Date", format_datetime(datetime.now(UTC) + self.off, usegmt=True))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.mark.parametrize(("minutes", "sign"), [(0, "✓"), (5, "✗"), (-60, "✗")])
def test_a_clock_that_disagrees_with_a_server_is_a_fault(
    home: Path, monkeypatch: pytest.MonkeyPatch, minutes: int, sign: str
) -> None:
    handler = type("Off", (Dated,), {"off": timedelta(minutes=minutes)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("CAMPAIGN_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("CAMPAIGN_ALLOW_PRIVATE", "true")
    assert line(run("doctor"), "clock").startswith(sign)
    server.shutdown()
    server.server_close()


def test_a_server_that_does_not_answer_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_ALLOW_PRIVATE", "true")
    with refusing() as port:
        monkeypatch.setenv("CAMPAIGN_BASE_URL", f"http://127.0.0.1:{port}")
        assert line(run("doctor"), "clock").startswith("✗")


def test_version_templates_and_zones_are_told(home: Path) -> None:
    said = run("doctor", "--offline")
    assert f"program {__version__}, ledger 0" in line(said, "version")
    assert line(said, "zones").startswith("✓")
    assert line(said, "templates").startswith("✓")
    unknown = zones({"Europe/London", "Mars/Olympus"})
    assert (unknown.state, "Mars/Olympus" in unknown.text) == ("fault", True)


def test_little_room_is_a_fault(tmp_path: Path) -> None:
    assert room(tmp_path, 400_000_000).state == "fault"
    assert room(tmp_path, 600_000_000) == Finding("disk", "ok", f"0.6 GB free at {tmp_path}")
