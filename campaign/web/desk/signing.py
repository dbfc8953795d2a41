"""Signing in, and one-time links: the pages of those who are not signed in yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from campaign.errors import AddressError, RefusedError
from campaign.web.client import client_address, network_of
from campaign.web.desk import codes, passwords
from campaign.web.desk.door import Door, own_form, own_page
from campaign.web.desk.guessing import QUARTER

if TYPE_CHECKING:
    from campaign.store.accounts import Secrets

#: The largest form of somebody who is not signed in, in bytes.
LARGEST = 64 * 1024


class Signing:
    """Answers for those who are not signed in yet."""

    def __init__(self, door: Door, *, passkeys: bool = False) -> None:
        self.door = door
        self.passkeys = passkeys
        self.accounts = door.desk.work.store.accounts
        self.links = door.desk.work.store.sign_in_links
        self.guessing = door.guessing

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            self.route("/desk/sign-in", self.form, "GET"),
            self.route("/desk/sign-in", self.sign_in, "POST"),
            self.route("/desk/sign-in/letter", self.letter_form, "GET"),
            self.route("/desk/sign-in/letter", self.letter, "POST"),
            self.route("/desk/enter/{token}", self.link, "GET"),
            self.route("/desk/enter/{token}", self.use_link, "POST"),
        ]

    def route(self, path: str, answer: Callable[[Request], Any], method: str) -> Route:
        """A route of somebody who is not signed in."""
        return Route(path, answer, methods=[method], max_body_size=LARGEST)

    def _page(self, name: str, status: int = 200, **context: Any) -> Response:
        bare = {"theme": "", "week": "", "user": "", "state": "", "paused": "", "needs": 0, "here": "", "banner": ""}
        answer: Response = self.door.templates.desk(f"desk/{name}.html", status=status, desk=bare, **context)
        return answer

    def form(self, request: Request) -> Response:
        """The form to sign in."""
        return self.sign_in_page({}, "", own_page(request.query_params.get("next", "")))

    def sign_in_page(self, errors: dict[str, str], login: str, wanted: str) -> Response:
        """The form to sign in, and the other ways."""
        status = 422 if errors else 200
        ways = {"passkeys": self.passkeys, "provider": self.door.provider}
        return self._page("sign_in", status, errors=errors, login=login, next=wanted, **ways)

    async def sign_in(self, request: Request) -> Response:
        """Sign in, or say that it did not work: the same words whatever was wrong."""
        own_form(request, self.door.parts.site)
        sent = await request.form()
        return await run_in_threadpool(self._sign_in, request, sent)

    def _sign_in(self, request: Request, sent: FormData) -> Response:
        login, wanted = text_of(sent, "login").casefold()[:320], own_page(text_of(sent, "next"))
        network, now = self.network(request), self.door.parts.clock.now()
        account, code = self.accounts.called(login), text_of(sent, "code")
        made = self.guessing.begin(request, login, network, account, now)
        if not made.open and not (code and self.guessing.take({"blocked": network}, now).open):
            return self.often()
        known = self.accounts.secrets_of(login)
        right = passwords.matches(known.password if known else "", text_of(sent, "password"))
        blocked = not made.open
        if blocked:
            if known is None or not right or not known.second:
                return self.often()
            made = self.guessing.take({"code": login}, now)
        if not made.open:
            return self.often()
        if known is None or not right or not self._second(known, code):
            self.guessing.failed(login, network, account, now)
            if blocked:  # another answer would tell that the password was right
                return self.often()
            words = self.door.templates.words()
            return self.sign_in_page({"login": words("sign.wrong")}, login, wanted)
        self.guessing.succeeded(made)
        return self.door.start(request, known.account, wanted, "password and code" if known.second else "password")

    def network(self, request: Request) -> str:
        """The neighbourhood that a request comes from."""
        return network_of(client_address(request, self.door.parts.site))

    def often(self) -> Response:
        """Too many tries: what to do instead."""
        answer = self._page("often", 429)
        answer.headers["Retry-After"] = str(QUARTER // timedelta(seconds=1))
        return answer

    # --- a letter that makes this browser known

    def letter_form(self, request: Request) -> Response:
        """The form to ask for a letter."""
        return self._page("letter", errors={}, login="", sent=False)

    async def letter(self, request: Request) -> Response:
        """Send a letter to the owner of an account; the answer is the same for everybody."""
        own_form(request, self.door.parts.site)
        return await run_in_threadpool(self._letter, request, await request.form())

    def _letter(self, request: Request, sent: FormData) -> Response:
        login, now = text_of(sent, "login").casefold()[:320], self.door.parts.clock.now()
        if not self.guessing.take({"letters": self.network(request)}, now).open:
            return self.often()
        account = self.accounts.called(login)
        if account and account.login and self.guessing.take({"letter": login}, now).open:
            token = self.links.browser(account.person, now=now)
            self.door.desk.letter("browser", account.login, {"token": token}, now)
        return self._page("letter", errors={}, login="", sent=True)

    # --- the second factor

    def _second(self, known: Secrets, code: str) -> bool:
        """Whether the code of the app, or one on paper, is right, and was not used before."""
        seconds, person, now = self.door.desk.work.store.seconds, known.account.person, self.door.parts.clock.now()
        if not known.second:
            return True
        if len("".join(code.split())) > codes.DIGITS:
            return seconds.use_code(person, code, now=now)
        step = codes.matching_step(known.second, code, now)
        return step is not None and seconds.use_step(person, step)

    # --- one-time links

    def link(self, request: Request) -> Response:
        """What a one-time link does; looking at it does not use it up, for mail programs look too."""
        return self._link(request, {}, {})

    def _link(self, request: Request, errors: dict[str, str], values: dict[str, str]) -> Response:
        found = self.links.find(request.path_params["token"], now=self.door.parts.clock.now())
        if found is None:
            return self._page("old_link", 404)
        given = {"name": "", "login": "", **values}
        elsewhere = self.door.provider if found.account and not found.account.ready else ""
        way = f"/desk/sign-in/with?link={request.path_params['token']}"
        context = {"link": found, "errors": errors, "values": given, "provider": elsewhere, "way": way}
        return self._page("enter", 422 if errors else 200, **context)

    async def use_link(self, request: Request) -> Response:
        """Use a one-time link."""
        own_form(request, self.door.parts.site)
        sent = await request.form()
        return await run_in_threadpool(self._use, request, sent)

    def _use(self, request: Request, sent: FormData) -> Response:
        token, now = request.path_params["token"], self.door.parts.clock.now()
        found = self.links.find(token, now=now)
        if found is None:
            return self._page("old_link", 404)
        values = {name: text_of(sent, name) for name in ("name", "login")}
        try:
            if found.kind == "browser":
                answer = self.door.lead("/desk/sign-in")
                self.guessing.know(request, answer, self.links.use(token, "browser", now=now), now)
                return answer
            if found.kind == "enter":
                return self.door.start(request, self.links.use(token, "enter", now=now), "/desk", "a link")
            password = text_of(sent, "password")
            if key := passwords.wrong(password, *values.values()):
                return self._link(request, {"password": self.door.templates.words()(key)}, values)
            if found.kind == "invite":
                account = self.links.accept(token, password=passwords.hashed(password), now=now)
                if account.second:  # a letter alone opens nothing where a code is asked for
                    return self.door.lead("/desk/sign-in")
            elif not values["name"]:
                return self._link(request, {"name": self.door.templates.words()("sign.no_name")}, values)
            else:
                account = self.links.begin(token, **values, password=passwords.hashed(password), now=now)
        except AddressError:
            return self._link(request, {"login": self.door.templates.words()("sign.no_email")}, values)
        except RefusedError:
            return self._page("old_link", 404)
        return self.door.start(request, account, "/desk", "a link")


def text_of(sent: FormData, name: str) -> str:
    """A field of a form, without spaces around it."""
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else ""
