"""How far a mailing is: numbers that add up to everybody, its rate, what is left, and why some did not go."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.delivery import views
from campaign.model import BroadcastState, DeliveryState
from campaign.web.desk import show
from campaign.web.desk.door import Ask
from campaign.web.desk.found import Message
from campaign.web.words import PageWords

#: States of emails that did not go.
LOST = (
    DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.MISSED, DeliveryState.SKIPPED, DeliveryState.DROPPED,
)  # fmt: skip
WAITS = (DeliveryState.PENDING, DeliveryState.TAKEN, DeliveryState.SENDING)
OVER = frozenset({BroadcastState.DONE, BroadcastState.DROPPED, BroadcastState.CANCELLED})
#: Of so many that are put off it is told why: more would take longer than a glance.
MANY = 20_000


@dataclass(frozen=True, slots=True)
class Progress:
    """The block as it is drawn. `lost`: state, reason and number of those that did not go; `put_off` tries again.

    `more`: there are more put off than `put_off` tells of.
    """

    sent: int
    wanted: int
    said: str
    rate: str
    tiles: list[tuple[int, str, str]]
    lost: list[tuple[str, str, int]]
    put_off: list[tuple[str, int]]
    more: bool
    still: str
    over: bool


def of(ask: Ask, found: Message) -> Progress:
    """How far the mailing is now."""
    words, item, store = ask.door.templates.words(), found.entry.first, ask.work.store
    row = found.rows.get(item.key)
    sent = item.tally.get(DeliveryState.SENT, 0)
    wanted = item.total - item.tally.get(DeliveryState.SKIPPED, 0)
    waiting = sum(item.tally.get(state, 0) for state in WAITS)
    over = item.state in OVER
    rate = 0.0 if over else store.progress.lately(item.broadcast, now=ask.now).rate
    states = [state for state in LOST if item.tally.get(state)]
    lost = [(each.value, why, number) for each, why, number in store.outcomes.reasons(item.broadcast, *states)]
    put_off, more = ([], False) if over else store.outcomes.put_off(item.broadcast, among=MANY)
    return Progress(
        sent=sent,
        wanted=wanted,
        said=_said(sent, wanted, waiting, rate, over, words),
        rate=words("progress.rate", number=words.number(round(rate * 60))) if rate * 60 >= 1 else "",
        tiles=show.tiles(item.tally, words),
        lost=lost if states else [],
        put_off=put_off,
        more=more,
        still=row.reason if row and not over else "",
        over=over,
    )


def _said(sent: int, wanted: int, waiting: int, rate: float, over: bool, words: PageWords) -> str:
    """The sentence above the bar; it never says that it is finished while somebody is left."""
    lead = words("mailing.sent_of", sent=words.number(sent), total=words.number(wanted))
    if not waiting and sent == wanted:
        return f"{lead} {words('progress.finished')}"
    if not waiting:
        return f"{lead} {words.count('progress.ended', wanted - sent)}"
    if over:
        return f"{lead} {words.count('progress.stopped', waiting)}"
    if rate <= 0:
        return f"{lead} {words.count('progress.waiting', waiting)}"
    minutes = waiting / rate / 60
    left = words("progress.soon") if minutes < 1 else words.count("progress.left", round(minutes))
    return f"{lead} {left}"


def quarter(item: views.Item) -> int:
    """The last quarter that a mailing has passed, in per cent: what is announced of it."""
    wanted = item.total - item.tally.get(DeliveryState.SKIPPED, 0)
    return 25 * (4 * item.tally.get(DeliveryState.SENT, 0) // wanted) if wanted else 0
