"""A network's own limit on how often it may be asked: kept as it last told, and obeyed before it is hit.

Bluesky, Mastodon, X and Discord say how many calls are left and until when (`Reply.pace`). Meta says what part of the
limit is used, https://developers.facebook.com/docs/graph-api/overview/rate-limiting (read November 2026): in
`x-app-usage`, and by business use case, with the minutes until calls are taken again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from campaign.channels._readback import moment
from campaign.channels._reply import Reply
from campaign.channels.base import Pace, Tools
from campaign.errors import TryLater

_NOTE = "pace"
#: Per cent of Meta's limit from which nothing more is asked: the post's own calls still fit below the whole.
FULL = 95
#: Meta counts over the last hour: so long, where it does not say itself when calls are taken again.
PAUSE = timedelta(minutes=15)


def mind(tools: Tools, network: str) -> None:
    """Raise TryLater while the network's own limit, as it last told, leaves nothing."""
    until, now = moment(tools.notes.get(_NOTE) or ""), tools.now()
    if until is not None and until > now:
        after = (until - now).total_seconds()
        raise TryLater(f"{network} takes nothing more until its limit begins anew.", after=after, slow_all=True)


def note(tools: Tools, pace: Pace | None) -> None:
    """Keep what the network said of its limit, where it leaves nothing."""
    if pace is not None and pace.remaining <= 0:
        tools.notes.swap(_NOTE, old=tools.notes.get(_NOTE), new=pace.reset.isoformat())


def of_meta(reply: Reply, now: datetime) -> Pace | None:
    """What Meta's headers of usage leave; None where they say nothing of it."""
    used, minutes = [], [0.0]
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        for usage in _usages(reply.headers.get(name, "")):
            used += [usage.get(kind) for kind in ("call_count", "total_time", "total_cputime")]
            minutes.append(_number(usage.get("estimated_time_to_regain_access")))
    shares = [_number(share) for share in used if share is not None]
    if not shares:
        return None
    wait = max(timedelta(minutes=min(max(minutes), 1440.0)), PAUSE)
    return Pace(remaining=0 if max(shares) >= FULL or max(minutes) > 0 else 1, reset=now + wait)


def _usages(header: str) -> Iterator[Mapping[str, Any]]:
    """Each usage in a header: one object, or lists of them by business."""
    try:
        found = json.loads(header or "{}")
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict):
        return
    yield found
    for several in found.values():
        yield from (each for each in several if isinstance(each, dict)) if isinstance(several, list) else ()


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


__all__ = ["mind", "note", "of_meta"]
