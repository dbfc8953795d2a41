"""X (API v2), pay per use.

https://docs.x.com/x-api (OpenAPI 2.167, read 2026). There is no idempotency key: an attempt in doubt is settled by
reading the account's posts back, and by X's own refusal of the same text twice.
"""

from __future__ import annotations

import base64
import html
import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr

from campaign.channels import _checks
from campaign.channels._images import Frame
from campaign.channels._oauth import App, Tokens, not_granted
from campaign.channels._oauth1 import Keys
from campaign.channels._outcome import outcome
from campaign.channels._readback import SLACK, Listed, moment, search
from campaign.channels._reply import Reply
from campaign.channels._social import MOST_PARTS, Social, figures, sent
from campaign.channels._text import split, x_length
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
from campaign.channels.x import cost
from campaign.errors import ChannelDown, ChannelError, Problem, Refused, TryLater, Uncertain
from campaign.model import Post

API = "https://api.x.com"
SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
MEDIA_LIVES = timedelta(hours=20)
_FRAME = Frame(bytes=5_000_000, side=4096)


class XOptions(Options):
    """An account: either the four keys of OAuth 1.0a, or a client of OAuth 2.0 that `connect` signs in."""

    api_key: str = Field(default="", description="OAuth 1.0a: the application's key.", examples=["example-key"])
    api_secret: SecretStr | None = Field(default=None, description="OAuth 1.0a: the application's secret.")
    access_token: SecretStr | None = Field(default=None, description="OAuth 1.0a: the account's token.")
    access_secret: SecretStr | None = Field(default=None, description="OAuth 1.0a: the account's secret.")
    client_id: str = Field(default="", description="OAuth 2.0: the application's client id.")
    client_secret: SecretStr | None = Field(default=None, description="OAuth 2.0: its secret, where it has one.")
    text_limit: int = Field(default=280, ge=1, le=25_000, description="Weighted length allowed to this account.")
    link: bool = Field(default=True, description="Put the post's link in the text; a post with a link costs more.")
    cap: Decimal | None = Field(default=None, ge=0, description="Most US dollars to spend in a month.")
    thread: bool = Field(default=False, description="Split a text that is too long into a thread.")


