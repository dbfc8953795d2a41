"""The pages of weeks and days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from campaign.delivery.forms import Published
from campaign.render import visible
from campaign.web.almanac import Moment
from campaign.web.cache import MOMENT, keep
from campaign.web.parts import Parts
from campaign.web.public.gate import Gate
from campaign.web.public.structured import day_data, week_data
from campaign.web.public.week import DayShown, Phase, Week
from campaign.web.templating import Templates

FILTERS = ("area", "audience")


@dataclass(frozen=True, slots=True)
class Listed:
    """A week on the page of all weeks."""

    week: Week
    year: int


class PublicPages:
    """Answers for the public pages; each is made from the request's `Moment` alone."""

    def __init__(self, parts: Parts, templates: Templates) -> None:
        self.parts = parts
        self.templates = templates

    # --- finding

    def gate(self, request: Request, published: Published) -> Gate:
        """The gate of a campaign for what the request chooses."""
        words = self.templates.words(published.programme.campaign.language)
        query = request.query_params
        return Gate(
            published, moment_of(request), words, area=query.get("area", ""), audience=query.get("audience", "")
        )

    def find(self, request: Request) -> Gate:
        """The gate of the campaign that the path names; 404 where there is none."""
        published = moment_of(request).edition.campaigns.get(request.path_params["campaign"])
        if published is None:
            raise HTTPException(404)
        return self.gate(request, published)

    def all(self, request: Request) -> list[Week]:
        """Every campaign with pages, as it shows, latest first."""
        gates = (self.gate(request, one) for one in moment_of(request).edition.campaigns.values())
        return sorted((gate.week() for gate in gates), key=lambda week: (week.starts, week.id), reverse=True)

    def answer(self, request: Request, week: Week | None, template: str, **context: Any) -> Response:
        """A page that may be kept while nothing changes."""
        self._keep(request, week)
        language = week.language if week is not None else ""
        joining = self.parts.visitors is not None
        return self.templates.public(template, language=language, week=week, joining=joining, **context)

    def _keep(self, request: Request, week: Week | None) -> None:
        """Let the answer be kept where the query is exactly what was understood of it: others would fill the memory."""
        if request.url.query == (week.query.removeprefix("?") if week is not None else ""):
            keep(request.scope)

    # --- pages

    def front(self, request: Request) -> Response:
        """The week that matters now: the one that runs, else the next, else the last."""
        found = current(moment_of(request))
        if found is None:
            return self.answer(request, None, "public/none.html")
        return self._home(request, self.gate(request, found))

    def home(self, request: Request) -> Response:
        """The home page of a week."""
        return self._home(request, self.find(request))

    def _home(self, request: Request, gate: Gate) -> Response:
        week = gate.week()
        data = week_data(week, self.templates.absolute)
        return self.answer(request, week, "public/home.html", data=data, here=week.path)

    def day(self, request: Request) -> Response:
        """A day's page; before its time 404, with nothing of the day but when it opens; 410 where it was taken down."""
        week = self.find(request).week()
        day = week.day(request.path_params["day"])
        if day is None:
            raise HTTPException(404)
        if day.gone:
            self._keep(request, week)
            return self.templates.public("public/gone.html", status=410, language=week.language, week=week, day=day)
        if not day.open:
            self._keep(request, week)
            return self.templates.public("public/locked.html", status=404, language=week.language, week=week, day=day)
        before, after = neighbours(week, day)
        data = day_data(week, day, self.templates.absolute)
        context = {"day": day, "before": before, "after": after, "data": data, "here": day.path}
        return self.answer(request, week, "public/day.html", **context)

    def weeks(self, request: Request) -> Response:
        """Every week: now, coming and past."""
        shown = [Listed(week, week.starts.year) for week in self.all(request)]
        groups = {phase: [one for one in shown if one.week.phase is phase] for phase in Phase}
        return self.answer(
            request,
            None,
            "public/weeks.html",
            now=groups[Phase.RUNNING],
            coming=groups[Phase.BEFORE][::-1],
            past=groups[Phase.OVER],
        )

    def widget(self, request: Request) -> Response:
        """A small page for a frame on a partner's site: today, the days, a link to the week."""
        week = self.find(request).week()
        answer = self.answer(request, week, "public/widget.html")
        frames = " ".join(self.parts.site.frames) or "*"
        answer.headers["Content-Security-Policy"] = answer.headers["Content-Security-Policy"].replace(
            "frame-ancestors 'none'", f"frame-ancestors {frames}"
        )
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer

    def embed(self, request: Request) -> Response:
        """How a partner puts the widget on their own pages."""
        return self.answer(request, self.find(request).week(), "public/embed.html")

    def statement(self, name: str) -> Callable[[Request], Response]:
        """The page of the privacy or the accessibility statement."""

        def page(request: Request) -> Response:
            return self.answer(request, None, f"public/{name}.html", statements=self.parts.site.statements)

        return page

    def slash(self, request: Request) -> Response:
        """The same address without the slash at its end, within this site."""
        path = "/" + request.url.path.strip("/")
        return RedirectResponse(self.templates.url(path), 308)


def moment_of(request: Request) -> Moment:
    """What the request is answered from."""
    found: Moment = request.scope[MOMENT]
    return found


def current(moment: Moment) -> Published | None:
    """The campaign that matters now: running (the one that began last), else next to come, else the last one over."""

    def days(one: Published) -> tuple[date, date, date]:
        head = one.programme.campaign
        here = visible.local(moment.now, head.timezone).date()
        return (head.starts or here, head.ends or here, here)

    found = list(moment.edition.campaigns.values())
    running = [one for one in found if days(one)[0] <= days(one)[2] <= days(one)[1]]
    coming = [one for one in found if days(one)[0] > days(one)[2]]
    if running:
        return max(running, key=lambda one: days(one)[0])
    if coming:
        return min(coming, key=lambda one: days(one)[0])
    return max(found, key=lambda one: days(one)[1], default=None)


def neighbours(week: Week, day: DayShown) -> tuple[DayShown | None, DayShown | None]:
    """The days before and after, open or not."""
    at = week.days.index(day)
    before = week.days[at - 1] if at else None
    after = week.days[at + 1] if at + 1 < len(week.days) else None
    return before, after
