"""Signing in and out, one-time links, and one's own account."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any

import pyotp
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from campaign.errors import AddressError, RefusedError
from campaign.web.client import Limiter, client_address, network_of
from campaign.web.desk import passwords
from campaign.web.desk.door import Ask, Door, own_form, own_page

if TYPE_CHECKING:
    from campaign.store.desk import Secrets

#: Tries in a quarter of an hour: of one account from one network, and of one network in all. Another network's tries
#: never count against a person.
TRIES, NETWORK_TRIES, SECONDS = 10, 100, 900.0
STEP = 30
SECRET = re.compile(r"[A-Z2-7]{32}")


class Signing:
    """Answers for those who are not signed in yet."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.accounts = door.desk.work.store.accounts
        self.one = Limiter(door.parts.clock, acts=TRIES, seconds=SECONDS)
        self.network = Limiter(door.parts.clock, acts=NETWORK_TRIES, seconds=SECONDS)

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            Route("/desk/sign-in", self.form, methods=["GET"]),
            Route("/desk/sign-in", self.sign_in, methods=["POST"]),
            Route("/desk/enter/{token}", self.link, methods=["GET"]),
            Route("/desk/enter/{token}", self.use_link, methods=["POST"]),
        ]

    def _page(self, name: str, status: int = 200, **context: Any) -> Response:
        bare = {"theme": "", "week": "", "user": "", "state": "", "paused": "", "needs": 0, "here": "", "banner": ""}
        answer: Response = self.door.templates.desk(f"desk/{name}.html", status=status, desk=bare, **context)
        return answer

    def form(self, request: Request) -> Response:
        """The form to sign in."""
        return self._page("sign_in", errors={}, login="", next=own_page(request.query_params.get("next", "")))

    async def sign_in(self, request: Request) -> Response:
        """Sign in, or say that it did not work: the same words whatever was wrong."""
        own_form(request, self.door.parts.site)
        sent = await request.form()
        return await run_in_threadpool(self._sign_in, request, sent)

    def _sign_in(self, request: Request, sent: FormData) -> Response:
        login, wanted = _text(sent, "login"), own_page(_text(sent, "next"))
        network = network_of(client_address(request, self.door.parts.site))
        if not self.network.allows(network) or not self.one.allows(f"{login.casefold()} {network}"):
            raise HTTPException(429, headers={"Retry-After": str(int(SECONDS))})
        known = self.accounts.secrets_of(login)
        right = passwords.matches(known.password if known else "", _text(sent, "password"))
        if known is None or not right or not self._second(known, _text(sent, "code")):
            words = self.door.templates.words()
            return self._page("sign_in", 422, errors={"login": words("sign.wrong")}, login=login, next=wanted)
        return self.door.start(request, known.account, wanted)

    def _second(self, known: Secrets, code: str) -> bool:
        """Whether the code of the app is right, and was not used before (RFC 6238, section 5.2)."""
        if not known.second:
            return True
        step = matching_step(known.second, code, int(self.door.parts.clock.now().timestamp()))
        return step is not None and self.accounts.use_step(known.account.person, step)

    def link(self, request: Request) -> Response:
        """What a one-time link does; looking at it does not use it up, for mail programs look too."""
        return self._link(request, {}, {})

    def _link(self, request: Request, errors: dict[str, str], values: dict[str, str]) -> Response:
        found = self.accounts.link(request.path_params["token"], now=self.door.parts.clock.now())
        if found is None:
            return self._page("old_link", 404)
        given = {"name": "", "login": "", **values}
        return self._page("enter", 422 if errors else 200, link=found, errors=errors, values=given)

    async def use_link(self, request: Request) -> Response:
        """Use a one-time link."""
        own_form(request, self.door.parts.site)
        sent = await request.form()
        return await run_in_threadpool(self._use, request, sent)

    def _use(self, request: Request, sent: FormData) -> Response:
        token, now = request.path_params["token"], self.door.parts.clock.now()
        found = self.accounts.link(token, now=now)
        if found is None:
            return self._page("old_link", 404)
        values = {name: _text(sent, name) for name in ("name", "login")}
        try:
            if found.kind == "enter":
                return self.door.start(request, self.accounts.enter(token, now=now), "/desk")
            password = _text(sent, "password")
            if key := passwords.wrong(password, *values.values()):
                return self._link(request, {"password": self.door.templates.words()(key)}, values)
            if found.kind == "invite":
                account = self.accounts.accept(token, password=passwords.hashed(password), now=now)
            elif not values["name"]:
                return self._link(request, {"name": self.door.templates.words()("sign.no_name")}, values)
            else:
                account = self.accounts.begin(token, **values, password=passwords.hashed(password), now=now)
        except AddressError as error:
            return self._link(request, {"login": str(error)}, values)
        except RefusedError as error:
            return self._link(request, {"name": str(error)}, values)
        return self.door.start(request, account, "/desk")