class X(Social):
    """Posts on X."""

    kind: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    replay: ClassVar[Replay] = Replay(
        ReplayKind.ASK, "Read back: an attempt in doubt is looked for among the account's own posts before another."
    )
    Options: ClassVar[type[Options]] = XOptions

    def __init__(self, options: XOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.limits = Limits(
            text=options.text_limit * (MOST_PARTS - 1 if options.thread else 1),
            unit="weighted characters",
            images=4,
            image_bytes=_FRAME.bytes,
            alt_text=1000,
        )
        self._tokens = Tokens(tools, None, lambda old: self.app().refresh(self.http, old, tools.now()))

    def length(self, text: str) -> int:
        """Weighted characters: a link 23, an emoji 2, most other signs 1 or 2."""
        return x_length(text)

    def words(self, message: Post) -> str:
        """The text as it is sent, with or without the link."""
        if self.options.link:
            return message.whole
        return "\n\n".join(part for part in (message.text.strip(), message.tag_line) if part)

    def check(self, message: Post) -> list[Problem]:
        """Weighted length, images and their alternative texts, the link, the hashtags."""
        return [
            *_checks.check_text(self.length(self.words(message)), self.limits, self.title),
            *_checks.check_images(message, self.limits, _FRAME, self.title),
            *_checks.check_link(message, self.title, 4000),
            *_checks.check_hashtags(message, self.limits, self.title),
        ]

    def cost(self, message: Post) -> Decimal:
        """US dollars that this post will cost, its thread and its alternative texts included."""
        described = sum(1 for image in message.images if image.alt and not image.decorative)
        return sum((cost.of_text(part) for part in self._parts(message)), cost.ALT_TEXT * described)

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Upload the images with their alternative texts. Uploads live for a day."""
        self.mind_pace()
        until = moment(notes.get("media_until", ""))
        if "media" in notes and (until is None or self.tools.now() < until):
            return notes
        _checks.refuse(self.check(message))
        media = [self._upload(message, number) for number in range(len(message.images))]
        lives = {"media_until": (self.tools.now() + MEDIA_LIVES).isoformat()} if media else {}
        return {**notes, "media": json.dumps(media), **lives}

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Post it, or each part of the thread in turn from where it broke."""
        notes = self.prepare(message, key=key, notes=notes)

        def post(number: int, text: str, before: str) -> Receipt:
            return self._post(message, text, before, [] if number else json.loads(notes["media"]))

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
        """The account, and what was granted: by OAuth 1.0a X tells it in a header of its answers, where it does."""
        reply = self._call("GET", "/2/users/me")
        reply.need("data", "id")
        name, granted = f"@{reply.need('data', 'username')}", self._tokens.scopes
        if self.options.api_key:
            access = reply.headers.get("x-access-level", "")
            return Account(name=name, rights=(access,) if access else ())
        missing = not_granted(SCOPES, granted)
        return Account(name=name, expires=self._tokens.expires, rights=granted, detail=missing)

    def delete(self, remote_id: str) -> None:
        """Delete a post by its id. The later parts of a thread stay."""
        self._call("DELETE", f"/2/tweets/{quote(remote_id, safe='')}", repeatable=True)

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """Likes, reposts, replies and views. Costs a tenth of a cent."""
        path = f"/2/tweets/{quote(remote_id, safe='')}"
        reply = self._call("GET", path, params={"tweet.fields": "public_metrics"})
        names = {"likes": "like_count", "reposts": "retweet_count", "replies": "reply_count"}
        names |= {"views": "impression_count"}
        return figures(reply, {name: ("data", "public_metrics", field) for name, field in names.items()})

    def sign_in_app(self, redirect_uri: str) -> App | None:
        """The OAuth 2.0 client; None where the four keys of OAuth 1.0a are used."""
        return None if self.options.api_key or not self.options.client_id else self.app()

    def app(self) -> App:
        """The OAuth 2.0 client."""
        secret = self.options.client_secret
        return App(
            authorize="https://x.com/i/oauth2/authorize",
            token=f"{API}/2/oauth2/token",
            client_id=self.options.client_id,
            client_secret=secret.get_secret_value() if secret else "",
            scopes=SCOPES,
            basic=True,
        )

    def _parts(self, message: Post) -> list[str]:
        words = self.words(message)
        return split(words, self.options.text_limit, x_length) if self.options.thread else [words]

    def _post(self, message: Post, text: str, before: str, media: list[str]) -> Receipt:
        body: dict[str, Any] = {"text": text}
        body |= {"media": {"media_ids": media}} if media else {}
        body |= {"reply": {"in_reply_to_tweet_id": before}} if before else {}
        price, now = cost.of_text(text), self.tools.now()
        cost.book(self.tools.notes, price, cap=self.options.cap, now=now)
        try:
            reply = self._call("POST", "/2/tweets", json=body)
        except Uncertain:
            raise
        except ChannelError as error:
            cost.book(self.tools.notes, -price, cap=None, now=now)
            if isinstance(error, Refused) and error.code == "duplicate":
                return self._duplicate(message, text)
            raise
        number = reply.need("data", "id")
        return Receipt(remote_id=number, url=_url(number), pace=reply.pace(now), code=str(reply.status))

    def _duplicate(self, message: Post, text: str) -> Receipt:
        """X has had this text: ours where it is among the account's posts since the planned time, else refused."""
        try:
            found = self._search(text, message.about.planned_at)
        except ChannelError as error:
            raise Uncertain("X has had this text already, and could not be asked when.", code="duplicate") from error
        if isinstance(found, Listed):
            return Receipt(remote_id=found.id, url=found.url, duplicate=True, code="duplicate")
        if found is None:
            raise Refused("X has had this text before: change the words.", code="duplicate")
        raise Uncertain("X has had this text already, and does not list it yet.", code="duplicate")

    def _upload(self, message: Post, number: int) -> str:
        image = message.images[number]
        fitted = self.fitted(image, _FRAME)
        body = {"media": base64.b64encode(fitted.data).decode(), "media_category": "tweet_image"}
        media = self._call("POST", "/2/media/upload", json=body, repeatable=True).need("data", "id")
        if image.alt and not image.decorative:
            alt = {"id": media, "metadata": {"alt_text": {"text": image.alt}}}
            self._call("POST", "/2/media/metadata", json=alt, repeatable=True)
            cost.book(self.tools.notes, cost.ALT_TEXT, cap=None, now=self.tools.now())
        return media

    def _search(self, text: str, since: datetime) -> Listed | Unknown | None:
        return search(self._pages(since), wanted=text, since=since, now=self.tools.now())

    def _pages(self, since: datetime) -> Iterator[list[Listed]]:
        me = self._call("GET", "/2/users/me").need("data", "id")
        query = {
            "max_results": "100",
            "exclude": "retweets",
            "tweet.fields": "created_at,entities",
            "start_time": (since - SLACK).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        while True:
            reply = self._call("GET", f"/2/users/{quote(me, safe='')}/tweets", params=query)
            posts, count = reply.dig("data"), reply.dig("meta", "result_count")
            if not isinstance(count, int) or not (count == 0 or isinstance(posts, list)):
                raise TryLater("X answered with no list of posts.")
            if count:
                yield [_listed(post) for post in posts if isinstance(post, dict)]
            following = reply.text_at("meta", "next_token")
            if not following:
                return
            query = {**query, "pagination_token": following}

    def _call(self, method: str, path: str, *, params: Mapping[str, str] | None = None, **options: Any) -> Reply:
        headers, hidden = self._signed(method, f"{API}{path}", params or {})
        reply = self.http.request(method, f"{API}{path}", params=params, headers=headers, secrets=hidden, **options)
        if reply.status == 401 and not self.options.api_key and self._tokens.renew:
            token = self._tokens.stale()
            headers = {"authorization": f"Bearer {token}"}
            reply = self.http.request(
                method, f"{API}{path}", params=params, headers=headers, secrets=(token,), **options
            )
        if reply.ok:
            return reply
        raise self._error(reply)

    def _signed(self, method: str, url: str, params: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
        given = self.options
        if given.api_key:
            fields = (given.api_secret, given.access_token, given.access_secret)
            words = [field.get_secret_value() for field in fields if field]
            if len(words) < 3:
                raise self.signed_out()
            keys = Keys(api_key=given.api_key, api_secret=words[0], access_token=words[1], access_secret=words[2])
            timestamp = int(self.tools.now().timestamp())
            header = keys.header(method, url, params=params, nonce=secrets.token_hex(16), timestamp=timestamp)
            return {"authorization": header}, tuple(words)
        token = self._tokens.access()
        return {"authorization": f"Bearer {token}"}, (token,)

    def _error(self, reply: Reply) -> ChannelError:
        said = (reply.text_at("detail") or reply.text_at("errors", 0, "message") or reply.text_at("title"))[:200]
        kind = reply.text_at("type").rpartition("/")[2]
        if reply.status == 403 and "duplicate content" in said.lower():
            return Refused(f"X answered 403: {said}", code="duplicate", raw=reply.extract())
        if reply.status == 402 or kind == "usage-capped":
            return ChannelDown(f"The credits of the X account are spent: {said}", code=str(reply.status))
        return outcome(reply, network="X", now=self.tools.now(), said=said)


def _url(number: str) -> str:
    return f"https://x.com/i/web/status/{number}"


def _listed(post: Mapping[str, Any]) -> Listed:
    """A post of the listing, its t.co links written out and the one that stands for its images left away."""
    text = str(post.get("text", ""))
    entities = post.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    for url in [one for one in urls if isinstance(one, dict)] if isinstance(urls, list) else []:
        whole = str(url.get("expanded_url", ""))
        text = text.replace(str(url.get("url", "\0")), "" if "media_key" in url or "/photo/" in whole else whole)
    number = str(post.get("id", ""))
    return Listed(id=number, text=html.unescape(text), at=moment(str(post.get("created_at", ""))), url=_url(number))


__all__ = ["X", "XOptions"]
