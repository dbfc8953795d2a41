"""The picture of a link's card, for networks that read no page themselves: the one that the page names for sharing.

It is looked for before anything is sent, within seconds, and a post goes without it wherever anything is wrong with it.
https://ogp.me (og:image).
"""

from __future__ import annotations

import hashlib
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from campaign.channels._images import Fitted, Frame, UnfitImage, fit
from campaign.errors import ChannelError
from campaign.model import Image

if TYPE_CHECKING:
    from campaign.channels.http import Http

#: Seconds for each hop, and how many redirects are followed.
PATIENCE = 3.0
HOPS = 2
MOST_BYTES = 5_000_000
_NAMES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image")


def picture_of(http: Http, url: str, frame: Frame) -> Fitted | None:
    """The picture that the page at `url` names for its card, within `frame`; None where there is none to be had."""
    try:
        page = http.fetch_public(url, timeout=PATIENCE, redirects=HOPS)
        address = named(page.text, page.url or url) if page.status == 200 else ""
        if not address:
            return None
        found = http.fetch_public(address, timeout=PATIENCE, redirects=HOPS, max_bytes=MOST_BYTES)
        if found.status != 200:
            return None
        digest = hashlib.sha256(found.body).hexdigest()
        return fit(Image(name="card", media_type="", sha256=digest, data=found.body), frame)
    except (ChannelError, UnfitImage):
        return None


def named(page: str, base: str) -> str:
    """The address of the picture that an HTML page names for sharing, whole; "" where it names none."""
    head = _Head()
    head.feed(page)
    found = next((head.found[name] for name in _NAMES if head.found.get(name)), "")
    try:
        address = urljoin(base, found) if found else ""
    except ValueError:
        return ""
    return address if address.startswith(("https://", "http://")) else ""


class _Head(HTMLParser):
    """Reads the first of each `meta` by its property or name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = (given.get("property") or given.get("name") or "").lower()
        if tag == "meta" and name in _NAMES:
            self.found.setdefault(name, (given.get("content") or "").strip())


__all__ = ["named", "picture_of"]
