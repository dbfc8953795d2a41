"""Signing in at a provider (OpenID Connect): to it and back, and whose account its subject is.

An account is found by issuer and subject. A subject that is not known yet becomes somebody's in three ways alone: by
the link of their invitation, by an address that was invited and that the provider says is verified, or by a person who
is signed in already and does it under their account. Nobody becomes a user by the provider alone.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from campaign.errors import RefusedError
from campaign.model import Role
from campaign.web.desk.account import show, wrong_password
from campaign.web.desk.door import Ask, Door, own_page
from campaign.web.desk.openid import Begun, NotSignedIn, OpenId, Subject, values_of
from campaign.web.desk.signing import Signing
from campaign.web.parts import Provider

if TYPE_CHECKING:
    from campaign.store.account_rows import Account

log = logging.getLogger(__name__)

KIND, COOKIE = "provider", "desk-way"
#: How long somebody may take at the provider.
WAITS = timedelta(minutes=15)
BACK = "/desk/sign-in/back"


class Elsewhere:
    """To a provider and back."""

    def __init__(self, door: Door, provider: Provider) -> None:
        self.door = door
        self.provider = provider
        self.openid = OpenId(provider)
        self.store = door.desk.work.store

    def leave(self, kept: dict[str, str]) -> Response:
        """Lead the browser to the provider. `kept` comes back with it: `next` and `link`."""
        address, token = self.prepare(kept)
        answer = RedirectResponse(address, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        return self.remember(answer, token)

    def prepare(self, kept: dict[str, str]) -> tuple[str, str]:
        """Where to lead the browser, and what its cookie says while it is there."""
        now = self.door.parts.clock.now()
        address, begun = self.openid.begin(self.door.templates.absolute(BACK), now)
        content = {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, **kept}
        return address, self.store.challenges.begin(KIND, content, lasts=WAITS, now=now)

    def remember(self, answer: Response, token: str) -> Response:
        """Bind what was begun to this browser."""
        site = self.door.parts.site
        answer.set_cookie(
            COOKIE, token, path=f"{site.root}/desk/sign-in", httponly=True, secure=site.secure, samesite="lax",
            max_age=WAITS // timedelta(seconds=1),
        )  # fmt: skip
        return answer

    def arrived(self, request: Request) -> tuple[Account, str]:
        """Whose account it is that came back, and where they wanted to go. RefusedError where it is nobody's."""
        now = self.door.parts.clock.now()
        kept = self.store.challenges.take(KIND, request.cookies.get(COOKIE, ""), now=now)
        if kept is None:
            raise NotSignedIn("nothing was begun in this browser, or it took too long")
        begun = Begun(kept["state"], kept["nonce"], kept["verifier"])
        query = dict(request.query_params)
        subject = self.openid.finish(query, begun, self.door.templates.absolute(BACK), now)
        account = self._account(request, subject, kept)
        return self._with_role(account, subject), own_page(kept.get("next", ""))

    def _account(self, request: Request, subject: Subject, kept: dict[str, str]) -> Account:
        """Whose subject it is, from now on as well."""
        accounts, now = self.store.accounts, self.door.parts.clock.now()
        known = accounts.known_as(subject.issuer, subject.subject)
        if kept.get("person"):
            session = self.door.session(request, now)
            if session is None or str(session.account.person) != kept["person"]:
                raise NotSignedIn("somebody else is signed in by now")
            return accounts.recognise(session.account.person, subject.issuer, subject.subject, now=now)
        if known is not None:
            return known
        link = self.store.sign_in_links.find(kept["link"], now=now) if kept.get("link") else None
        if link and link.kind == "invite" and link.account and not link.account.ready:
            invited = self.store.sign_in_links.use(kept["link"], "invite", now=now)
            return accounts.recognise(invited.person, subject.issuer, subject.subject, now=now)
        invited_by_name = accounts.called(subject.email) if subject.email else None
        if invited_by_name is None or invited_by_name.ready:
            raise NotSignedIn("the subject is nobody's account here")
        return accounts.recognise(invited_by_name.person, subject.issuer, subject.subject, now=now)

    def _with_role(self, account: Account, subject: Subject) -> Account:
        """The account with the role that the provider's claims give it, where the settings say that they do."""
        if not self.provider.roles:
            return account
        ranks = list(Role)
        given = [role for claim, value, role in self.provider.roles if value in values_of(subject.claims, claim)]
        if not given:
            raise NotSignedIn("the claims give no role here")
        role = max(given, key=ranks.index)
        if role is not account.role:
            now = self.door.parts.clock.now()
            self.store.accounts.set_role(account.person, role, who=self.provider.name, now=now)
        return self.store.accounts.find(account.person) or account


class Provided:
    """Their pages for those who are not signed in."""

    def __init__(self, signing: Signing, elsewhere: Elsewhere) -> None:
        self.signing = signing
        self.elsewhere = elsewhere
        self.door = signing.door

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            self.signing.route("/desk/sign-in/with", self.leave, "GET"),
            self.signing.route(BACK, self.back, "GET"),
        ]

    def leave(self, request: Request) -> Response:
        """To the provider. It changes nothing here, and what it keeps is forgotten in minutes."""
        now, network = self.door.parts.clock.now(), self.signing.network(request)
        if not self.door.guessing.take({"provider": network}, now).open:
            return self.signing.often()
        kept = {"next": own_page(request.query_params.get("next", ""))}
        if link := request.query_params.get("link", "")[:100]:
            kept["link"] = link
        try:
            return self.elsewhere.leave(kept)
        except NotSignedIn as error:
            return self._refused(request, error)

    def back(self, request: Request) -> Response:
        """Back from the provider."""
        try:
            account, wanted = self.elsewhere.arrived(request)
        except RefusedError as error:
            return self._refused(request, error)
        answer = self.door.start(request, account, wanted, self.elsewhere.provider.name)
        return self._forget(answer)

    def _refused(self, request: Request, error: RefusedError) -> Response:
        words, now = self.door.templates.words(), self.door.parts.clock.now()
        log.warning("%s signed nobody in: %s", self.elsewhere.provider.name, error)
        self.door.guessing.failed("", self.signing.network(request), None, now)
        said = words("sign.provider_wrong", name=self.elsewhere.provider.name)
        return self._forget(self.signing.sign_in_page({"provider": said}, "", "/desk"))

    def _forget(self, answer: Response) -> Response:
        answer.delete_cookie(COOKIE, path=f"{self.door.parts.site.root}/desk/sign-in")
        return answer


def connect(ask: Ask) -> Response:
    """From now on one signs in at the provider as well: a page with the way there.

    A link, for a form may lead to our own pages alone (`form-action`); and behind a form, so that no other site can
    begin it for somebody.
    """
    if ask.door.elsewhere is None:
        raise RefusedError("No provider is set up to sign in at.")
    if ask.account.password and (errors := wrong_password(ask, "provider-password")):
        return show(ask, errors)
    address, token = ask.door.elsewhere.prepare({"person": str(ask.account.person), "next": "/desk/account"})
    page = ask.page("desk/onward.html", address=address, provider=ask.door.elsewhere.provider.name)
    return ask.door.elsewhere.remember(page, token)
