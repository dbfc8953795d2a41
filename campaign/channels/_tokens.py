"""Tokens that run out: kept in the channel's notes, renewed ahead of time by one process at a time.

A new token is stored before it is used, so that a refresh token that works only once is never lost with the process
that renewed it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from campaign.channels.base import Tools
from campaign.errors import TryLater

_LEASE = 90.0
_WAITS = 30


@dataclass(frozen=True, slots=True)
class Keychain:
    """One set of tokens of a channel, as a JSON object under `name` in its notes (encrypted at rest)."""

    tools: Tools
    name: str = "token"

    def read(self) -> dict[str, Any]:
        """The tokens; {} where there are none."""
        return _parsed(self.tools.notes.get(self.name))

    def store(self, tokens: Mapping[str, Any]) -> None:
        """Keep `tokens`, whatever was there before: a person has signed in anew."""
        new = json.dumps(dict(tokens), sort_keys=True)
        while not self.tools.notes.swap(self.name, old=self.tools.notes.get(self.name), new=new, secret=True):
            continue

    def forget(self) -> None:
        """Remove the tokens."""
        self.tools.notes.swap(self.name, old=self.tools.notes.get(self.name), new=None, secret=True)

    def renew(self, stale: Mapping[str, Any], renew: Callable[[dict[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
        """Tokens that are not `stale`: those another process has just stored, else what `renew` makes of the old ones.

        One `renew` at a time over all processes; the others wait some seconds for its result, then TryLater.
        """
        for _ in range(_WAITS):
            current = self.read()
            if current != stale:
                return current
            mine = self._lock()
            if mine:
                try:
                    return self._renew(stale, renew)
                finally:
                    self.tools.notes.swap(self._lock_name, old=mine, new=None)
            self.tools.sleep(0.5)
        raise TryLater("Another process is renewing the sign-in of this channel.", after=10.0)

    def _renew(self, stale: Mapping[str, Any], renew: Callable[[dict[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
        raw = self.tools.notes.get(self.name)
        if _parsed(raw) != stale:
            return _parsed(raw)
        fresh = dict(renew(dict(stale)))
        if not self.tools.notes.swap(self.name, old=raw, new=json.dumps(fresh, sort_keys=True), secret=True):
            return self.read()
        return fresh

    @property
    def _lock_name(self) -> str:
        return f"{self.name}.lock"

    def _lock(self) -> str:
        """Our mark where we hold the lock now, else "". A lock whose holder died is free after its lease."""
        now = self.tools.now().timestamp()
        held = self.tools.notes.get(self._lock_name)
        until = float((held or "0 ").split(" ")[0])
        if held and until > now:
            return ""
        mine = f"{now + _LEASE} {secrets.token_hex(8)}"
        return mine if self.tools.notes.swap(self._lock_name, old=held, new=mine) else ""


def _parsed(raw: str | None) -> dict[str, Any]:
    try:
        value = json.loads(raw or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
