"""Keeps each public page, rendered, until anything may change: the ledger's count moves or an edge of time passes.

The clock is read for every request, so what unlocks at seven is there at seven, and nothing is kept across an edge.
Readers' browsers and proxies may keep a page but must ask each time whether it still stands (`no-cache` and an ETag).
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaign.web.almanac import Almanac, Edition, Moment

KEEP = "campaign.keep"
MOMENT = "campaign.moment"
MOST = 1_000
PACK_OVER = 1_000
#: The first parts of paths that belong to the site and not to one campaign.
SITE_PATHS = frozenset(
    {"", "weeks", "calendar.ics", "feed.xml", "sitemap.xml", "robots.txt", "privacy", "accessibility"}
)

RawHeaders = list[tuple[bytes, bytes]]


def keep(scope: MutableMapping[str, Any]) -> None:
    """Say that the answer to this request may be kept: it holds only what everybody may see."""
    scope[KEEP] = True


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer: its status, headers without length and encoding, its ETag, and the body plain and packed."""

    status: int
    headers: RawHeaders
    etag: bytes
    body: bytes
    packed: bytes


def kept(status: int, headers: RawHeaders, body: bytes) -> Kept:
    """An answer ready to be given again."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode()
    rest = [(name, value) for name, value in headers if name not in {b"content-length", b"cache-control", b"etag"}]
    for_others = b"public, no-cache" if status == 200 else b"no-store"
    rest += [(b"cache-control", for_others), (b"vary", b"accept-encoding")]
    if status == 200:
        rest.append((b"etag", etag))
    images = any(name == b"content-type" and value.startswith(b"image/") for name, value in headers)
    packed = gzip.compress(body, 6, mtime=0) if len(body) > PACK_OVER and not images else b""
    return Kept(status, rest, etag, body, packed)


class PageCache:
    """Middleware: hands every request its `Moment`, and answers public pages from memory while they stand."""

    def __init__(self, app: ASGIApp, almanac: Almanac) -> None:
        self.app = app
        self.almanac = almanac
        self._mark: tuple[int, int] | None = None
        self._pages: dict[tuple[str, bytes], Kept] = {}
        self._making: dict[tuple[str, bytes], asyncio.Lock] = {}
        self._looking = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        moment = Moment(await self._edition(), self.almanac.clock.now())
        scope[MOMENT] = moment
        if scope["method"] not in {"GET", "HEAD"} or not _public(scope["path"], moment.edition):
            await self.app(scope, receive, send)
            return
        mark = moment.mark
        if mark != self._mark:
            self._mark, self._pages = mark, {}
        key = (scope["path"], scope["query_string"])
        found = self._pages.get(key)
        if found is None:
            found = await self._make(key, mark, scope, receive, send)
        if found is not None:
            await _answer(found, scope, send)

    async def _edition(self) -> Edition:
        """The edition in force; the one request that finds it stale looks for a newer one, the others go on."""
        found = self.almanac.edition
        if found is not None and (self._looking or not self.almanac.stale()):
            return found
        self._looking = True
        try:
            return await run_in_threadpool(self.almanac.look)
        finally:
            self._looking = False

    async def _make(
        self, key: tuple[str, bytes], mark: tuple[int, int], scope: Scope, receive: Receive, send: Send
    ) -> Kept | None:
        """Let the app make the page, once however many ask; None where it answered by itself (not to be kept)."""
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                if mark == self._mark and key in self._pages:
                    return self._pages[key]
                found = await _capture(self.app, scope, receive, send)
                if found is not None and mark == self._mark:
                    if len(self._pages) >= MOST:
                        del self._pages[next(iter(self._pages))]
                    self._pages[key] = found
                return found
        finally:
            if self._making.get(key) is lock and not lock.locked():
                del self._making[key]


def _public(path: str, edition: Edition) -> bool:
    first = path.split("/", 2)[1] if path.startswith("/") else path
    return first in SITE_PATHS or first in edition.campaigns


async def _capture(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> Kept | None:
    """Run the app. An answer marked by `keep` is caught and returned; any other goes straight out."""
    asked = {**scope, "method": "GET"}
    start: Message = {}
    parts: list[bytes] = []

    async def catch(message: Message) -> None:
        if not asked.get(KEEP):
            await send(message)
        elif message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(asked, receive, catch)
    if not start:
        return None
    return kept(start["status"], list(start["headers"]), b"".join(parts))


async def _answer(page: Kept, scope: Scope, send: Send) -> None:
    """Give a kept page: 304 where the asker has it already, packed where the asker can unpack."""
    asked = Headers(scope=scope)
    headers = list(page.headers)
    if page.status == 200 and page.etag.decode() in asked.get("if-none-match", ""):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    body = page.body
    if page.packed and "gzip" in asked.get("accept-encoding", ""):
        body = page.packed
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": page.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
