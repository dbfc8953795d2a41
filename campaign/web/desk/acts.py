"""What the log calls acts, in the words of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from campaign.web.words import PageWords

if TYPE_CHECKING:
    from campaign.store.log import Entry

#: What is written into the log, by its name there.
KNOWN = (
    "access", "add list", "add passkey", "add person", "alert failed", "approve",
    "ask to confirm", "browser link", "cancel",
    "change address", "change password", "channel.connect", "channel.forget", "channel.test", "channels.rotate-key",
    "choose password", "close", "delete", "delete old backups", "down", "dropped", "erase", "export",
    "first administrator", "held",
    "import", "invite", "leave", "lift suppression", "live", "load", "message.test", "missed", "move",
    "new recovery codes", "not live", "password link", "pasted", "pause", "recognised", "remove passkey",
    "remove person", "resource", "restore", "resume", "role", "second factor off", "second factor on", "settle",
    "sign in", "sign out", "suppress", "unlock", "up", "used a recovery code", "waiting", "withdraw",
)  # fmt: skip


def key_of(act: str) -> str:
    """The key of an act in the catalogue: `channel.test` is `act.channel_test`."""
    return "act." + act.replace(" ", "_").replace(".", "_").replace("-", "_")


def said(act: str, words: PageWords) -> str:
    """What was done, in words; an act that the catalogue does not have (of an older version) as it was written."""
    key = key_of(act)
    return words(key) if key in words.texts else act


def choices(words: PageWords) -> dict[str, str]:
    """Every act by its name in the log, in the order of its words."""
    return dict(sorted(((act, said(act, words)) for act in KNOWN), key=lambda pair: pair[1]))


def detail(entry: Entry, words: PageWords, told: Callable[[object], object]) -> str:
    """What the log keeps beside an act: `role: Editor, network: 192.0.2.0/24`. `told` makes a moment words."""
    kept = {key: value for key, value in json.loads(entry.detail).items() if value not in ("", None)}
    return words("week.comma").join(
        f"{_called(f'detail.{key}', key.replace('_', ' '), words)}: {_value(key, told(value), words)}"
        for key, value in kept.items()
    )


def _called(key: str, otherwise: str, words: PageWords) -> str:
    return words(key) if key in words.texts else otherwise


def _value(key: str, value: object, words: PageWords) -> str:
    if isinstance(value, bool):
        return words("said.yes" if value else "said.no")
    for known in (f"{key}.{value}", f"state.{value}", f"said.{value}"):
        if known in words.texts:
            return words(known)
    return words.said(value)


def with_comment(entry: Entry, words: PageWords) -> str:
    """What was done, and what the person said with it."""
    detail = json.loads(entry.detail)
    comment = str(detail.get("comment") or (detail.get("reason") if entry.act != "load" else "") or "")
    return f"{said(entry.act, words)}: “{comment}”" if comment else said(entry.act, words)
