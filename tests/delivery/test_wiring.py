"""The composition root: what a channel is handed."""

import re
from pathlib import Path
from typing import Any

from campaign.channels.outbox import PostOutbox
from campaign.model import ChannelRef
from campaign.settings import load_settings, make_home
from campaign.testing import an_image
from campaign.wiring import App

MEDIA = "https://media.example.org/of-ours/"


def app(home: Path, **more: Any) -> App:
    settings = load_settings(_env_file=None, home=home, key_file=home / "key" / "key", database_url="", **more)
    make_home(settings)
    return App(settings, create=True)


def test_an_image_is_published_once_under_a_name_that_cannot_be_guessed(tmp_path: Path) -> None:
    ours, theirs = app(tmp_path / "ours", media_url=MEDIA), app(tmp_path / "theirs", media_url=MEDIA)
    publish, other = ours.ways.tools("instagram-hscp").publish_media, theirs.ways.tools("it").publish_media
    assert publish is not None
    assert other is not None
    image = an_image()
    address = publish(image.data, image.media_type)
    assert re.fullmatch(re.escape(MEDIA) + r"[0-9a-f]{32}\.png", address)
    assert (tmp_path / "ours" / "media" / address.rpartition("/")[2]).read_bytes() == image.data
    assert publish(image.data, image.media_type) == address, "the same for every attempt"
    assert publish(an_image(colour=1).data, image.media_type) != address
    assert other(image.data, image.media_type) != address, "another installation's name for it is another"


def test_without_an_address_nothing_is_published(tmp_path: Path) -> None:
    tools = app(tmp_path, media_url="").ways.tools("it")
    assert (tools.publish_media, tools.media_url) == (None, "")


def test_a_channel_that_is_not_live_is_an_outbox_of_its_kind(tmp_path: Path) -> None:
    channel = app(tmp_path).ways.channel(ChannelRef(id="x-hscp", kind="x", organisation=""))
    assert isinstance(channel, PostOutbox)
    assert (channel.kind, channel.limits.text, channel.harmless) == ("x", 280, True)
