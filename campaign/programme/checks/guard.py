"""Run something that may not end in a process of its own, with limits on time and memory.

Input and output go through files, so that neither side waits for the other, and the output has a limit too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

MAX_OUTPUT = 200_000_000
MAX_ERRORS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of it. `ended`: "done", "time" (stopped), or "died" (memory, a crash); `last`: its last words."""

    output: bytes
    ended: str
    last: str = ""


class Child:
    """A process that works while its starter does something else."""

    def __init__(self, command: Sequence[str], data: bytes) -> None:
        self._input: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in finish()
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._input.write(data)
        self._input.seek(0)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=self._input, stdout=self._output, stderr=self._errors
        )

    def finish(self, seconds: float) -> Ran:
        """Wait at most `seconds`, stop it if it still runs, and hand over what it wrote."""
        ended = "done"
        try:
            if self._process.wait(seconds) != 0:
                ended = "died"
        except subprocess.TimeoutExpired:
            ended = "time"
        finally:
            self._process.kill()
            self._process.wait()
        self._output.seek(0)
        output = self._output.read(MAX_OUTPUT)
        self._errors.seek(0)
        said = self._errors.read(MAX_ERRORS).decode("utf-8", "replace").strip().splitlines()
        for file in (self._input, self._output, self._errors):
            file.close()
        return Ran(output=output, ended=ended, last=said[-1][:200] if said else "")


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules in this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def limit(*, seconds: int, memory: int) -> None:
    """Bind this process: processor seconds, bytes of memory, bytes of output, no core file. Where the system can."""
    try:
        import resource
    except ImportError:  # not a Unix: the starter's clock is the only limit
        return
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, MAX_OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
