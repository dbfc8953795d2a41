"""The service makes its nursery as it starts; nothing of it outlives the service."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.delivery.mail.nursery import open_nursery
from campaign.settings import load_settings, make_home
from campaign.wiring import App
from tests.processes import below
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process sends")
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


def test_a_process_with_threads_is_not_copied() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    assert open_nursery(lambda connection: None, 2) is None
    done.set()
    thread.join()
