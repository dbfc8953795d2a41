"""A lane over any mail channel: its own, or one made of single attempts."""

from __future__ import annotations

from collections.abc import Iterator

from campaign.channels.bulk import Begun, Lane, LaneResult, OneAtATime, OpensLane, Outlet
from campaign.delivery import outcomes
from campaign.errors import TryLater
from campaign.model import Email

WITHDRAWN = "withdrawn"


class OneByOne:
    """A lane over a channel that has none of its own."""

    def __init__(self, channel: OneAtATime) -> None:
        self._channel = channel

    def send(self, messages: Iterator[tuple[str, Email]], begun: Begun) -> Iterator[LaneResult]:
        """One attempt after the other."""
        for key, email in messages:
            if not begun(key):
                yield key, TryLater("Held back before it began", code=WITHDRAWN)
                continue
            try:
                receipt = self._channel.send(email, key=key, notes={})
            except Exception as error:  # noqa: BLE001 - whatever escapes means that it may have been sent
                yield key, outcomes.as_error(error)
            else:
                yield key, receipt

    def close(self) -> None:
        """The channel keeps its connections."""


def open_lane(channel: Outlet | OneAtATime) -> Lane:
    """The channel's own lane, or one made of single attempts."""
    return channel.open_lane() if isinstance(channel, OpensLane) else OneByOne(channel)
