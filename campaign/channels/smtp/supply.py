"""A lane's messages, signed and dotted: each made when it is asked for, or one ahead while the relay has work."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from campaign.channels.bulk import LaneResult
from campaign.channels.smtp import outcomes
from campaign.channels.smtp.item import Item
from campaign.channels.smtp.wire import dotted
from campaign.errors import ChannelError
from campaign.model import Email

#: A message that can be given to the relay, or why it cannot.
Made = Item | LaneResult


class Supply:
    """What `messages` (key, email) give, signed by `sign`."""

    def __init__(self, messages: Iterator[tuple[str, Email]], sign: Callable[[Email], bytes]) -> None:
        self._messages = messages
        self._sign = sign
        self._ahead: Made | Exception | None = None

    def __iter__(self) -> Iterator[Made]:
        return self

    def __next__(self) -> Made:
        if self._ahead is None:
            return self._make()
        made, self._ahead = self._ahead, None
        if isinstance(made, Exception):
            raise made
        return made

    def prepare(self) -> None:
        """Make the next one now. What comes instead of it, the end or an error, comes when it is asked for."""
        if self._ahead is None:
            try:
                self._ahead = self._make()
            except Exception as error:  # noqa: BLE001 - raised by `__next__`
                self._ahead = error

    def left(self) -> list[LaneResult]:
        """The outcome of the one that was made ahead and not asked for: it goes back."""
        made, self._ahead = self._ahead, None
        if isinstance(made, Item):
            return [(made.key, outcomes.withdrawn())]
        return [made] if isinstance(made, tuple) else []

    def _make(self) -> Made:
        key, email = next(self._messages)
        try:
            return Item(key, email, dotted(self._sign(email), plain=email.plain_lines))
        except ChannelError as error:
            return key, error
