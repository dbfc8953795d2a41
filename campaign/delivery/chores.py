"""What the service does beside the programme: letters, the feedback mailbox, forgetting what is kept no longer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from campaign.errors import CampaignError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A job to do every `seconds`. A failure is logged, and the next time tries again."""

    name: str
    seconds: float
    job: Callable[[datetime], object]

    def do(self, now: datetime) -> bool:
        """Do it once; False where it failed."""
        try:
            self.job(now)
        except CampaignError as error:
            log.error("%s failed: %s", self.name, error)
            return False
        return True
