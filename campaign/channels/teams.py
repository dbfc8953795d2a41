"""Microsoft Teams, by a workflow that starts when a webhook request is received (Adaptive Cards 1.4).

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using and
https://adaptivecards.io/explorer. The answer 202 says that the workflow took the request, not that the post appeared;
there is no id and no key, so an attempt without an answer stays in doubt.
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

SUFFIXES = (".logic.azure.com", ".logic.azure.us", ".api.powerplatform.com", ".powerautomate.com")
RETIRED = (".webhook.office.com", "outlook.office.com")
MOST_BYTES = 28_000
FRAME = Frame(bytes=1_000_000, side=1600)
GONE = frozenset({401, 403, 404, 410})
CARD = "application/vnd.microsoft.card.adaptive"


class TeamsOptions(Options):
    """Where to post: the whole address is the secret."""

    url: SecretStr = Field(
        description="The workflow's address.",
        examples=["https://prod-01.uksouth.logic.azure.com:443/workflows/0/triggers/manual/paths/invoke?sig=example"],
    )

    @field_validator("url")
    @classmethod
    def _is_a_workflow(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        host = parts.hostname or ""
        if host.endswith(RETIRED):
            raise ValueError("it is an Office 365 connector, which Microsoft has retired: make a workflow instead")
        if parts.scheme != "https" or not host.endswith(SUFFIXES):
            raise ValueError("it must be the https address of a Power Automate workflow")
        return url


class Teams(Channel[Post]):
    """Posts in a Teams channel or chat, as a card."""

    kind: ClassVar[str] = "teams"
    title: ClassVar[str] = "Microsoft Teams"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(
        ReplayKind.NEVER, "At most once: an attempt without an answer waits for a person to look at the channel."
    )
    Options: ClassVar[type[Options]] = TeamsOptions
    limits: Limits = Limits(images=5, image_bytes=FRAME.bytes, message_bytes=MOST_BYTES, needs_media_url=True)

    def check(self, message: Post) -> list[Problem]:
        """The size of the card, images and their public address, link and hashtags."""
        problems = [
            *_checks.check_images(message, self.limits, FRAME, self.title),
            *_checks.check_media_url(message, self.tools, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
        ]
        size = len(_written(envelope(message, [f"https://{'x' * 120}" for _ in message.images])))
        if size > MOST_BYTES:
            words = f"Teams takes a card of {MOST_BYTES:,} bytes; this one has {size:,}."
            problems.append(Problem("text-long", words, where="text", hint="Shorten the text, or link to it."))
        if not self.words(message).strip():
            problems.append(Problem("text-empty", "Teams takes no post without words.", where="text"))
        return problems

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Make the images readable for Teams, which fetches them itself. Raises Refused."""
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
        """POST the card once. Raises the four errors."""
        if self.tools.http is None:
            raise ChannelDown("Teams was given no way to the network.")
        addresses = json.loads(self.prepare(message, key=key, notes=notes)["images"])
        secret = self.options.url.get_secret_value()
        parts = urlsplit(secret)
        reply = self.tools.http.request(
            "POST",
            secret,
            headers={"Content-Type": "application/json"},
            content=_written(envelope(message, addresses)),
            secrets=(secret, parts.path, parts.query),
        )
        if reply.status == 202:
            return Receipt(code="202", reply="Taken by the workflow; Teams does not say whether it appeared.")
        if reply.ok:
            raise Uncertain(f"The Microsoft Teams workflow answered {reply.status}, not 202.", code=str(reply.status))
        raise outcome(reply, network=self.title, now=self.tools.now(), said=reply.text_at("error", "code"), down=GONE)


def envelope(post: Post, addresses: list[str]) -> dict[str, Any]:
    """The message that the workflow is given: one card."""
    return {"type": "message", "attachments": [{"contentType": CARD, "content": card(post, addresses)}]}


def card(post: Post, addresses: list[str]) -> dict[str, Any]:
    """The post as an Adaptive Card: a block a line, so that nothing of a text is read as Markdown."""
    body: list[dict[str, Any]] = []
    if post.title:
        body.append({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": post.title, "weight": "bolder"}]})
    gap = bool(body)
    for line in post.text.strip().splitlines():
        if line.strip():
            body.append({"type": "RichTextBlock", "inlines": _runs(line), "spacing": "medium" if gap else "none"})
        gap = not line.strip()
    for image, address in zip(post.images, addresses, strict=True):
        body.append({"type": "Image", "url": address, "altText": spoken(image), "size": "stretch"})
    if post.tag_line:
        body.append({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": post.tag_line}]})
    actions = []
    if post.link:
        words = post.link.title or "Read more"
        actions.append({"type": "Action.OpenUrl", "title": words[:200], "url": post.link.url})
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": post.language.split("-")[0],
        "fallbackText": post.whole[:1000],
        "body": body,
        "actions": actions,
        "msteams": {"width": "Full"},
    }


def _runs(line: str) -> list[dict[str, Any]]:
    """A line as runs of plain text; a web address opens."""
    runs: list[dict[str, Any]] = []
    at = 0
    for span in links(line, bare=False):
        if line[at : span.start]:
            runs.append({"type": "TextRun", "text": line[at : span.start]})
        url = line[span.start : span.end]
        runs.append({"type": "TextRun", "text": url, "selectAction": {"type": "Action.OpenUrl", "url": url}})
        at = span.end
    if line[at:]:
        runs.append({"type": "TextRun", "text": line[at:]})
    return runs


def _written(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


__all__ = ["Teams", "TeamsOptions", "card", "envelope"]
