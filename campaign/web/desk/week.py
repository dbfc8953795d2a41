"""This week: five day panels and the sentence above them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
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


#: What stands in the place of a week's name for every week that is not over.
EVERY = "all"


@dataclass(frozen=True, slots=True)
class Panel:
    """One day as it is drawn. `id` is its own on the page; `folded`: a phone shows no more of it than its count."""

    id: str
    name: str
    title: str
    today: bool
    past: bool
    folded: bool
    unlocks: str
    entries: list[show.Entry]
    count: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One week as it is drawn."""

    week: views.Week
    sentence: str
    panels: list[Panel]
    names: Mapping[str, str]


def this_week(ask: Ask) -> Response:
    """The week asked for, else the one that is nearest; or every week that is not over."""
    forces = ask.door.shelf.all()
    if not forces:
        return ask.page("desk/no_week.html", here="week")
    chosen = _chosen(ask, forces) or [_nearest(ask, forces)]
    slug = EVERY if ask.text("week") == EVERY else chosen[0].slug
    weeks, words = [ask.week(force) for force in chosen], ask.door.templates.words()
    wanted = {name: ask.text(name) for name in FILTERS}
    kept = urlencode({"week": slug} | {name: value for name, value in wanted.items() if value})
    live = refresh.shown(
        ask, f"/desk/live/week?{kept}", f"/desk?{kept}", weeks[0].timezone, lambda: _drawn(ask, chosen, wanted)
    )
    every = {EVERY: words("week.every")} if len(forces) > 1 else {}
    return ask.page(
        "desk/week.html",
        here="week",
        week=weeks[0].title if len(weeks) == 1 else "",
        found=weeks[0],
        several=len(weeks) > 1,
        slug=slug,
        live=live,
        filters=wanted,
        options=_options(ask, chosen, weeks),
        weeks={**every, **{each.slug: each.programme.campaign.title for each in forces}},
        unapproved=sum(show.state_of(item) == "approval" for week in weeks for item in week.items),
        today=any(panel_day(ask, day, week) for week in weeks for day in week.days),
    )


def _chosen(ask: Ask, forces: Sequence[InForce]) -> list[InForce]:
    """The week of that name, or every week of which anything may still go, the next one first."""
    if ask.text("week") != EVERY:
        return [each for each in forces if each.slug == ask.text("week")][:1]
    ahead = {week.slug for week in ask.ahead()}
    return sorted((each for each in forces if each.slug in ahead), key=_begins)


def _begins(force: InForce) -> datetime:
    return min((planned.at for planned in force.planned), default=datetime.max.replace(tzinfo=UTC))


def panel_day(ask: Ask, day: views.DayView, week: views.Week) -> bool:
    """Whether it is that day now, where the week is."""
    return ask.now.astimezone(ZoneInfo(week.timezone)).date() in day.dates


def live(ask: Ask) -> Response:
    """What is new of the weeks that somebody has open."""
    forces = ask.door.shelf.all()
    chosen = _chosen(ask, forces)
    if not chosen and ask.text("week") == EVERY and forces:
        chosen = [_nearest(ask, forces)]
    if not chosen:
        raise RefusedError("There is no such week here.")
    wanted = {name: ask.text(name) for name in FILTERS}
    kept = urlencode({"week": ask.text("week")} | {name: value for name, value in wanted.items() if value})
    zone = chosen[0].programme.campaign.timezone
    return refresh.news(
        ask, f"/desk/live/week?{kept}", f"/desk?{kept}", zone, lambda: _drawn(ask, chosen, wanted)
    )  # fmt: skip


def _drawn(ask: Ask, forces: Sequence[InForce], wanted: Mapping[str, str]) -> Drawn:
    """The panels of each week, and the sentence above them."""
    words, several = ask.door.templates.words(), len(forces) > 1
    found = [_shown(ask, force, wanted, several) for force in forces]
    context: dict[str, Any] = {
        "weeks": found,
        "several": several,
        "at": lambda moment, zone: times.clock(moment, zone, words.shared),
    }
    needing = words.count("sentence.need", ask.needing())
    lead = words("sentence.several", number=words.number(len(found)), needs=needing) if several else found[0].sentence
    states = {key: state for one in found for key, state in _states(one.panels, one.week, words).items()}
    return Drawn(
        html=ask.door.templates.render("desk/week_panels.html", **context),
        beside=ask.door.templates.render("desk/week_sentence.html", sentence=lead, out=True),
        states=states,
        sending=any(entry.state == "sending" for one in found for panel in one.panels for entry in panel.entries),
    )


def _shown(ask: Ask, force: InForce, wanted: Mapping[str, str], several: bool) -> Shown:
    week, words, names = ask.week(force), ask.door.templates.words(), ask.door.names(force)
    panels = [_panel(ask, day, week, force.programme, wanted, words, several) for day in week.days]
    return Shown(week, sentence(ask, week, names), panels, names)


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
    going = sum(item.is_under_way for item in items)
    if going:
        following = words("sentence.under_way", number=words.number(going), next=following)
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


def _options(ask: Ask, forces: Sequence[InForce], weeks: Sequence[views.Week]) -> dict[str, dict[str, str]]:
    """What each filter offers; "" is everything."""
    words = ask.door.templates.words()
    items = [item for week in weeks for item in week.items]
    states = sorted({show.state_of(item) for item in items}, key=show.WORST.index)
    names = {name: title for force in forces for name, title in ask.door.names(force).items()}
    every = {"": words("week.any")}
    found = {
        "channel": every | {name: names.get(name, name) for name in show.channels_of(items)},
        "state": every | {name: words(f"state.{name}") for name in states},
        "audience": every | {n: each.name for force in forces for n, each in force.programme.audiences.items()},
        "area": every | {name: each for force in forces for name, each in force.programme.areas.items()},
    }
    return {name: offered for name, offered in found.items() if len(offered) > 2}


def _panel(
    ask: Ask,
    day: views.DayView,
    week: views.Week,
    programme: Programme,
    wanted: Mapping[str, str],
    words: PageWords,
    several: bool,
) -> Panel:
    today = ask.now.astimezone(ZoneInfo(week.timezone)).date()
    items = [item for item in day.items if _shows(item, programme, wanted)]
    past = bool(day.dates) and max(day.dates) < today
    return Panel(
        id="-".join(part for part in ("day", week.slug if several else "", day.id or "also") if part),
        name=_name(day.dates, words) or words("week.also"),
        title=day.title if day.dates else "",
        today=today in day.dates,
        past=past,
        folded=past and bool(items) and not any(wanted.values()),
        unlocks=_unlocks(day, week, words),
        entries=show.entries(items),
        count=_counted(items, past, words),
    )


def _counted(items: Sequence[views.Item], past: bool, words: PageWords) -> str:
    """`5 of 7 sent`; of a day that is over `All 9 sent`, or `7 of 9 sent, 1 uncertain, 1 failed`."""
    states = Counter(show.state_of(item) for item in items)
    if not items:
        return ""
    if past and states["sent"] == len(items):
        return words("week.all_sent", total=len(items))
    parts = [words("week.sent_of", sent=states["sent"], total=len(items))]
    if past:
        parts += [
            words("week.some", number=states[name], state=words(f"state.{name}").lower())
            for name in show.WORST
            if name in show.LOUD and states[name]
        ]
    return words("week.comma").join(parts)


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
