"""Telegram, Slack, Teams, Discord and WordPress in memory, each before its imitation or before a fixed answer."""

from collections.abc import Callable
from typing import Any

import pytest

from campaign.channels.base import Channel, ChannelType, MemoryNotes, Receipt, Tools
from campaign.channels.discord import Discord
from campaign.channels.http import Answer, Sent
from campaign.channels.slack import Slack
from campaign.channels.teams import Teams
from campaign.channels.telegram import Telegram
from campaign.channels.wordpress import WordPress
from campaign.clock import SettableClock
from campaign.errors import ChannelError
from campaign.model import Post
from campaign.testing import NOON, Imitation, Recording, a_key, recording
from tests.channels import played

OPTIONS: dict[ChannelType, dict[str, Any]] = {
    Telegram: {"token": played.TELEGRAM_TOKEN, "chat": "@example_partnership"},
    Slack: {"url": played.SLACK_URL},
    Teams: {"url": played.TEAMS_URL},
    Discord: {"url": played.DISCORD_URL},
    WordPress: played.WORDPRESS,
}
PLAYED: dict[ChannelType, Callable[[], Imitation]] = {
    Telegram: played.PlayedTelegram,
    Slack: played.PlayedSlack,
    Teams: played.PlayedTeams,
    Discord: played.PlayedDiscord,
    WordPress: played.PlayedWordPress,
}
KINDS = pytest.mark.parametrize("kind", list(PLAYED), ids=lambda kind: str(kind.kind))


class Room:
    """A channel in memory, before its imitation or before a fixed answer."""

    def __init__(self, kind: ChannelType, answer: Callable[[Sent], Answer] | Answer | None = None, **more: Any) -> None:
        self.played = PLAYED[kind]()
        self.record: Recording = recording(answer or self.played)
        self.clock = SettableClock(NOON)
        self.notes = MemoryNotes()
        tools = Tools(
            name="it",
            now=self.clock.now,
            http=self.record.http,
            notes=self.notes,
            media_url="https://media.example.org/",
            publish_media=lambda data, media_type: "https://media.example.org/i.png",
        )
        self.channel: Channel[Any] = kind(kind.Options.model_validate({**OPTIONS[kind], **more}), tools)

    def send(self, post: Post, key: str = "") -> Receipt | ChannelError:
        try:
            notes = self.channel.prepare(post, key=key or a_key(), notes={})
            return self.channel.send(post, key=key or a_key(), notes=notes)
        except ChannelError as error:
            return error

    def took(self, post: Post) -> Any:
        """What the network holds after it was sent."""
        came = self.send(post)
        assert isinstance(came, Receipt), came
        assert self.played.broken == []
        [taken] = self.played.accepted
        return taken
