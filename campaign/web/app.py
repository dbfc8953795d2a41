"""The app, put together from its parts."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from campaign.web.almanac import Almanac
from campaign.web.assets import STYLES, Asset, Assets, asset
from campaign.web.cache import PageCache
from campaign.web.client import networks
from campaign.web.colours import styles
from campaign.web.desk import failing
from campaign.web.desk.door import Door
from campaign.web.desk.routes import desk_routes
from campaign.web.hooks import LARGEST, Hooks
from campaign.web.images import media_type
from campaign.web.joining.pages import JoiningPages
from campaign.web.media import Media
from campaign.web.parts import Parts
from campaign.web.public.routes import public_routes
from campaign.web.security import HEADERS, Guard
from campaign.web.templating import Templates

log = logging.getLogger(__name__)


def create_app(parts: Parts) -> Starlette:
    """Every page that the parts can carry. SettingsError where colours cannot be read, or a proxy is no network."""
    networks(parts.site.proxies)
    templates = Templates(parts.site, Assets(parts.site, _theme_files(parts)))
    almanac = Almanac(parts.weeks, parts.clock, parts.look_every)
    door = Door(parts, parts.desk, templates) if parts.desk is not None else None
    app = Starlette(
        routes=_routes(parts, templates, door),
        middleware=[Middleware(Guard, site=parts.site), Middleware(PageCache, almanac=almanac)],
        exception_handlers={HTTPException: _http_error, 500: _failure},
        max_body_size=LARGEST,
    )
    app.state.parts = parts
    app.state.templates = templates
    app.state.door = door
    return app


def _routes(parts: Parts, templates: Templates, door: Door | None) -> list[BaseRoute]:
    own: list[BaseRoute] = [templates.assets.route(), Route("/healthz", _health, methods=["GET"])]
    if parts.site.probe:
        own.append(Route("/unsubscribe/probe", _probe(parts.site.probe), methods=["GET"]))
    if parts.media is not None:
        own.append(Media(parts.media).route())
    if parts.hooks:
        own.append(Hooks(parts).route())
    if parts.visitors is not None:
        own += JoiningPages(parts, templates, parts.visitors).routes()
    if door is not None:
        own += desk_routes(door)
    return [*own, *public_routes(parts, templates)]


def _theme_files(parts: Parts) -> dict[str, Asset]:
    theme = parts.site.theme
    found = {}
    if text := styles(theme):
        found["theme.css"] = asset(STYLES, text.encode())
    if theme.logo:
        found["logo"] = asset(media_type(theme.logo), theme.logo)
    return found


def _health(request: Request) -> Response:
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


def _probe(answer: str) -> Callable[[Request], Response]:
    def tell(request: Request) -> Response:
        return PlainTextResponse(answer, headers={"Cache-Control": "no-store"})

    return tell


def _http_error(request: Request, error: Exception) -> Response:
    """A page for what is not there or not allowed. The path is not repeated in it."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    templates: Templates = request.app.state.templates
    headers |= {**HEADERS, "X-Frame-Options": "DENY", "Cache-Control": "no-store"}
    kind = {404: "missing", 405: "method", 413: "large", 429: "often"}.get(status, "failed")
    door: Door | None = request.app.state.door
    own = failing.page(door, request, status, kind) if door is not None else None
    if own is not None:
        own.headers.update(headers)
        return own
    return templates.public("public/error.html", status=status, headers=headers, kind=kind)


def _failure(request: Request, error: Exception) -> Response:
    """The page for a fault of ours; what went wrong is for the log alone."""
    log.error("a page failed: %s", type(error).__name__)
    return _http_error(request, error)
