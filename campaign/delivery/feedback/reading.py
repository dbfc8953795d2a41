"""Reading a source to its end: each message into feedback, each feedback into what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from campaign.channels.base import FeedbackKind
from campaign.delivery.feedback.messages import read_message
from campaign.delivery.feedback.policy import Policy
from campaign.delivery.feedback.sources import Item


def read_all(items: Iterable[Item], policy: Policy, *, source: str, now: datetime) -> Counter[str]:
    """Read every message; how many of each outcome. A message is let go of only when what it says is kept."""
    counted: Counter[str] = Counter()
    for item in items:
        found = read_message(item.raw, received=now)
        counted.update(str(each) for each in policy.apply(found, source=source, trusted=False, now=now))
        item.done(any(each.kind is not FeedbackKind.UNKNOWN for each in found))
    return counted
