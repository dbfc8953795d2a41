"""Files that channels write: whole files only, each under a name made from its key, each once. The outbox's tree:

<folder>/<campaign>/<message>/<day>/<channel>/   one folder a broadcast
    <key>.json          a post
    <key>.eml           an email, byte for byte as it would leave
    emails.jsonl        one line an email: key, time, variant, subject (the page's index; never the truth)
<folder>/images/<sha256>.<ext>
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from campaign.model import About, Email, Image, Post

INDEX = "emails.jsonl"
IMAGES = "images"
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}


def slug(text: str) -> str:
    """`text` as one safe file name; different texts give different names."""
    return quote(text, safe="").replace(".", "%2E") or "%00"


def broadcast_folder(folder: Path, about: About) -> Path:
    """Where the messages of one broadcast lie."""
    return folder / slug(about.campaign) / slug(about.message) / slug(about.day) / slug(about.channel)


def write_new(path: Path, data: bytes) -> bool:
    """Write a whole file that was not there; False where it was, and then it is left as it is.

    The bytes and the name are on disk when this returns. Raises OSError, and then nothing was written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return False
    temporary = _temporary(path, data)
    try:
        new = _take_name(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    sync_folder(path.parent)
    return new


def write_over(path: Path, data: bytes) -> None:
    """Write a whole file, in place of one that may be there. A reader sees the old or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path, data)
    try:
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    sync_folder(path.parent)


def write_all_new(files: Sequence[tuple[Path, bytes]]) -> list[bool | OSError]:
    """`write_new` for many files at the price of few: all are written before the first is waited for.

    For each: whether it is new, or why it could not be written.
    """
    waiting: dict[int, tuple[int, str]] = {}
    came: list[bool | OSError] = []
    for number, (path, data) in enumerate(files):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                waiting[number] = _unsynced(path, data)
            came.append(False)
        except OSError as error:
            came.append(error)
    for number, (handle, temporary) in waiting.items():
        came[number] = _finish(handle, temporary, files[number][0])
    for home in {files[number][0].parent for number in waiting}:
        sync_folder(home)
    return came


def append_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Add JSON lines. Each begins with a line end, so that a line torn by a crash spoils no other."""
    lines = "".join(f"\n{json.dumps(record, ensure_ascii=False, separators=(',', ':'))}\n" for record in records)
    with path.open("ab", buffering=0) as file:
        file.write(lines.encode())


def sync_folder(folder: Path) -> None:
    """Put a folder's names on disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_post(folder: Path, post: Post, *, key: str, at: datetime, network: str, kind: str) -> tuple[Path, bool]:
    """Write a post as JSON, its images beside it. Returns the path, and whether it is new."""
    for image in post.images:
        write_new(image_path(folder, image), image.data)
    path = broadcast_folder(folder, post.about) / f"{slug(key)}.json"
    data = json.dumps(
        post_record(folder, post, key=key, at=at, network=network, kind=kind), ensure_ascii=False, indent=1
    )
    return path, write_new(path, data.encode())


def write_emails(
    folder: Path, batch: Sequence[tuple[str, Email]], *, at: datetime, network: str
) -> list[tuple[Path, bool | OSError]]:
    """Write emails as .eml files, together. For each its path, and whether it is new, or why it was not written."""
    paths = [broadcast_folder(folder, email.about) / f"{slug(key)}.eml" for key, email in batch]
    wrote = write_all_new([(path, email.raw) for path, (_, email) in zip(paths, batch, strict=True)])
    lines: dict[Path, list[dict[str, Any]]] = {}
    for path, (key, email), new in zip(paths, batch, wrote, strict=True):
        if new is True:
            record = {"key": key, "at": at.isoformat(), "variant": variant(email), "subject": email.subject}
            lines.setdefault(path.parent, []).append({**record, "network": network, **about_record(email.about)})
    for home, records in lines.items():
        append_lines(home / INDEX, records)
    return list(zip(paths, wrote, strict=True))


def image_path(folder: Path, image: Image) -> Path:
    """Where an image's bytes are kept: once for each content."""
    digest = hashlib.sha256(image.data).hexdigest()
    return folder / IMAGES / f"{digest}.{EXTENSIONS.get(image.media_type, 'bin')}"


def about_record(about: About) -> dict[str, str]:
    """Which message this is, as JSON."""
    return {
        "campaign": about.campaign,
        "message": about.message,
        "day": about.day,
        "channel": about.channel,
        "planned_at": about.planned_at.isoformat(),
        "title": about.title,
    }


def post_record(folder: Path, post: Post, *, key: str, at: datetime, network: str, kind: str) -> dict[str, Any]:
    """A post as JSON: all that would have left, and when."""
    link = post.link
    return {
        "key": key,
        "at": at.isoformat(),
        "network": network,
        "kind": kind,
        **about_record(post.about),
        "heading": post.title,
        "text": post.text,
        "link": {"url": link.url, "title": link.title, "description": link.description} if link else None,
        "hashtags": list(post.hashtags),
        "language": post.language,
        "images": [
            {
                "name": image.name,
                "media_type": image.media_type,
                "file": image_path(folder, image).relative_to(folder).as_posix(),
                "alt": image.alt,
                "decorative": image.decorative,
            }
            for image in post.images
        ],
        "whole": post.whole,
    }


def variant(email: Email) -> str:
    """A short name for what an email says, whoever it is for: the reader's name, address and links are left out."""
    words = f"{email.subject}\n{email.body.text}"
    for token in re.findall(r"[\w-]{12,}", email.unsubscribe_url.partition("://")[2].partition("/")[2]):
        words = words.replace(token, "")
    for mine in (email.to, *email.to_name.split()):
        words = re.sub(rf"(?<!\w){re.escape(mine)}(?!\w)", "", words) if mine else words
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _unsynced(path: Path, data: bytes) -> tuple[int, str]:
    """A temporary file with `data`, still open and not yet on disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
    except OSError:
        os.close(handle)
        os.unlink(name)
        raise
    return handle, name


def _finish(handle: int, temporary: str, path: Path) -> bool | OSError:
    """Wait until a temporary file is on disk, and give it its name."""
    try:
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return _take_name(temporary, path)
    except OSError as error:
        return error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _temporary(path: Path, data: bytes) -> str:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.unlink(name)
        raise
    return name


def _take_name(temporary: str, path: Path) -> bool:
    """Give a finished file its name, if nobody has it. A file system without links gets a plain rename."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:
        if path.exists():
            return False
        os.rename(temporary, path)
    return True
