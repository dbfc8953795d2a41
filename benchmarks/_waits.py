"""How long others wait beside a mailing to very many: `python -m benchmarks._waits URL FOLDER SECONDS`.

It places a pause, sends a post and has somebody leave, again and again, in a process of its own as the desk's and the
pages' may be, and prints the longest that one of them took, in seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count, cycle
from pathlib import Path

from campaign.address import KeyRing
from campaign.clock import SystemClock
from campaign.model import BroadcastKind, DeliveryState, HoldScope, InDoubt, Strength
from campaign.model.rows import Settled
from campaign.store import Store
from campaign.store.database import Database
from campaign.store.ledger import Opening
from campaign.store.lists import get_list
from campaign.store.subscribers import by_id, leave
from tests.delivery.mailworld import BROADCAST, KEY, NOW

#: Between two of them, in seconds.
PAUSE = 0.02
#: No worker of the ledger has this number.
NOBODY = 999


class Others:
    """What happens beside a mailing, each time to somebody or something else."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers = count(1)

    def pause(self) -> None:
        """Pause another channel."""
        self._store.holds.place(
            scope=HoldScope.CHANNEL, target="y", strength=Strength.ALL, reason="", author="bench", now=NOW
        )

    def post(self) -> None:
        """Open a post, take it, begin and settle it."""
        store, key = self._store, replace(BROADCAST, message=f"post-{next(self._numbers)}", channel="x")
        number = store.ledger.open_post(
            Opening(
                key=key, kind=BroadcastKind.POST, planned_at=NOW, late_until=NOW, stop_at=NOW, essential=False,
                in_doubt=InDoubt.HOLD, revision=1,
            ),
            NOW,
        )  # fmt: skip
        assert number is not None
        [row] = store.deliveries.take(number, worker=NOBODY, now=NOW)
        assert store.deliveries.begin(row.id, worker=NOBODY, now=NOW)
        store.deliveries.settle([Settled(delivery=row.id, state=DeliveryState.SENT)], worker=NOBODY, now=NOW)

    def leaving(self) -> None:
        """Somebody leaves the list."""
        with self._store.database.write() as connection:
            person, of = by_id(connection, next(self._numbers)), get_list(connection, "practitioners")
            assert person is not None
            leave(connection, KeyRing(KEY), person, [of], who="self", how="link", now=NOW)


def main(url: str, folder: str, seconds: str) -> None:
    """Until the time is over."""
    clock, store = SystemClock(), Store(Database(url), folder=Path(folder))
    others = Others(store)
    acts: tuple[Callable[[], None], ...] = (others.pause, others.post, others.leaving)
    end, longest = clock.monotonic() + float(seconds), 0.0
    for act in cycle(acts):
        began = clock.monotonic()
        if began > end:
            break
        act()
        longest = max(longest, clock.monotonic() - began)
        clock.sleep(PAUSE)
    store.close()
    print(longest)


if __name__ == "__main__":
    main(*sys.argv[1:])
