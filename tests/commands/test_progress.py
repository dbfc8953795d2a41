"""What takes more than a second says so on a terminal, takes its line away, and is silent elsewhere."""

import os
import pty
import subprocess
import sys

from tests.house.files import ROOT

#: Works until it is told to stop by a line on standard input.
WORKS = """
import sys
from campaign.cli.progress import Working
working = Working("Writing the backup")
working.step()
with working:
    sys.stdin.readline()
print("done")
"""


def started(screen: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WORKS],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=screen,
        text=True,
    )


def test_on_a_terminal_it_is_shown_while_it_lasts() -> None:
    mine, screen = pty.openpty()
    child = started(screen)
    os.close(screen)
    shown = b""
    while b"2 s" not in shown:  # a read waits for what is written
        shown += os.read(mine, 1000)
    assert b"\r\x1b[KWriting the backup: 1, 1 s\r\x1b[KWriting the backup: 1, 2 s" in shown
    out, _ = child.communicate("\n", timeout=300)
    assert out == "done\n"
    rest = os.read(mine, 1000)
    assert rest.endswith(b"\r\x1b[K")
    os.close(mine)


def test_elsewhere_it_is_silent() -> None:
    child = started(subprocess.PIPE)
    assert child.stdin is not None
    out, error = child.communicate("\n", timeout=300)
    assert (out, error) == ("done\n", "")
