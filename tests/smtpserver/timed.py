"""The counting relay with a clock: when each message came, and so which began too late."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.smtpserver.script import Script
from tests.smtpserver.server import Accepted, CountingServer

#: Nothing begins longer than this after a pause, a stop or leaving, in seconds.
SOON = 2.0


class Timed(CountingServer):
    """A relay that remembers when each message came by `clock`, and over which connection.

    One connection carries one text at a time: a message began after the one before it there had come. So one that came
    late may have begun in time and been slow, but not where the one before it came late as well.
    """

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.came: list[tuple[float, str, int]] = []
        self.clock: Callable[[], float] = time.monotonic

    def accept(self, message: Accepted) -> None:
        self.came.append((self.clock(), message.to, message.connection))
        super().accept(message)

    def begun_after(self, moment: float) -> list[str]:
        """To whom a message surely began after that moment."""
        last: dict[int, float] = {}
        found: list[str] = []
        for came, to, connection in self.came:
            if last.get(connection, 0.0) > moment:
                found.append(to)
            last[connection] = came
        return found

    def late(self, to: str, gone: float) -> bool:
        """Whether the message to somebody who left at that moment began too late."""
        return to in self.begun_after(gone + SOON)
