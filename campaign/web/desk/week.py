"""This week: five day panels and the sentence above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from campaign.delivery import views
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import BroadcastState, Programme
from campaign.render import speak
from campaign.web.desk import refresh, show, times
from campaign.web.desk.door import Ask
from campaign.web.desk.live import Drawn
from campaign.web.words import PageWords

FILTERS = ("channel", "state", "audience", "area")


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
    week, words = ask.week(force), ask.door.templates.words()
    wanted = {name: ask.text(name) for name in FILTERS}
    kept = urlencode({"week": force.slug} | {name: value for name, value in wanted.items() if value})
    live = refresh.shown(
        ask, f"/desk/live/week?{kept}", f"/desk?{kept}", week.timezone, lambda: _drawn(ask, force, wanted)
    )
    return ask.page(
        "desk/week.html",
        here="week",
        week=week.title,
        found=week,
        live=live,
        filters=wanted,
        options=_options(force.programme, week, words, ask.door.names(force)),
        weeks={each.slug: each.programme.campaign.title for each in forces},
        unapproved=sum(show.state_of(item) == "approval" for item in week.items),
        today=any(panel_day(ask, day, week) for day in week.days),
    )


def panel_day(ask: Ask, day: views.DayView, week: views.Week) -> bool:
    """Whether it is that day now, where the week is."""
    return ask.now.astimezone(ZoneInfo(week.timezone)).date() in day.dates


def live(ask: Ask) -> Response:
    """What is new of a week that somebody has open."""
    force = next((each for each in ask.door.shelf.all() if each.slug == ask.text("week")), None)
    if force is None:
        raise RefusedError("There is no such week here.")
    wanted = {name: ask.text(name) for name in FILTERS}
    kept = urlencode({"week": force.slug} | {name: value for name, value in wanted.items() if value})
    zone = force.programme.campaign.timezone
    return refresh.news(
        ask, f"/desk/live/week?{kept}", f"/desk?{kept}", zone, lambda: _drawn(ask, force, wanted)
    )  # fmt: skip


def _drawn(ask: Ask, force: InForce, wanted: Mapping[str, str]) -> Drawn:
    """The panels, and the sentence above them."""
    week, words, names = ask.week(force), ask.door.templates.words(), ask.door.names(force)
    panels = [_panel(ask, day, week, force.programme, wanted, words) for day in week.days]
    context: dict[str, Any] = {
        "panels": panels,
        "names": names,
        "at": lambda moment: times.clock(moment, week.timezone, words.shared),
    }
    entries = [entry for panel in panels for entry in panel.entries]
    return Drawn(
        html=ask.door.templates.render("desk/week_panels.html", **context),
        beside=ask.door.templates.render("desk/week_sentence.html", sentence=sentence(ask, week, names), out=True),
        states=_states(panels, week, words),
        sending=any(entry.state == "sending" for entry in entries),
    )


def _states(panels: Sequence[Panel], week: views.Week, words: PageWords) -> dict[str, tuple[str, str]]:
    """What is read out when it changes: `Wednesday 8:30am, Supply chains: Sent`."""
    found = {}
    for panel in panels:
        for entry in panel.entries:
            what = f"{panel.name} {times.clock(entry.at, week.timezone, words.shared)}, {entry.first.title}".strip()
            found[entry.path] = (what, words(f"state.{entry.state}"))
    return found


def sentence(ask: Ask, week: views.Week, names: Mapping[str, str]) -> str:
    """`Tuesday: 6 of 9 sent, next at 10:05am on Bluesky, 2 need you.`"""
    words, zone = ask.door.templates.words(), ZoneInfo(week.timezone)
    today = ask.now.astimezone(zone).date()
    items = [item for item in week.items if item.at.astimezone(zone).date() == today]
    sent = words("week.sent_of", sent=sum(show.state_of(item) == "sent" for item in items), total=len(items))
    ahead = [item for item in week.items if item.at > ask.now and item.state is BroadcastState.PLANNED]
    following = words("sentence.nothing_more")
    if ahead:
        there, channel = ahead[0].at.astimezone(zone), names.get(ahead[0].channel, ahead[0].channel)
        at = times.clock(ahead[0].at, week.timezone, words.shared)
        day = speak.short_date([there.date()], words.shared)
        key = "sentence.next" if there.date() == today else "sentence.next_later"
        following = words(key, at=at, channel=channel, day=day)
    needing = sum(need.key.startswith(f"{week.slug}/") for need in ask.needs())
    needing += sum(each.slug == week.slug for _, each in ask.unapproved())
    return words(
        "sentence.whole",
        day=speak.weekday(today, words.shared),
        sent=sent if items else words("sentence.none_today"),
        next=following,
        needs=words.count("sentence.need", needing),
    )


def _nearest(ask: Ask, forces: Sequence[InForce]) -> InForce:
    """The campaign that runs now, else the next one, else the last."""

    def distance(force: InForce) -> tuple[int, float]:
        moments = [planned.at for planned in force.planned]
        if not moments:
            return 2, 0.0
        ahead = [moment for moment in moments if moment >= ask.now]
        return (0, (min(ahead) - ask.now).total_seconds()) if ahead else (1, (ask.now - max(moments)).total_seconds())

    return min(forces, key=distance)


def _options(
    programme: Programme, week: views.Week, words: PageWords, names: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """What each filter offers; "" is everything."""
    states = sorted({show.state_of(item) for item in week.items}, key=show.WORST.index)
    every = {"": words("week.any")}
    found = {
        "channel": every | {name: names.get(name, name) for name in show.channels_of(week.items)},
        "state": every | {name: words(f"state.{name}") for name in states},
        "audience": every | {name: each.name for name, each in programme.audiences.items()},
        "area": every | dict(programme.areas),
    }
    return {name: offered for name, offered in found.items() if len(offered) > 2}


def _panel(
    ask: Ask, day: views.DayView, week: views.Week, programme: Programme, wanted: Mapping[str, str], words: PageWords
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
    return speak.short_date(dates, words.shared)


def _unlocks(day: views.DayView, week: views.Week, words: PageWords) -> str:
    if day.unlock_at is None:
        return ""
    at = times.clock(day.unlock_at, week.timezone, words.shared)
    return words("week.unlocked" if day.unlocked else "week.unlocks", at=at)


def _shows(item: views.Item, programme: Programme, wanted: Mapping[str, str]) -> bool:
    message = programme.posts.get(item.message) or programme.mailings.get(item.message)
    areas = programme.expand_areas(message.areas) if message else frozenset()
    audiences = message.audiences if message else ()
    return (
        wanted["channel"] in ("", item.channel)
        and wanted["state"] in ("", show.state_of(item))
        and (not wanted["audience"] or not audiences or wanted["audience"] in audiences)
        and (not wanted["area"] or not areas or wanted["area"] in areas)
    )
