"""`campaign channels rotate-key`: no secret is lost, whenever it is cut short and whatever stands in its way."""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from pathlib import Path

import pytest

from campaign.clock import SystemClock
from campaign.settings import load_settings
from campaign.settings.key_file import load_key_file
from campaign.wiring import App
from campaign.wiring.rotating import rotate
from tests.commands.conftest import Run

STEPS = (
    "both keys are in the file",
    "every secret is encrypted anew, and not yet committed",
    "every secret is under the new key",
    "the old key is gone",
)
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["campaign.wiring.rotating"])


def opened(home: Path) -> App:
    return App(load_settings(_env_file=None, home=home / "home", key_file=home / "keys" / "key"))


def token(home: Path) -> str | None:
    app = opened(home)
    try:
        return app.store.notes("x-hscp").get("token")
    finally:
        app.close()


def keep(home: Path, value: str = "s3cret") -> None:
    app = opened(home)
    app.store.notes("x-hscp").swap("token", old=None, new=value, secret=True)
    app.close()


def key_file(home: Path) -> Path:
    return home / "keys" / "key"


def rotate_and_die(home: Path, step: str) -> None:
    """Runs in a process of its own."""

    def reached(done: str) -> None:
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = load_settings(_env_file=None, home=home / "home", key_file=key_file(home))
    rotate(settings, who="a test", now=SystemClock().now(), reached=reached)


def test_the_secrets_are_under_a_new_key_and_the_old_one_is_refused(run: Run, tmp_path: Path) -> None:
    keep(tmp_path)
    before = key_file(tmp_path).read_text()
    assert "Nothing is changed yet" in run("channels", "rotate-key").output
    assert key_file(tmp_path).read_text() == before
    said = run("channels", "rotate-key", "--yes", "--as", "Jo").output
    assert "1 secrets are under the new key" in said
    first, second = key_file(tmp_path).read_text().splitlines()
    assert first == before.strip()
    assert second.startswith("secrets ")
    assert second.split()[1] not in said
    assert key_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert [each.name for each in key_file(tmp_path).parent.iterdir()] == ["key"]
    assert token(tmp_path) == "s3cret"
    assert "channels.rotate-key" in run("log").output
    key_file(tmp_path).write_text(before)
    assert "old copy" in run("channels", code=3).output


def test_again_and_again(run: Run, tmp_path: Path) -> None:
    keep(tmp_path)
    seen = set()
    for _ in range(3):
        run("channels", "rotate-key", "--yes")
        seen.add(key_file(tmp_path).read_text())
        assert token(tmp_path) == "s3cret"
    assert len(seen) == 3


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_lost_and_the_next_one_finishes(step: str, run: Run, tmp_path: Path) -> None:
    keep(tmp_path)
    process = CONTEXT.Process(target=rotate_and_die, args=(tmp_path, step))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert token(tmp_path) == "s3cret"
    unfinished = len(load_key_file(key_file(tmp_path)).secrets) > 1
    assert unfinished is (step != STEPS[-1])
    assert ("cut short is finished" in run("channels", "rotate-key", "--yes").output) is unfinished
    assert len(load_key_file(key_file(tmp_path)).secrets) == 1
    assert token(tmp_path) == "s3cret"


def test_a_secret_that_no_key_reads_is_named_and_nothing_changes(run: Run, tmp_path: Path) -> None:
    run("channels", "rotate-key", "--yes")
    keep(tmp_path)
    lines = key_file(tmp_path).read_text().splitlines()
    key_file(tmp_path).write_text(f"{lines[0]}\nsecrets {'ab' * 32}\n")
    before = key_file(tmp_path).read_bytes()
    said = run("channels", "rotate-key", "--yes", code=4).output
    assert "the sign-in of x-hscp" in said
    assert key_file(tmp_path).read_bytes() == before
    key_file(tmp_path).write_text("\n".join(lines))
    assert token(tmp_path) == "s3cret"


def test_a_key_file_that_cannot_be_written_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    keep(tmp_path)
    before = key_file(tmp_path).read_bytes()
    key_file(tmp_path).with_name("key.new").mkdir()
    assert "cannot be written" in run("channels", "rotate-key", "--yes", code=3).output
    assert key_file(tmp_path).read_bytes() == before
    assert token(tmp_path) == "s3cret"


def test_it_is_refused_while_a_service_runs(run: Run, tmp_path: Path) -> None:
    app = opened(tmp_path)
    with app.store.workers.working(host="here", pid=1, boot="", now=app.clock.now(), alone=True):
        assert "Stop it first" in run("channels", "rotate-key", "--yes", code=5).output
    app.close()
    assert len(key_file(tmp_path).read_text().splitlines()) == 1


@pytest.mark.parametrize("more", ["secrets zz", "secrets abcd", "something else"])
def test_a_damaged_line_is_no_key(more: str, run: Run, tmp_path: Path) -> None:
    key_file(tmp_path).write_text(key_file(tmp_path).read_text() + more)
    assert "is not a key" in run("channels", code=3).output
