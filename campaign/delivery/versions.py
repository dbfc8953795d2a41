"""What became of a message from revision to revision: who changed it, when, and what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaign.delivery.parts import Parts
from campaign.programme import canonical
from campaign.programme.diff import Difference, tree_differences
from campaign.programme.writing import to_tree
from campaign.store.campaigns import Revision


@dataclass(frozen=True, slots=True)
class Version:
    """A revision in which the message changed. `first`: it came in with it. `files` names the images that differ."""

    number: int
    author: str
    reason: str
    at: datetime
    first: bool
    changes: tuple[Difference, ...]
    files: tuple[str, ...] = ()


def versions(parts: Parts, slug: str, message: str) -> list[Version]:
    """Every revision that changed the message, newest first."""
    digests = parts.store.campaigns.file_digests(slug)
    found: list[Version] = []
    last: Revision | None = None
    for revision in parts.store.campaigns.history(slug):
        version = _version(last, revision, message, digests)
        if version is not None:
            found.append(version)
        last = revision
    return found[::-1]


def _version(
    last: Revision | None, revision: Revision, message: str, digests: Mapping[int, Mapping[str, str]]
) -> Version | None:
    part, now = _raw(revision, message)
    before = _raw(last, message)[1] if last else None
    was, files = digests.get(last.number if last else 0, {}), digests.get(revision.number, {})
    changed = tuple(name for name in _files_of(now) if before is not None and was.get(name) != files.get(name))
    if now is None or (now == before and not changed):
        return None
    first = before is None
    differences = () if first or last is None else _differences(last, revision, part, message)
    return Version(
        revision.number, revision.author, revision.reason, revision.made_at, first, differences, changed
    )  # fmt: skip


def _raw(revision: Revision, message: str) -> tuple[str, Any]:
    """Where the canonical programme has the message, and what it says there; None where it has none."""
    programme = json.loads(revision.programme)["programme"]
    for part in ("posts", "mailings"):
        if message in programme.get(part, {}):
            return part, programme[part][message]
    return "", None


def _files_of(raw: Any) -> Iterator[str]:
    if raw:
        yield from (f"images/{image['file']}" for image in raw.get("images", ()))
        if raw.get("body"):
            yield f"messages/{raw['body']}"


def _differences(last: Revision, revision: Revision, part: str, message: str) -> tuple[Difference, ...]:
    trees = [to_tree(canonical.from_json(each.programme)).get(part, {}).get(message, {}) for each in (last, revision)]
    old, new = ({part: {message: tree}} for tree in trees)
    return tuple(tree_differences(old, new))
