"""Every adapter that speaks HTTP, killed with kill -9 at every step: the network never holds a message twice.

Each channel's worker is a real process. It is killed at each of its requests, before and after the network handled it,
and between the network's answer and the ledger's line. What the next worker may do is what the channel promises.
"""

from importlib import import_module
from pathlib import Path

import pytest

from campaign.channels.base import ReplayKind
from campaign.model import Post
from campaign.testing import ChannelContract, FakeNetwork
from tests.contract.killing import CONTEXT, Delivery
from tests.house.files import ROOT


def suites() -> list[type[ChannelContract]]:
    """The contract suites of our own channels that carry posts over HTTP in a world of the usual kind."""
    found = {}
    for path in sorted((ROOT / "tests").glob("*/test_*.py")):
        if path.parent.name not in ("channels", "contract") or path.stem in ("test_killed", "test_contract"):
            continue
        if "ChannelContract" not in path.read_text("utf-8"):
            continue
        module = import_module(f"tests.{path.parent.name}.{path.stem}")
        for name, suite in vars(module).items():
            if name.startswith("Test") and isinstance(suite, type) and issubclass(suite, ChannelContract):
                usual = suite.speaks_http and suite.world is ChannelContract.world
                if usual and suite.channel.carries is Post:
                    found[f"{module.__name__}.{name}"] = suite
    return list(found.values())


SUITES = suites()
CONTEXT.set_forkserver_preload(["pytest", *{suite.__module__ for suite in SUITES}])


def calm(suite: type[ChannelContract], folder: Path) -> int:
    """How many requests an undisturbed delivery takes."""
    with FakeNetwork(suite().imitation()) as network:
        delivery = Delivery(suite, folder, network)
        assert not delivery.run()
        assert delivery.restart() == "sent"
        assert delivery.accepted == 1
        return network.seen


def test_the_suites_of_our_own_channels_are_found() -> None:
    kinds = {suite.channel.kind for suite in SUITES}
    assert {"webhook", "telegram", "slack", "teams", "discord", "wordpress", "bluesky", "mastodon", "x"} <= kinds


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite.channel.kind}-{suite.__name__}")
def test_killed_at_every_request(suite: type[ChannelContract], tmp_path: Path) -> None:
    for number in range(1, calm(suite, tmp_path / "calm") + 1):
        for when in ("before", "after"):
            with FakeNetwork(suite().imitation()) as network:
                delivery = Delivery(suite, tmp_path / f"{number}-{when}", network)
                assert delivery.run(kill_at=(number, when)), f"request {number} never came"
                assert delivery.accepted <= 1
                came = delivery.restart()
                assert delivery.accepted <= 1, f"killed {when} request {number}: it went twice"
                assert network.imitation.broken == []
                if came == "sent":
                    assert delivery.accepted == 1, f"killed {when} request {number}: called sent, and is lost"
                else:
                    assert delivery.promised() is not ReplayKind.SAFE


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite.channel.kind}-{suite.__name__}")
def test_killed_between_the_answer_and_the_ledger(suite: type[ChannelContract], tmp_path: Path) -> None:
    with FakeNetwork(suite().imitation()) as network:
        delivery = Delivery(suite, tmp_path / "it", network)
        assert delivery.run(at_the_end=True)
        came = delivery.restart()
        assert delivery.accepted == 1
        assert (came == "person") is (delivery.promised() is ReplayKind.NEVER)
