"""How the ledger's states are shown: a sign, a word and a colour each, and the count that names the trouble."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaign.delivery.views import Item
from campaign.model import BroadcastKind, BroadcastState, DeliveryState
from campaign.web.words import PageWords

#: The names of states on the pages, worst first; their signs and colours are those of `parts.html`.
WORST = (
    "uncertain",
    "missed",
    "failed",
    "waiting",
    "held",
    "changes",
    "approval",
    "sending",
    "pending",
    "sent",
    "skipped",
)

_PLAIN: Mapping[BroadcastState, str] = {
    BroadcastState.PLANNED: "pending",
    BroadcastState.WAITING: "waiting",
    BroadcastState.OPENING: "sending",
    BroadcastState.OPEN: "sending",
    BroadcastState.HELD: "held",
    BroadcastState.MISSED: "missed",
    BroadcastState.DROPPED: "skipped",
    BroadcastState.CANCELLED: "skipped",
}
#: States that a count has to name.
LOUD = frozenset({"failed", "missed", "uncertain", "held", "waiting"})
_TROUBLE = (DeliveryState.UNCERTAIN, DeliveryState.MISSED, DeliveryState.FAILED)
#: The tiles of a mailing, in the order of reading; together they are everybody.
TILES = (
    DeliveryState.SENT,
    DeliveryState.SENDING,
    DeliveryState.PENDING,
    DeliveryState.FAILED,
    DeliveryState.UNCERTAIN,
    DeliveryState.MISSED,
    DeliveryState.SKIPPED,
    DeliveryState.DROPPED,
)


def state_of(item: Item) -> str:
    """The name of its state on the pages."""
    if not item.approved and item.state in {BroadcastState.PLANNED, BroadcastState.WAITING}:
        return "changes" if item.sent_back else "approval"
    if item.state is not BroadcastState.DONE and item.state is not BroadcastState.OPEN:
        return _PLAIN[item.state]
    for trouble in _TROUBLE:
        if item.tally.get(trouble):
            return trouble.value
    if item.state is BroadcastState.OPEN:
        return "sending"
    left_out = {DeliveryState.SKIPPED, DeliveryState.DROPPED}
    return "skipped" if item.tally and set(item.tally) <= left_out else "sent"


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a day: what goes at one time over one or several channels."""

    items: tuple[Item, ...]

    @property
    def first(self) -> Item:
        """The item whose words stand for all."""
        return self.items[0]

    @property
    def at(self) -> datetime:
        """Its time (aware UTC)."""
        return self.first.at

    @property
    def is_mailing(self) -> bool:
        """Whether it is an email."""
        return self.first.kind is BroadcastKind.MAILING

    @property
    def state(self) -> str:
        """The worst of its channels' states."""
        return min((state_of(item) for item in self.items), key=WORST.index)

    @property
    def path(self) -> str:
        """Where its own page is."""
        campaign, message, day, _ = self.first.key.split("/")
        return f"/desk/message/{campaign}/{message}/{day}"

    def count(self, words: PageWords, names: Mapping[str, str] | None = None) -> str:
        """The count that names the trouble: `7 of 8 sent, LinkedIn failed`; `1,204 of 4,811 emails`.

        `names` are the channels' own; those that have none are called as the programme calls them.
        """
        named = {item.channel: (names or {}).get(item.channel, item.channel) for item in self.items}
        if self.is_mailing:
            return _mailed(self.first, words)
        sent = sum(state_of(item) == "sent" for item in self.items)
        started = any(item.broadcast and item.state is not BroadcastState.PLANNED for item in self.items)
        parts = [words("week.sent_of", sent=sent, total=len(self.items))] if started else []
        parts += [
            words(
                "week.trouble",
                channel=named[item.channel],
                state=words(f"state.{state_of(item)}").lower(),
            )
            for item in self.items
            if state_of(item) in LOUD
        ]
        return words("week.comma").join(parts) if parts else words.join(list(named.values()))


def _mailed(item: Item, words: PageWords) -> str:
    if not item.total:
        return item.channel
    wanted = item.total - item.tally.get(DeliveryState.SKIPPED, 0)
    parts = [
        words("week.emails_of", sent=words.number(item.tally.get(DeliveryState.SENT, 0)), total=words.number(wanted))
    ]
    parts += [
        f"{words.number(item.tally[trouble])} {words(f'state.{trouble.value}').lower()}"
        for trouble in _TROUBLE
        if item.tally.get(trouble)
    ]
    return words("week.comma").join(parts)


def entries(items: Iterable[Item]) -> list[Entry]:
    """Items as messages: those of one message, day and time together, in time order."""
    found: dict[tuple[str, str, datetime], list[Item]] = {}
    for item in items:
        found.setdefault((item.message, item.day, item.at), []).append(item)
    return sorted((Entry(tuple(each)) for each in found.values()), key=lambda entry: entry.at)


def tiles(tally: Mapping[DeliveryState, int], words: PageWords) -> list[tuple[int, str, str]]:
    """The numbers of a mailing, without those that are nought, and everybody at the end: they add up."""
    seen = dict(tally)
    seen[DeliveryState.SENDING] = seen.get(DeliveryState.SENDING, 0) + seen.pop(DeliveryState.TAKEN, 0)
    found = [(seen[state], words(f"tile.{state.value}"), "") for state in TILES if seen.get(state)]
    return [*found, (sum(tally.values()), words("tile.all"), "")]


def channels_of(found: Sequence[Item]) -> list[str]:
    """The channels of items, by name."""
    return sorted({item.channel for item in found})
