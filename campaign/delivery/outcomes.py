"""From what a channel answered to what the ledger writes: shared by posts and mail."""

from __future__ import annotations

from datetime import datetime

from campaign import policy
from campaign.channels.bulk import Receipt
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain
from campaign.model import DeliveryState
from campaign.model.rows import Settled

KILLED = "the service was stopped while it was being sent"
REBOOTED = "the machine was restarted while it was being sent"
#: Why a row stands in the list of possible duplicates.
RESENT = "sent again after a stop: the person may have two"

#: How much of a network's own words is kept with an attempt.
REPLY_LENGTH = 500


def as_error(error: Exception) -> ChannelError:
    """Anything but one of the four errors means that the message may have been sent."""
    if isinstance(error, TryLater | Refused | ChannelDown | Uncertain):
        return error
    return Uncertain(f"the channel failed in a way it does not describe ({type(error).__name__})")


def is_trouble(outcome: object) -> bool:
    """Whether what came of one message may have to stop all of them: a refusal of us, a relay that takes nothing, or
    that says nothing."""
    if isinstance(outcome, Refused):
        return outcome.policy
    return isinstance(outcome, ChannelDown | Uncertain) or (isinstance(outcome, TryLater) and outcome.slow_all)


def wording(receipt: Receipt) -> str:
    """Its reply with `{}` for the network's own number of the message: the same for most messages."""
    return receipt.reply.replace(receipt.remote_id, "{}", 1) if receipt.remote_id else receipt.reply


def of_receipt(delivery: int, receipt: Receipt) -> Settled:
    """The next hop accepted it."""
    return Settled(
        delivery=delivery,
        state=DeliveryState.SENT,
        reason="the network had it already" if receipt.duplicate else "",
        code=receipt.code,
        remote_id=receipt.remote_id,
        url=receipt.url,
        outcome="accepted",
        reply=receipt.reply[:REPLY_LENGTH],
    )


def of_error(delivery: int, error: ChannelError, following: policy.Next) -> Settled:
    """It raised one of the four errors, and policy says what follows."""
    return Settled(
        delivery=delivery,
        state=following.state,
        reason=following.reason,
        code=following.code,
        not_before=following.not_before,
        outcome=type(error).__name__,
        reply=error.raw[:REPLY_LENGTH],
    )


def follow(error: ChannelError, *, attempts: int, now: datetime, stop_at: datetime, jitter: float) -> policy.Next:
    """What policy says of an attempt that failed."""
    return policy.after_error(error, attempts=attempts, now=now, stop_at=stop_at, jitter=jitter)
