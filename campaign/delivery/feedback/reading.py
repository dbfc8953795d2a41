"""Reading a source to its end: each message into feedback, each feedback into what follows from it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from campaign.channels.base import FeedbackKind
from campaign.delivery.feedback.messages import read_message
from campaign.delivery.feedback.policy import Policy
from campaign.delivery.feedback.sources import Item
from campaign.errors import CampaignError

log = logging.getLogger(__name__)


def read_all(items: Iterable[Item], policy: Policy, *, source: str, now: datetime) -> Counter[str]:
    """Read every message; how many of each outcome. A message is let go of only when what it says is kept.

    One that nobody can make anything of is left for a person, as what is not understood is: it holds up no other.
    """
    counted: Counter[str] = Counter()
    for item in items:
        try:
            found = read_message(item.raw, received=now)
            outcomes = policy.apply(found, source=source, trusted=False, now=now)
        except CampaignError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, those behind it are to be read
            log.warning("a message of the feedback mailbox cannot be read: %s", type(error).__name__)
            counted["unreadable"] += 1
            item.done(False)
            continue
        counted.update(str(each) for each in outcomes)
        item.done(any(each.kind is not FeedbackKind.UNKNOWN for each in found))
    return counted
