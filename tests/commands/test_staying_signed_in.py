"""A sign-in that nothing is posted with for months: renewed by the service, and missed in time where it is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from campaign.clock import SettableClock
from campaign.delivery import views
from campaign.errors import TryLater
from campaign.testing import NOON
from campaign.wiring import App
from tests.channels.played_meta import TOKEN, USER
from tests.networks import Connected, connected

CHANNELS = f"threads:\n  kind: threads\n  account: '{USER}'\nx:\n  kind: x\n  client_id: example-client\n"
DAY = 86_400.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Connected]:
    with connected(tmp_path) as found:
        (found.folder / "home" / "channels.yaml").write_text(CHANNELS, "utf-8")
        yield found


def open_with(home: Connected, clock: SettableClock, *, live: bool = True) -> App:
    """The installation, signed in at both networks: at Threads for 60 days, at X with a refresh token."""
    app = home.app(clock)
    threads = {"access": TOKEN, "expires": NOON.timestamp() + 60 * DAY}
    x = {"access": "access-0", "refresh": "refresh-0", "expires": NOON.timestamp() + 7200}
    for name, kept in (("threads", threads), ("x", x)):
        app.store.notes(name).swap("token", old=None, new=json.dumps(kept), secret=True)
        app.store.channels.set_live(name, name, live, author="Ada", now=NOON)
    return app


def later(app: App, clock: SettableClock, days: float, *, tries: int = 6) -> None:
    """Do the chore `days` after noon; again, as the service does, where a busy machine was too slow to connect."""
    clock.set(NOON + timedelta(days=days))
    [chore] = [each for each in app.chores() if each.name == "sign-ins"]
    for left in range(tries - 1, -1, -1):
        try:
            chore.job(clock.now())
        except TryLater:
            if not left:
                raise
        else:
            return


def kept(app: App, name: str) -> str:
    return str(json.loads(str(app.store.notes(name).get("token")))["access"])


def test_each_is_renewed_in_its_time_and_no_sooner(home: Connected) -> None:
    clock = SettableClock(NOON)
    app = open_with(home, clock)
    later(app, clock, 20)
    assert (kept(app, "threads"), kept(app, "x")) == (TOKEN, "access-0")
    later(app, clock, 31)
    assert (kept(app, "threads"), kept(app, "x")) == (TOKEN, "access-1")
    later(app, clock, 54)
    assert (kept(app, "threads"), kept(app, "x")) == ("example-meta-token-2", "access-1")
    assert views.needs(app.parts) == []
    app.close()
    assert home.networks.broken == []


def test_a_channel_that_is_not_live_is_left_alone(home: Connected) -> None:
    clock = SettableClock(NOON)
    app = open_with(home, clock, live=False)
    later(app, clock, 54)
    assert (kept(app, "threads"), kept(app, "x")) == (TOKEN, "access-0")
    app.close()


def test_one_that_is_lost_pauses_its_channel_and_somebody_is_told(home: Connected) -> None:
    clock = SettableClock(NOON)
    app = open_with(home, clock)
    home.networks.denied = {"threads": 401}
    later(app, clock, 54)
    [need] = views.needs(app.parts)
    assert (need.kind, need.key) == ("channel down", "threads")
    assert "campaign channels connect" in need.why
    assert kept(app, "x") == "access-1", "the other is renewed all the same"
    app.close()


def test_one_that_cannot_be_renewed_just_now_is_tried_again(home: Connected) -> None:
    clock = SettableClock(NOON)
    app = open_with(home, clock)
    home.networks.denied = {"threads": 503}
    with pytest.raises(TryLater, match="threads"):
        later(app, clock, 54, tries=1)
    assert views.needs(app.parts) == []
    home.networks.denied = {}
    later(app, clock, 54.1)
    assert kept(app, "threads") == "example-meta-token-2"
    app.close()
