"""What a reply that is no success means for the message: one of the four errors, by its status (RFC 9110 15).

A network's own codes are read by its adapter first; this is what is left.
"""

from __future__ import annotations

from datetime import datetime

from campaign.channels._reply import Reply
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain

SIGNED_OUT = frozenset({401, 403})
TOO_MANY = 429


def outcome(
    reply: Reply,
    *,
    network: str,
    now: datetime,
    said: str = "",
    down: frozenset[int] = SIGNED_OUT,
    not_accepted: frozenset[int] = frozenset(),
    wait: float = 0.0,
) -> ChannelError:
    """The error of a reply whose status is not the hoped-for one. Where a second call does no harm, none is in doubt.

    `network` is its name in words, `said` what it gave as its reason (the adapter made it safe to show), `down` the
    statuses that concern the whole channel, `not_accepted` those that the network documents as "nothing was taken, try
    again", `wait` the seconds the network asked for in its own way.
    """
    status = reply.status
    told = f"{network} answered {status}{': ' if said else '.'}{said}"
    code, raw = str(status), reply.extract()
    if status == TOO_MANY or status in not_accepted:
        after = max(wait, reply.retry_after(now))
        return TryLater(told, after=after, slow_all=status == TOO_MANY, code=code, raw=raw)
    if reply.status in down or 300 <= status < 400:
        return ChannelDown(told, code=code, raw=raw)
    if 400 <= status < 500 and status != 408:
        return Refused(told, code=code, raw=raw)
    return TryLater(told, code=code, raw=raw) if reply.repeatable else Uncertain(told, code=code, raw=raw)