def matching_step(secret: str, code: str, seconds: int) -> int | None:
    """The time step whose code this is: the present one or its neighbours; None where it is none of them."""
    totp = pyotp.TOTP(secret)
    given = "".join(code.split())
    for step in range(seconds // STEP - 1, seconds // STEP + 2):
        if hmac.compare_digest(totp.at(step * STEP).encode(), given.encode()):
            return step
    return None


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else ""


# --- one's own account


def account(ask: Ask) -> Response:
    """One's own account: sessions, password, second factor."""
    return _account(ask, {}, pyotp.random_base32())


def _account(ask: Ask, errors: dict[str, str], secret: str) -> Response:
    return ask.page(
        "desk/account.html",
        status=422 if errors else 200,
        errors=errors,
        secret=secret,
        uri=pyotp.TOTP(secret).provisioning_uri(
            name=ask.account.login or ask.who, issuer_name=ask.door.parts.site.host
        ),
        sessions=ask.work.store.accounts.sessions(ask.account.person, now=ask.now),
    )


def sign_out(ask: Ask) -> Response:
    """End this session."""
    ask.work.store.accounts.end(ask.session.id, who=ask.who, now=ask.now)
    return ask.door.forget(ask.door.lead("/desk/sign-in"))


def end_session(ask: Ask) -> Response:
    """End another session of one's own."""
    mine = {each.id for each in ask.work.store.accounts.sessions(ask.account.person, now=ask.now)}
    wanted = int(ask.path("id"))
    if wanted not in mine:
        raise RefusedError("This session is not yours, or has ended.")
    ask.work.store.accounts.end(wanted, who=ask.who, now=ask.now)
    return ask.back("/desk/account", "account.ended")


def change_password(ask: Ask) -> Response:
    """Choose another password; every other session ends."""
    words, store = ask.door.templates.words(), ask.work.store.accounts
    known = store.secrets_of(ask.account.login)
    if known is None or not passwords.matches(known.password, ask.text("old")):
        return _account(ask, {"old": words("account.wrong")}, pyotp.random_base32())
    if key := passwords.wrong(ask.text("new"), ask.who, ask.account.login):
        return _account(ask, {"new": words(key)}, pyotp.random_base32())
    made = passwords.hashed(ask.text("new"))
    store.set_password(ask.account.person, made, who=ask.who, now=ask.now, but=ask.session.id)
    return ask.back("/desk/account", "account.changed")


def second_factor(ask: Ask) -> Response:
    """Switch the app's codes on, once one of them is right, or off."""
    store, secret = ask.work.store.accounts, ask.text("secret")
    if ask.account.second:
        store.set_second(ask.account.person, "", who=ask.who, now=ask.now)
        return ask.back("/desk/account", "account.second_off")
    if not SECRET.fullmatch(secret) or matching_step(secret, ask.text("code"), int(ask.now.timestamp())) is None:
        return _account(ask, {"code": ask.door.templates.words()("account.wrong_code")}, secret)
    store.set_second(ask.account.person, secret, who=ask.who, now=ask.now)
    return ask.back("/desk/account", "account.second_on")
