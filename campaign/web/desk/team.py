"""Channels: which there are, and how each of them does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from campaign.errors import RefusedError
from campaign.model import HoldScope, Strength
from campaign.web.desk import times
from campaign.web.desk.door import Ask


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A channel as it is drawn."""

    name: str
    kind: str
    live: bool
    down: str
    promise: str
    paused: str
    last: str


def channels(ask: Ask) -> Response:
    """Every channel: whether it is live, down or paused, and what it promises."""
    states, words = ask.work.store.channels.all(), ask.door.templates.words()
    paused = {
        hold.target: hold.author for hold in ask.work.store.holds.current(ask.now) if hold.scope is HoldScope.CHANNEL
    }
    lasts = ask.work.store.ledger.last_opened()
    cards = [
        ChannelCard(
            name,
            kind,
            bool(name in states and states[name].live),
            states[name].down if name in states else "",
            ask.door.desk.promise(kind),
            paused.get(name, ""),
            _last(ask, lasts.get(name), words),
        )
        for name, kind in sorted(ask.door.desk.kinds().items())
    ]
    return ask.page("desk/channels.html", here="channels", cards=sorted(cards, key=lambda card: not card.down))


def _last(ask: Ask, at: datetime | None, words) -> str:  # type: ignore[no-untyped-def]
    return times.moment(at, ask.door.zone(), ask.now, words.shared) if at else ""


def _kind(ask: Ask) -> str:
    kinds = ask.door.desk.kinds()
    if ask.path("channel") not in kinds:
        raise RefusedError("There is no such channel.")
    return kinds[ask.path("channel")]


def pause_channel(ask: Ask) -> Response:
    """Pause one channel."""
    _kind(ask)
    ask.work.store.holds.place(
        scope=HoldScope.CHANNEL,
        target=ask.path("channel"),
        strength=Strength.ALL,
        reason=ask.text("reason")[:300],
        author=ask.who,
        now=ask.now,
    )
    return ask.back("/desk/channels", "channels.paused", channel=ask.path("channel"))


def channel_up(ask: Ask) -> Response:
    """Say that a channel works again: what waits for it goes on."""
    name = ask.path("channel")
    ask.work.store.channels.set_down(name, _kind(ask), "", now=ask.now, author=ask.who)
    return ask.back("/desk/channels", "channels.up", channel=name)
