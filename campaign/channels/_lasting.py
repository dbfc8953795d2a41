"""What of a channel runs out by itself, and when: a sign-in, the version of its network's API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

#: What `Ends` calls the sign-in of a channel.
SIGN_IN = "the sign-in"


@runtime_checkable
class Ends(Protocol):
    """A channel of which something runs out."""

    def ends(self) -> Mapping[str, datetime]:
        """What runs out unless a person does something, and when (aware UTC), as far as known. Needs no network."""
        ...


__all__ = ["SIGN_IN", "Ends"]
