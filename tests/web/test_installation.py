"""The pages of a real installation: made by `init` and `load`, written by `site export`, served as the service does."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from campaign.cli.pages import served
from campaign.clock import SettableClock
from campaign.settings import load_settings
from campaign.wiring import App
from tests.house.files import ROOT
from tests.web.weeks import at

WEEK = ROOT / "schedules" / "safeguarding-childrens-week-2023.yaml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def campaign(home: Path, *words: str) -> Result:
    """Run a command on the home; the test fails where it does."""
    environment = {
        "CAMPAIGN_HOME": str(home),
        "CAMPAIGN_KEY_FILE": str(home.parent / "key" / "key"),
        "CAMPAIGN_BASE_URL": "https://week.example.org",
    }
    done = CliRunner().invoke(main, list(words), env=environment)
    assert done.exit_code == 0, done.output
    return done


def test_a_loaded_week_becomes_files(home: Path, tmp_path: Path) -> None:
    campaign(home, "init")
    campaign(home, "load", str(WEEK), "--apply")
    (home / "site.yaml").write_text("name: Our partnership\nprimary: '#7a1c12'\n", "utf-8")
    told = campaign(home, "site", "export", str(tmp_path / "site"), "--base-url", "https://www.example.org/week/")
    assert "files written" in told.output
    page = (tmp_path / "site" / "hiow-scw-2023" / "tue" / "index.html").read_text("utf-8")
    assert "Protecting from child exploitation" in page
    assert "Our partnership" in page
    assert 'href="/week/hiow-scw-2023/mon"' in page
    assert 'content="https://www.example.org/week/hiow-scw-2023/tue"' in page


def test_the_service_serves_what_is_loaded_and_unlocks_by_its_clock(home: Path) -> None:
    campaign(home, "init")
    campaign(home, "load", str(WEEK), "--apply")
    settings = load_settings(
        _env_file=None, home=home, key_file=home.parent / "key" / "key", web_port=0, base_url="https://week.example.org"
    )
    clock = SettableClock(at("10 06:59"))
    app = App(settings, clock)
    try:
        with served(app) as server:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

            def titles() -> str:
                body: bytes = opener.open(f"{server.url}/hiow-scw-2023", timeout=300).read()
                return body.decode()

            assert '<a href="/hiow-scw-2023/tue">' not in titles()
            clock.set(at("10 07:00"))
            assert '<a href="/hiow-scw-2023/tue">' in titles()
    finally:
        app.close()


def test_a_rehearsed_week_is_served_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "campaign",
        "rehearse",
        str(WEEK),
        "--quiet",
        "--serve",
        "--out",
        str(tmp_path / "out"),
    ]
    environment = {**os.environ, "CAMPAIGN_WEB_PORT": "0"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = next(line for line in process.stdout if line.startswith("Read its pages:"))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        page = opener.open(f"{line.split()[3]}/hiow-scw-2023/fri", timeout=300).read().decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) == 0
    assert "Supporting parents and carers" in page
    assert "Rehearsal" in page


def test_init_prints_a_link_until_there_is_an_administrator(home: Path) -> None:
    first, again = campaign(home, "init").output, campaign(home, "init").output
    links = [text.split("https://week.example.org/desk/enter/")[1].split()[0] for text in (first, again)]
    assert links[0] != links[1]


def test_a_rehearsal_serves_its_week_and_desk_until_it_is_told_to_stop(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "campaign",
        "rehearse",
        str(WEEK),
        "--quiet",
        "--serve",
        "--out",
        str(tmp_path / "r"),
    ]
    environment = {**os.environ, "CAMPAIGN_WEB_PORT": "0", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as running:
        assert running.stdout
        link = next(line for line in running.stdout if "/desk/enter/" in line).split()[-1]
        jar = urllib.request.HTTPCookieProcessor()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)
        assert "Sign in to the rehearsal" in opener.open(link, timeout=300).read().decode()
        week = opener.open(urllib.request.Request(link, data=b"a=b", method="POST"), timeout=300).read().decode()
        assert "Rehearsal: the clock" in week
        assert "Safeguarding Children" in week
        assert "Needs you" in week
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=300) == 0
