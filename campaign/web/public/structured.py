"""schema.org data for search engines, made only from what a page shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from markupsafe import Markup

from campaign.web.public.week import DayShown, Item, Week

Absolute = Callable[[str], str]

#: Our words for an event's state -> schema.org's.
STATUS = {"cancelled": "EventCancelled"}
OFFER = {"open": "InStock", "full": "SoldOut"}


def embed(data: object) -> Markup:
    """JSON that cannot end the element it stands in: every `<`, `>` and `&` is escaped."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - no sign that HTML reads is left in it


def _event(item: Item, week: Week) -> dict[str, Any] | None:
    """An event of a known date; search engines want no other (schema.org/Event: startDate, location)."""
    if item.starts is None:
        return None
    online = item.place.lower() in {"online", "virtual"}
    found: dict[str, Any] = {
        "@type": "Event",
        "name": item.title,
        "startDate": item.starts.isoformat(),
        "eventStatus": f"https://schema.org/{STATUS.get(item.state, 'EventScheduled')}",
        "eventAttendanceMode": f"https://schema.org/{'Online' if online else 'Offline'}EventAttendanceMode",
    }
    if item.ends is not None:
        found["endDate"] = item.ends.isoformat()
    if online:
        found["location"] = {"@type": "VirtualLocation", **({"url": item.booking} if item.booking else {})}
    elif item.place:
        found["location"] = {"@type": "Place", "name": item.place, "address": item.place}
    if item.state in OFFER:
        offer = {"@type": "Offer", "availability": f"https://schema.org/{OFFER[item.state]}"}
        found["offers"] = {**offer, **({"url": item.booking} if item.booking else {})}
    if item.organisations:
        found["organizer"] = {"@type": "Organization", "name": item.organisations}
    return found


def _whole(week: Week, absolute: Absolute) -> dict[str, Any]:
    return {
        "@type": "EventSeries",
        "@id": absolute(week.path),
        "name": week.title,
        "url": absolute(week.path),
        "startDate": _day(week.starts),
        "endDate": _day(week.ends),
        "inLanguage": week.language,
        **({"description": week.summary} if week.summary else {}),
    }


def _day(day: date) -> str:
    return day.isoformat()


def week_data(week: Week, absolute: Absolute) -> Markup:
    """The week as an EventSeries, with the events that show."""
    events = [found for item in week.events if (found := _event(item, week)) is not None]
    data = {"@context": "https://schema.org", **_whole(week, absolute), **({"subEvent": events} if events else {})}
    return embed(data)


def day_data(week: Week, day: DayShown, absolute: Absolute) -> Markup:
    """A day's page, part of its week, with the day's own events."""
    items = {item.id: item for subject in day.subjects for item in subject.items if item.is_event}
    events = [found for item in items.values() if (found := _event(item, week)) is not None]
    page: dict[str, Any] = {
        "@type": "WebPage",
        "@id": absolute(day.path),
        "url": absolute(day.path),
        "name": day.title or week.title,
        "datePublished": day.opens_at.isoformat(),
        "isPartOf": {"@type": "WebSite", "name": week.title, "url": absolute(week.path)},
        "about": _whole(week, absolute),
        "inLanguage": week.language,
    }
    graph = [page, *events]
    return embed({"@context": "https://schema.org", "@graph": graph})
