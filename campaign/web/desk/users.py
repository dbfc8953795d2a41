"""Users: who may sign in, what they may do, and the links by which they begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from campaign.errors import AddressError, RefusedError
from campaign.model import Role
from campaign.web.desk import times
from campaign.web.desk.account import browsers, zone_said
from campaign.web.desk.door import Ask

if TYPE_CHECKING:
    from campaign.store.account_rows import Account


@dataclass(frozen=True, slots=True)
class Handed:
    """A link that was just made: for whom, and the link itself where no letter brings it to them."""

    name: str
    login: str
    link: str = ""


def users(ask: Ask) -> Response:
    """Everybody who may sign in."""
    return _users(ask, {})


def _users(ask: Ask, errors: dict[str, str], handed: Handed | None = None) -> Response:
    words, seen = ask.door.templates.words(), ask.work.store.sessions.last_seen()
    zone = ask.door.zone()
    return ask.page(
        "desk/users.html",
        status=422 if errors else 200,
        here="users",
        errors=errors,
        accounts=ask.work.store.accounts.all(),
        seen={person: times.moment(at, zone, ask.now, words.shared) for person, at in seen.items()},
        sessions=browsers(ask),
        zone=zone_said(ask),
        roles={role.value: words(f"users.{role.value}") for role in Role},
        values={name: ask.text(name) for name in ("name", "login", "role")} if errors else dict.fromkeys(VALUES, ""),
        handed=handed,
    )


VALUES = ("name", "login", "role")


def _hand(ask: Ask, kind: str, name: str, login: str, token: str) -> Handed:
    """Bring a link to its owner by a letter, or show it where no letter leaves the installation."""
    sent = ask.door.desk.letter(kind, login, {"token": token, "author": ask.who}, ask.now)
    return Handed(name, login, "" if sent else ask.door.templates.absolute(f"/desk/enter/{token}"))


def invite(ask: Ask) -> Response:
    """Add an account; a letter brings its owner the link."""
    words = ask.door.templates.words()
    if not ask.text("name"):
        return _users(ask, {"name": words("sign.no_name")})
    if ask.text("role") not in set(Role):
        return _users(ask, {"role": words("users.no_role")})
    try:
        token = ask.work.store.sign_in_links.invite(
            name=ask.text("name"), login=ask.text("login"), role=Role(ask.text("role")), who=ask.who, now=ask.now
        )
    except AddressError as error:
        return _users(ask, {"login": str(error)})
    except RefusedError as error:
        return _users(ask, {"name": str(error)})
    return _users(ask, {}, _hand(ask, "invite", ask.text("name"), ask.text("login"), token))


def _account(ask: Ask) -> Account:
    found = ask.work.store.accounts.find(int(ask.path("person")))
    if found is None:
        raise RefusedError("This account is not there any more.")
    return found


def reset(ask: Ask) -> Response:
    """A link by which somebody chooses another password, or comes in for the first time."""
    account = _account(ask)
    token = ask.work.store.sign_in_links.reset(account.person, who=ask.who, now=ask.now)
    return _users(ask, {}, _hand(ask, "reset" if account.ready else "invite", account.name, account.login, token))


def set_role(ask: Ask) -> Response:
    """Give a role."""
    if ask.text("role") not in set(Role):
        raise RefusedError("Choose one of the roles.")
    person = int(ask.path("person"))
    ask.work.store.accounts.set_role(person, Role(ask.text("role")), who=ask.who, now=ask.now)
    return ask.back("/desk/users", "users.changed")


def second_off(ask: Ask) -> Response:
    """Ask somebody who lost their phone and their recovery codes for no code any more."""
    account = _account(ask)
    ask.work.store.seconds.switch_off(account.person, who=ask.who, now=ask.now)
    return ask.back("/desk/users", "users.second_off", name=account.name)


def remove(ask: Ask) -> Response:
    """Nobody signs in as that person from now on."""
    ask.work.store.accounts.remove(int(ask.path("person")), who=ask.who, now=ask.now)
    return ask.back("/desk/users", "users.removed")


def end_session(ask: Ask) -> Response:
    """End anybody's session."""
    ask.work.store.sessions.end(int(ask.path("id")), who=ask.who, now=ask.now)
    return ask.back("/desk/users", "account.ended")
