"""This week: five day panels and the sentence above them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from starlette.responses import Response

from campaign.delivery import views
from campaign.model import Programme
from campaign.render import speak
from campaign.web.desk import show, times
from campaign.web.desk.door import Ask
from campaign.web.words import PageWords


@dataclass(frozen=True, slots=True)
class Panel:
    """One day as it is drawn."""

    id: str
    name: str
    title: str
    today: bool
    past: bool
    unlocks: str
    entries: list[show.Entry]
    count: str


def this_week(ask: Ask) -> Response:
    """The week asked for, else the one that is nearest."""
    forces = ask.door.shelf.all()
    if not forces:
        return ask.page("desk/no_week.html", here="week")
    slug = ask.text("week")
    force = next((each for each in forces if each.slug == slug), None) or _nearest(ask, forces)
    week = ask.week(force)
    words = ask.door.templates.words()
    wanted = {name: ask.text(name) for name in ("channel", "state", "audience", "area")}
    panels = [_panel(ask, day, week, force.programme, wanted, words) for day in week.days]
    needing = [need for need in ask.needs() if need.key.startswith(f"{week.slug}/")]
    return ask.page(
        "desk/week.html",
        here="week",
        week=week.title,
        found=week,
        panels=panels,
        sentence=views.sentence(week, len(needing), ask.now),
        filters=wanted,
        options=_options(force.programme, week, words),
        weeks={each.slug: each.programme.campaign.title for each in forces},
        at=lambda moment: times.clock(moment, week.timezone, words.shared),
        updated=times.clock(ask.now, week.timezone, words.shared),
        unapproved=sum(show.state_of(item) == "approval" for item in week.items),
    )


def _nearest(ask: Ask, forces):  # type: ignore[no-untyped-def]
    """The campaign that runs now, else the next one, else the last."""

    def distance(force) -> tuple[int, float]:  # type: ignore[no-untyped-def]
        moments = [planned.at for planned in force.planned]
        if not moments:
            return 2, 0.0
        ahead = [moment for moment in moments if moment >= ask.now]
        return (0, (min(ahead) - ask.now).total_seconds()) if ahead else (1, (ask.now - max(moments)).total_seconds())

    return min(forces, key=distance)


def _options(programme: Programme, week: views.Week, words: PageWords) -> dict[str, dict[str, str]]:
    """What each filter offers; "" is everything."""
    states = sorted({show.state_of(item) for item in week.items}, key=show.WORST.index)
    every = {"": words("week.any")}
    found = {
        "channel": every | {name: name for name in show.channels_of(week.items)},
        "state": every | {name: words(f"state.{name}") for name in states},
        "audience": every | {name: each.name for name, each in programme.audiences.items()},
        "area": every | dict(programme.areas),
    }
    return {name: offered for name, offered in found.items() if len(offered) > 2}


def _panel(
    ask: Ask, day: views.DayView, week: views.Week, programme: Programme, wanted: dict[str, str], words: PageWords
) -> Panel:
    today = ask.now.astimezone(ZoneInfo(week.timezone)).date()
    items = [item for item in day.items if _shows(item, programme, wanted)]
    return Panel(
        id=day.id or "also",
        name=_name(day.dates, words) or words("week.also"),
        title=day.title if day.dates else "",
        today=today in day.dates,
        past=bool(day.dates) and max(day.dates) < today,
        unlocks=_unlocks(day, week, words),
        entries=show.entries(items),
        count=words("week.sent_of", sent=sum(show.state_of(item) == "sent" for item in items), total=len(items))
        if items
        else "",
    )


def _name(dates: tuple[date, ...], words: PageWords) -> str:
    if not dates:
        return ""
    weekdays = words.join([speak.weekday(each, words.shared) for each in dates])
    return f"{weekdays} {speak.span(dates, words.shared).rsplit(' ', 1)[0]}"


def _unlocks(day: views.DayView, week: views.Week, words: PageWords) -> str:
    if day.unlock_at is None:
        return ""
    at = times.clock(day.unlock_at, week.timezone, words.shared)
    return words("week.unlocked" if day.unlocked else "week.unlocks", at=at)


def _shows(item: views.Item, programme: Programme, wanted: dict[str, str]) -> bool:
    message = programme.posts.get(item.message) or programme.mailings.get(item.message)
    areas = programme.expand_areas(message.areas) if message else frozenset()
    audiences = message.audiences if message else ()
    return (
        wanted["channel"] in ("", item.channel)
        and wanted["state"] in ("", show.state_of(item))
        and (not wanted["audience"] or not audiences or wanted["audience"] in audiences)
        and (not wanted["area"] or not areas or wanted["area"] in areas)
    )
