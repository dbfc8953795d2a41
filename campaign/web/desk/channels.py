"""Channels: how each of them does, whose account it is, signing it in, trying it, and switching it live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from campaign.delivery.switching import Headroom, Known, Switchboard
from campaign.errors import CampaignError, RefusedError
from campaign.model import HoldScope, Strength
from campaign.web.desk import times
from campaign.web.desk.door import Ask
from campaign.web.words import PageWords

#: A sign-in that ends within this time is shown as ending soon.
SOON = timedelta(days=14)
CALLBACK = "/desk/channels/callback"


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A channel as it is drawn. `until`, `last` and the like are words; "" where there is nothing to say."""

    name: str
    kind: str
    live: bool
    down: str
    promise: str
    paused: str
    last: str
    until: str
    soon: bool
    waiting: int
    headroom: str
    account: str

    @property
    def path(self) -> str:
        """Where its own page is."""
        return f"/desk/channels/{self.name}"


def channels(ask: Ask) -> Response:
    """Every channel: whether it is live, down or paused, and what it promises. Worst first."""
    cards = _cards(ask, ask.door.desk.kinds())
    return ask.page("desk/channels.html", here="channels", cards=sorted(cards, key=lambda card: not card.down))


def _cards(ask: Ask, kinds: Mapping[str, str]) -> list[ChannelCard]:
    words, zone, states = ask.door.templates.words(), ask.door.zone(), ask.work.store.channels.all()
    paused = {
        hold.target: hold.author for hold in ask.work.store.holds.current(ask.now) if hold.scope is HoldScope.CHANNEL
    }
    lasts, board = ask.work.store.ledger.last_opened(), ask.door.desk.board
    waiting: dict[str, int] = {}
    for week in ask.ahead():
        for item in week.items:
            waiting[item.channel] = waiting.get(item.channel, 0) + (item.at > ask.now)

    def when(at: datetime | None) -> str:
        return times.moment(at, zone, ask.now, words.shared) if at else ""

    found = []
    for name, kind in sorted(kinds.items()):
        until = ask.door.desk.until(name)
        known = board.known(name) if board else None
        found.append(
            ChannelCard(
                name=name,
                kind=kind,
                live=bool(name in states and states[name].live),
                down=states[name].down if name in states else "",
                promise=ask.door.desk.promise(name, kind),
                paused=paused.get(name, ""),
                last=when(lasts.get(name)),
                until=when(until),
                soon=until is not None and until - ask.now < SOON,
                waiting=waiting.get(name, 0),
                headroom=_headroom(board.headroom(name) if board else Headroom(), words, when),
                account=_account(known, words),
            )
        )
    return found


def _headroom(room: Headroom, words: PageWords, when) -> str:  # type: ignore[no-untyped-def]
    if room.closed_until is not None:
        return words("channels.closed", until=when(room.closed_until))
    return words("channels.rate", rate=f"{room.rate:g}") if room.rate else words("channels.no_limit")


def _account(known: Known | None, words: PageWords) -> str:
    if known is None:
        return words("channels.never_asked")
    return known.account or words("channels.not_answered", error=known.error)


def channel(ask: Ask) -> Response:
    """One channel."""
    return _channel(ask, {})


def _channel(ask: Ask, errors: dict[str, str]) -> Response:
    name, kind = ask.path("channel"), _kind(ask)
    (card,) = _cards(ask, {name: kind})
    board, words = ask.door.desk.board, ask.door.templates.words()
    known = board.known(name) if board else None
    secrets, trouble = [], "" if board else words("channels.elsewhere")
    if board:
        trouble = board.settable(name)
        try:
            secrets = board.secrets(name) if not trouble else []
        except CampaignError as error:
            trouble = str(error)
    return ask.page(
        "desk/channel.html",
        status=422 if errors else 200,
        here="channels",
        card=card,
        known=known,
        asked=times.moment(known.at, ask.door.zone(), ask.now, words.shared) if known else "",
        secrets=secrets,
        trouble=trouble,
        errors=errors,
        callback=ask.door.templates.absolute(CALLBACK),
    )


