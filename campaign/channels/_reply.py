"""A reply of a network, and what can be read out of it: JSON, how long to wait, how much is left."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from campaign.channels.base import Pace
from campaign.errors import ChannelError, TryLater, Uncertain

_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
_REMAINING = ("x-rate-limit-remaining", "x-ratelimit-remaining", "ratelimit-remaining")
_SECRETS = re.compile(
    r"(?i)\b((?:access_|refresh_)?token|client_secret|password|bearer|jwt|sig)(\"?\s*[=: ]\s*\"?)[^\s\"&,}]+"
)
_LONGEST_WAIT = 7 * 86_400.0


def unreadable(message: str, *, repeatable: bool) -> ChannelError:
    """The error of an answer that did not come, or says nothing: in doubt, unless a second call does no harm."""
    return TryLater(message) if repeatable else Uncertain(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole reply. Header names are lower case; `url` (after redirects) may hold a secret and is never shown."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    host: str = ""
    url: str = field(default="", repr=False)
    repeatable: bool = True
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def moved(self) -> bool:
        """Whether the reply sends us elsewhere."""
        return self.status in (301, 302, 303, 307, 308) and "location" in self.headers

    @property
    def text(self) -> str:
        """The body as UTF-8, broken bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; TryLater or Uncertain where it is none (an error page, a half answer)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise unreadable(
                f"{self.host} answered {self.status} with something that is not JSON", repeatable=self.repeatable
            ) from None

    def dig(self, *path: str | int) -> Any:
        """The value at `path` of a JSON body, or None where the body is no JSON or has no such value."""
        try:
            value: Any = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def text_at(self, *path: str | int) -> str:
        """The string or whole number at `path` as text; "" where there is none."""
        value = self.dig(*path)
        if isinstance(value, bool) or not isinstance(value, str | int):
            return ""
        return str(value)

    def need(self, *path: str | int) -> str:
        """The text at `path`, without which the reply is of no use: TryLater or Uncertain where it is missing."""
        found = self.text_at(*path)
        if not found:
            self.json()
            raise unreadable(
                f"{self.host} answered {self.status} without {'.'.join(map(str, path))}", repeatable=self.repeatable
            )
        return found

    def extract(self, most: int = 200) -> str:
        """A short piece of the body for the log: one line, tokens and the like taken out."""
        text = " ".join(self.text[: most * 8].split())
        for secret in self.secrets:
            text = text.replace(secret, "[secret]") if secret else text
        return _SECRETS.sub(r"\1\2[secret]", text)[:most]

    def retry_after(self, now: datetime) -> float:
        """Seconds until the network wants to be asked again; 0 where it does not say.

        `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), else the time at which a rate limit begins
        anew: seconds, epoch seconds or an ISO 8601 time, as each network writes it.
        """
        for name in ("retry-after", "x-ratelimit-reset-after", *_RESETS):
            if name in self.headers:
                wait = _seconds_until(self.headers[name], now)
                if wait is not None:
                    return min(max(wait, 0.0), _LONGEST_WAIT)
        return 0.0

    def pace(self, now: datetime) -> Pace | None:
        """What the rate-limit headers say is left, and until when; None where they say nothing."""
        remaining = next((self.headers[name] for name in _REMAINING if name in self.headers), "")
        wait = next((_seconds_until(self.headers[name], now) for name in _RESETS if name in self.headers), None)
        if not remaining.strip().isdecimal() or wait is None:
            return None
        return Pace(remaining=int(remaining[:9]), reset=now + timedelta(seconds=min(max(wait, 0.0), _LONGEST_WAIT)))


def _seconds_until(value: str, now: datetime) -> float | None:
    """Seconds from `now` that a header means: a number of seconds, an epoch time, an HTTP date or an ISO time."""
    value = value.strip()
    try:
        number = float(value)
    except ValueError:
        moment = _moment(value)
        return None if moment is None else (moment - now).total_seconds()
    if not math.isfinite(number):
        return None
    if number > 1e12:
        number /= 1000.0
    return number - now.timestamp() if number > 1e9 else number


def _moment(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except (ValueError, TypeError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
