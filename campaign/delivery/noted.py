"""The log as people ask for it: what was noted of whom, when, in which words."""

from __future__ import annotations

from collections.abc import Iterator

from campaign.delivery.parts import Parts
from campaign.store.log import Entry, Search, Word

#: Lines that are read at a time.
READ = 2_000


def newest(parts: Parts, wanted: Search, *, before: int, limit: int) -> list[Entry]:
    """The newest lines that are as wanted, older than the line `before` (0: all)."""
    return parts.store.log.search(wanted, before=before, limit=limit)


def whole(parts: Parts, wanted: Search) -> Iterator[list[Entry]]:
    """Every line that is as wanted, newest first, some at a time."""
    before = 0
    while found := newest(parts, wanted, before=before, limit=READ):
        yield found
        before = found[-1].id


def people(parts: Parts) -> list[str]:
    """Everybody who ever did something, by name."""
    return parts.store.log.people()


__all__ = ["Entry", "Search", "Word", "newest", "people", "whole"]
