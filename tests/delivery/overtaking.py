"""A worker in a process of its own with the whole engine: it sends all that is open, and whatever is opened meanwhile.

As `python -m tests.delivery.mailworld`, with the same arguments, which sends one mailing.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from campaign.channels.smtp import LANES
from campaign.delivery.engine import Engine
from campaign.delivery.mail.nursery import open_nursery
from campaign.model import BroadcastState
from tests.delivery.mailworld import BOOT, kit, working


def main(url: str, folder: str, port: str, lanes: str, processes: str, options: str) -> None:
    """Recover, then send until nothing is open."""
    nursery = open_nursery(kit(), int(processes), os.environ, many=0, loads=LANES)
    with working(url, Path(folder), int(port), lanes=int(lanes), nursery=nursery, **json.loads(options)) as world:
        while world.recover() is not None:
            world.parts.clock.sleep(0.05)
        engine = Engine(world.parts, world.shelf, worker=world.worker, boot=BOOT)
        print("ready", flush=True)
        while world.parts.store.ledger.in_state(BroadcastState.OPENING, BroadcastState.OPEN):
            engine.run()
        engine.close(0)
    if nursery is not None:
        nursery.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
