"""A disk that takes nothing more under a running service: it waits, says so, and goes on when there is room."""

import os
import re
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from tests.survive.conftest import CHANNELS, Receiver, Running
from tests.survive.test_processes import counted
from tests.waiting import until

#: A file may have this many bytes: less than any page of a ledger.
NOTHING = 1
SYS_ADMIN = 1 << 21
Full = Callable[["subprocess.Popen[str]"], AbstractContextManager[None]]


def may_mount() -> bool:
    """Whether this process may mount a disk of its own (capabilities(7))."""
    found = re.search(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())
    return found is not None and bool(int(found[1], 16) & SYS_ADMIN)


@contextmanager
def no_file_grows(child: "subprocess.Popen[str]") -> Iterator[None]:
    """No file takes anything from the process while this lasts."""
    before = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (NOTHING, before[1]))
    yield
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Somebody else's file takes all the room that is left."""
    file = os.open(disk / "somebody-elses", os.O_CREAT | os.O_WRONLY)
    with suppress(OSError):
        while os.write(file, bytes(4096)):
            pass
    yield
    os.close(file)
    (disk / "somebody-elses").unlink()


@pytest.fixture(params=["no file grows", *(["a small disk"] if may_mount() else [])])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Full]]:
    """A folder for the home, and what fills its disk: the system's limit, and where it may be a real disk of 3 MB."""
    if request.param == "no file grows":
        yield tmp_path, no_file_grows
        return
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=True)
    yield disk, lambda child: filled(disk)
    subprocess.run(["umount", "--lazy", disk], check=True)


def seconds_of(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tries(running: Running) -> int:
    """How often the service has met the trouble, as its health tells."""
    found = re.match(r"(\d+) times since", running.ask()[1].get("the ledger", ""))
    return int(found[1]) if found else 0


def test_without_room_all_waits_and_goes_on_by_itself(place: tuple[Path, Full], receiver: Receiver) -> None:
    folder, full = place
    running = Running(folder / "home", receiver, posts=6)
    receiver.rest_at = 1
    child = running.run()
    receiver.wait_for(len(CHANNELS))
    with full(child):
        receiver.go_on()
        first = until(lambda: tries(running), "health tells of it")
        begun, used = len(receiver.accepted), seconds_of(child.pid)
        until(lambda: tries(running) >= first + 2, "it is tried again")
        assert seconds_of(child.pid) - used < 3, "it spins"
        assert len(receiver.accepted) <= begun + len(CHANNELS), "something began without its mark"
    until(lambda: running.ended().total() == running.expected, "all goes once there is room")
    until(lambda: tries(running) == 0, "health is well again")
    assert running.stop(child) == 0
    counted(running, receiver)
    told = [line for line in running.lines() if line["level"] == "error"]
    assert any("the ledger" in line["message"] for line in told)
    assert len(told) <= 30, "it fills the log"
    assert not [line for line in told if "trace" in line]
