"""Apprise holds to the contract, over its own network client, against a service on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from campaign.channels.apprise import AppriseChannel, AppriseOptions
from campaign.channels.http import Answer, Sent
from campaign.errors import SettingsError, Uncertain
from campaign.testing import MISHAPS, ChannelContract, Imitation, Mishap, World, json_answer, route

TOLD = [mishap for mishap in MISHAPS if mishap.name != "200 with an error page"]


class Service(Imitation):
    """What Apprise's json:// service speaks."""

    @route("POST", "/example")
    def take(self, sent: Sent) -> Answer:
        body = self.json(sent)
        self.must({"message", "title", "type"} <= set(body), "a message")
        return self.accept(body["message"], answer=json_answer({}))


class TestApprise(ChannelContract):
    channel = AppriseChannel
    patience = 0.5
    _url = "json://127.0.0.1:9/example"

    def imitation(self) -> Imitation:
        return Service()

    def _options(self) -> AppriseOptions:
        return AppriseOptions.model_validate({"url": self._url, "patience": self.patience})

    @contextmanager
    def world(self, folder: Path) -> Iterator[World]:
        """Apprise has a client of its own: the address names the network's port."""
        with super().world(folder) as world:
            self._url = f"json://127.0.0.1:{world.network.port}/example"
            world.channel = AppriseChannel(self._options(), world.channel.tools)
            yield world

    @pytest.mark.parametrize("mishap", TOLD, ids=lambda mishap: str(mishap.name))
    def test_send_tells_the_truth_whatever_the_network_does(self, mishap: Mishap, tmp_path: Path) -> None:
        """Save for one lie that Apprise believes: a web page with status 200 is a yes to it, as its page here says."""
        super().test_send_tells_the_truth_whatever_the_network_does(mishap, tmp_path)

    # Apprise does not tell one failure from another, so none is safe to try again.

    @pytest.mark.parametrize("name", ["connection refused", "401", "429"])
    def test_every_failure_stays_in_doubt(self, name: str, tmp_path: Path) -> None:
        assert isinstance(self._last_request(tmp_path, name), Uncertain)

    def test_too_many_requests_waits_as_long_as_asked(self, tmp_path: Path) -> None:
        self.test_every_failure_stays_in_doubt("429", tmp_path)

    def test_signed_out_pauses_the_channel(self, tmp_path: Path) -> None:
        self.test_every_failure_stays_in_doubt("401", tmp_path)

    def test_no_connection_can_be_tried_again(self, tmp_path: Path) -> None:
        self.test_every_failure_stays_in_doubt("connection refused", tmp_path)


def test_an_address_that_apprise_does_not_know() -> None:
    from campaign.channels.base import Tools

    options: Any = AppriseChannel.Options.model_validate({"url": "nonsense://s3cret@example.org"})
    with pytest.raises(SettingsError, match="does not know the address") as caught:
        AppriseChannel(options, Tools(name="other"))
    assert "s3cret" not in str(caught.value)
