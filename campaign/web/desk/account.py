"""One's own account: sessions, password, second factor, colours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from campaign.errors import RefusedError
from campaign.web.desk import agents, codes, passwords, times
from campaign.web.desk.door import Ask
from campaign.web.desk.names import party
from campaign.web.security import policy

#: How long the secret of a new app waits for its first code.
WAITS = timedelta(minutes=30)
#: A picture that holds a secret: shown as a picture, and as nothing else.
PICTURE = {"Content-Security-Policy": policy({"default-src": "'none'", "frame-ancestors": "'none'"})}


@dataclass(frozen=True, slots=True)
class Browser:
    """A session as it is drawn."""

    id: int
    name: str
    agent: str
    network: str
    since: str
    seen: str
    this: bool


def browsers(ask: Ask, person: int = 0) -> list[Browser]:
    """The sessions of one person, or of all."""
    zone, words = ask.door.zone(), ask.door.templates.words().shared
    return [
        Browser(
            id=one.id,
            name=one.account.name,
            agent=_called(ask, one.agent),
            network=one.network,
            since=times.moment(one.made_at, zone, ask.now, words),
            seen=times.moment(one.seen_at, zone, ask.now, words),
            this=one.id == ask.session.id,
        )
        for one in ask.work.store.sessions.all(person, now=ask.now)
    ]


@dataclass(frozen=True, slots=True)
class Kept:
    """A passkey as it is drawn."""

    id: int
    name: str
    made: str
    used: str


def kept_passkeys(ask: Ask) -> list[Kept]:
    """One's own passkeys."""
    zone, words = ask.door.zone(), ask.door.templates.words()
    return [
        Kept(
            id=one.id,
            name=one.name,
            made=times.moment(one.made_at, zone, ask.now, words.shared),
            used=times.moment(one.used_at, zone, ask.now, words.shared) if one.used_at else words("account.never"),
        )
        for one in ask.work.store.passkeys.of(ask.account.person)
    ]


def _called(ask: Ask, agent: str) -> str:
    words, (browser, system) = ask.door.templates.words(), agents.names(agent)
    if browser and system:
        return words("account.browser_on", browser=browser, system=system)
    return browser or system or words("account.unknown")


def zone_said(ask: Ask) -> str:
    """The zone of the page's times, in words."""
    words, zone = ask.door.templates.words(), ask.door.zone()
    return words("zone.uk") if zone == "Europe/London" else words("zone.other", zone=zone)


def account(ask: Ask) -> Response:
    """One's own account."""
    return show(ask, {})


def show(ask: Ask, errors: dict[str, str]) -> Response:
    """The page of one's own account, with what is wrong."""
    return ask.page(
        "desk/account.html",
        status=422 if errors else 200,
        errors=errors,
        sessions=browsers(ask, ask.account.person),
        zone=zone_said(ask),
        passkeys=kept_passkeys(ask),
        provider=ask.door.provider,
        elsewhere=ask.work.store.accounts.issuers_of(ask.account.person),
        may_passkey=bool(party(ask.door.parts.site)),
        codes_left=ask.work.store.seconds.codes_left(ask.account.person) if ask.account.second else 0,
    )


def sign_out(ask: Ask) -> Response:
    """End this session."""
    ask.work.store.sessions.end(ask.session.id, who=ask.who, now=ask.now)
    return ask.door.forget(ask.door.lead("/desk/sign-in"))


def end_session(ask: Ask) -> Response:
    """End another session of one's own."""
    mine = {each.id for each in ask.work.store.sessions.all(ask.account.person, now=ask.now)}
    wanted = int(ask.path("id"))
    if wanted not in mine:
        raise RefusedError("This session is not yours, or has ended.")
    ask.work.store.sessions.end(wanted, who=ask.who, now=ask.now)
    return ask.back("/desk/account", "account.ended")


def theme(ask: Ask) -> Response:
    """Keep the colours that a person chose."""
    chosen = ask.text("theme")
    ask.work.store.accounts.set_theme(ask.account.person, "" if chosen == "system" else chosen)
    return ask.back("/desk/account", "account.theme_kept")


