"""Mastodon, and servers that speak its API, by access token.

https://docs.joinmastodon.org/methods/statuses/ (read 2026, Mastodon 4.5). `scheduled_at` is never used: a scheduled
post would escape a pause.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

import regex
from pydantic import Field, SecretStr, field_validator

from campaign.channels import _checks
from campaign.channels._images import Frame
from campaign.channels._oauth import App, Tokens
from campaign.channels._outcome import outcome
from campaign.channels._readback import Listed, moment, search
from campaign.channels._reply import Reply
from campaign.channels._social import MOST_PARTS, Social, figures, sent
from campaign.channels._text import mastodon_length, short_mentions, split
from campaign.channels.base import (
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
from campaign.channels.mastodon.instance import Instance, ask, known
from campaign.errors import ChannelDown, ChannelError, Problem, TryLater
from campaign.model import Post

SCOPES = ("read:accounts", "read:statuses", "write:statuses", "write:media")
WINDOW = timedelta(minutes=55)
POLLS = 40


class MastodonOptions(Options):
    """An account on one server."""

    server: str = Field(description="The server's address.", examples=["https://social.example.org"])
    token: SecretStr | None = Field(
        default=None, description="An access token; left out where `connect` signed in.", examples=["example-token"]
    )
    visibility: Literal["public", "unlisted", "private"] = Field(default="public", description="Who may see the posts.")
    content_warning: str = Field(default="", description="A warning shown before each post.")
    thread: bool = Field(default=False, description="Split a text that is too long into a thread.")

    @field_validator("server")
    @classmethod
    def _is_an_address(cls, server: str) -> str:
        parts = urlsplit(server if "://" in server else f"https://{server}")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
            raise ValueError("it must be the address of a server, such as https://social.example.org")
        return f"{parts.scheme}://{parts.netloc}"


class Mastodon(Social):
    """Posts on a Mastodon server."""

    kind: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon"
    replay: ClassVar[Replay] = Replay(
        ReplayKind.SAFE,
        "Once within the hour, by Idempotency-Key; later, and on servers that are not Mastodon, by reading back.",
        WINDOW,
    )
    Options: ClassVar[type[Options]] = MastodonOptions

    def __init__(self, options: MastodonOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._adopt(known(tools.notes))

    def promise(self) -> Replay:
        """By the key or by reading back, as the server's program has it; both where it was not asked yet."""
        if not self._instance.software:
            return self.replay
        program = _PROGRAM.sub("", self._instance.software)[:40]
        if self._instance.keeps_keys:
            words = f"Once within the hour, by Idempotency-Key, which {program} keeps; later by reading back."
            return Replay(ReplayKind.SAFE, words, WINDOW)
        words = (
            f"Read back: {program} is not known to keep an Idempotency-Key, so the account's own posts are looked at."
        )
        return Replay(ReplayKind.ASK, words)

    def length(self, text: str) -> int:
        """Graphemes, links at the server's fixed price, the content warning left out."""
        return mastodon_length(text, url=self._instance.per_url)

    def check(self, message: Post) -> list[Problem]:
        """Text, images and their descriptions, within this server's own limits."""
        length = self.length(message.whole) + mastodon_length(self.options.content_warning)
        return [
            *_checks.check_text(length, self.limits, self.title),
            *_checks.check_images(message, self.limits, self._frame, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
        ]

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Ask the server what it allows, upload the images and wait until they are ready."""
        self.mind_pace()
        if "media" in notes:
            return notes
        self._adopt(ask(self.http, self.tools.notes, self.options.server, self.tools.now()))
        _checks.refuse(self.check(message))
        media = [self._upload(message, number) for number in range(len(message.images))]
        return {**notes, "media": json.dumps(media)}

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Post it, or each part of the thread in turn from where it broke."""
        notes = self.prepare(message, key=key, notes=notes)

        def post(number: int, text: str, before: str) -> Receipt:
            media = [] if number else json.loads(notes["media"])
            return self._post(message, text, f"{key}-{number}" if number else key, before, media)

        return self.post_parts(key, self._parts(message), post)

    def find(self, message: Post, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """Read the account's own posts back. A thread that is half there counts as not sent: `send` goes on with it."""
        done: list[dict[str, str]] = []
        for part in self._parts(message):
            found = self._search(part, since)
            if not isinstance(found, Listed):
                if done:
                    self.keep_progress(key, done)
                return found
            done.append({"id": found.id, "url": found.url})
        return sent(done[0])

    def verify(self) -> Account:
        """The account that the token belongs to, and what the server allows."""
        self._adopt(ask(self.http, self.tools.notes, self.options.server, self.tools.now()))
        reply = self._call("GET", "/api/v1/accounts/verify_credentials")
        host = urlsplit(self.options.server).hostname
        named = self._instance.software or "an unnamed program"
        return Account(
            name=f"@{reply.need('username')}@{host}",
            rights=Tokens(self.tools, self.options.token).scopes,
            detail=f"{named}, {self._instance.characters} characters, {self._instance.images} images",
        )

    def delete(self, remote_id: str) -> None:
        """Delete a post by its id. The later parts of a thread stay."""
        self._call("DELETE", f"/api/v1/statuses/{quote(remote_id, safe='')}", repeatable=True)

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """Favourites as likes, boosts as reposts, replies."""
        reply = self._call("GET", f"/api/v1/statuses/{quote(remote_id, safe='')}")
        fields: dict[str, tuple[str | int, ...]] = {
            "likes": ("favourites_count",),
            "reposts": ("reblogs_count",),
            "replies": ("replies_count",),
        }
        return figures(reply, fields)

    def sign_in_app(self, redirect_uri: str) -> App | None:
        """An application registered with the server for this; None where a token is given by hand."""
        if self.options.token is not None:
            return None
        server = self.options.server
        form = {"client_name": "campaign-bot", "redirect_uris": redirect_uri, "scopes": " ".join(SCOPES)}
        reply = self.http.request("POST", f"{server}/api/v1/apps", json=form, repeatable=True)
        if not reply.ok:
            raise self._error(reply)
        return App(
            authorize=f"{server}/oauth/authorize",
            token=f"{server}/oauth/token",
            client_id=reply.need("client_id"),
            client_secret=reply.need("client_secret"),
            scopes=SCOPES,
        )

    def _adopt(self, instance: Instance) -> None:
        self._instance = instance
        self._frame = Frame(bytes=instance.image_bytes, side=3840)
        self.limits = Limits(
            text=instance.characters * (MOST_PARTS - 1 if self.options.thread else 1),
            images=instance.images,
            image_bytes=instance.image_bytes,
            alt_text=instance.alt,
        )

    def _parts(self, message: Post) -> list[str]:
        room = self._instance.characters - mastodon_length(self.options.content_warning)
        return split(message.whole, room, self.length) if self.options.thread else [message.whole]

    def _post(self, message: Post, text: str, key: str, before: str, media: list[str]) -> Receipt:
        if not self._instance.keeps_keys:
            found = self._search(text, max(message.about.planned_at, self.tools.now() - timedelta(days=2)))
            if isinstance(found, Listed):
                return Receipt(remote_id=found.id, url=found.url, duplicate=True)
        body: dict[str, Any] = {"status": text, "visibility": self.options.visibility}
        body |= {"language": message.language.split("-")[0]} if message.language else {}
        body |= {"media_ids": media} if media else {}
        body |= {"in_reply_to_id": before} if before else {}
        body |= {"spoiler_text": self.options.content_warning} if self.options.content_warning else {}
        reply = self._call("POST", "/api/v1/statuses", json=body, headers={"idempotency-key": key})
        return Receipt(
            remote_id=reply.need("id"),
            url=reply.text_at("url") or reply.text_at("uri"),
            pace=reply.pace(self.tools.now()),
            code=str(reply.status),
        )

    def _upload(self, message: Post, number: int) -> str:
        image = message.images[number]
        fitted = self.fitted(image, self._frame)
        reply = self._call(
            "POST",
            "/api/v2/media",
            files={"file": (f"image{fitted.suffix}", fitted.data, fitted.media_type)},
            data={"description": image.alt} if image.alt and not image.decorative else None,
            repeatable=True,
        )
        media = reply.need("id")
        if reply.status == 202:
            self._wait(media)
        return media

    def _wait(self, media: str) -> None:
        for _ in range(POLLS):
            self.tools.sleep(1.0)
            if self._call("GET", f"/api/v1/media/{quote(media, safe='')}").status != 206:
                return
        raise TryLater("The server is still working on an image.", after=60.0)

    def _search(self, text: str, since: datetime) -> Listed | Unknown | None:
        return search(self._pages(), wanted=short_mentions(text), since=since, now=self.tools.now())

    def _pages(self) -> Iterator[list[Listed]]:
        account = self._call("GET", "/api/v1/accounts/verify_credentials").need("id")
        path, query = f"/api/v1/accounts/{quote(account, safe='')}/statuses", {"limit": "40", "exclude_reblogs": "true"}
        while True:
            reply = self._call("GET", path, params=query)
            page = reply.json()
            if not isinstance(page, list) or not all(isinstance(one, dict) for one in page):
                raise TryLater(f"{reply.host} answered with no list of posts.")
            if not page:
                return
            yield [_listed(status) for status in page]
            query = {**query, "max_id": str(page[-1].get("id", ""))}

    def _call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> Reply:
        token = self.stored_token(self.options.token)
        signed = {**(headers or {}), "authorization": f"Bearer {token}"}
        reply = self.http.request(method, f"{self.options.server}{path}", headers=signed, secrets=(token,), **options)
        if reply.ok:
            return reply
        raise self._error(reply)

    def _error(self, reply: Reply) -> ChannelError:
        said = reply.text_at("error")[:200]
        if reply.status == 422 and "not finished processing" in said:
            return TryLater("The server is still working on an image.", after=15.0, code="422")
        if reply.status == 400 and "token" in reply.text[:200].lower():
            return ChannelDown("The server does not know the access token.", code="400", raw=reply.extract())
        return outcome(reply, network="Mastodon", now=self.tools.now(), said=said)


_PROGRAM = regex.compile(r"[^a-z0-9-]")
_BREAK = regex.compile(r"<br\s*/?>|</p>\s*<p[^>]*>")
_TAG = regex.compile(r"<[^>]*>")


def _listed(status: Mapping[str, Any]) -> Listed:
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", str(status.get("content", "")))))
    return Listed(
        id=str(status.get("id", "")),
        text=text,
        at=moment(str(status.get("created_at", ""))),
        url=str(status.get("url") or status.get("uri") or ""),
    )


__all__ = ["Mastodon", "MastodonOptions"]
