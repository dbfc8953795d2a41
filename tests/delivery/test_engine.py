"""The engine: whatever is open is given to somebody, what is essential first."""

from __future__ import annotations

import threading
from datetime import time, timedelta
from typing import Any

from campaign.delivery.engine import Engine
from campaign.model import Broadcast, When
from tests.delivery.world import EIGHT, World, a_post, a_week
from tests.waiting import until

NINE = EIGHT + timedelta(hours=1)
LATER = timedelta(minutes=20)
PATIENCE = 60


class Lingering(Engine):
    """Its threads come back a while after their last word to the ledger."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.wrote, self.go_on = threading.Event(), threading.Event()

    def _one(self, broadcast: Broadcast) -> None:
        super()._one(broadcast)
        self.wrote.set()
        assert self.go_on.wait(PATIENCE)


def test_what_opened_while_its_channel_was_coming_back_is_not_left_lying(world: World) -> None:
    world.load(a_week(a_post("first"), a_post("second", when=When(each_day=True, time=time(9, 20)))))
    service = world.start()
    engine = Lingering(world.parts, service.shelf, worker=service.engine._worker, boot="boot")
    service.engine = engine
    world.clock.set(NINE)
    service.tick()
    assert engine.wrote.wait(PATIENCE)
    world.clock.advance(LATER)
    service.tick()
    assert len(world.sent("a")) == 1
    engine.go_on.set()
    until(lambda: engine.freed, "the channel to be free")
    service.tick()
    engine.finish()
    assert len(world.sent("a")) == 2
    assert not engine.freed


def test_what_is_essential_goes_first(world: World) -> None:
    posts = a_post("first"), a_post("second", essential=True), a_post("third")
    world.load(a_week(*posts))
    service = world.start()
    world.clock.set(NINE)
    service.settle()
    assert [message.text.split()[0] for _, _, message in world.ways.made["a"].accepted] == ["second", "first", "third"]