def change_password(ask: Ask) -> Response:
    """Choose another password; every other session ends."""
    if errors := wrong_password(ask, "old"):
        return show(ask, errors)
    if key := passwords.wrong(ask.text("new"), ask.who, ask.account.login):
        return show(ask, {"new": ask.door.templates.words()(key)})
    made = passwords.hashed(ask.text("new"))
    ask.work.store.accounts.set_password(ask.account.person, made, who=ask.who, now=ask.now, but=ask.session.id)
    return ask.back("/desk/account", "account.changed")


def wrong_password(ask: Ask, field: str) -> dict[str, str]:
    """The error of a field that asks for one's own password again; nothing where it is right."""
    words, made = ask.door.templates.words(), ask.door.guessing.take({"again": str(ask.account.person)}, ask.now)
    if not made.open:
        return {field: words("account.often")}
    known = ask.work.store.accounts.secrets_of(ask.account.login)
    if not passwords.matches(known.password if known else "", ask.text(field)):
        return {field: words("account.wrong")}
    ask.door.guessing.succeeded(made)
    return {}


# --- the second factor


def begin_second(ask: Ask) -> Response:
    """Make a secret for an app; it counts once a code of it is right."""
    if ask.account.second:
        raise RefusedError("Signing in asks you for a code already.")
    if errors := wrong_password(ask, "second-password"):
        return show(ask, errors)
    challenges = ask.work.store.challenges
    challenges.begin("second", {"secret": codes.new_secret()}, person=ask.account.person, lasts=WAITS, now=ask.now)
    return ask.door.lead("/desk/account/second")


def _begun(ask: Ask) -> str:
    found = ask.work.store.challenges.of("second", ask.account.person, now=ask.now)
    if not found or ask.account.second:
        raise RefusedError("Begin with “Switch codes on” on the page of your account.")
    return found["secret"]


def second(ask: Ask) -> Response:
    """The picture and the key for the app, and the field for its first code."""
    return _second(ask, {})


def _second(ask: Ask, errors: dict[str, str]) -> Response:
    secret = _begun(ask)
    return ask.page(
        "desk/second.html",
        status=422 if errors else 200,
        errors=errors,
        key=codes.spaced(secret),
        uri=_uri(ask, secret),
    )


def _uri(ask: Ask, secret: str) -> str:
    return codes.address(secret, name=ask.account.login or ask.who, issuer=ask.door.parts.site.host)


def picture(ask: Ask) -> Response:
    """The QR code of the secret that was begun; 404 where none was."""
    try:
        drawn = codes.picture(_uri(ask, _begun(ask)))
    except RefusedError:
        raise HTTPException(404) from None
    return Response(drawn, 200, {**PICTURE, "Cache-Control": "no-store"}, "image/svg+xml")


def switch_on(ask: Ask) -> Response:
    """Ask for codes from now on, once one is right; shows the codes on paper, once."""
    secret = _begun(ask)
    step = codes.matching_step(secret, ask.text("code"), ask.now)
    if step is None:
        return _second(ask, {"code": ask.door.templates.words()("account.wrong_code")})
    given = ask.work.store.seconds.switch_on(ask.account.person, secret, step=step, now=ask.now)
    ask.work.store.challenges.drop("second", ask.account.person)
    return _codes(ask, given)


def _codes(ask: Ask, given: list[str]) -> Response:
    context: dict[str, Any] = {"codes": given}
    return ask.page("desk/codes.html", **context)


def new_codes(ask: Ask) -> Response:
    """Other codes on paper."""
    if not ask.account.second:
        raise RefusedError("Switch codes from an app on first.")
    if errors := wrong_password(ask, "codes-password"):
        return show(ask, errors)
    return _codes(ask, ask.work.store.seconds.new_codes(ask.account.person, now=ask.now))


def switch_off(ask: Ask) -> Response:
    """Ask for no codes any more."""
    if errors := wrong_password(ask, "off-password"):
        return show(ask, errors)
    ask.work.store.seconds.switch_off(ask.account.person, who=ask.who, now=ask.now)
    return ask.back("/desk/account", "account.second_off")
