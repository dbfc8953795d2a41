"""When refusals are about us and not about the people mailed: stop before the harm grows.

Stops at 20 policy refusals (5.7.x) in a row, at 5% of the last 1,000 answers, or when one large domain refuses all of
its mail. Fed answers in the order in which they came, from any thread.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Collection
from itertools import repeat

IN_A_ROW = 20
LAST = 1000
SHARE = 0.05
LARGE = 20


class Brake:
    """Counts answers; `reason` is why the mailing must stop, "" while it may go on."""

    def __init__(self) -> None:
        self.reason = ""
        self._lock = threading.Lock()
        self._row = 0
        self._last: deque[bool] = deque(maxlen=LAST)
        self._bad = 0
        self._good_domains: set[str] = set()
        self._bad_domains: Counter[str] = Counter()

    def accepted(self, domain: str) -> None:
        """A message to `domain` was accepted, or refused for a reason of its own."""
        with self._lock:
            self._row = 0
            self._count(False)
            if domain not in self._good_domains:
                self._good_domains.add(domain)
                self._bad_domains.pop(domain, None)

    def accepted_many(self, domains: Collection[str]) -> None:
        """As `accepted`, for a message to each of `domains`."""
        if not domains:
            return
        with self._lock:
            self._row = 0
            self._last.extend(repeat(False, min(len(domains), LAST)))
            self._bad = sum(self._last)
            for domain in set(domains) - self._good_domains:
                self._good_domains.add(domain)
                self._bad_domains.pop(domain, None)

    def refused(self, domain: str, words: str) -> None:
        """A message to `domain` was refused by policy."""
        with self._lock:
            self._row += 1
            self._count(True)
            if domain not in self._good_domains:
                self._bad_domains[domain] += 1
            self.reason = self.reason or self._judge(domain, words)

    def _judge(self, domain: str, words: str) -> str:
        if self._row >= IN_A_ROW:
            return f"{IN_A_ROW} refusals in a row are about us: {words}"
        if len(self._last) == LAST and self._bad > LAST * SHARE:
            return f"more than {SHARE:.0%} of the last {LAST} were refused because of us: {words}"
        if self._bad_domains[domain] >= LARGE:
            return f"{domain} refuses all our mail: {words}"
        return ""

    def _count(self, bad: bool) -> None:
        if len(self._last) == LAST:
            self._bad -= self._last[0]
        self._last.append(bad)
        self._bad += bad
