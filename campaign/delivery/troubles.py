"""Troubles that stand: said in one line, rested after for longer each time, and said to be over.

A full disk, a locked ledger or a fault of ours would otherwise be met again at every ring, and fill the log with it.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime

from campaign.clock import Clock
from campaign.errors import BusyError, CampaignError, Conflict, StoreError

log = logging.getLogger(__name__)

#: Rests after a trouble, in seconds: the first, then twice as long each time, up to the longest.
FIRST, LONGEST = 1.0, 30.0
#: A trouble that stands is said again this often; one met again sooner than this is the same trouble. In seconds.
SAY_AGAIN = 60.0
#: The name of the trouble that stops everything: the ledger cannot be written.
LEDGER = "the ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that did not work, where, and since when (aware UTC). `times` counts how often it was met."""

    where: str
    text: str
    since: datetime
    times: int


@dataclass(slots=True)
class _Kept:
    text: str
    since: datetime
    met: float
    said: float
    gap: float = FIRST
    times: int = 1
    over: bool = False


class Troubles:
    """The troubles of one process. Threads may share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def met(self, where: str, error: BaseException) -> None:
        """Note that `where` failed. One line in the log, and a trace only of what the product cannot explain."""
        text, moment = in_words(error), self._clock.monotonic()
        with self._lock:
            kept = self._kept.get(where)
            if kept is None or moment - kept.met > SAY_AGAIN + kept.gap:
                kept = self._kept[where] = _Kept(text, self._clock.now(), moment, moment)
                fresh = True
            else:
                fresh = kept.text != text or moment - kept.said > SAY_AGAIN
                self._again(kept, text, moment)
                kept.said = moment if fresh else kept.said
            again = f"{where} failed {kept.times} times since {kept.since:%H:%M:%S} UTC" if kept.times > 1 else where
        if fresh:
            trace = None if is_known(error) else error
            log.error("%s: %s It is tried again by itself.", again, text, exc_info=trace)

    def _again(self, kept: _Kept, text: str, moment: float) -> None:
        if kept.over:
            kept.since, kept.over = self._clock.now(), False
        if moment >= kept.met + kept.gap:  # within its rest it is the same try, met by another thread
            kept.gap = min(kept.gap * 2, LONGEST)
            kept.met = moment
        kept.text = text
        kept.times += 1

    def over(self, where: str) -> None:
        """Note that `where` works (again)."""
        with self._lock:
            kept = self._kept.get(where)
            if kept is None or kept.over:
                return
            kept.over = True
        log.info("%s works again, after %d failures since %s UTC.", where, kept.times, f"{kept.since:%H:%M:%S}")

    def rests(self, where: str) -> bool:
        """Whether it failed so lately that it is not to be tried yet."""
        with self._lock:
            kept = self._kept.get(where)
            return kept is not None and not kept.over and self._clock.monotonic() < kept.met + kept.gap

    def stands(self, where: str) -> bool:
        """Whether it failed, and nobody said since that it works."""
        with self._lock:
            return where in self._kept and not self._kept[where].over

    def standing(self) -> list[Trouble]:
        """What failed and does not work yet, oldest first."""
        with self._lock:
            found = [
                Trouble(where=where, text=kept.text, since=kept.since, times=kept.times)
                for where, kept in self._kept.items()
                if not kept.over
            ]
        return sorted(found, key=lambda trouble: (trouble.since, trouble.where))


def is_known(error: BaseException) -> bool:
    """Whether the product, or the system, can say in a sentence what is wrong: no defect of ours."""
    return isinstance(error, CampaignError | OSError)


def of_ledger(error: BaseException) -> bool:
    """Whether nothing else would fare better: the ledger cannot be written. (A lost race is no such thing.)"""
    return isinstance(error, StoreError | BusyError) and not isinstance(error, Conflict)


def in_words(error: BaseException) -> str:
    """The error as one sentence."""
    if isinstance(error, CampaignError):
        return " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}{f': {error.filename}' if error.filename else ''}."
    return f"a fault of this program ({type(error).__name__}: {' '.join(str(error).split())[:200]})."
