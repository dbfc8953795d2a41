"""Bluesky (AT Protocol), by app password.

A post exists once whatever happens: its key is derived from ours, its bytes are frozen before the first attempt, and
`putRecord` with `swapRecord: null` creates or does nothing. https://docs.bsky.app, lexicons of bluesky-social/atproto.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from campaign.channels import _checks
from campaign.channels._card import picture_of
from campaign.channels._images import Fitted, Frame
from campaign.channels._readback import SETTLED
from campaign.channels._reply import Reply
from campaign.channels._social import MOST_PARTS, Social, figures, told_of_part
from campaign.channels._text import Span, graphemes, split
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
from campaign.channels.bluesky.richtext import RichText, compose, read
from campaign.channels.bluesky.session import Session
from campaign.errors import ChannelError, Problem, Refused
from campaign.model import Post

POST = "app.bsky.feed.post"
MOST_TEXT = 300
MOST_BYTES = 3000
_THUMB = Frame(bytes=900_000, side=1200)
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


class BlueskyOptions(Options):
    """An account and its app password (Settings, Privacy and security, App passwords)."""

    handle: str = Field(description="The account's handle.", examples=["hscp.example.org"])
    app_password: SecretStr = Field(description="An app password.", examples=["abcd-efgh-ijkl-mnop"])
    service: str = Field(default="https://bsky.social", description="The server that holds the account.")
    link_card: bool = Field(default=True, description="Show the link as a card where the post has no image.")
    image_bytes: int = Field(
        default=1_000_000, ge=10_000, le=2_000_000, description="Most bytes of an image; servers differ."
    )
    thread: bool = Field(default=False, description="Split a text that is too long into a thread.")


class Bluesky(Social):
    """Posts on Bluesky."""

    kind: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    replay: ClassVar[Replay] = Replay(
        ReplayKind.SAFE,
        "Once, however often it is tried, as long as nobody deletes the post in between.",
        timedelta(days=30),
    )
    Options: ClassVar[type[Options]] = BlueskyOptions

    def __init__(self, options: BlueskyOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.limits = Limits(
            text=MOST_TEXT * (MOST_PARTS - 1 if options.thread else 1),
            images=4,
            image_bytes=options.image_bytes,
            alt_text=2000,
        )
        self._frame = Frame(bytes=options.image_bytes, side=2000)
        self._session = Session(
            tools,
            service=options.service,
            handle=options.handle,
            password=options.app_password.get_secret_value(),
        )

    def length(self, text: str) -> int:
        """Graphemes."""
        return graphemes(text)

    def words(self, message: Post) -> str:
        """The text as it is shown, with the link shortened as it will be."""
        return compose(message).text

    def check(self, message: Post) -> list[Problem]:
        """Graphemes and bytes, images and their alternative texts, the link, the hashtags."""
        whole = compose(message)
        problems = [
            *_checks.check_text(graphemes(whole.text), self.limits, self.title),
            *_checks.check_images(message, self.limits, self._frame, self.title),
            *_checks.check_link(message, self.title, 8000),
            *_checks.check_hashtags(message, self.limits, self.title),
        ]
        size = max(len(part.text.encode()) for part in self._parts(whole))
        if size > MOST_BYTES:
            problems.append(
                Problem("text-bytes", f"Bluesky takes {MOST_BYTES} bytes of text; this has {size}.", where="text")
            )
        return problems

    def prepare(self, message: Post, *, key: str, notes: Notes) -> Notes:
        """Upload the images and write every record down, byte for byte as it will be sent."""
        self.mind_pace()
        if "records" in notes:
            return notes
        _checks.refuse(self.check(message))
        parts = self._parts(compose(message))
        known = self._resolve(sorted({handle for part in parts for handle in part.handles}))
        embed = self._embed(message)
        at = _iso(self.tools.now())
        records = []
        for number, part in enumerate(parts):
            record: dict[str, Any] = {"$type": POST, "text": part.text, "createdAt": at}
            facets = part.facets(known)
            record |= {"facets": facets} if facets else {}
            record |= {"langs": [message.language.split("-")[0]]} if message.language else {}
            record |= {"embed": embed} if embed and number == 0 else {}
            records.append(record)
        return {**notes, "records": json.dumps(records, ensure_ascii=False, sort_keys=True)}

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Create the record, or each record of the thread in turn; one that is there already is left as it is."""
        records = json.loads(self.prepare(message, key=key, notes=notes)["records"])
        first: Receipt | None = None
        root: dict[str, str] = {}
        parent: dict[str, str] = {}
        for number, record in enumerate(records):
            body = {**record, "reply": {"root": root, "parent": parent}} if number else record
            if number:
                self.mind_pace()
            with told_of_part(number, len(records)):
                receipt, parent = self._put(message, body, rkey(message.about.planned_at, key, number))
            first, root = first or receipt, root or parent
            self.note_pace(receipt)
        if first is None:
            raise Refused("The post is empty.")
        return first

    def find(self, message: Post, *, key: str, since: datetime) -> Receipt | Unknown | None:
        """Whether the (last) record is there."""
        parts = self._parts(compose(message))
        receipt = self._get(rkey(message.about.planned_at, key, len(parts) - 1))
        if receipt is None:
            settled = self.tools.now() - since >= SETTLED
            return None if settled and len(parts) == 1 else UNKNOWN
        return self._get(rkey(message.about.planned_at, key, 0)) or UNKNOWN

    def verify(self) -> Account:
        """The account that the app password belongs to."""
        reply = self._session.call("GET", "com.atproto.server.getSession")
        if not reply.ok:
            raise self._session.error(reply)
        return Account(name=reply.need("handle"), rights=("post", "upload images"), detail=reply.text_at("did"))

    def delete(self, remote_id: str) -> None:
        """Delete a record by its at:// address. The parts of a thread after the first stay."""
        _, repo, collection, key = _split_uri(remote_id)
        body = {"repo": repo, "collection": collection, "rkey": key}
        reply = self._session.call("POST", "com.atproto.repo.deleteRecord", json=body, repeatable=True)
        if not reply.ok:
            raise self._session.error(reply)

    def stats(self, remote_id: str) -> Mapping[str, int]:
        """Likes, reposts, replies and quotes."""
        reply = self._session.call("GET", "app.bsky.feed.getPosts", params={"uris": remote_id})
        if not reply.ok:
            raise self._session.error(reply)
        counts = {"likes": "likeCount", "reposts": "repostCount", "replies": "replyCount", "quotes": "quoteCount"}
        return figures(reply, {name: ("posts", 0, field) for name, field in counts.items()})

    def _parts(self, whole: RichText) -> list[RichText]:
        """The text as one part; split where the channel makes threads and it is too long."""
        if not self.options.thread or graphemes(whole.text) <= MOST_TEXT:
            return [whole]
        full = {span.start: span.value for _, span in whole.pieces}
        links = {whole.text[span.start : span.end]: full[span.start] for _, span in whole.pieces}
        parts = [read(text) for text in split(whole.text, MOST_TEXT, graphemes)]
        return [_with_whole_links(part, links) for part in parts]

    def _put(self, message: Post, record: dict[str, Any], key: str) -> tuple[Receipt, dict[str, str]]:
        body = {"repo": self._session.did, "collection": POST, "rkey": key, "record": record, "swapRecord": None}
        reply = self._session.call("POST", "com.atproto.repo.putRecord", json=body)
        if _lacks_blob(reply):
            self._embed(message)  # a server forgets uploads that no record uses; the same bytes get the same name again
            reply = self._session.call("POST", "com.atproto.repo.putRecord", json=body)
        if _lacks_blob(reply) and "thumb" in record.get("embed", {}).get("external", {}):
            record["embed"]["external"].pop("thumb")  # the page has another picture now: better none than no post
            reply = self._session.call("POST", "com.atproto.repo.putRecord", json=body)
        if reply.status == 400 and reply.text_at("error") == "InvalidSwap":
            there = self._session.call("GET", "com.atproto.repo.getRecord", params=self._address(key))
            return self._receipt(there, duplicate=True), {"uri": there.need("uri"), "cid": there.need("cid")}
        if not reply.ok:
            raise self._session.error(reply)
        again = not isinstance(reply.dig("commit"), dict)
        return self._receipt(reply, duplicate=again), {"uri": reply.need("uri"), "cid": reply.need("cid")}

    def _get(self, key: str) -> Receipt | None:
        reply = self._session.call("GET", "com.atproto.repo.getRecord", params=self._address(key))
        if reply.ok:
            return self._receipt(reply, duplicate=True)
        if reply.text_at("error") == "RecordNotFound" or "could not locate" in reply.text_at("message").lower():
            return None
        raise self._session.error(reply)

    def _address(self, key: str) -> dict[str, str]:
        return {"repo": self._session.did, "collection": POST, "rkey": key}

    def _receipt(self, reply: Reply, *, duplicate: bool) -> Receipt:
        uri = reply.need("uri")
        _, repo, _, key = _split_uri(uri)
        return Receipt(
            remote_id=uri,
            url=f"https://bsky.app/profile/{repo}/post/{key}",
            pace=reply.pace(self.tools.now()),
            duplicate=duplicate,
            code=str(reply.status),
        )

    def _embed(self, post: Post) -> dict[str, Any] | None:
        if post.images:
            images = [self._upload(post, number) for number in range(len(post.images))]
            return {"$type": "app.bsky.embed.images", "images": images}
        if post.link and self.options.link_card:
            card = {"uri": post.link.url, "title": post.link.title or post.link.url.split("/")[2]}
            external = {**card, "description": post.link.description, **self._thumb(post.link.url)}
            return {"$type": "app.bsky.embed.external", "external": external}
        return None

    def _thumb(self, url: str) -> dict[str, Any]:
        """The picture of the link's card, uploaded; nothing where there is none, or it could not be uploaded."""
        picture = picture_of(self.http, url, _THUMB)
        if picture is None:
            return {}
        try:
            return {"thumb": self._blob(picture)}
        except ChannelError:  # the post itself will tell what is wrong; it does not wait for a picture
            return {}

    def _upload(self, post: Post, number: int) -> dict[str, Any]:
        image = post.images[number]
        fitted = self.fitted(image, self._frame)
        return {
            "alt": "" if image.decorative else image.alt,
            "image": self._blob(fitted),
            "aspectRatio": {"width": fitted.width, "height": fitted.height},
        }

    def _blob(self, fitted: Fitted) -> Any:
        reply = self._session.call(
            "POST",
            "com.atproto.repo.uploadBlob",
            content=fitted.data,
            headers={"content-type": fitted.media_type},
            repeatable=True,
        )
        if not reply.ok:
            raise self._session.error(reply)
        reply.need("blob", "ref", "$link")
        return reply.dig("blob")

    def _resolve(self, handles: list[str]) -> dict[str, str]:
        known = {}
        for handle in handles:
            reply = self._session.call("GET", "com.atproto.identity.resolveHandle", params={"handle": handle})
            if reply.ok and reply.text_at("did"):
                known[handle] = reply.text_at("did")
            elif reply.status != 400:
                raise self._session.error(reply)
        return known


