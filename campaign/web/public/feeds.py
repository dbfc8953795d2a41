"""Feeds, calendars, the map of the site: what machines read, made from what pages show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from campaign.web.cache import keep
from campaign.web.public.pages import PublicPages, moment_of
from campaign.web.public.week import DayShown, Item, Week

if TYPE_CHECKING:
    from icalendar import Calendar, Event

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
CALENDAR = "text/calendar; charset=utf-8"


class Feeds:
    """Answers for what machines read."""

    def __init__(self, pages: PublicPages) -> None:
        self.pages = pages
        self.absolute = pages.templates.absolute
        self.host = pages.parts.site.host.split(":")[0]

    def _answer(self, request: Request, body: bytes, media_type: str, name: str = "") -> Response:
        if not request.url.query:
            keep(request.scope)
        headers = {"Content-Disposition": f'inline; filename="{name}"'} if name else None
        return Response(body, 200, headers, media_type)

    # --- Atom (RFC 4287)

    def week_feed(self, request: Request) -> Response:
        """The days of a week that have opened, newest first."""
        week = self.pages.find(request).week()
        return self._feed(request, [week], week.title, f"{week.path}/feed.xml", week.path, week.language)

    def site_feed(self, request: Request) -> Response:
        """The open days of every week, newest first."""
        words = self.pages.templates.words()
        title = self.pages.parts.site.theme.name or words("site.name")
        return self._feed(request, self.pages.all(request), title, "/feed.xml", "/", words.tag)

    def _feed(self, request: Request, weeks: list[Week], title: str, own: str, home: str, language: str) -> Response:
        ElementTree.register_namespace("", ATOM)
        feed = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": language})
        entries = sorted(
            ((day, week) for week in weeks for day in week.open_days), key=lambda two: two[0].opens_at, reverse=True
        )
        updated = entries[0][0].opens_at if entries else moment_of(request).edition.since(moment_of(request).now)
        _text(feed, "id", self.absolute(home))
        _text(feed, "title", title)
        _text(feed, "updated", updated.isoformat())
        author = ElementTree.SubElement(feed, f"{{{ATOM}}}author")
        _text(author, "name", self.pages.parts.site.theme.name or title)
        ElementTree.SubElement(feed, f"{{{ATOM}}}link", {"rel": "self", "href": self.absolute(own)})
        ElementTree.SubElement(feed, f"{{{ATOM}}}link", {"href": self.absolute(home)})
        for day, week in entries[:100]:
            self._entry(feed, week, day)
        body = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
        return self._answer(request, body, "application/atom+xml")

    def _entry(self, feed: ElementTree.Element, week: Week, day: DayShown) -> None:
        entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
        _text(entry, "id", self.absolute(day.path))
        _text(entry, "title", f"{day.weekday}: {day.title}" if day.title else f"{week.title}: {day.weekday}")
        _text(entry, "updated", day.opens_at.isoformat())
        ElementTree.SubElement(entry, f"{{{ATOM}}}link", {"href": self.absolute(day.path)})
        content = self.pages.templates.render("public/entry.html", week.language, week=week, day=day)
        _text(entry, "content", content).set("type", "html")

    # --- iCalendar (RFC 5545)

    def programme(self, request: Request) -> Response:
        """The days of a week and its events, for a calendar program to subscribe to."""
        return self._calendar(request, [self.pages.find(request).week()], "programme.ics")

    def series(self, request: Request) -> Response:
        """Every week and its events."""
        return self._calendar(request, self.pages.all(request), "calendar.ics")

    def event(self, request: Request) -> Response:
        """One event; 404 where it is not to be seen, or has no date."""
        week = self.pages.find(request).week()
        found = next((item for item in week.events if item.id == request.path_params["event"]), None)
        if found is None or found.starts is None:
            raise HTTPException(404)
        calendar = self._new(found.title)
        calendar.add_component(self._event(week, found))
        return self._answer(request, calendar.to_ical(), CALENDAR, f"{found.id}.ics")

    def _calendar(self, request: Request, weeks: list[Week], name: str) -> Response:
        site = self.pages.parts.site.theme.name or self.pages.templates.words()("site.name")
        calendar = self._new(weeks[0].title if len(weeks) == 1 else site)
        for week in weeks:
            for day in week.days:
                for number, one in enumerate(day.dates):
                    calendar.add_component(self._day(week, day, one, number))
            for item in week.events:
                if item.starts is not None:
                    calendar.add_component(self._event(week, item))
        return self._answer(request, calendar.to_ical(), CALENDAR, name)

    def _new(self, name: str) -> Calendar:
        from icalendar import Calendar  # two megabytes, and half a second: loaded with the first calendar

        calendar = Calendar()
        calendar.add("prodid", "-//campaign-bot//pages//EN")
        calendar.add("version", "2.0")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", name)
        return calendar

    def _day(self, week: Week, day: DayShown, when: date, number: int) -> Event:
        from icalendar import Event

        event = Event()
        suffix = f"-{number}" if number else ""
        event.add("uid", f"{week.id}.{day.id}{suffix}@{self.host}")
        event.add("dtstamp", day.opens_at if day.open else week.since)
        event.add("dtstart", when)
        event.add("dtend", when + timedelta(days=1))
        event.add("summary", f"{week.title}: {day.title}" if day.title else week.title)
        event.add("transp", "TRANSPARENT")
        event.add("url", self.absolute(day.path if day.open else week.path))
        if not day.open:
            event.add("description", day.opens)
        return event

    def _event(self, week: Week, item: Item) -> Event:
        from icalendar import Event

        event = Event()
        event.add("uid", f"{week.id}.{item.id}@{self.host}")
        event.add("dtstamp", week.since)
        if item.starts is not None:
            event.add("dtstart", item.starts)
        end = item.ends
        if isinstance(end, date) and not isinstance(end, datetime):
            end += timedelta(days=1)  # RFC 5545 3.6.1: the end of an all-day event is the day after
        if end is not None and isinstance(end, datetime) == isinstance(item.starts, datetime):
            event.add("dtend", end)
        event.add("summary", item.title)
        if item.place:
            event.add("location", item.place)
        event.add("status", "CANCELLED" if item.state == "cancelled" else "CONFIRMED")
        event.add("url", item.booking or item.recording or self.absolute(week.path))
        if item.state_words:
            event.add("description", item.state_words)
        return event

    # --- for search engines

    def sitemap(self, request: Request) -> Response:
        """The address of every page that shows (sitemaps.org protocol)."""
        ElementTree.register_namespace("", SITEMAP)
        root = ElementTree.Element(f"{{{SITEMAP}}}urlset")
        for path in paths(self.pages.all(request)):
            url = ElementTree.SubElement(root, f"{{{SITEMAP}}}url")
            ElementTree.SubElement(url, f"{{{SITEMAP}}}loc").text = self.absolute(path)
        return self._answer(
            request, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True), "application/xml"
        )

    def robots(self, request: Request) -> Response:
        """What search engines may read: the public pages, not the desk and not people's own links."""
        root = self.pages.parts.site.root
        lines = [
            "User-agent: *",
            *(f"Disallow: {root}{path}" for path in ("/desk", "/confirm/", "/preferences/", "/unsubscribe/")),
        ]
        return self._answer(
            request, "\n".join([*lines, f"Sitemap: {self.absolute('/sitemap.xml')}", ""]).encode(), "text/plain"
        )


def paths(weeks: Iterable[Week]) -> list[str]:
    """The paths of every page for readers that shows."""
    found = ["/", "/weeks", "/privacy", "/accessibility"]
    for week in weeks:
        found += [week.path, *(day.path for day in week.open_days)]
    return found


def _text(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = text
    return element
