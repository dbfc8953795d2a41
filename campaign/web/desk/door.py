"""The one door of the desk: every request passes here, is signed in, has the role, and brings a form of ours."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from campaign.clock import SystemClock
from campaign.delivery import needing, views
from campaign.delivery.parts import Parts as Work
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import CampaignError
from campaign.model import HoldScope, Role
from campaign.web.client import client_address, network_of
from campaign.web.desk import show, times
from campaign.web.desk.guessing import Guessing
from campaign.web.desk.live import SLOW, Drawn, Live, Part
from campaign.web.desk.names import networks_of
from campaign.web.desk.requests import READ_OUT, address_of, nothing_new, too_large
from campaign.web.parts import Desk, Parts, Site
from campaign.web.security import is_form
from campaign.web.templating import Templates

if TYPE_CHECKING:
    from campaign.store.account_rows import Account
    from campaign.store.sessions import Session
    from campaign.web.desk.elsewhere import Elsewhere

FIELD = "form"
#: Where one may be led back to after signing in: a page of the desk.
OWN_PAGE = re.compile(r"/desk(/[A-Za-z0-9_./-]*)?(\?[A-Za-z0-9_.=&%+-]*)?")
#: The largest form, in bytes; uploads have a limit of their own.
LARGEST = 256 * 1024
#: The largest number of a row or a page that is looked for: databases count no further than 2**63, by fifty.
LAST = 2**53
#: Where every open page asks what is new for all of them.
BASE = "/desk/live"


@dataclass(slots=True)
class Ask:
    """One request that has passed the door. `now` is aware UTC; `form` is empty for a page that is only looked at."""

    door: Door
    request: Request
    session: Session
    now: datetime
    form: FormData = field(default_factory=FormData)
    weeks: dict[str, views.Week] = field(default_factory=dict)
    found_needs: list[views.Need] | None = None
    found_ahead: list[views.Week] | None = None
    found_pause: str | None = None

    @property
    def account(self) -> Account:
        """Who asks."""
        return self.session.account

    @property
    def who(self) -> str:
        """Their name: the author of what they do."""
        return self.account.name

    @property
    def work(self) -> Work:
        """What the delivery room works with."""
        return self.door.desk.work

    def needs(self) -> list[views.Need]:
        """Everything that needs a person, read once for a page that is looked at."""
        if self.found_needs is None:
            more = needing.more(self.work, self.door.shelf.all(), self.now, self.door.desk.until)
            self.found_needs = [*views.needs(self.work), *more]
        return self.found_needs

    def needing(self) -> int:
        """How many things need somebody, approvals among them."""
        return len(self.needs()) + len(self.unapproved())

    def ahead(self) -> list[views.Week]:
        """The weeks of which anything may still go: a past one is not worked out for every page."""
        if self.found_ahead is None:
            forces = views.ahead(self.work, self.door.shelf.all(), self.now)
            self.found_ahead = [self.week(force) for force in forces]
        return self.found_ahead

    def unapproved(self) -> list[tuple[show.Entry, views.Week]]:
        """Messages ahead that nobody has approved as they stand, soonest first, each with its week."""
        if not self.work.approving():
            return []
        found = [
            (entry, week)
            for week in self.ahead()
            for entry in show.entries(item for item in week.items if show.state_of(item) == "approval")
        ]
        return sorted(found, key=lambda pair: pair[0].at)

    def week(self, force: InForce) -> views.Week:
        """A campaign as it stands, read once for a request."""
        if force.slug not in self.weeks:
            self.weeks[force.slug] = views.week(self.work, force, self.now)
        return self.weeks[force.slug]

    def paused(self) -> str:
        """A sentence about the pause of everything, "" where none is on."""
        if self.found_pause is None:
            self.found_pause = self.door.paused(self)
        return self.found_pause

    def text(self, name: str) -> str:
        """A field of the form, or of the address, without spaces around it."""
        value = self.form.get(name, self.request.query_params.get(name, ""))
        return value.strip() if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """A field that is a number of ours; 0 where it is none, or larger than any that is counted."""
        text = self.text(name)
        return int(text) if text.isdecimal() and len(text) <= len(str(LAST)) and int(text) <= LAST else 0

    def all(self, name: str) -> list[str]:
        """Every value of a field of the form that stands there more than once, empty ones left out."""
        values = self.form.getlist(name) or self.request.query_params.getlist(name)
        return [value.strip() for value in values if isinstance(value, str) and value.strip()]

    def files(self, name: str) -> list[UploadFile]:
        """The files of a field."""
        return [each for each in self.form.getlist(name) if isinstance(each, UploadFile) and each.filename]

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def may(self, role: str) -> bool:
        """Whether the asker reaches as far as `role`."""
        return self.account.role.may(Role(role))

    def page(self, template: str, *, status: int = 200, here: str = "", week: str = "", **context: Any) -> Response:
        """A page of the desk."""
        return self.door.page(self, template, status=status, here=here, week=week, **context)

    def fragment(self, template: str, **context: Any) -> Response:
        """A part of a page, for a page that is open."""
        answer: Response = self.door.templates.desk(template, ask=self, **context)
        return answer

    def back(self, path: str, said: str = "", *, count: int | None = None, **values: object) -> Response:
        """Lead on to a page of ours, which says `said` (a key of the catalogue, with `count` in number) at its top."""
        if said:
            words = self.door.templates.words()
            text = words(said, **values) if count is None else words.count(said, count, **values)
            self.work.store.sessions.say(self.session.id, text)
        return self.door.lead(path)


Handler: TypeAlias = Callable[[Ask], Response]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be asked of the desk: where, how, the least role, and who answers.

    `quiet`: an open page asks for what is new of it (`live.py`), and is answered with nothing where nothing is.
    `looks`: a form is sent to be looked at, and nothing is done: it can be sent again.
    """

    method: str
    path: str
    least: Role
    handler: Handler
    largest: int = LARGEST
    quiet: bool = False
    looks: bool = False


