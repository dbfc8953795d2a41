"""Posts whose attempt ended without an answer, on channels where a second one with the same key does no harm.

Where the network can be asked (`Finds`) it is asked first; this is for those that promise to drop what they have had.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from campaign.channels.base import Channel, Finds, ReplayKind
from campaign.delivery.outcomes import KILLED
from campaign.model import Broadcast, Delivery, DeliveryState
from campaign.model.rows import Settled
from campaign.policy import Next

#: How the reason of a delivery begins, from a first attempt in doubt until it is settled.
AGAIN = "made again with the same key, of which the receiver takes no second post"
TOO_LATE = "the receiver keeps its key no longer, and whether the first attempt arrived is not known"


def may_go(channel: Channel[Any], broadcast: Broadcast, at: datetime) -> bool:
    """Whether an attempt at `at` (aware UTC) makes no second post, whatever became of those before.

    None of them began before the broadcast was opened.
    """
    promise = channel.promise()
    known = promise.kind is ReplayKind.SAFE and not isinstance(channel, Finds)
    return known and broadcast.opened_at is not None and at - broadcast.opened_at < promise.window


def in_doubt(delivery: Delivery) -> bool:
    """Whether an earlier attempt may have arrived, and only the key keeps the next from being a second post."""
    return delivery.reason.startswith(AGAIN)


def said(reason: str) -> str:
    """`reason`, marked for as long as the delivery is in doubt."""
    return reason if reason.startswith(AGAIN) else f"{AGAIN}: {reason}"


def still_in_doubt(following: Next) -> Next:
    """What follows an attempt that surely did not arrive, where an earlier one may have."""
    state = DeliveryState.UNCERTAIN if following.state is DeliveryState.MISSED else following.state
    return replace(following, state=state, reason=said(following.reason))


def after_doubt(channel: Channel[Any], broadcast: Broadcast, retry: Next) -> bool:
    """Whether an attempt without an answer may be followed by `retry`."""
    return (
        retry.state is DeliveryState.PENDING
        and retry.not_before is not None
        and may_go(channel, broadcast, retry.not_before)
    )


def after_death(delivery: Delivery, channel: Channel[Any], broadcast: Broadcast, at: datetime) -> Settled | None:
    """What becomes of a post whose worker died while it was sent, where it may go again at `at`; else None."""
    if at > broadcast.stop_at or not may_go(channel, broadcast, at):
        return None
    return Settled(
        delivery=delivery.id, state=DeliveryState.PENDING, reason=said(KILLED), not_before=at, outcome="killed"
    )


__all__ = ["AGAIN", "TOO_LATE", "after_death", "after_doubt", "in_doubt", "may_go", "said", "still_in_doubt"]
