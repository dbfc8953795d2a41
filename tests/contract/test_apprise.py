"""Apprise holds to the contract, over its own network client, against a service on this machine."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from campaign.channels.apprise import AppriseChannel, AppriseOptions
from campaign.channels.base import Tools
from campaign.channels.http import Answer, Sent
from campaign.errors import SettingsError, Uncertain
from campaign.testing import (
    MISHAPS,
    ChannelContract,
    FakeNetwork,
    Imitation,
    Mishap,
    World,
    a_key,
    a_post,
    an_image,
    json_answer,
    route,
)

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
    patience = 3.0
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
    options: Any = AppriseChannel.Options.model_validate({"url": "nonsense://s3cret@example.org"})
    with pytest.raises(SettingsError, match="does not know the address") as caught:
        AppriseChannel(options, Tools(name="other"))
    assert "s3cret" not in str(caught.value)


def test_images_travel_along_and_what_they_show_is_told_in_words() -> None:
    with FakeNetwork(Pictures()) as network:
        options = AppriseOptions.model_validate({"url": f"json://127.0.0.1:{network.port}/example", "patience": 30})
        channel = AppriseChannel(options, Tools(name="other"))
        channel.send(a_post(images=(an_image(alt="Two people"),)), key=a_key(), notes={})
        [body] = network.imitation.accepted
    assert body["message"].endswith("Image: Two people")
    [picture] = body["attachments"]
    assert (picture["filename"], picture["mimetype"]) == ("image-1.png", "image/png")
    assert base64.b64decode(picture["base64"])[:4] == b"\x89PNG"


class Pictures(Imitation):
    """Keeps all of what it is given."""

    @route("POST", "/example")
    def take(self, sent: Sent) -> Answer:
        return self.accept(self.json(sent), answer=json_answer({}))
