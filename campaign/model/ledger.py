"""The words of the ledger: states, holds, people, and the rows other rooms read. All times are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaign.model.programme import InDoubt, Strength

ONCE = "once"


class BroadcastKind(StrEnum):
    """Which of the two kinds of planned message a broadcast comes from."""

    POST = "post"
    MAILING = "mailing"


class BroadcastState(StrEnum):
    """planned -> waiting -> opening -> open -> done | held | missed | dropped | cancelled."""

    PLANNED = "planned"
    WAITING = "waiting"
    OPENING = "opening"
    OPEN = "open"
    DONE = "done"
    HELD = "held"
    MISSED = "missed"
    DROPPED = "dropped"
    CANCELLED = "cancelled"


#: States in which a broadcast's content is frozen and deliveries may exist.
STARTED = frozenset({BroadcastState.OPENING, BroadcastState.OPEN, BroadcastState.DONE})


class DeliveryState(StrEnum):
    """pending -> taken -> sending -> sent | failed | skipped | missed | dropped | uncertain."""

    PENDING = "pending"
    TAKEN = "taken"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"
    DROPPED = "dropped"
    UNCERTAIN = "uncertain"


#: States that nothing but a person's act leaves.
FINAL = frozenset(
    {
        DeliveryState.SENT,
        DeliveryState.FAILED,
        DeliveryState.SKIPPED,
        DeliveryState.MISSED,
        DeliveryState.DROPPED,
        DeliveryState.UNCERTAIN,
    }
)


class HoldScope(StrEnum):
    """What a hold stops."""

    ALL = "all"
    CAMPAIGN = "campaign"
    CHANNEL = "channel"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A pause, from `since` until it was lifted (`until` None: still on). `target` is a slug, "" for everything."""

    id: int
    scope: HoldScope
    target: str
    strength: Strength
    reason: str
    author: str
    since: datetime
    until: datetime | None = None
    pages: bool = False

    def covers(self, *, campaign: str, channel: str, broadcast: str = "") -> bool:
        """Whether it concerns that campaign and channel (or that broadcast's key)."""
        wanted = {HoldScope.CAMPAIGN: campaign, HoldScope.CHANNEL: channel, HoldScope.BROADCAST: broadcast}
        return self.scope is HoldScope.ALL or wanted.get(self.scope) == self.target

    def stops(self, essential: bool) -> bool:
        """Whether it stops a message that is `essential` or not."""
        return not (essential and self.strength is Strength.PROACTIVE)

    def on_at(self, moment: datetime) -> bool:
        """Whether it was on at `moment`."""
        return self.since <= moment and (self.until is None or moment < self.until)

    def stands(self, now: datetime) -> bool:
        """Whether it is on now.

        One that a person placed is on until a person lifts it, wherever the clock was set to meanwhile; one that the
        programme announces (id 0) is on by its times.
        """
        return self.until is None if self.id else self.on_at(now)

    def locks(self, campaign: str, opens: datetime, now: datetime) -> bool:
        """Whether it keeps a page of that campaign locked: it holds pages, is on, and was when the page was to open."""
        return self.pages and self.covers(campaign=campaign, channel="") and self.stands(now) and self.since <= opens


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastKey:
    """campaign / message / day id or `once` / channel: never a date, a time or a text."""

    campaign: str
    message: str
    day: str
    channel: str

    def __str__(self) -> str:
        return f"{self.campaign}/{self.message}/{self.day}/{self.channel}"

    @classmethod
    def parse(cls, text: str) -> BroadcastKey:
        """The key written as `campaign/message/day/channel`; ValueError where it is not four slugs."""
        campaign, message, day, channel = text.split("/")
        return cls(campaign=campaign, message=message, day=day, channel=channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A row of the ledger: one planned message over one channel."""

    id: int
    key: BroadcastKey
    kind: BroadcastKind
    state: BroadcastState
    reason: str
    planned_at: datetime
    late_until: datetime
    stop_at: datetime
    essential: bool
    in_doubt: InDoubt
    revision: int
    moved: bool = False
    opened_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the ledger: one message to one recipient over one channel. `subscriber` is 0 for a post."""

    id: int
    broadcast: int
    subscriber: int
    state: DeliveryState
    attempts: int
    reason: str = ""
    code: str = ""
    not_before: datetime | None = None
    began_at: datetime | None = None
    settled_at: datetime | None = None
    remote_id: str = ""
    url: str = ""
    worker: int = 0
    lists: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who a mailing comes from. `domain` is that of Message-ID and List-Id; `return_path` the bounce mailbox."""

    id: str
    from_name: str
    from_address: str
    reply_to: str = ""
    return_path: str = ""
    unsubscribe_mailbox: str = ""
    domain: str = ""
    organisation: str = ""
    postal_address: str = ""
    privacy_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """A mailing list, as far as a message shows it."""

    id: int
    slug: str
    title: str
    sender: str
    basis: str = ""
    organisation: str = ""
    public: bool = False
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person as a mailing sees them: what `render` may know of a subscriber.

    `unsubscribe_token` is the secret of their own links: who they are, and the lists that this mailing is left from.
    """

    subscriber: int
    address: str
    first_name: str = ""
    organisation: str = ""
    language: str = "en-GB"
    areas: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    lists: tuple[MailingList, ...] = ()
    unsubscribe_token: str = ""
