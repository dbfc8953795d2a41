"""What the service does beside the programme: letters, the feedback mailbox, forgetting what is kept no longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A job to do every `seconds`. One that fails is a trouble, and the next time tries again."""

    name: str
    seconds: float
    job: Callable[[datetime], object]
