"""What open pages ask for again and again: drawn once for everybody who looks, and answered with nothing while nothing
has changed.

One reading of the ledger's count of changes serves all; a part is drawn anew only when that moved, while something is
being sent, or after a minute, because the clock alone changes what a page says.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from campaign.clock import Clock

#: Seconds between the questions of an open page: while something is being sent, and else.
FAST, SLOW = 5, 30
#: For how long a part stands: at least, while something is being sent, and at most, in seconds.
LEAST, SENDING, MOST = 1.0, 4.0, 60.0
#: For so long a browser is known to be signed in, so that "nothing new" needs no question to the ledger.
KNOWN = 300.0
#: How many parts, and how many of their earlier states, are remembered.
PARTS, STATES = 200, 1000


@dataclass(frozen=True, slots=True)
class Drawn:
    """A part of a page. `beside`: pieces of it that stand elsewhere on the page.

    `states`: what may be announced, by key: what it is, and how it stands, in words.
    """

    html: str
    beside: str = ""
    states: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sending: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is kept. `mark` tells its content; `updated` is when it was drawn, in words."""

    drawn: Drawn
    mark: str
    count: int
    since: float
    updated: str = ""

    def stands(self, count: int, now: float, least: float) -> bool:
        """Whether it may still be shown to who asks again."""
        age = now - self.since
        if age >= (SENDING if self.drawn.sending else MOST):
            return False
        return count == self.count or age < least


class Live:
    """The parts of pages that are open somewhere. Safe over threads.

    `clock` measures how long things take; the world's, also in a rehearsal. With `look_every` 0 the ledger is looked at
    for every question, and nothing is kept beyond a change of it.
    """

    def __init__(self, clock: Clock, changes: Callable[[], int], look_every: float) -> None:
        self._clock = clock
        self._changes = changes
        self._every = look_every
        self._least = LEAST if look_every else 0.0
        self._count = -1
        self._looked = float("-inf")
        self._parts: OrderedDict[str, Part] = OrderedDict()
        self._states: OrderedDict[str, Mapping[str, tuple[str, str]]] = OrderedDict()
        self._known: dict[str, float] = {}
        self._lock = Lock()
        self._drawing = Lock()

    # --- the ledger's count

    def stale(self) -> bool:
        """Whether it is time to look at the ledger."""
        return self._clock.monotonic() - self._looked >= self._every

    def look(self) -> int:
        """The ledger's count of changes, read anew where that is due."""
        with self._lock:
            if self.stale():
                self._count = self._changes()
                self._looked = self._clock.monotonic()
            return self._count

    # --- parts

    def part(self, key: str, draw: Callable[[], Drawn], updated: str = "", *, fresh: bool = False) -> Part:
        """The part of that name; `draw` makes it where what is kept does not stand, or where it is to be `fresh`."""
        kept = self._parts.get(key)
        if kept is not None and not fresh and kept.stands(self.look(), self._clock.monotonic(), self._least):
            return kept
        with self._drawing:
            kept = self._parts.get(key)
            count, since = self._changes() if fresh else self.look(), self._clock.monotonic()
            if kept is not None and not fresh and kept.stands(count, since, self._least):
                return kept
            drawn = draw()
            made = Part(drawn, _mark(drawn), count, since, updated)
            _keep(self._parts, key, made, PARTS)
            _keep(self._states, made.mark, drawn.states, STATES)
            return made

    def news(self, mark: str, part: Part) -> list[tuple[str, str]]:
        """What stands otherwise in `part` than when its mark was `mark`; nothing where that is forgotten."""
        before = self._states.get(mark)
        if before is None or mark == part.mark:
            return []
        return [said for key, said in part.drawn.states.items() if before.get(key) != said]

    # --- answering with nothing

    def knows(self, token: str) -> bool:
        """Whether the holder of `token` was let in within the last minutes."""
        return self._known.get(token, float("-inf")) > self._clock.monotonic() - KNOWN

    def let_in(self, token: str) -> None:
        """Remember that the holder of `token` was let in."""
        now = self._clock.monotonic()
        if len(self._known) > STATES:
            self._known = {each: at for each, at in self._known.items() if at > now - KNOWN}
        self._known[token] = now

    def forget(self) -> None:
        """Let nobody be known any more: a session was ended."""
        self._known = {}

    def unchanged(self, seen: str, *keys: str) -> bool:
        """Whether every part still stands and is what was `seen` (their marks, joined by dots)."""
        now, marks = self._clock.monotonic(), []
        for key in keys:
            part = self._parts.get(key)
            if part is None or not part.stands(self._count, now, self._least):
                return False
            marks.append(part.mark)
        return seen == ".".join(marks)


def _mark(drawn: Drawn) -> str:
    return hashlib.sha256(f"{drawn.html}\x1f{drawn.beside}".encode()).hexdigest()[:12]


def _keep(where: OrderedDict[str, Any], key: str, value: Any, most: int) -> None:
    where[key] = value
    where.move_to_end(key)
    while len(where) > most:
        where.popitem(last=False)
