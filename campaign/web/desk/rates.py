"""How fast mailings go, told from what the desk saw of them."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

#: A rate is told from no less, and no more, than this long.
SHORT, LONG = timedelta(seconds=10), timedelta(minutes=2)
#: How many mailings are remembered.
MOST = 50


class Rates:
    """How fast mailings go, from what was seen of them. Safe over threads."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, list[tuple[datetime, int]]] = OrderedDict()
        self._lock = Lock()

    def of(self, broadcast: int, sent: int, opened: datetime | None, now: datetime) -> float:
        """Emails a second over the last two minutes that were seen, else since it opened; 0 where nothing moved."""
        with self._lock:
            seen = self._seen.setdefault(broadcast, [])
            seen.append((now, sent))
            while len(seen) > 2 and now - seen[1][0] >= LONG:
                del seen[0]
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)
            first, before = seen[0]
        if now - first >= SHORT:
            return (sent - before) / (now - first).total_seconds()
        since = (now - opened).total_seconds() if opened else 0.0
        return sent / since if since >= 1 else 0.0
