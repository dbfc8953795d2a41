"""Telegram, Slack, Teams, Discord and WordPress hold to the contract, against strict imitations of each."""

from typing import Any

from campaign.channels.discord import Discord
from campaign.channels.slack import Slack
from campaign.channels.teams import Teams
from campaign.channels.telegram import Telegram
from campaign.channels.wordpress import WordPress
from campaign.testing import ChannelContract, Imitation, a_post, an_image
from tests.channels import played


class WithImage(ChannelContract):
    def message(self) -> Any:
        return a_post(images=(an_image(),))


class TestTelegram(ChannelContract):
    channel = Telegram

    def imitation(self) -> Imitation:
        return played.PlayedTelegram()


class TestTelegramWithImages(TestTelegram):
    channel = Telegram

    def message(self) -> Any:
        return a_post(images=(an_image(), an_image(colour=120)))


class TestSlack(WithImage):
    channel = Slack
    options = {"url": played.SLACK_URL}

    def imitation(self) -> Imitation:
        return played.PlayedSlack()


class TestTeams(WithImage):
    channel = Teams
    options = {"url": played.TEAMS_URL}

    def imitation(self) -> Imitation:
        return played.PlayedTeams()


class TestDiscord(ChannelContract):
    channel = Discord
    options = {"url": played.DISCORD_URL}
    secrets = ("an-example-token",)

    def imitation(self) -> Imitation:
        return played.PlayedDiscord()


class TestDiscordWithImage(TestDiscord):
    channel = Discord

    def message(self) -> Any:
        return a_post(images=(an_image(),))


class TestWordPress(WithImage):
    channel = WordPress
    options = {**played.WORDPRESS, "featured": True}

    def imitation(self) -> Imitation:
        return played.PlayedWordPress()