class Door:
    """Signs in and lets through."""

    def __init__(self, parts: Parts, desk: Desk, templates: Templates) -> None:
        self.parts = parts
        self.desk = desk
        self.templates = templates
        self.guessing = Guessing(desk.work, parts.site)
        self.elsewhere: Elsewhere | None = None
        self.shelf = Shelf(desk.work.store)
        self._names: dict[tuple[str, int], dict[str, str]] = {}
        self.live = Live(SystemClock(), desk.work.store.ledger.changes, parts.look_every)
        self.cookie = "__Host-desk" if parts.site.secure and not parts.site.root else "desk"

    @property
    def provider(self) -> str:
        """The name of the provider where one may sign in; "" where there is none."""
        return self.desk.provider.name if self.desk.provider else ""

    def route(self, act: Act) -> Route:
        """The route of an act, behind the door."""

        async def endpoint(request: Request) -> Response:
            if act.quiet and await self._nothing_new(request):
                return nothing_new()
            return await self.answer(act, request)

        limit = act.largest * READ_OUT if act.method == "POST" else None
        return Route(act.path, endpoint, methods=[act.method], name=f"{act.method} {act.path}", max_body_size=limit)

    async def answer(self, act: Act, request: Request) -> Response:
        """Let a request through, or say why not."""
        if act.method == "POST":
            own_form(request, self.parts.site)
        if any(isinstance(part, int) and part > LAST for part in request.path_params.values()):
            raise HTTPException(404)
        now = self.parts.clock.now()
        session = await run_in_threadpool(self.session, request, now, used=not act.quiet)
        if session is None:
            return Response(status_code=401) if act.quiet else self.lead(self._sign_in(act, request))
        if act.quiet:
            self.live.let_in(request.cookies[self.cookie])
        ask = Ask(self, request, session, now)
        if not session.account.role.may(act.least):
            return await run_in_threadpool(lambda: ask.page("desk/refused.html", status=403, role=act.least, error=""))
        if act.method != "POST":
            return await run_in_threadpool(self._act, act, ask)
        if await too_large(act.largest, request):
            size = act.largest // 1024 // 1024
            return await run_in_threadpool(
                lambda: ask.page("desk/failed.html", status=413, kind="large", size=f"{size:,}" if size else "")
            )
        async with request.form(max_files=20, max_fields=500, max_part_size=act.largest) as ask.form:
            if not self.is_ours(ask):
                return await run_in_threadpool(lambda: ask.page("desk/refused.html", status=403, role="", error=""))
            return await run_in_threadpool(self._act, act, ask)

    async def _nothing_new(self, request: Request) -> bool:
        """Whether a page that asks for news has them all. Nothing is read of the ledger but its count, now and then."""
        if not self.live.knows(request.cookies.get(self.cookie, "")):
            return False
        if self.live.stale():
            await run_in_threadpool(self.live.look)
        address, seen = address_of(request)
        return self.live.unchanged(seen, BASE, *([address] if address != BASE else []))

    def _act(self, act: Act, ask: Ask) -> Response:
        if act.method == "POST" and not act.looks:
            nonce = ask.text(FIELD).partition(".")[0]
            if not self.desk.work.store.forms.use(nonce, now=ask.now):
                return ask.back("/desk", "desk.twice")
        try:
            return act.handler(ask)
        except CampaignError as error:
            return ask.page("desk/refused.html", status=422, role="", error=self.templates.words().said(error))

    # --- sessions

    def session(self, request: Request, now: datetime, *, used: bool = True) -> Session | None:
        """The session of the browser that asks."""
        token = request.cookies.get(self.cookie, "")
        return self.desk.work.store.sessions.find(token, now=now, used=used) if token else None

    def start(self, request: Request, account: Account, path: str, way: str) -> Response:
        """Sign in: a new session, and on to a page. `way`: what was proven, for the log."""
        now, network = self.parts.clock.now(), network_of(client_address(request, self.parts.site))
        agent = request.headers.get("user-agent", "")
        token = self.desk.work.store.sessions.start(account, network=network, agent=agent, now=now, way=way)
        answer = self.lead(path)
        answer.set_cookie(
            self.cookie, token, path=self.parts.site.root or "/", httponly=True, secure=self.parts.site.secure,
            samesite="lax", max_age=7 * 24 * 3600,
        )  # fmt: skip
        self.guessing.know(request, answer, account, now)
        return answer

    def forget(self, answer: Response) -> Response:
        """Take the cookie back."""
        answer.delete_cookie(self.cookie, path=self.parts.site.root or "/")
        return answer

    # --- forms

    def token(self, ask: Ask) -> str:
        """What a form of this session carries: good once."""
        nonce = secrets.token_urlsafe(12)
        return f"{nonce}.{self._seal(ask, nonce)}"

    def is_ours(self, ask: Ask) -> bool:
        """Whether the form was made for this session by us."""
        nonce, _, seal = ask.text(FIELD).partition(".")
        return bool(nonce) and hmac.compare_digest(seal.encode(), self._seal(ask, nonce).encode())

    def _seal(self, ask: Ask, nonce: str) -> str:
        return self.desk.work.key.token("desk-form-v1", str(ask.session.id), nonce)

    # --- pages

    def lead(self, path: str) -> RedirectResponse:
        """A redirect to one of our own paths."""
        return RedirectResponse(self.templates.url(path), 303, {"Cache-Control": "no-store"})

    def _sign_in(self, act: Act, request: Request) -> str:
        if act.method != "GET" or request.url.path.rstrip("/") == "/desk":
            return "/desk/sign-in"
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return f"/desk/sign-in?next={quote(wanted, safe='/')}"

    def page(self, ask: Ask, template: str, *, status: int, here: str, week: str, **context: Any) -> Response:
        """A page with the desk's frame around it."""
        if ask.session.said:
            ask.work.store.sessions.say(ask.session.id, "")
        answer: Response = self.templates.desk(
            template,
            status=status,
            ask=ask,
            form_token=lambda: self.token(ask),
            desk={
                "theme": ask.account.theme,
                "week": week,
                "user": ask.who,
                "state": self.templates.words()("desk.sending_on"),
                "paused": ask.paused(),
                "needs": ask.needing(),
                "here": here,
                "banner": ask.session.said,
                "live": context.pop("live", None) or {"address": BASE, "mark": self.base(ask).mark, "every": SLOW},
            },
            **context,
        )
        return answer

    def base(self, ask: Ask, *, fresh: bool = True) -> Part:
        """What every page shows of the present: how much needs somebody, and whether everything is paused."""

        def draw() -> Drawn:
            words, needs, paused = self.templates.words(), ask.needing(), ask.paused()
            html = self.templates.render("desk/live_base.html", needs=needs, paused=paused)
            count = words.count("desk.needing", needs) if needs else words("desk.needing_none")
            states = {"needs": (words("desk.needs"), count), "pause": ("", paused or words("desk.sending_on"))}
            return Drawn(html, states=states)

        return self.live.part(BASE, draw, fresh=fresh)

    def paused(self, ask: Ask) -> str:
        """A sentence about the pause of everything, "" where none is on."""
        words = self.templates.words()
        for hold in ask.work.store.holds.current(ask.now):
            if hold.scope is HoldScope.ALL:
                since = times.moment(hold.since, self.zone(), ask.now, words.shared)
                said = words("desk.paused_by", who=hold.author, since=since)
                reason = words("desk.paused_why", reason=hold.reason) if hold.reason else ""
                held = sum(need.kind == "held" for need in ask.needs())
                count = words.count("desk.held", held) if held else words("desk.held_none")
                return " ".join(part for part in (said, reason, count) if part)
        return ""

    def names(self, force: InForce) -> dict[str, str]:
        """The networks' names of a campaign's channels, by channel; those that two share are left out."""
        if (force.slug, force.number) not in self._names:
            self._names[force.slug, force.number] = networks_of(self.desk.work, force.programme)
        return self._names[force.slug, force.number]

    def zone(self) -> str:
        """The zone of the installation's times: that of its first week."""
        found = self.shelf.all()
        return found[0].programme.campaign.timezone if found else "Europe/London"


def own_form(request: Request, site: Site) -> None:
    """403 where another site sent the form, 415 where it is none.

    A browser names the origin of each POST (Fetch standard, section 3.1). Ours is the host that was asked, which
    the guard has checked, or that of `base_url`, where a web server before us asks us by another name.
    """
    if not is_form(request.headers):
        raise HTTPException(415)
    origin, sender = request.headers.get("origin", ""), request.headers.get("sec-fetch-site", "same-origin")
    if origin and urlsplit(origin).netloc.lower() not in {request.headers.get("host", "").lower(), site.host}:
        raise HTTPException(403)
    if sender not in {"same-origin", "none"}:
        raise HTTPException(403)


def own_page(path: str) -> str:
    """`path` where it is a page of the desk, else the desk's first page."""
    return path if OWN_PAGE.fullmatch(path) and "//" not in path and ".." not in path else "/desk"
