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


@runtime_checkable
class StaysSignedIn(Protocol):
    """A channel whose sign-in can run out while nothing is posted."""

    def stay_signed_in(self) -> None:
        """Renew the sign-in where it would run out; asked every hour while the channel is live.

        Raises ChannelDown where a person must sign in anew, TryLater where it may work the next time.
        """
        ...


__all__ = ["SIGN_IN", "Ends", "StaysSignedIn"]