def rkey(planned_at: datetime, key: str, number: int) -> str:
    """The record key (a TID, https://atproto.com/specs/tid) of part `number` of the delivery `key`.

    The planned second, and 30 bits of a hash of our key in place of microseconds and clock id: always the same for one
    delivery, and different for two posts of the same second.
    """
    digest = int.from_bytes(hashlib.sha256(f"bluesky:{key}:{number}".encode()).digest()[:8], "big")
    micros = int(planned_at.timestamp()) * 1_000_000 + (digest >> 10) % 1_000_000
    value = (micros << 10) | (digest & 0x3FF)
    return "".join(_DIGITS[(value >> shift) & 31] for shift in range(60, -1, -5))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _lacks_blob(reply: Reply) -> bool:
    return reply.status == 400 and "could not find blob" in reply.text_at("message").lower()


def _split_uri(uri: str) -> tuple[str, str, str, str]:
    parts = uri.removeprefix("at://").split("/")
    if not uri.startswith("at://") or len(parts) != 3:
        raise Refused(f"{uri[:80]!r} is not the address of a Bluesky post")
    return ("at", parts[0], parts[1], parts[2])


def _with_whole_links(part: RichText, whole: Mapping[str, str]) -> RichText:
    """The facets of one part of a thread, with the whole addresses (`whole`: as shown -> address) of its links."""
    pieces = []
    for kind, span in part.pieces:
        shown = part.text[span.start : span.end]
        value = whole.get(shown) or next((url for short, url in whole.items() if short.startswith(shown)), span.value)
        pieces.append((kind, Span(span.start, span.end, value)))
    return RichText(part.text, tuple(pieces))


__all__ = ["Bluesky", "BlueskyOptions", "rkey"]
