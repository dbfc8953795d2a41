"""A restore that finds no room, is killed, or is given a wrong file: the old ledger stands, or the new one, paused."""

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.store import backups
from tests.survive.conftest import ROOT, TRIALS, Home, Receiver, close
from tests.survive.test_disk import filled, may_mount
from tests.waiting import until

POSTS = 3
Popen = subprocess.Popen[str]
Refused = Callable[[], tuple[int, str]]


class Kept(Home):
    """An installation with a backup of before its week went out: everything has been sent since."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        super().__init__(folder, receiver, posts=POSTS)
        self.backup = folder.parent / "before.tar.gz"
        app = self.app()
        backups.take(app.store.database, folder, self.backup, key_id=app.key.id, now=app.clock.now())
        app.close()
        assert self.finish() == 0
        assert self.tally()["sent"] == self.expected == len(receiver.accepted)

    def restore(self, file: Path | None = None, before: Callable[[], None] | None = None) -> Popen:
        """`campaign restore` in a process of its own; `before` runs in it first."""
        environment = {"CAMPAIGN_HOME": str(self.folder), "CAMPAIGN_KEY_FILE": str(self.folder / "key")}
        return subprocess.Popen(
            [sys.executable, "-m", "campaign", "restore", str(file or self.backup), "--yes", "--as", "Ada"],
            cwd=self.folder.parent,
            env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=before,  # noqa: PLW1509 - this process has threads, and what runs is one system call
        )

    def restored(self, file: Path | None = None, before: Callable[[], None] | None = None) -> tuple[int, str]:
        child = self.restore(file, before)
        said, _ = child.communicate(timeout=600)
        return child.returncode, said

    def states(self) -> list[str]:
        """The state of every delivery, as the ledger in place tells."""
        with closing(sqlite3.connect(self.folder / "campaign.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return [state for (state,) in connection.execute("SELECT state FROM deliveries")]

    def paused(self) -> bool:
        with closing(sqlite3.connect(self.folder / "campaign.db")) as connection:
            return bool(connection.execute("SELECT id FROM holds WHERE until IS NULL AND strength = 'all'").fetchall())

    def sends_nothing_again(self) -> None:
        """Whatever ledger is in place, a service that runs on it sends nothing that went out already."""
        assert self.finish() == 0
        assert max(self.receiver.accepted.values()) == 1

    def until_it_begins(self, child: Popen) -> None:
        """Until a restore has begun to make the new ledger, or has ended."""
        until(lambda: child.poll() is not None or (self.folder / "campaign.db.restoring").exists(), "it begins")

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if "restoring" in path.name)


@pytest.fixture
def kept(tmp_path: Path, receiver: Receiver) -> Kept:
    return Kept(tmp_path / "home", receiver)


def no_large_file() -> None:
    """No file may grow beyond what half a ledger takes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


@pytest.fixture(params=["no file grows", *(["a small disk"] if may_mount() else [])])
def cramped(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver) -> Iterator[tuple[Kept, Refused]]:
    """An installation, and a restore that finds no room: by the system's limit, and where it may on a real disk."""
    if request.param == "no file grows":
        kept = Kept(tmp_path / "home", receiver)
        yield kept, lambda: kept.restored(before=no_large_file)
        return
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=True)
    kept = Kept(disk / "home", receiver)
    kept.backup = Path(shutil.move(kept.backup, tmp_path))

    def restored() -> tuple[int, str]:
        with filled(disk):
            return kept.restored()

    yield kept, restored
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_without_room_a_restore_changes_nothing_and_with_room_it_pauses_everything(
    cramped: tuple[Kept, Refused],
) -> None:
    kept, refused = cramped
    code, said = refused()
    assert code == 3, said
    assert "Make room" in said or "Look at its room" in said
    assert "Traceback" not in said
    assert kept.states() == ["sent"] * kept.expected
    assert (kept.leftovers(), kept.paused()) == ([], False)
    code, said = kept.restored()
    assert code == 0, said
    assert "What was replaced is in" in said
    assert (kept.states(), kept.paused(), kept.leftovers()) == ([], True, [])
    kept.sends_nothing_again()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(TRIALS // 2))
def test_a_restore_that_is_killed_leaves_the_old_ledger_or_the_new_one_paused(kept: Kept, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(3):
        child = kept.restore()
        kept.until_it_begins(child)
        try:
            child.wait(dice.random() * 0.3)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
        close(child)
        if (kept.folder / "campaign.db").exists():
            assert kept.paused() or kept.states() == ["sent"] * kept.expected
    if (kept.folder / "campaign.db").exists():
        kept.sends_nothing_again()
    assert kept.restored()[0] == 0
    assert kept.paused()
    assert kept.leftovers() == []
    kept.sends_nothing_again()


def test_a_backup_that_finds_no_room_leaves_nothing_behind(home: Home) -> None:
    target = home.folder.parent / "after.tar.gz"
    environment = {"CAMPAIGN_HOME": str(home.folder), "CAMPAIGN_KEY_FILE": str(home.folder / "key")}
    done = subprocess.run(
        [sys.executable, "-m", "campaign", "backup", str(target)],
        check=False,
        cwd=home.folder.parent,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    assert done.returncode in {1, 3}, done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in home.folder.parent.iterdir() if "after" in path.name] == []
