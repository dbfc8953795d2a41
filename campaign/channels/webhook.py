"""Posts as signed JSON to an address of yours: the way to a network or a system that has no channel of its own.

The receiver can trust what it gets (`verify`), and can drop what it has had (`Idempotency-Key`). What its answers mean
is in docs/channels/webhook.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from campaign.channels._outcome import outcome
from campaign.channels.base import Channel, Limits, Notes, Options, Receipt, Replay, ReplayKind
from campaign.errors import ChannelDown, Problem, Uncertain
from campaign.model import Image, Post

SIGNATURE = "Campaign-Signature"
KEY = "Idempotency-Key"
MOST = 20_000_000
GONE = frozenset({401, 403, 404, 410})
NOT_TAKEN = frozenset({425, 503})
KEEPS_KEYS = Replay(
    ReplayKind.SAFE,
    "Once: an attempt without an answer is made again with the same key, which the receiver keeps for a day.",
    timedelta(hours=23),
)


class WebhookOptions(Options):
    """Where to, and the secret both sides know."""

    url: str = Field(description="The https address that takes the posts.", examples=["https://hooks.example.org/in"])
    secret: SecretStr = Field(
        description="A long random word that the receiver knows too.",
        examples=["an-example-of-a-secret"],
        min_length=16,
    )
    images: bool = Field(default=True, description="Whether images travel along, in base64.")
    keeps_keys: bool = Field(
        default=False, description="The receiver drops a key that it has had: what has no answer is sent again."
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
            raise ValueError("it must be a whole web address, such as https://hooks.example.org/in")
        return url


class Webhook(Channel[Post]):
    """Posts as signed JSON."""

    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(
        ReplayKind.NEVER, "At most once: an attempt without an answer waits for a person to look at the receiver."
    )
    Options: ClassVar[type[Options]] = WebhookOptions
    limits: Limits = Limits(message_bytes=MOST)

    def promise(self) -> Replay:
        """Once, where the receiver keeps keys."""
        return KEEPS_KEYS if self.options.keeps_keys else self.replay

    def check(self, message: Post) -> list[Problem]:
        """That it is not larger than a receiver can be expected to take."""
        size = len(self._body(message, key="0" * 32))
        if size <= MOST:
            return []
        return [Problem("post-large", f"The post is {size:,} bytes with its images; a webhook carries {MOST:,}.")]

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """POST it once. 2xx: taken; 409: the receiver had it already. Raises the four errors."""
        if self.tools.http is None:
            raise ChannelDown("The webhook was given no way to the network.")
        now = self.tools.now()
        body = self._body(message, key=key)
        secret = self.options.secret.get_secret_value()
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: sign(secret, body, int(now.timestamp())),
            KEY: key,
        }
        reply = self.tools.http.request(
            "POST",
            self.options.url,
            headers=headers,
            content=body,
            secrets=(secret,),
        )
        if reply.ok and "html" in reply.headers.get("content-type", ""):
            raise Uncertain(
                f"{reply.host} answered {reply.status} with a web page: something stands before the receiver."
            )
        if reply.ok or reply.status == 409:
            return Receipt(
                remote_id=reply.text_at("id")[:200],
                url=_web_address(reply.text_at("url")),
                duplicate=reply.status == 409,
                code=str(reply.status),
                pace=reply.pace(now),
                reply=reply.extract(),
            )
        raise outcome(reply, network=reply.host, now=now, down=GONE, not_accepted=NOT_TAKEN)

    def _body(self, post: Post, *, key: str) -> bytes:
        about, link = post.about, post.link
        record = {
            "version": 1,
            "id": key,
            "campaign": about.campaign,
            "message": about.message,
            "day": about.day,
            "channel": about.channel,
            "planned_at": about.planned_at.isoformat(),
            "title": post.title,
            "text": post.text,
            "whole": post.whole,
            "link": {"url": link.url, "title": link.title, "description": link.description} if link else None,
            "hashtags": list(post.hashtags),
            "language": post.language,
            "images": [self._image(image) for image in post.images],
        }
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()

    def _image(self, image: Image) -> dict[str, Any]:
        record: dict[str, Any] = {"name": image.name, "media_type": image.media_type, "sha256": image.sha256}
        record |= {"alt": image.alt, "decorative": image.decorative}
        return {**record, "data": base64.b64encode(image.data).decode()} if self.options.images else record


def sign(secret: str, body: bytes, at: int) -> str:
    """The value of `Campaign-Signature`: `t=<epoch seconds>,v1=<HMAC-SHA256 of "<t>." and the body, in hex>`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def verify(secret: str, signature: str, body: bytes, *, now: int, tolerance: int = 300) -> bool:
    """Whether a `Campaign-Signature` belongs to that body and is younger than `tolerance` seconds at `now` (epoch).

    For receivers. A signature from the future, beyond `tolerance`, is refused too.
    """
    parts = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    at = parts.get("t", "")
    if not (at.isascii() and at.isdecimal() and len(at) < 13) or abs(now - int(at)) > tolerance:
        return False
    return hmac.compare_digest(sign(secret, body, int(at)).encode(), f"t={at},v1={parts.get('v1', '')}".encode())


def _web_address(text: str) -> str:
    return text[:2000] if text.startswith(("https://", "http://")) else ""


__all__ = ["Webhook", "WebhookOptions", "sign", "verify"]
