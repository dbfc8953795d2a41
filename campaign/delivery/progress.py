"""How each mailing that is open goes on: tiles that add up, the rate, what is deferred or failed and why, time left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.delivery.parts import Parts
from campaign.model import Broadcast, BroadcastKind, BroadcastState, ChannelRef, DeliveryState
from campaign.store.progress import Trouble

#: A mailing of which nothing left for so long stands still.
A_WHILE = timedelta(minutes=2)

#: What a tile is called, in the order in which they are shown.
TILES = (
    "sent",
    "on the way",
    "waiting",
    "deferred",
    "failed",
    "left out",
    "in doubt",
    "missed",
    "dropped",
)
_TILE_OF = {
    DeliveryState.SENT: "sent",
    DeliveryState.TAKEN: "on the way",
    DeliveryState.SENDING: "on the way",
    DeliveryState.PENDING: "waiting",
    DeliveryState.FAILED: "failed",
    DeliveryState.SKIPPED: "left out",
    DeliveryState.UNCERTAIN: "in doubt",
    DeliveryState.MISSED: "missed",
    DeliveryState.DROPPED: "dropped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """One mailing that is open. `tiles` add up to `total`; `rate` is emails a second over the last minute.

    `seconds_left` at that rate, None while none leaves; `too_late`: how many would then be missed. `still_since` is set
    (aware UTC) where nothing left for a while, and `because` says why.
    """

    key: str
    channel: str
    total: int
    tiles: Mapping[str, int]
    deferred: Sequence[Trouble]
    failed: Sequence[Trouble]
    rate: float
    last_at: datetime | None
    seconds_left: float | None
    too_late: int = 0
    still_since: datetime | None = None
    because: str = ""

    @property
    def left(self) -> int:
        """How many people's emails are still to be settled."""
        return sum(self.tiles[name] for name in ("on the way", "waiting", "deferred"))


def going(parts: Parts, now: datetime) -> list[Going]:
    """Every mailing that is open now."""
    rows = [
        row
        for row in parts.store.ledger.in_state(BroadcastState.OPENING, BroadcastState.OPEN)
        if row.kind is BroadcastKind.MAILING
    ]
    tallies = parts.store.deliveries.tally(*(row.id for row in rows))
    return [_going(parts, row, tallies[row.id], now) for row in rows]


def _going(parts: Parts, row: Broadcast, tally: Mapping[DeliveryState, int], now: datetime) -> Going:
    store = parts.store.progress
    deferred = store.deferred(row.id)
    tiles = tiles_of(tally, sum(one.people for one in deferred))
    lately = store.lately(row.id, now=now)
    left = tiles["on the way"] + tiles["waiting"] + tiles["deferred"]
    seconds = left / lately.rate if lately.rate else None
    room = max((row.stop_at - now).total_seconds(), 0.0)
    since = max(moment for moment in (lately.last_at, row.opened_at, row.planned_at) if moment is not None)
    still = left > 0 and now - since >= A_WHILE
    return Going(
        key=str(row.key),
        channel=row.key.channel,
        total=sum(tally.values()),
        tiles=tiles,
        deferred=deferred,
        failed=store.failed(row.id) if tiles["failed"] else [],
        rate=lately.rate,
        last_at=lately.last_at,
        seconds_left=0.0 if not left else seconds,
        too_late=max(0, left - int(room * lately.rate)) if lately.rate else 0,
        still_since=since if still else None,
        because=_because(parts, row, tiles, now) if still else "",
    )


def tiles_of(tally: Mapping[DeliveryState, int], deferred: int) -> dict[str, int]:
    """The tiles of a tally, of which so many pending rows are deferred; they add up to its total at every moment."""
    tiles = dict.fromkeys(TILES, 0)
    for state, count in tally.items():
        tiles[_TILE_OF[state]] += count
    moved = min(deferred, tiles["waiting"])  # counted a moment apart
    tiles["waiting"] -= moved
    tiles["deferred"] = moved
    return tiles


def _because(parts: Parts, row: Broadcast, tiles: Mapping[str, int], now: datetime) -> str:
    """Why nothing leaves, as far as is known: the nearest cause first."""
    key = row.key
    for hold in parts.store.holds.current(now):
        if hold.covers(campaign=key.campaign, channel=key.channel, broadcast=str(key)) and hold.stops(row.essential):
            return f"{hold.author} paused it" + (f": {hold.reason}" if hold.reason else "")
    if not any(not parts.store.workers.is_dead(worker.id) for worker in parts.store.workers.unended()):
        return "no service is running: start it with `campaign run`"
    problem = _problem(parts, row)
    if problem:
        return problem
    if row.reason:
        return row.reason.partition(": ")[2] or row.reason
    if tiles["deferred"] and not tiles["waiting"] and not tiles["on the way"]:
        return "everyone left was asked to be tried again later"
    return "the relay has not answered yet"


def _problem(parts: Parts, row: Broadcast) -> str:
    state = parts.store.channels.all().get(row.key.channel)
    if state is not None and state.down:
        return f"the channel {row.key.channel} is down: {state.down}"
    kind = state.kind if state is not None else ""
    return parts.ways.problem(ChannelRef(id=row.key.channel, kind=kind)) if kind else ""


def by_code(troubles: Iterable[Trouble], most: int = 10) -> list[Trouble]:
    """The first `most`, and the rest as one without a domain's name."""
    found = list(troubles)
    rest = sum(one.people for one in found[most:])
    return [*found[:most], *([Trouble(code="others", domain="others", people=rest)] if rest else [])]
