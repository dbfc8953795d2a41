"""The addresses of the public pages. The names that a campaign cannot have are those of `campaign.model.names`."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from campaign.web.parts import Parts
from campaign.web.public.feeds import Feeds
from campaign.web.public.pages import PublicPages
from campaign.web.public.pictures import Pictures
from campaign.web.templating import Templates


def public_routes(parts: Parts, templates: Templates) -> list[BaseRoute]:
    """Every public page; the general addresses come last."""
    pages = PublicPages(parts, templates)
    feeds, pictures = Feeds(pages), Pictures(pages)
    only = ["GET"]
    return [
        Route("/", pages.front, methods=only),
        Route("/weeks", pages.weeks, methods=only),
        Route("/calendar.ics", feeds.series, methods=only),
        Route("/feed.xml", feeds.site_feed, methods=only),
        Route("/sitemap.xml", feeds.sitemap, methods=only),
        Route("/robots.txt", feeds.robots, methods=only),
        Route("/privacy", pages.statement("privacy"), methods=only),
        Route("/accessibility", pages.statement("accessibility"), methods=only),
        Route("/{campaign}", pages.home, methods=only),
        Route("/{campaign}/", pages.slash, methods=only),
        Route("/{campaign}/feed.xml", feeds.week_feed, methods=only),
        Route("/{campaign}/programme.ics", feeds.programme, methods=only),
        Route("/{campaign}/widget", pages.widget, methods=only),
        Route("/{campaign}/embed", pages.embed, methods=only),
        Route("/{campaign}/card.png", pictures.week_card, methods=only),
        Route("/{campaign}/events/{event}.ics", feeds.event, methods=only),
        Route("/{campaign}/images/{name}", pictures.logo, methods=only),
        Route("/{campaign}/{day}", pages.day, methods=only),
        Route("/{campaign}/{day}/", pages.slash, methods=only),
        Route("/{campaign}/{day}/card.png", pictures.day_card, methods=only),
    ]
