"""Channels and users: what an administrator looks after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from campaign.errors import AddressError, RefusedError
from campaign.model import HoldScope, Role, Strength
from campaign.web.desk import times
from campaign.web.desk.account import browsers
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


# --- users


def users(ask: Ask) -> Response:
    """Everybody who may sign in."""
    return _users(ask, {}, "")


def _users(ask: Ask, errors: dict[str, str], link: str) -> Response:
    words = ask.door.templates.words()
    return ask.page(
        "desk/users.html",
        status=422 if errors else 200,
        here="users",
        errors=errors,
        accounts=ask.work.store.accounts.all(),
        sessions=browsers(ask),
        zone=ask.door.zone(),
        roles={role.value: words(f"users.{role.value}") for role in Role},
        values={name: ask.text(name) for name in ("name", "login", "role")},
        link=ask.door.templates.absolute(f"/desk/enter/{link}") if link else "",
    )


def invite(ask: Ask) -> Response:
    """Add an account; the page shows the link to hand on, once."""
    words = ask.door.templates.words()
    if not ask.text("name"):
        return _users(ask, {"name": words("sign.no_name")}, "")
    if ask.text("role") not in set(Role):
        return _users(ask, {"role": words("users.no_role")}, "")
    try:
        link = ask.work.store.sign_in_links.invite(
            name=ask.text("name"), login=ask.text("login"), role=Role(ask.text("role")), who=ask.who, now=ask.now
        )
    except AddressError as error:
        return _users(ask, {"login": str(error)}, "")
    except RefusedError as error:
        return _users(ask, {"name": str(error)}, "")
    return _users(ask, {}, link)


def reset(ask: Ask) -> Response:
    """A link by which somebody chooses another password."""
    link = ask.work.store.sign_in_links.reset(int(ask.path("person")), who=ask.who, now=ask.now)
    return _users(ask, {}, link)


def set_role(ask: Ask) -> Response:
    """Give a role."""
    if ask.text("role") not in set(Role):
        raise RefusedError("Choose one of the roles.")
    person = int(ask.path("person"))
    ask.work.store.accounts.set_role(person, Role(ask.text("role")), who=ask.who, now=ask.now)
    return ask.back("/desk/users", "users.changed")


def remove(ask: Ask) -> Response:
    """Nobody signs in as that person from now on."""
    ask.work.store.accounts.remove(int(ask.path("person")), who=ask.who, now=ask.now)
    return ask.back("/desk/users", "users.removed")


def end_session(ask: Ask) -> Response:
    """End anybody's session."""
    ask.work.store.sessions.end(int(ask.path("id")), who=ask.who, now=ask.now)
    return ask.back("/desk/users", "account.ended")
