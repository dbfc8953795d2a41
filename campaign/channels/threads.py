"""Threads, by its own API.

https://developers.facebook.com/docs/threads/posts (read 2026). Threads fetches each image from a public https address.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

import regex
from pydantic import Field, SecretStr

from campaign.channels import _checks
from campaign.channels._graph import Containers, Wanted, renewed
from campaign.channels._images import Frame
from campaign.channels._oauth import App, Tokens
from campaign.channels._oauth import tokens as granted
from campaign.channels._readback import SETTLED
from campaign.channels._social import MOST_PARTS, sent
from campaign.channels._text import links, split
from campaign.channels.base import (
    UNKNOWN,
    Account,
    Limits,
    Notes,
    Options,
    Receipt,
    Replay,
    ReplayKind,
    Tools,
    Unknown,
)
from campaign.errors import ChannelDown, Problem, Severity, TryLater
from campaign.model import Image, Post

API = "https://graph.threads.net/v1.0"
#: To post, to take a post back and to read its figures (.../documentation/threads/posts/delete-posts, .../insights).
SCOPES = ("threads_basic", "threads_content_publish", "threads_delete", "threads_manage_insights")
THREAD_SCOPES = ("threads_manage_replies", "threads_read_replies")
#: What the day's quota can only be asked with (.../documentation/threads/troubleshooting): the token has it.
PROVEN = SCOPES[:2]
MOST_TEXT = 500
#: More links than this in one post, and it is refused (.../docs/threads/posts, since 22 December 2025).
MOST_LINKS = 5
_FRAME = Frame(bytes=8_000_000, side=1440, types=("image/jpeg", "image/png"))
_EMOJI = regex.compile(r"[\p{Emoji_Presentation}\p{Extended_Pictographic}\p{RI}\p{EMod}\u200D\uFE0F\u20E3]")


class ThreadsOptions(Options):
    """An account and its access token."""

    account: str = Field(description="The account's number.", pattern=r"^[0-9]{1,20}$", examples=["25000000000000000"])
    token: SecretStr | None = Field(default=None, description="An access token; left out where `connect` signed in.")
    client_id: str = Field(default="", description="The application's id, for `connect`.")
    client_secret: SecretStr | None = Field(default=None, description="Its secret.")
    thread: bool = Field(default=False, description="Split a text that is too long into a thread.")


class Threads(Containers):
    """Posts on Threads."""

    kind: ClassVar[str] = "threads"
    title: ClassVar[str] = "Threads"
    edge: ClassVar[str] = "threads"
    publish: ClassVar[str] = "threads_publish"
    status: ClassVar[str] = "status,error_message"
    listed: ClassVar[tuple[str, str]] = ("text", "permalink")
    replay: ClassVar[Replay] = Replay(
        ReplayKind.SAFE,
        "Once within the day: every attempt publishes the same prepared post, whose status tells whether it is out.",
        timedelta(hours=23),
    )
    Options: ClassVar[type[Options]] = ThreadsOptions

    def __init__(self, options: ThreadsOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.limits = Limits(
            text=MOST_TEXT * (MOST_PARTS - 1 if options.thread else 1),
            images=20,
            image_bytes=_FRAME.bytes,
            alt_text=1000,
            links=MOST_LINKS,
            needs_media_url=True,
        )
        self.api = API
        self.account = options.account
        self._tokens = Tokens(tools, options.token, self._renew, ahead=7 * 86_400.0)

    def length(self, text: str) -> int:
        """Characters; an emoji counts as many as it has bytes in UTF-8."""
        return len(text) + sum(len(sign[0].encode()) - 1 for sign in _EMOJI.finditer(text)) if text else 0

    def check(self, message: Post) -> list[Problem]:
        """Text, images and their alternative texts; that there is one hashtag, for more are dead here."""
        problems = [
            *_checks.check_text(self.length(self.words(message)), self.limits, self.title),
            *_checks.check_images(message, self.limits, _FRAME, self.title),
            *_checks.check_media_url(message, self.tools, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
            *_checks.check_sign_in(message.about.planned_at, self._tokens.expires, self.tools.name),
        ]
        addresses = {span.value for span in links(self.words(message))} | (
            {message.link.url} if message.link else set()
        )
        if len(addresses) > MOST_LINKS:
            words = f"Threads takes {MOST_LINKS} links; this post has {len(addresses)}."
            problems.append(Problem("links-many", words, where="text"))
        tags = _checks.hashtags_of(message)
        if tags > 1:
            problems.append(
                Problem(
                    "hashtags-dead",
                    f"Threads makes one topic of a post; of {tags} hashtags only the first is live.",
                    severity=Severity.WARNING,
                    where="hashtags",
                )
            )
        return problems

    def refuse_unfit(self, message: Post) -> None:
        """Raise Refused where Threads would not take the message."""
        _checks.refuse(self.check(message))

    def publish_image(self, image: Image) -> str:
        """The public address of `image`."""
        if self.tools.publish_media is None:
            raise ChannelDown("Threads fetches images itself, and this installation has no public address for them.")
        fitted = self.fitted(image, _FRAME)
        return self.tools.publish_media(fitted.data, fitted.media_type)

    def make(self, message: Post, addresses: list[str]) -> str:
        """A text with its link card, one image, or a carousel."""
        words = {"text": self.first_words(message)}
        if not addresses:
            card = {"link_attachment": message.link.url} if message.link else {}
            return self._container({"media_type": "TEXT", **words, **card})
        described = [
            {"media_type": "IMAGE", "image_url": address}
            | ({"alt_text": image.alt} if image.alt and not image.decorative else {})
            for address, image in zip(addresses, message.images, strict=True)
        ]
        if len(described) == 1:
            return self._container({**described[0], **words})
        children = [self._container({**image, "is_carousel_item": "true"}) for image in described]
        for child in children:
            self._wait(child)
        return self._container({"media_type": "CAROUSEL", "children": ",".join(children), **words})

    def first_words(self, message: Post) -> str:
        """The whole text, or the first part of the thread."""
        return self._parts(message)[0]

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Publish it, or each part of the thread in turn from where it broke."""
        parts = self._parts(message)
        if len(parts) == 1:
            return super().send(message, key=key, notes=notes)

        def post(number: int, text: str, before: str) -> Receipt:
            if number:
                container = self._reply(f"{key}.{number}", text, before)
                receipt = self.publish_once(container, Wanted(text, message.about.planned_at, "replies"))
            else:
                receipt = super(Threads, self).send(message, key=key, notes=notes)
            if not receipt.remote_id:
                raise TryLater("Threads does not list a part of the thread yet; it goes on from there.", after=60.0)
            return receipt

        return self.post_parts(key, parts, post)

    def find(self, message: Post, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """Ask the container. A thread that is half there counts as not sent: `send` goes on with it."""
        parts, done = self._parts(message), self.progress(key)
        if len(parts) == 1 or not done:
            found = super().find(message, key=key, since=since)
            return found if len(parts) == 1 or not isinstance(found, Receipt) else self._half(since)
        return sent(done[0]) if len(done) == len(parts) else self._half(since)

    def _half(self, since: datetime) -> Unknown | None:
        return None if self.tools.now() - since >= SETTLED else UNKNOWN

    def _parts(self, message: Post) -> list[str]:
        words = self.words(message)
        return split(words, MOST_TEXT, self.length) if self.options.thread else [words]

    def _reply(self, name: str, text: str, before: str) -> str:
        """The container of a later part, which answers the part before; one that has expired or failed is made anew."""
        kept = self._kept(name)
        if kept and self._state(kept["container"]) in ("EXPIRED", "ERROR"):
            kept = {}
        if not kept:
            made = self._container({"media_type": "TEXT", "text": text, "reply_to_id": before})
            kept = {"container": made, "made": self.tools.now().isoformat()}
            self._keep(name, kept)
        self._wait(kept["container"])
        return kept["container"]

    def verify(self) -> Account:
        """The account, and how many posts of the day's quota are used."""
        name = self.call("GET", self.account, params={"fields": "id,username"}).need("username")
        quota = self.call("GET", f"{self.account}/threads_publishing_limit", params={"fields": "quota_usage,config"})
        used, total = quota.text_at("data", 0, "quota_usage"), quota.text_at("data", 0, "config", "quota_total")
        detail = f"{used or 0} of {total or '?'} posts today"
        return Account(name=f"@{name}", rights=PROVEN, expires=self._tokens.expires, detail=detail)

    def delete(self, remote_id: str) -> None:
        """Delete a post by its id."""
        self.call("DELETE", quote(remote_id, safe=""), repeatable=True)

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """Likes, reposts, replies and views."""
        query = {"metric": "likes,reposts,replies,views"}
        found = self.call("GET", f"{quote(remote_id, safe='')}/insights", params=query).dig("data")
        counts: dict[str, int] = {}
        for one in found if isinstance(found, list) else []:
            values = one.get("values") if isinstance(one, dict) else None
            value = values[0].get("value") if isinstance(values, list) and values and isinstance(values[0], dict) else 0
            if isinstance(value, int) and isinstance(one.get("name"), str):
                counts[one["name"]] = value
        return counts

    def sign_in_app(self, redirect_uri: str) -> App | None:
        """The OAuth 2.0 client; None where a token is given by hand."""
        return self.app() if self.options.client_id and self.options.token is None else None

    def settle_tokens(self, tokens: dict[str, Any]) -> Mapping[str, Any]:
        """A token of 60 days for the one of an hour that signing in gives."""
        secret = self.options.client_secret.get_secret_value() if self.options.client_secret else ""
        query = {"grant_type": "th_exchange_token", "client_secret": secret, "access_token": str(tokens["access"])}
        hidden = (secret, str(tokens["access"]))
        reply = self.http.request("GET", "https://graph.threads.net/access_token", params=query, secrets=hidden)
        if not reply.ok:
            raise self.error(reply)
        return granted(reply, self.tools.now())

    def app(self) -> App:
        """The OAuth 2.0 client."""
        secret = self.options.client_secret
        return App(
            authorize="https://threads.net/oauth/authorize",
            token="https://graph.threads.net/oauth/access_token",  # noqa: S106  an address
            client_id=self.options.client_id,
            client_secret=secret.get_secret_value() if secret else "",
            scopes=self._scopes,
            pkce=False,
        )

    @property
    def _scopes(self) -> tuple[str, ...]:
        return (*SCOPES, *THREAD_SCOPES) if self.options.thread else SCOPES

    def _container(self, form: Mapping[str, str]) -> str:
        return self.call("POST", f"{self.account}/threads", data=form, repeatable=True).need("id")

    def _renew(self, old: Mapping[str, Any]) -> Mapping[str, Any]:
        return renewed(self, "https://graph.threads.net/refresh_access_token", "th_refresh_token", old)


__all__ = ["Threads", "ThreadsOptions"]