def _kind(ask: Ask) -> str:
    kinds = ask.door.desk.kinds()
    if ask.path("channel") not in kinds:
        raise RefusedError("There is no such channel.")
    return kinds[ask.path("channel")]


def _board(ask: Ask) -> tuple[Switchboard, str]:
    """What looks after the channels, and the one that is asked for."""
    _kind(ask)
    board = ask.door.desk.board
    if board is None:
        raise RefusedError(ask.door.templates.words()("channels.elsewhere"))
    return board, ask.path("channel")


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


def verify(ask: Ask) -> Response:
    """Ask the network whose account it is, sending nothing."""
    board, name = _board(ask)
    found = board.verify(name, now=ask.now)
    if found.error:
        return _channel(ask, {"verify": found.error})
    return ask.back(f"/desk/channels/{name}", "channels.verified", account=found.account)


# --- signing in


def connect(ask: Ask) -> Response:
    """Keep the secrets that were typed in, and sign in with the network where it works that way."""
    board, name = _board(ask)
    values = {each.name: ask.text(f"secret-{each.name}") for each in board.secrets(name)}
    missing = {
        f"secret-{each.name}": ask.door.templates.words()("channels.needed")
        for each in board.secrets(name)
        if each.required and not each.given and not values[each.name]
    }
    if missing:
        return _channel(ask, missing)
    if any(values.values()):
        board.keep(name, values, who=ask.who, now=ask.now)
    if ask.text("do") == "sign-in":
        where = board.begin(name, ask.door.templates.absolute(CALLBACK), now=ask.now)
        if where:
            return ask.page("desk/channel_leave.html", here="channels", name=name, where=where)
    found = board.verify(name, now=ask.now)
    if found.error:
        return _channel(ask, {"verify": found.error})
    return ask.back(f"/desk/channels/{name}", "channels.verified", account=found.account)


def callback(ask: Ask) -> Response:
    """Where the network sends a person back to: nothing is done yet, for whoever opens an address did not ask."""
    return ask.page("desk/channel_callback.html", here="channels", answer=ask.request.url.query)


def finish(ask: Ask) -> Response:
    """Take the network's answer."""
    board = ask.door.desk.board
    if board is None:
        raise RefusedError(ask.door.templates.words()("channels.elsewhere"))
    name = board.finish(ask.text("answer"), who=ask.who, now=ask.now)
    found = board.verify(name, now=ask.now)
    return ask.back(f"/desk/channels/{name}", "channels.verified", account=found.account or found.error)


def forget(ask: Ask) -> Response:
    """Forget every secret of a channel."""
    board, name = _board(ask)
    board.forget(name, who=ask.who, now=ask.now)
    return ask.back(f"/desk/channels/{name}", "channels.forgotten", channel=name)


# --- trying and switching


def trial(ask: Ask) -> Response:
    """What a test message would say, before it is posted."""
    board, name = _board(ask)
    return ask.page("desk/channel_trial.html", here="channels", name=name, text=board.trial(name, now=ask.now))


def try_out(ask: Ask) -> Response:
    """Post the test message, and offer to delete it."""
    board, name = _board(ask)
    posted = board.try_out(name, who=ask.who, now=ask.now)
    return ask.page("desk/channel_trial.html", here="channels", name=name, text="", posted=posted)


def take_back(ask: Ask) -> Response:
    """Delete the test message."""
    board, name = _board(ask)
    board.take_back(name, who=ask.who, now=ask.now)
    return ask.back(f"/desk/channels/{name}", "channels.taken_back")


def live(ask: Ask) -> Response:
    """What switching a channel would change."""
    board, name = _board(ask)
    on = ask.text("to") != "outbox"
    return ask.page("desk/channel_live.html", here="channels", name=name, on=on, said=board.effect(name, live=on))


def switch(ask: Ask) -> Response:
    """Switch a channel live, or back to the outbox."""
    board, name = _board(ask)
    on = ask.text("to") != "outbox"
    board.switch(name, live=on, who=ask.who, now=ask.now)
    return ask.back(f"/desk/channels/{name}", "channels.now_live" if on else "channels.now_outbox", channel=name)
