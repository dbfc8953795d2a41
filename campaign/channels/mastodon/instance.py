"""What a Mastodon server allows, asked of the server itself and kept for a day."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from campaign.channels.base import NoteStore
from campaign.errors import ChannelError

if TYPE_CHECKING:
    from campaign.channels.http import Http

_KEPT = 86_400.0
_NAME = "instance"
#: Programs that keep an Idempotency-Key for an hour as Mastodon does; others were seen to post twice.
_KEEPS_KEYS = frozenset({"mastodon", "hometown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A server's limits. `asked` is epoch seconds, 0 where it was never asked; `software` as nodeinfo names it."""

    asked: float = 0.0
    software: str = ""
    characters: int = 500
    per_url: int = 23
    images: int = 4
    image_bytes: int = 8_000_000
    alt: int = 1500

    @property
    def keeps_keys(self) -> bool:
        """Whether a second request with one Idempotency-Key makes no second post, within the hour."""
        return self.software in _KEEPS_KEYS


def known(notes: NoteStore) -> Instance:
    """What was last learned of the server; the defaults of Mastodon where nothing was."""
    try:
        return Instance(**json.loads(notes.get(_NAME) or "{}"))
    except (ValueError, TypeError):
        return Instance()


def ask(http: Http, notes: NoteStore, server: str, now: datetime) -> Instance:
    """The server's limits, asked anew where they are older than a day. What it does not say is Mastodon's default."""
    kept = known(notes)
    if kept.asked and now.timestamp() - kept.asked < _KEPT:
        return kept
    reply = http.request("GET", f"{server}/api/v2/instance")
    statuses, media = ("configuration", "statuses"), ("configuration", "media_attachments")
    plain = Instance()
    fresh = Instance(
        asked=now.timestamp(),
        software=_software(http, server),
        characters=_number(reply.dig(*statuses, "max_characters"), plain.characters),
        per_url=_number(reply.dig(*statuses, "characters_reserved_per_url"), plain.per_url),
        images=_number(reply.dig(*statuses, "max_media_attachments"), plain.images),
        image_bytes=_number(reply.dig(*media, "image_size_limit"), plain.image_bytes),
        alt=_number(reply.dig(*media, "description_limit"), plain.alt),
    )
    if reply.ok and fresh.software:
        notes.swap(_NAME, old=notes.get(_NAME), new=json.dumps(asdict(fresh), sort_keys=True))
    return fresh


def _software(http: Http, server: str) -> str:
    """The program that answers there, by nodeinfo (FEP-f1d5); "" where it does not say."""
    try:
        index = http.request("GET", f"{server}/.well-known/nodeinfo")
        address = index.text_at("links", -1, "href")
        if not index.ok or urlsplit(address).hostname != urlsplit(server).hostname:
            return ""
        return http.request("GET", address).text_at("software", "name").lower()
    except ChannelError:
        return ""


def _number(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else default
