"""The channels that write files hold to the contract."""

from typing import Any

from campaign.channels.manual import Manual
from campaign.channels.outbox import EmailOutbox, PostOutbox, stand_in
from campaign.channels.webhook import Webhook
from campaign.testing import ChannelContract, World, a_post, an_image


class Files(ChannelContract):
    speaks_http = False
    pattern = ""

    def accepted(self, world: World) -> int:
        return len(list(world.folder.rglob(self.pattern)))


class TestPostOutbox(Files):
    channel = PostOutbox
    pattern = "*/*/*/*/*.json"

    def message(self) -> Any:
        return a_post(images=(an_image(),))


class TestEmailOutbox(Files):
    channel = EmailOutbox
    pattern = "*.eml"


class TestStandIn(Files):
    channel = stand_in(Webhook)
    pattern = "*/*/*/*/*.json"


class TestManual(Files):
    channel = Manual
    pattern = "paste.txt"
    options = {"limit": 400, "images": 2}
