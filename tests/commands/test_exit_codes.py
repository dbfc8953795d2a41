"""The exit codes of every command, as docs/commands.md tells them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from fcntl import LOCK_EX, flock
from pathlib import Path
from socket import create_server

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from campaign.cli.examples import EXAMPLES
from tests.house.files import ROOT
from tests.unit.check_weeks import PICTURE, good

#: What a command's first example comes to in an empty folder, and with a wrong setting: the others need a ledger (4),
#: and read the settings first (3).
WITHOUT_A_LEDGER = {
    "campaign channels kinds": (0, 0),
    "campaign check": (1, 3),
    "campaign diff": (1, 1),
    "campaign import": (1, 1),
    "campaign init": (0, 3),
    "campaign new": (0, 4),
    "campaign preview": (1, 1),
    "campaign rehearse": (1, 1),
    "campaign restore": (2, 2),
    "campaign schema": (0, 0),
    "campaign template": (0, 4),
}


def words(line: str) -> list[str]:
    """An example as a shell gives it to the program."""
    return shlex.split(line.partition(">")[0])[1:]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("CAMPAIGN_KEY_FILE", str(tmp_path / "key" / "key"))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield tmp_path
    for number, handler in before.items():  # `campaign run` takes them
        signal.signal(number, handler)


def run(*arguments: str, **more: str) -> Result:
    result = CliRunner(env=more).invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_of_each_command(folder: Path, name: str) -> None:
    plain, wrong = WITHOUT_A_LEDGER.get(name, (4, 3))
    example = words(EXAMPLES[name][0])
    assert run(*name.split()[1:], "--help").exit_code == 0
    assert run(*name.split()[1:], "--no-such-option").exit_code == 2
    found = run(*example)
    assert found.exit_code == plain, found.output
    if plain == 4:
        assert str(folder / "var") in found.output
        assert "campaign init" in found.output
    broken = run(*example, CAMPAIGN_HEALTH_PORT="banana")
    assert broken.exit_code == wrong, broken.output
    if wrong == 3:
        assert "CAMPAIGN_HEALTH_PORT" in broken.output
        assert "banana" not in broken.output


@pytest.fixture
def home(folder: Path) -> Path:
    assert run("init", "--as", "Ada").exit_code == 0
    return folder / "var"


def test_fine_is_zero_though_there_are_warnings(home: Path) -> None:
    data = good()
    data["posts"]["walk"]["text"] = "WALKING, 50% off: now."
    (home.parent / "week.yaml").write_text(json.dumps(data))
    (home.parent / "images").mkdir()
    (home.parent / "images" / "bike.png").write_bytes(PICTURE)
    said = run("check", "--alone", "week.yaml")
    assert said.exit_code == 0, said.output
    assert "warning" in said.output
    assert run("status").exit_code == 0


def test_refused_is_four(home: Path) -> None:
    assert run("approve", "nothing", "--all", "--as", "Ada").exit_code == 4
    assert run("resume", "--as", "Ada").exit_code == 4
    assert run("resume", "--as", "Nobody").exit_code == 4


def test_a_newer_ledger_is_three_for_every_command_that_needs_one(home: Path) -> None:
    with closing(sqlite3.connect(home / "campaign.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (["status"], ["run"], ["migrate"], ["pause"], ["doctor", "--offline"]):
        said = run(*command)
        assert said.exit_code == 3, said.output
        assert "Update the program" in said.output


def test_busy_is_five(home: Path) -> None:
    with (home / "service.lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        flock(lock, LOCK_EX)
        for command in (["run"], ["migrate"]):
            said = run(*command, CAMPAIGN_WEB_PORT="0", CAMPAIGN_HEALTH_PORT="0")
            assert said.exit_code == 5, said.output
            assert "4711" in said.output
    with closing(sqlite3.connect(home / "campaign.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert run("pause", CAMPAIGN_LOCK_SECONDS="0.1").exit_code == 5


def test_a_port_that_is_taken_is_three_and_names_the_setting(home: Path) -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        ports = {"CAMPAIGN_WEB_PORT": "0", "CAMPAIGN_HEALTH_PORT": str(taken.getsockname()[1])}
        command = [sys.executable, "-m", "campaign", "run"]
        environment = {**os.environ, **ports, "PYTHONPATH": str(ROOT)}
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert said.returncode == 3
    assert "CAMPAIGN_HEALTH_PORT" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_place_that_cannot_be_written_is_a_sentence(home: Path) -> None:
    for command in (
        ["backup", str(home / "channels.yaml" / "b.tar.gz")],
        ["subscribers", "export", str(home / "channels.yaml" / "p.csv")],
        ["template", str(home / "channels.yaml" / "t.xlsx")],
        ["new", "--monday", "2024-10-07", "-o", str(home / "channels.yaml" / "w.yaml")],
        ["site", "export", str(home / "channels.yaml" / "pages"), "--base-url", "https://www.example.org"],
    ):
        said = run(*command)
        assert said.exit_code in {1, 4}, (command, said.output)
        assert "channels.yaml" in said.output


def test_colours_are_for_terminals_alone(folder: Path) -> None:
    (folder / "empty.yaml").write_text("")
    for more, colours in (({}, True), ({"NO_COLOR": "yes"}, False), ({"NO_COLOR": ""}, True)):
        said = CliRunner(env=more).invoke(main, ["check", "--alone", "empty.yaml"], color=True)
        assert ("\x1b[" in said.output) is colours, more
    assert "\x1b[" not in CliRunner().invoke(main, ["--no-colour", "check", "empty.yaml"], color=True).output
    assert "\x1b[" not in run("check", "empty.yaml").output
