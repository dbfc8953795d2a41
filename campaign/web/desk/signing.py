"""Signing in, and one-time links: the pages of those who are not signed in yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from campaign.errors import AddressError, RefusedError
from campaign.web.client import Limiter, client_address, network_of
from campaign.web.desk import codes, passwords
from campaign.web.desk.door import Door, own_form, own_page

if TYPE_CHECKING:
    from campaign.store.accounts import Secrets

#: Tries in a quarter of an hour: of one account from one network, and of one network in all. Another network's tries
#: never count against a person.
TRIES, NETWORK_TRIES, SECONDS = 10, 100, 900.0


class Signing:
    """Answers for those who are not signed in yet."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.accounts = door.desk.work.store.accounts
        self.links = door.desk.work.store.sign_in_links
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
        """Whether the code of the app, or one on paper, is right, and was not used before."""
        seconds, person, now = self.door.desk.work.store.seconds, known.account.person, self.door.parts.clock.now()
        if not known.second:
            return True
        if len("".join(code.split())) > codes.DIGITS:
            return seconds.use_code(person, code, now=now)
        step = codes.matching_step(known.second, code, now)
        return step is not None and seconds.use_step(person, step)

    def link(self, request: Request) -> Response:
        """What a one-time link does; looking at it does not use it up, for mail programs look too."""
        return self._link(request, {}, {})

    def _link(self, request: Request, errors: dict[str, str], values: dict[str, str]) -> Response:
        found = self.links.find(request.path_params["token"], now=self.door.parts.clock.now())
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
        found = self.links.find(token, now=now)
        if found is None:
            return self._page("old_link", 404)
        values = {name: _text(sent, name) for name in ("name", "login")}
        try:
            if found.kind == "enter":
                return self.door.start(request, self.links.use(token, "enter", now=now), "/desk")
            password = _text(sent, "password")
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
        except AddressError as error:
            return self._link(request, {"login": str(error)}, values)
        except RefusedError as error:
            return self._link(request, {"name": str(error)}, values)
        return self.door.start(request, account, "/desk")


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else ""
