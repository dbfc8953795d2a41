"""A message on its way through a lane, and what a connection that breaks means for it."""

from __future__ import annotations

from campaign.channels.smtp import outcomes
from campaign.channels.smtp.replies import redacted
from campaign.channels.smtp.wire import END_OF_TEXT, WriteCut
from campaign.errors import ChannelError
from campaign.model import Email


class Item:
    """A message. `text`: see `wire.dotted`. `unfit`: names of relays that cannot carry it."""

    __slots__ = ("email", "key", "text", "tries", "unfit")

    def __init__(self, key: str, email: Email, text: bytes) -> None:
        self.key = key
        self.email = email
        self.text = text
        self.tries = 0
        self.unfit: frozenset[str] = frozenset()


class Again(Exception):
    """The message at hand never began and deserves a new connection. `error`: what to say when there is none left."""

    def __init__(self, error: ChannelError) -> None:
        super().__init__(str(error))
        self.error = error


class OutOfStep(Again):
    """Replies and commands no longer match: what was said about the message before it cannot be believed either."""


def lost(item: Item, error: Exception) -> ChannelError:
    """What a broken connection means for a message whose text was being written, or had been."""
    detail = redacted(str(error))
    if isinstance(error, WriteCut) and error.handed < len(item.text) + len(END_OF_TEXT):
        return outcomes.cut_before(detail)
    return outcomes.cut_after(detail)
