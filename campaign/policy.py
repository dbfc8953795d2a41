"""What an outcome means: the next state of a delivery, and when. Pure; jitter comes in as a number.

Retries: 5, 15, 30, then every 60 minutes, never past the broadcast's `stop_at` (RFC 5321 section 4.5.4.1 asks for
longer gaps of hosts that deliver for days; ours is a relay and dated content).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.errors import ChannelDown, ChannelError, Refused, TryLater
from campaign.model import DeliveryState, InDoubt

RETRY_GAPS = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))
LAST_GAP = timedelta(minutes=60)
#: At most this share of a gap is added at random, so that a crowd does not come back at once.
JITTER = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The next state of a delivery. `channel_down` pauses the channel; `stop_run` stops this mailing's run."""

    state: DeliveryState
    reason: str = ""
    code: str = ""
    not_before: datetime | None = None
    channel_down: bool = False
    slow_all: bool = False
    suppress: str = ""


def after_error(error: ChannelError, *, attempts: int, now: datetime, stop_at: datetime, jitter: float) -> Next:
    """What follows an attempt that raised `error`.

    `attempts` counts this one; `jitter` is in 0 to 1. A retry that could not begin before `stop_at` is `missed`.
    """
    reason, code = str(error), error.code
    if isinstance(error, TryLater):
        return _retry(error, attempts=attempts, now=now, stop_at=stop_at, jitter=jitter)
    if isinstance(error, Refused):
        return Next(state=DeliveryState.FAILED, reason=reason, code=code, suppress=error.suppress)
    if isinstance(error, ChannelDown):
        return Next(state=DeliveryState.PENDING, reason=reason, code=code, channel_down=True)
    return Next(state=DeliveryState.UNCERTAIN, reason=reason, code=code)


def _retry(error: TryLater, *, attempts: int, now: datetime, stop_at: datetime, jitter: float) -> Next:
    gap = max(retry_gap(attempts), timedelta(seconds=error.after))
    moment = now + gap * (1 + JITTER * jitter)
    if moment > stop_at:
        return Next(state=DeliveryState.MISSED, reason=f"no time left today: {error}", code=error.code)
    return Next(
        state=DeliveryState.PENDING, reason=str(error), code=error.code, not_before=moment, slow_all=error.slow_all
    )


def retry_gap(attempts: int) -> timedelta:
    """How long to wait after the attempt number `attempts` (from 1)."""
    return RETRY_GAPS[attempts - 1] if attempts <= len(RETRY_GAPS) else LAST_GAP


def in_doubt(rule: InDoubt, *, mail: bool, resent: bool) -> DeliveryState:
    """What becomes of a delivery whose worker died while it was `sending` and that nobody can ask after.

    A post waits for a person. An email with `in_doubt: resend` goes once more, with the same Message-ID.
    """
    if mail and rule is InDoubt.RESEND and not resent:
        return DeliveryState.PENDING
    return DeliveryState.UNCERTAIN
