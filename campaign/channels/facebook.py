"""A Facebook page, by the Graph API.

https://developers.facebook.com/docs/pages-api/posts and .../docs/graph-api/reference/page/photos (v25.0, read 2026).
There is no idempotency key. Facebook's own scheduling is never used: a pause could not stop it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr

from campaign.channels import _checks
from campaign.channels._graph import Graph
from campaign.channels._images import Frame
from campaign.channels._oauth import Tokens
from campaign.channels._readback import Listed, moment, search
from campaign.channels._social import figures, sent
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
from campaign.errors import ChannelDown, ChannelError, Problem, Refused, Uncertain
from campaign.model import Post

_FRAME = Frame(bytes=4_000_000, side=2048)
_PHOTOS_LIVE = timedelta(hours=20)


class FacebookOptions(Options):
    """A page and its access token."""

    page: str = Field(description="The page's number.", pattern=r"^[0-9]{1,20}$", examples=["100200300400500"])
    token: SecretStr | None = Field(default=None, description="A page access token; or let `connect` keep it.")
    version: str = Field(default="v25.0", pattern=r"^v[0-9]{2}\.[0-9]$", description="The Graph API's version.")


class Facebook(Graph):
    """Posts on a Facebook page."""

    kind: ClassVar[str] = "facebook"
    title: ClassVar[str] = "Facebook"
    replay: ClassVar[Replay] = Replay(
        ReplayKind.ASK, "Read back: an attempt in doubt is looked for among the page's own posts before another."
    )
    Options: ClassVar[type[Options]] = FacebookOptions
    limits: Limits = Limits(text=63_206, images=10, image_bytes=_FRAME.bytes, alt_text=1000)

    def __init__(self, options: FacebookOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.api = f"https://graph.facebook.com/{options.version}"
        self._tokens = Tokens(tools, options.token)

    def words(self, message: Post) -> str:
        """The message; the link is in it only where images take the card's place."""
        link = message.link.url if message.link and message.images else ""
        return "\n\n".join(part for part in (message.text.strip(), link, message.tag_line) if part)

    def check(self, message: Post) -> list[Problem]:
        """Text, images and their alternative texts, the link; that the sign-in lives until then."""
        return [
            *_checks.check_text(self.length(self.words(message)), self.limits, self.title),
            *_checks.check_images(message, self.limits, _FRAME, self.title),
            *_checks.check_link(message, self.title),
            *_checks.check_hashtags(message, self.limits, self.title),
            *_checks.check_sign_in(message.about.planned_at, self._tokens.expires, self.tools.name),
        ]

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Upload the photos unpublished, with their alternative texts. They live for a day."""
        self.mind_pace()
        until = moment(notes.get("media_until", ""))
        if "media" in notes and (until is None or self.tools.now() < until):
            return notes
        _checks.refuse(self.check(message))
        media = [self._upload(message, number) for number in range(len(message.images))]
        lives = {"media_until": (self.tools.now() + _PHOTOS_LIVE).isoformat()} if media else {}
        return {**notes, "media": json.dumps(media), **lives}

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Post it."""
        notes = self.prepare(message, key=key, notes=notes)
        media = json.loads(notes["media"])
        form: dict[str, str | list[str]] = {"message": self.words(message), "published": "true"}
        form |= {"link": message.link.url} if message.link and not media else {}
        form |= {f"attached_media[{n}]": json.dumps({"media_fbid": photo}) for n, photo in enumerate(media)}
        try:
            reply = self.call("POST", f"{self.options.page}/feed", data=form)
        except Refused as error:
            if error.code != "duplicate":
                raise
            return self._duplicate(message)
        number = reply.need("id")
        return Receipt(remote_id=number, url=f"https://www.facebook.com/{number}", code=str(reply.status))

    def find(self, message: Post, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """Read the page's own posts back."""
        found = self._search(message, since)
        return sent({"id": found.id, "url": found.url}) if isinstance(found, Listed) else found

    def verify(self) -> Account:
        """The page that the token belongs to; ChannelDown where it is another."""
        reply = self.call("GET", "me", params={"fields": "id,name,can_post"})
        if reply.need("id") != self.options.page:
            raise ChannelDown(f"The token belongs to {reply.text_at('name')!r}, not to page {self.options.page}.")
        rights = ("post",) if reply.dig("can_post") is True else ()
        return Account(name=reply.need("name"), rights=rights, expires=self._tokens.expires)

    def delete(self, remote_id: str) -> None:
        """Delete a post by its id."""
        self.call("DELETE", quote(remote_id, safe=""), repeatable=True)

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """Reactions as likes, shares as reposts, comments as replies."""
        fields = "shares,reactions.summary(total_count).limit(0),comments.summary(total_count).limit(0)"
        reply = self.call("GET", quote(remote_id, safe=""), params={"fields": fields})
        paths: dict[str, tuple[str | int, ...]] = {
            "likes": ("reactions", "summary", "total_count"),
            "reposts": ("shares", "count"),
            "replies": ("comments", "summary", "total_count"),
        }
        return figures(reply, paths)

    def _upload(self, message: Post, number: int) -> str:
        image = message.images[number]
        fitted = self.fitted(image, _FRAME)
        form: dict[str, Any] = {"published": "false"}
        form |= {"alt_text_custom": image.alt} if image.alt and not image.decorative else {}
        file = (f"image{fitted.suffix}", fitted.data, fitted.media_type)
        reply = self.call("POST", f"{self.options.page}/photos", data=form, files={"source": file}, repeatable=True)
        return reply.need("id")

    def _duplicate(self, message: Post) -> Receipt:
        try:
            found = self._search(message, message.about.planned_at)
        except ChannelError as error:
            raise Uncertain("Facebook has had this text already, and could not be asked when.") from error
        if isinstance(found, Listed):
            return Receipt(remote_id=found.id, url=found.url, duplicate=True, code="duplicate")
        if found is None:
            raise Refused("Facebook has had this text before: change the words.", code="duplicate")
        raise Uncertain("Facebook has had this text already, and does not list it yet.")

    def _search(self, message: Post, since: datetime) -> Listed | Unknown | None:
        path, fields = f"{self.options.page}/feed", "id,message,created_time,permalink_url"
        pages = self.listing(path, fields, "message", "created_time", "permalink_url")
        return search(pages, wanted=self.words(message), since=since, now=self.tools.now())


__all__ = ["Facebook", "FacebookOptions"]
