"""A network that no longer lets us in: its channel pauses and somebody is told, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from campaign.clock import SettableClock
from campaign.delivery import loading, views
from campaign.delivery.service import Service
from campaign.programme import load_bytes
from campaign.testing import NOON, an_image
from campaign.wiring import App
from tests.networks import CHANNELS, WEEK, connected

KINDS = sorted(CHANNELS)


def settle(service: Service, clock: SettableClock, done: Callable[[], bool]) -> None:
    """Let the service do what is due, and again at the times of its own retries: a busy machine answers late."""
    for _ in range(6):
        service.settle()
        if done():
            return
        clock.advance(timedelta(minutes=20))


def down(app: App, kind: str) -> bool:
    """Whether a channel is paused by the service."""
    return bool(app.store.channels.all()[kind].down)


@pytest.mark.parametrize("out", [KINDS[::2], KINDS[1::2]], ids=["one half", "the other half"])
def test_only_its_own_channel_pauses_and_its_post_goes_once_it_is_mended(out: Sequence[str], tmp_path: Path) -> None:
    with connected(tmp_path) as home:
        clock = SettableClock(NOON)

        def taken(kind: str) -> int:
            return len(home.networks.of(kind).accepted)

        app = home.app(clock)
        for kind in CHANNELS:
            app.store.channels.set_live(kind, kind, True, author="Ada", now=NOON)
        loaded = load_bytes(WEEK.encode(), files={"images/people.png": an_image(width=640, height=480).data})
        shown = loading.preview(app.parts, loaded.programme, loaded.files, None, NOON)
        loading.apply(app.parts, shown, author="Ada", reason="test", now=NOON)
        home.networks.denied = dict.fromkeys(out, 403)  # 401 is in the contract suite of each
        with app.service() as service:
            settle(service, clock, lambda: all(down(app, kind) if kind in out else taken(kind) for kind in KINDS))
            assert {kind: taken(kind) for kind in KINDS} == {kind: 0 if kind in out else 1 for kind in KINDS}
            assert {kind: down(app, kind) for kind in KINDS} == {kind: kind in out for kind in KINDS}
            told = [need for need in views.needs(app.parts) if need.kind == "channel down"]
            assert sorted(need.key for need in told) == list(out)
            assert all(need.why for need in told)
            home.networks.denied = {}
            for kind in out:
                app.store.channels.set_down(kind, kind, "", now=clock.now(), author="Ada")
            settle(service, clock, lambda: all(taken(kind) for kind in KINDS))
        assert {kind: taken(kind) for kind in KINDS} == dict.fromkeys(KINDS, 1)
        assert views.needs(app.parts) == []
        app.close()
        assert home.networks.broken == []
