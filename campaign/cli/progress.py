"""Something that takes its time says so: on a terminal's standard error, from the first second on."""

from __future__ import annotations

import sys
from types import TracebackType

from click import echo

SECOND = 1.0


class Working:
    """While the context lasts, a line such as `Writing the backup: 3 s`. `step` counts what was done: `34, 3 s`.

    Only where standard error is a terminal; the line is gone when the context ends, and nothing is written before it
    has lasted a second. Write nothing else meanwhile.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._steps = 0
        self._seconds = 0
        self._screen = sys.stderr.isatty()

    def step(self, _: object = None) -> None:
        """One more is done."""
        self._steps += 1

    def __enter__(self) -> Working:
        if self._screen:
            from threading import Event, Thread

            self._done = Event()
            self._thread = Thread(target=self._draw, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._screen:
            self._done.set()
            self._thread.join()
            if self._seconds:
                self._write("")

    def _draw(self) -> None:
        while not self._done.wait(SECOND):
            self._seconds += 1
            count = f"{self._steps:,}, " if self._steps else ""
            self._write(f"{self._what}: {count}{self._seconds} s")

    def _write(self, line: str) -> None:
        echo(f"\r\x1b[K{line}", nl=False, err=True, color=True)
