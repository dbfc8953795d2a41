"""Whether a post arrived, told by reading the account's own posts back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import regex

from campaign.channels.base import UNKNOWN, Unknown

SETTLED = timedelta(seconds=120)
SLACK = timedelta(seconds=120)
MOST_PAGES = 5
_WORD = regex.compile(r"https?://|[^\p{L}\p{M}\p{N}]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A post as a listing of the account shows it. `at` is aware UTC; None where the network does not say."""

    id: str
    text: str
    at: datetime | None
    url: str = ""


def essence(text: str) -> str:
    """What two writings of one text have in common: letters and digits, whatever a network did to the rest."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return _WORD.sub("", text) or "".join(text.split())


def search(
    pages: Iterable[list[Listed]], *, wanted: str, since: datetime, now: datetime, most: int = MOST_PAGES
) -> Listed | Unknown | None:
    """The post whose text is `wanted`, made at `since` or later, in a listing that begins with the newest.

    None only where the listing reached back past `since` and `now` is far enough from it for the listing to have
    caught up. `pages` ends where the account's posts end.
    """
    mark, oldest = essence(wanted), since - SLACK
    for number, page in enumerate(pages, 1):
        for post in page:
            if (post.at is None or post.at >= oldest) and essence(post.text) == mark:
                return post
        last = page[-1].at if page else None
        if last is not None and last < oldest:
            break
        if number >= most:
            return UNKNOWN
    return None if now - since >= SETTLED else UNKNOWN


def moment(text: str) -> datetime | None:
    """The instant that an ISO 8601 text means; None where it means none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
