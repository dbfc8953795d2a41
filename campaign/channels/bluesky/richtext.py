"""A post as Bluesky writes one: plain text, and facets that say which bytes of it are a link, a hashtag or a mention.

https://docs.bsky.app/docs/advanced-guides/post-richtext (read 2026). Without a facet a link is dead text. A server
accepts facets that point past the end of the text, so that they must be right here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import regex

from campaign.channels._text import Span, byte_offsets, graphemes, hashtags, links
from campaign.model import Link, Post

LINK = "app.bsky.richtext.facet#link"
TAG = "app.bsky.richtext.facet#tag"
MENTION = "app.bsky.richtext.facet#mention"
_HANDLE = regex.compile(r"(?<![\w@./])@(?P<handle>(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63})")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class RichText:
    """A text and what its pieces are: (facet type, piece), the pieces in the order of the text, none over another."""

    text: str
    pieces: tuple[tuple[str, Span], ...]

    def facets(self, known: Mapping[str, str]) -> list[dict[str, Any]]:
        """The facets, with UTF-8 byte offsets. `known` maps handles to their DIDs; unknown ones stay plain text."""
        out = []
        offsets = byte_offsets(self.text, [span for _, span in self.pieces])
        for (kind, span), (start, end) in zip(self.pieces, offsets, strict=True):
            feature = _feature(kind, span.value, known)
            if feature:
                out.append({"index": {"byteStart": start, "byteEnd": end}, "features": [feature]})
        return out

    @property
    def handles(self) -> list[str]:
        """The handles that the text mentions."""
        return [span.value for kind, span in self.pieces if kind == MENTION]


def _feature(kind: str, value: str, known: Mapping[str, str]) -> dict[str, str] | None:
    if kind == LINK:
        return {"$type": LINK, "uri": value}
    if kind == TAG:
        return {"$type": TAG, "tag": value}
    return {"$type": MENTION, "did": known[value]} if value in known else None


def read(text: str) -> RichText:
    """The links, hashtags and mentions that are written in `text`."""
    found: list[tuple[str, Span]] = [(LINK, _whole(link)) for link in links(text)]
    found += [(TAG, tag) for tag in hashtags(text) if graphemes(tag.value) <= 64 and len(tag.value.encode()) <= 640]
    found += [
        (MENTION, Span(mention.start(), mention.end(), mention["handle"].lower()))
        for mention in _HANDLE.finditer(text)
        if not any(span.start < mention.end() and mention.start() < span.end for _, span in found)
    ]
    return RichText(text, tuple(sorted(found, key=lambda one: one[1].start)))


def _whole(link: Span) -> Span:
    return link if "://" in link.value else Span(link.start, link.end, f"https://{link.value}")


def compose(post: Post) -> RichText:
    """The post's text, its link shown short, and its hashtags; parts apart by an empty line."""
    parts = [read(post.text.strip())]
    if post.link:
        shown = shorten(post.link)
        parts.append(RichText(shown, ((LINK, Span(0, len(shown), post.link.url)),)))
    if post.hashtags:
        parts.append(read(post.tag_line))
    return join([part for part in parts if part.text])


def join(parts: list[RichText]) -> RichText:
    """Several texts as one, apart by an empty line."""
    text, pieces = "", []
    for part in parts:
        text += "\n\n" if text else ""
        pieces += [(kind, Span(s.start + len(text), s.end + len(text), s.value)) for kind, s in part.pieces]
        text += part.text
    return RichText(text, tuple(pieces))


def shorten(link: Link) -> str:
    """How a link is shown: without its scheme, a long one cut; the facet keeps the whole of it."""
    parts = urlsplit(link.url)
    shown = parts.netloc + link.url.partition(parts.netloc)[2].rstrip("/") if parts.netloc else link.url
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
