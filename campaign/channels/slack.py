"""Slack, by an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.

The answer is the word `ok`, without an id, and the address honours no key, so an attempt without an answer stays in
doubt. Text is sent as rich text, https://docs.slack.dev/reference/block-kit/blocks/rich-text-block (November 2026). Its
text elements are shown letter by letter: no sign becomes formatting, an emoji or a call to anybody.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from campaign.channels import _checks
from campaign.channels._images import Frame, UnfitImage, fit
from campaign.channels._outcome import outcome
from campaign.channels._plain import spoken
from campaign.channels._text import links
from campaign.channels.base import Channel, Limits, Notes, Options, Receipt, Replay, ReplayKind
from campaign.errors import ChannelDown, Problem, Refused, Uncertain
from campaign.model import Post

HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
MOST_TEXT = 3000
FRAME = Frame(bytes=5_000_000, side=4096, types=("image/jpeg", "image/png"))
GONE = frozenset({401, 403, 404, 410})


class SlackOptions(Options):
    """Where to post: the whole address is the secret."""

    url: SecretStr = Field(
        description="The webhook's address.", examples=["https://hooks.slack.com/services/T000/B000/an-example"]
    )

    @field_validator("url")
    @classmethod
    def _is_a_webhook(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme != "https" or parts.hostname not in HOSTS:
            raise ValueError("it must begin with https://hooks.slack.com/")
        return url


class Slack(Channel[Post]):
    """Posts in a Slack channel."""

    kind: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(
        ReplayKind.NEVER, "At most once: an attempt without an answer waits for a person to look at the channel."
    )
    Options: ClassVar[type[Options]] = SlackOptions
    limits: Limits = Limits(
        text=MOST_TEXT, images=10, image_bytes=FRAME.bytes, alt_text=2000, needs_media_url=True, image_types=FRAME.types
    )

    def length(self, text: str) -> int:
        """Characters."""
        return len(text)

    def check(self, message: Post) -> list[Problem]:
        """Length, images and their public address, link and hashtags."""
        length = self.length(self.words(message))
        problems = [
            *_checks.check_text(length, self.limits, self.title),
            *_checks.check_images(message, self.limits, FRAME, self.title),
            *_checks.check_media_url(message, self.tools, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
        ]
        if not length:
            problems.append(Problem("text-empty", "Slack takes no post without words.", where="text"))
        return problems

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Make the images readable for Slack, which fetches them itself. Raises Refused."""
        if "images" in notes:
            return notes
        _checks.refuse(self.check(message))
        publish = self.tools.publish_media
        if not message.images or publish is None:
            return {**notes, "images": "[]"}
        try:
            fitted = [fit(image, FRAME) for image in message.images]
        except UnfitImage as error:
            raise Refused(str(error)) from None
        return {**notes, "images": json.dumps([publish(image.data, image.media_type) for image in fitted])}

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """POST it once. Raises the four errors."""
        if self.tools.http is None:
            raise ChannelDown("Slack was given no way to the network.")
        addresses = json.loads(self.prepare(message, key=key, notes=notes)["images"])
        words = self.words(message)
        section = {"type": "rich_text_section", "elements": elements(words)}
        blocks: list[dict[str, Any]] = [{"type": "rich_text", "elements": [section]}]
        for image, address in zip(message.images, addresses, strict=True):
            alt = spoken(image) or ("Decorative image" if image.decorative else image.name)
            blocks.append({"type": "image", "image_url": address, "alt_text": alt})
        secret = self.options.url.get_secret_value()
        path = urlsplit(secret).path
        reply = self.tools.http.request(
            "POST",
            secret,
            json={"text": escaped(words), "mrkdwn": False, "blocks": blocks},
            secrets=(secret, path, path.rpartition("/")[2]),
        )
        if reply.status == 200 and reply.text.strip() == "ok":
            return Receipt(code="200")
        if reply.ok:
            raise Uncertain(f"Slack answered {reply.status} without saying ok.", code=str(reply.status))
        said = reply.text.strip() if reply.text.strip().replace("_", "").isalnum() and len(reply.body) < 80 else ""
        raise outcome(reply, network=self.title, now=self.tools.now(), said=said, down=GONE)


def escaped(text: str) -> str:
    """The three characters that Slack reads as its own, as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def elements(text: str) -> list[dict[str, Any]]:
    """Text as the elements of a rich text section: plain words, and each web address a link."""
    pieces: list[dict[str, Any]] = []
    at = 0
    for span in links(text, bare=False):
        if text[at : span.start]:
            pieces.append({"type": "text", "text": text[at : span.start]})
        pieces.append({"type": "link", "url": text[span.start : span.end]})
        at = span.end
    if text[at:]:
        pieces.append({"type": "text", "text": text[at:]})
    return pieces


__all__ = ["Slack", "SlackOptions", "elements", "escaped"]
