"""What the delivery room works with, handed to it by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from campaign.channels.base import Channel
from campaign.clock import Clock
from campaign.delivery.mail.nursery import Nursery
from campaign.model import BroadcastKey, ChannelRef, Programme, Recipient, Sender
from campaign.render import Pages, Urls
from campaign.store import Store
from campaign.tokens import Key


class Ways(Protocol):
    """The configured ways out, as they stand now (live, or the outbox in their stead)."""

    def problem(self, ref: ChannelRef) -> str:
        """Why nothing can go over this channel ("" where it can): not set up, half configured, or down."""
        ...

    def channel(self, ref: ChannelRef) -> Channel[Any]:
        """The channel itself; raises SettingsError where `problem` is not empty."""
        ...

    def is_live(self, name: str) -> bool:
        """Whether what is sent over it leaves the installation."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a worker or a scheduler needs.

    `approving` tells whether messages need a person's approval now. `urls` gives a recipient's own links.
    `guests` limits whom mail reaches over live channels (casefolded addresses; empty: nobody is left out). `nursery`
    makes the processes that send large mailings; None where threads send all.
    """

    store: Store
    clock: Clock
    key: Key
    ways: Ways
    senders: Callable[[], Mapping[str, Sender]]
    pages: Callable[[Programme], Pages]
    urls: Callable[[Recipient], Urls]
    approving: Callable[[], bool]
    guests: frozenset[str] = frozenset()
    random: Random = field(default_factory=Random)
    nursery: Nursery | None = None

    def wire_key(self, key: BroadcastKey, subscriber: int) -> str:
        """The delivery's token on the wire: 32 hex digits, the same for every attempt."""
        return self.key.token("delivery-v1", str(key), str(subscriber))
