"""The form to join, the page behind a letter's link, a person's own preferences, and leaving."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from campaign.address import parse, tidy
from campaign.delivery.forms import Labels, Offer, PreferencesForm, SignUpForm
from campaign.errors import AddressError, BusyError, CampaignError, RefusedError
from campaign.render import speak
from campaign.web.client import Limiter, client_address, network_of
from campaign.web.parts import Parts, Visitors
from campaign.web.security import is_form
from campaign.web.templating import Templates

#: These pages bear secrets in their address: nothing may keep it, list it, or be told it.
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
#: A field that people do not see: what fills it in is a program.
TRAP = "website"
#: Acts that one network may try in ten minutes; a whole office may sit behind it. One-click leaving is not counted.
ACTS, SECONDS = 60, 600.0
PAUSES = (7, 14, 28, 91)
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """What a form to join is for: a campaign ("": all), the lists that its link named, what it offers."""

    campaign: str
    named: tuple[str, ...]
    offers: Sequence[Offer]
    labels: Labels


class JoiningPages:
    """Answers for joining and leaving."""

    def __init__(self, parts: Parts, templates: Templates, visitors: Visitors) -> None:
        self.parts = parts
        self.templates = templates
        self.visitors = visitors
        self.limiter = Limiter(parts.clock, acts=ACTS, seconds=SECONDS)

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        get, post = ["GET"], ["POST"]
        return [
            Route("/join/start", self.start, methods=post),
            Route("/join", self.join_form, methods=get),
            Route("/join", self.join, methods=post),
            Route("/join/form", self.join_form, methods=get, name="framed"),
            Route("/join/form", self.join, methods=post),
            Route("/confirm/{token}", self.asked, methods=get),
            Route("/confirm/{token}", self.confirm, methods=post),
            Route("/preferences/{link}", self.preferences, methods=get),
            Route("/preferences/{link}", self.save, methods=post),
            Route("/preferences/{link}/ask", self.ask, methods=post),
            Route("/unsubscribe/{link}", self.leaving, methods=get),
            Route("/unsubscribe/{link}", self.leave, methods=post),
            Route("/unsubscribe/{link}/again", self.rejoin, methods=post),
        ]

    # --- helpers

    @property
    def now(self) -> datetime:
        """The present."""
        return self.parts.clock.now()

    def page(self, request: Request, name: str, status: int = 200, **context: Any) -> Response:
        """One of these pages; the framed form alone may stand in partners' sites."""
        framed = request.url.path.endswith("/join/form")
        answer = self.templates.public(f"joining/{name}.html", status=status, headers=PRIVATE, framed=framed, **context)
        if framed:
            frames = " ".join(self.parts.site.frames) or "*"
            rules = answer.headers["Content-Security-Policy"]
            answer.headers["Content-Security-Policy"] = rules.replace(
                "frame-ancestors 'none'", f"frame-ancestors {frames}"
            )
        return answer

    async def form(self, request: Request) -> FormData:
        """What was sent. 415 where it is no form, 429 where the network asks too often."""
        if not is_form(request.headers):
            raise HTTPException(415)
        self.limit(request)
        return await request.form()

    def limit(self, request: Request) -> None:
        """Count an act of the asker's network; 429 where it is one too many."""
        if not self.limiter.allows(network_of(client_address(request, self.parts.site))):
            raise HTTPException(429, headers={"Retry-After": str(int(SECONDS))})

    # --- joining

    def join_form(self, request: Request) -> Response:
        """The form. Nothing is ticked beforehand (consent is an act) but what `?list=` names: the link said it."""
        asked = request.query_params
        return self._join_page(request, self._scope(asked.get("campaign", ""), asked.getlist("list")), {}, {})

    def _scope(self, campaign: str, named: Sequence[str]) -> Scope:
        """What a form is for: a campaign, lists that a link names, or all. What is not there narrows nothing."""
        offers = self.visitors.offers(campaign)
        chosen = [offer.slug for offer in offers if offer.slug in named]
        kept = [offer for offer in offers if offer.slug in chosen] or offers
        return Scope(campaign, tuple(chosen), kept, self.visitors.labels(campaign))

    def _join_page(
        self, request: Request, scope: Scope, values: Mapping[str, Any], errors: Mapping[str, str]
    ) -> Response:
        given = {"email": "", "first_name": "", "lists": scope.named, "areas": (), "audiences": (), **values}
        return self.page(
            request, "join", 422 if errors else 200, action=_action(request), scope=scope, offers=scope.offers,
            labels=scope.labels, values=given, errors=errors, wording=self._wording(scope.labels), trap=TRAP,
        )  # fmt: skip

    def _wording(self, labels: Labels) -> str:
        words = self.templates.words()
        return words("join.wording", who=labels.controllers or words("privacy.us"))

    def _scope_of(self, sent: FormData) -> Scope:
        return self._scope(text(sent, "campaign"), [one for one in sent.getlist("list") if isinstance(one, str)])

    async def start(self, request: Request) -> Response:
        """The form with the address that was begun on a page of the week; nothing is asked for yet."""
        sent = await self.form(request)
        return await run_in_threadpool(self._start, request, sent)

    def _start(self, request: Request, sent: FormData) -> Response:
        return self._join_page(request, self._scope_of(sent), {"email": text(sent, "email")[:320]}, {})

    async def join(self, request: Request) -> Response:
        """Take the form. The answer is the same whether or not the address is known, and for programs that fill it."""
        sent = await self.form(request)
        return await run_in_threadpool(self._join, request, sent)

    def _join(self, request: Request, sent: FormData) -> Response:
        scope = self._scope_of(sent)
        labels = scope.labels
        values = {
            "email": text(sent, "email"),
            "first_name": text(sent, "first_name")[:LONGEST_NAME],
            "lists": several(sent, "lists", [offer.slug for offer in scope.offers]),
            "areas": several(sent, "areas", labels.areas),
            "audiences": several(sent, "audiences", labels.audiences),
        }
        words = self.templates.words()
        errors = self._mistakes(str(values["email"]), values["lists"])
        form = SignUpForm(
            address=str(values["email"]),
            first_name=str(values["first_name"]),
            lists=tuple(values["lists"]),
            areas=tuple(values["areas"]),
            audiences=tuple(values["audiences"]),
            language=words.tag,
            wording=self._wording(labels),
            controllers=labels.controllers,
        )
        if not errors and not text(sent, TRAP):
            errors = self._sign_up(request, form)
        if errors:
            return self._join_page(request, scope, values, errors)
        return self.page(request, "said", title="join.check_title", text="join.check_text")

    def _mistakes(self, address: str, lists: Sequence[str]) -> dict[str, str]:
        """What is wrong with the form before anybody is asked, by field, in the form's order."""
        words = self.templates.words()
        found = {}
        try:
            parse(tidy(address))
        except AddressError as error:
            found["email"] = str(error) if address else words("join.no_email")
        if not lists:
            found["lists"] = words("join.no_list")
        return found

    def _sign_up(self, request: Request, form: SignUpForm) -> dict[str, str]:
        """Hand the form on; what is wrong with it, by field."""
        try:
            self.visitors.sign_up(form, client=client_address(request, self.parts.site), now=self.now)
        except AddressError as error:
            return {"email": str(error)}
        except RefusedError as error:
            return {"lists": str(error)}
        except BusyError:
            raise HTTPException(429) from None
        return {}

    # --- the page behind a letter's link

    def asked(self, request: Request) -> Response:
        """What the button would do."""
        found = self.visitors.asked(request.path_params["token"], now=self.now)
        if found is None:
            return self._too_old(request)
        return self.page(request, "asked", asked=found)

    def _too_old(self, request: Request) -> Response:
        return self.page(request, "said", 404, title="confirm.old_title", text="confirm.old_text", again=True)

    async def confirm(self, request: Request) -> Response:
        """The button: join, erase, or hand over a copy."""
        sent = await self.form(request)
        return await run_in_threadpool(self._confirm, request, text(sent, "how"))

    def _confirm(self, request: Request, how: str) -> Response:
        token, now = request.path_params["token"], self.now
        found = self.visitors.asked(token, now=now)
        if found is None:
            return self._too_old(request)
        if found.kind == "join":
            joined = self.visitors.confirm(token, now=now)
            return self._too_old(request) if joined is None else self.page(request, "joined", joined=joined)
        if found.kind == "erase":
            if not self.visitors.erase(token, now=now):
                return self._too_old(request)
            return self.page(request, "said", title="erase.done_title", text="erase.done_text")
        held = self.visitors.copy(token, now=now)
        if held is None:
            return self._too_old(request)
        if how == "file":
            data = json.dumps(held, indent=2, ensure_ascii=False)
            kept = {"Content-Disposition": 'attachment; filename="my-data.json"'}
            return Response(data, 200, {**PRIVATE, **kept}, "application/json")
        return self.page(request, "copy", held=held)

    # --- preferences

    def preferences(self, request: Request) -> Response:
        """A person's own page."""
        return self._preferences(request)

    def _preferences(
        self, request: Request, *, error: str = "", said: Sequence[str] = (), status: int = 200
    ) -> Response:
        found = self.visitors.preferences(request.path_params["link"], now=self.now)
        if found is None:
            return self.page(request, "said", 404, title="preferences.gone_title", text="preferences.gone_text")
        labels = self.visitors.labels()
        return self.page(
            request, "preferences", status, person=found, labels=labels, error=error, said=said,
            link=request.path_params["link"], pauses=self._pauses(found.paused_until), wording=self._wording(labels),
        )  # fmt: skip

    def _pauses(self, until: datetime | None) -> dict[str, str]:
        words = self.templates.words()
        kept = (
            {"keep": words("preferences.pause_until", date=speak.date_words(until.date(), words.shared))}
            if until
            else {}
        )
        return (
            kept
            | {"0": words("preferences.no_pause")}
            | {str(days): words.count("preferences.weeks", days // 7) for days in PAUSES}
        )

    async def save(self, request: Request) -> Response:
        """Keep what was chosen, and show the page as it is then."""
        sent = await self.form(request)
        return await run_in_threadpool(self._save, request, sent)

    def _save(self, request: Request, sent: FormData) -> Response:
        link, labels, now = request.path_params["link"], self.visitors.labels(), self.now
        found = self.visitors.preferences(link, now=now)
        if found is None:
            return self._preferences(request)
        pause = text(sent, "pause")
        until = found.paused_until if pause == "keep" else None
        if pause.isdecimal() and int(pause) in PAUSES:
            until = now + timedelta(days=int(pause))
        form = PreferencesForm(
            lists=tuple(several(sent, "lists", [one.list.slug for one in found.offered])),
            areas=tuple(several(sent, "areas", labels.areas)),
            audiences=tuple(several(sent, "audiences", labels.audiences)),
            paused_until=until,
            wording=self._wording(labels),
            controllers=labels.controllers,
        )
        words = self.templates.words()
        try:
            saved = self.visitors.save(link, form, now=now)
        except CampaignError as error:
            return self._preferences(request, error=str(error), status=422)
        said = [words("preferences.saved")]
        if saved is not None and saved.left:
            said.append(words("preferences.left", lists=words.join(list(saved.left))))
        if saved is not None and saved.to_confirm:
            said.append(words("preferences.to_confirm", lists=words.join(list(saved.to_confirm))))
        return self._preferences(request, said=said)

    async def ask(self, request: Request) -> Response:
        """Ask for a copy, or to be erased: a letter with a link goes to the person's address."""
        sent = await self.form(request)
        kind = text(sent, "kind")
        if kind not in {"erase", "export"}:
            raise HTTPException(400)
        masked = await run_in_threadpool(
            lambda: self.visitors.ask_about_self(request.path_params["link"], kind, now=self.now)
        )
        if masked is None:
            return self.page(request, "said", 404, title="preferences.gone_title", text="preferences.gone_text")
        return self.page(request, "said", title="join.check_title", text="rights.check_text", address=masked)

    # --- leaving

    def leaving(self, request: Request) -> Response:
        """The page with the button; for a link that is nobody's it looks the same, without an address."""
        found = self.visitors.preferences(request.path_params["link"], now=self.now)
        return self.page(request, "leaving", masked=found.address if found else "", link=request.path_params["link"])

    async def leave(self, request: Request) -> Response:
        """Leave: by the page's button, or by a mail program's one click (RFC 8058), which is answered in plain text.

        What is no form of ours is a mail program's: nobody else sends a POST here.
        """
        button = await self._button(request)
        if not button:
            await run_in_threadpool(self._leave, request, "one-click", everything=False)
            return PlainTextResponse("You have been unsubscribed.\n", headers=PRIVATE)
        self.limit(request)
        left = await run_in_threadpool(self._leave, request, "page", everything=button == "all")
        return self.page(request, "left", left=left, link=request.path_params["link"])

    async def _button(self, request: Request) -> str:
        """Which button of our page was pressed; "" for all else, a body that is broken too."""
        try:
            sent = await request.form() if is_form(request.headers) else FormData()
        except HTTPException:
            return ""  # whoever holds the link wishes to leave, however badly their program says so
        return text(sent, "button")

    def _leave(self, request: Request, how: str, *, everything: bool) -> Any:
        return self.visitors.leave(request.path_params["link"], how=how, everything=everything, now=self.now)

    async def rejoin(self, request: Request) -> Response:
        """That was a mistake: a letter with a link to join again, for whoever's link it is."""
        await self.form(request)
        wording = self._wording(await run_in_threadpool(self.visitors.labels))
        link = request.path_params["link"]
        await run_in_threadpool(lambda: self.visitors.rejoin(link, wording=wording, now=self.now))
        return self.page(request, "said", title="join.check_title", text="join.check_text")


def text(sent: FormData, name: str) -> str:
    """A text field without spaces around it; "" where it is missing or a file."""
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else ""


def several(sent: FormData, name: str, known: Sequence[str] | Mapping[str, str]) -> list[str]:
    """The ticked values of a field that are known, in the order they are known in."""
    ticked = {value for value in sent.getlist(name) if isinstance(value, str)}
    return [value for value in known if value in ticked]


def _action(request: Request) -> str:
    """Where the form goes: in a partner's frame it stays in it."""
    return "/join/form" if request.url.path.endswith("/join/form") else "/join"
