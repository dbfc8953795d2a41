"""`campaign channels test` on every network: a marked message goes out, and is taken back where the network allows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.networks import CHANNELS, Connected, connected

#: Networks that take nothing back by their interface.
STAYS = {"instagram", "slack", "teams"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    with connected(tmp_path_factory.mktemp("networks")) as home:
        yield home


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_marked_message_goes_out_and_is_deleted(kind: str, home: Connected) -> None:
    network = home.networks.of(kind)
    assert "To do it: add --yes" in home.run("channels", "test", kind).output
    assert network.accepted == []
    said = home.run("channels", "test", kind, "--yes", typed="y\n").output
    assert "Posted: " in said
    assert len(network.accepted) == 1
    assert "Test message, " in str(network.accepted[0]) or "Test message" in str(network.requests)
    assert ("Deleted." in said) is (kind not in STAYS)
    assert ("delete it on the network" in said) is (kind in STAYS)
    left = getattr(network, "posts", getattr(network, "records", getattr(network, "statuses", [])))
    assert not left or kind in STAYS, "nothing is left"
    assert network.broken == []


@pytest.mark.parametrize("kind", sorted(set(CHANNELS) - {"slack", "teams"}))
def test_whose_account_it_is_is_asked_sending_nothing(kind: str, home: Connected) -> None:
    before = len(home.networks.of(kind).accepted)
    assert "Account " in home.run("channels", "verify", kind).output
    assert len(home.networks.of(kind).accepted) == before
