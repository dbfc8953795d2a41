"""The service makes its nursery as it starts; nothing of it outlives the service."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.channels.smtp import LANES
from campaign.delivery.mail.link import Link
from campaign.delivery.mail.nursery import Nursery, open_nursery
from campaign.settings import load_settings, make_home
from campaign.wiring import App
from tests.delivery.apart import nursery_apart
from tests.delivery.mailworld import kit
from tests.processes import below
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
#: Libraries of the service that a process which only sends has no use for.
NOT_NEEDED = {
    "sqlalchemy", "alembic", "sqlite3", "starlette", "uvicorn", "httpx", "apscheduler", "icalendar", "pydantic", "yaml",
    "jinja2", "markdown_it", "cryptography", "idna", "email", "zoneinfo", "asyncio",
}  # fmt: skip

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process sends")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`campaign run` on a fresh home, once it says that it runs."""
    settings = load_settings(_env_file=None, home=tmp_path, key_file=tmp_path / "key" / "key", database_url="")
    make_home(settings)
    App(settings, create=True).close()
    more = {
        "CAMPAIGN_HOME": str(tmp_path), "CAMPAIGN_KEY_FILE": str(tmp_path / "key" / "key"), "CAMPAIGN_WEB_PORT": "0",
        "CAMPAIGN_HEALTH_PORT": "0", "CAMPAIGN_MAIL_PROCESSES": "2", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-c", "from campaign.cli import main; main()", "run"]
    with subprocess.Popen(command, cwd=tmp_path, env=os.environ | more, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The service runs")
        yield process
        process.kill()


@linux
def test_the_nursery_lives_as_long_as_the_service(service: subprocess.Popen[str]) -> None:
    [nursery] = below(service.pid)
    assert sorted(os.listdir(f"/proc/{nursery}/task")) == [str(nursery)], "one thread"
    opened = {os.readlink(f"/proc/{nursery}/fd/{name}") for name in os.listdir(f"/proc/{nursery}/fd")}
    assert not [name for name in opened if "campaign.db" in name or name.endswith(".lock")]
    service.kill()
    service.wait(300)
    until(lambda: not Path(f"/proc/{nursery}").exists() or _is_over(nursery), "the nursery to end")


def _is_over(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@linux
def test_a_process_that_waits_tells_no_secret_of_the_service(service: subprocess.Popen[str], tmp_path: Path) -> None:
    [nursery] = below(service.pid)
    key = (tmp_path / "key" / "key").read_bytes().split()[0]
    words, values = (Path(f"/proc/{nursery}/{name}").read_bytes() for name in ("cmdline", "environ"))
    assert b"campaign.delivery.mail.waiting" in words
    assert key not in words + values
    assert b"CAMPAIGN_" not in words + values


def test_a_process_that_waits_has_loaded_what_sending_needs_and_no_more() -> None:
    program = f"import sys, campaign.delivery.mail.waiting, {', '.join(LANES)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    found = set(loaded.stdout.split())
    assert "campaign.delivery.mail.flow" in found
    assert not found & NOT_NEEDED


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with nursery_apart(2) as made:
        yield made


@linux
def test_a_process_that_was_killed_while_it_waited_is_made_anew(nursery: Nursery) -> None:
    kill_waiting(nursery)
    pids = [Link(connection).hear() for connection in nursery.children(2)]
    assert len(set(pids)) == 2
    assert nursery.made == 2


@linux
def test_processes_end_when_their_pipes_do_and_each_has_its_own_alone(nursery: Nursery) -> None:
    first, second = nursery.children(2)
    pids = [Link(connection).hear() for connection in (first, second)]
    first.close()
    until(lambda: _is_over(pids[0]) or not Path(f"/proc/{pids[0]}").exists(), "the first to end")
    assert not _is_over(pids[1])
    second.close()
    until(lambda: all(map(_is_over, pids)), "both to end")


@linux
def test_a_closed_nursery_makes_nothing(nursery: Nursery) -> None:
    nursery.close()
    assert nursery.children(2) == []


def test_one_process_needs_no_nursery() -> None:
    assert open_nursery(kit(), 1, {}) is None


def kill_waiting(nursery: Nursery) -> None:
    assert nursery._waits is not None
    process, _ = nursery._waits
    process.kill()
    process.wait(300)
