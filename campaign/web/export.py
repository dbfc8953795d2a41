"""The public pages as files, for those who can only host files. What a server decides by the clock is as of now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.types import Message, Scope

from campaign.errors import RefusedError
from campaign.render import speak, visible
from campaign.web.almanac import Edition, Moment, edition
from campaign.web.app import create_app
from campaign.web.parts import Parts
from campaign.web.public.feeds import paths
from campaign.web.public.gate import Gate
from campaign.web.public.week import Week
from campaign.web.words import page_words

#: Lists what an export wrote, so that the next one can take away what no longer shows.
MANIFEST = ".campaign-site"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written and what was taken away, as paths below the folder; when the pages next change by the clock."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    next_change: datetime | None


def export(parts: Parts, folder: Path) -> Exported:
    """Write every public page that shows now below `folder`, and take away what an earlier export left there.

    RefusedError where the folder holds files of others. Forms and filters, which need a server, are left out.
    """
    before = _earlier(folder)
    now = parts.clock.now()
    found = edition(parts.weeks.count(), parts.weeks)
    words = page_words(parts.site.language)
    zone = next((one.programme.campaign.timezone for one in found.campaigns.values()), "Europe/London")
    made = visible.local(now, zone)
    when = f"{speak.full_date(made.date(), words.shared)}, {speak.clock_time(made, words.shared)}"
    app = create_app(replace(parts, site=replace(parts.site, frozen=when), visitors=None, hooks={}))
    paths = list(_paths(found, now, app))
    with ThreadPoolExecutor(1) as thread:  # an event loop of its own, also where the caller runs in one
        bodies = thread.submit(asyncio.run, _get_all(app, parts.site.host, paths)).result()
    written = {_file(path): body for path, body in bodies.items() if body is not None}
    for name, data in written.items():
        _write(folder / name, data)
    gone = sorted(set(before) - set(written))
    for name in gone:
        old = (folder / name).resolve()
        if old.is_relative_to(folder.resolve()):
            old.unlink(missing_ok=True)
    _write(folder / MANIFEST, "\n".join(sorted(written)).encode())
    return Exported(tuple(sorted(written)), tuple(gone), found.next_edge(now))


def _earlier(folder: Path) -> list[str]:
    manifest = folder / MANIFEST
    if manifest.exists():
        names = manifest.read_text("utf-8").splitlines()
        return [name for name in names if ".." not in PurePosixPath(name).parts and not name.startswith("/")]
    if folder.exists() and any(folder.iterdir()):
        raise RefusedError(f"{folder} holds files that no export wrote. Name an empty folder, or a new one.")
    return []


def _paths(found: Edition, now: datetime, app: Starlette) -> Iterator[str]:
    """Every address that a server would answer for everybody."""
    words = page_words("en")
    weeks: list[Week] = [Gate(one, Moment(found, now), words).week() for one in found.campaigns.values()]
    yield from paths(weeks)
    yield from ("/feed.xml", "/calendar.ics", "/sitemap.xml", "/robots.txt")
    for week in weeks:
        yield from (f"{week.path}/{name}" for name in ("feed.xml", "programme.ics", "widget", "embed", "card.png"))
        yield from (f"{day.path}/card.png" for day in week.open_days)
        yield from (f"{week.path}/events/{item.id}.ics" for item in week.events if item.starts is not None)
        yield from (partner.logo for partner in week.partners if partner.logo)
    yield from (path for path, _ in app.state.templates.assets.items())


def _file(path: str) -> str:
    """The file that a web server gives for the path: pages are the `index.html` of their folder."""
    name = path.strip("/")
    return name if "." in name.rpartition("/")[2] or name.startswith("static/") else f"{name}/index.html".lstrip("/")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


async def _get_all(app: Starlette, host: str, paths: list[str]) -> dict[str, bytes | None]:
    return {path: await _get(app, host, path) for path in paths}


async def _get(app: Starlette, host: str, path: str) -> bytes | None:
    """The body of an address, asked of the app itself; None where it is not there."""
    scope: Scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": urlsplit(path).path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [(b"host", host.encode())],
        "client": None, "server": None,
    }  # fmt: skip
    status, body = 0, b""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            body += message.get("body", b"")

    await app(scope, receive, send)
    return body if status == 200 else None
