"""One client, many threads."""

import threading

from campaign.channels.http import Http
from campaign.clock import SystemClock


def test_threads_that_begin_together_share_one_pool_of_connections() -> None:
    for _ in range(20):
        http, together = Http(monotonic=SystemClock().monotonic), threading.Barrier(8)
        pools: list[object] = []

        def begin(http: Http = http, together: threading.Barrier = together, pools: list[object] = pools) -> None:
            together.wait(300)
            pools.append(http._network())

        threads = [threading.Thread(target=begin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(pools) == 8
        assert len(set(map(id, pools))) == 1
        http.close()
