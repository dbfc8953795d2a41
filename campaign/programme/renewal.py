"""Next year's week from this year's, or an empty one: what was of its time is cleared, listed and asked about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from campaign.errors import Problem, ProgrammeError
from campaign.model import (
    DAY_IDS,
    WEEKDAYS,
    CampaignStatus,
    Day,
    Event,
    EventState,
    PlannedMailing,
    PlannedPost,
    Programme,
    Resource,
    ResourceApproval,
    Theme,
    ThemeStatus,
)
from campaign.programme.dates import long_date
from campaign.programme.importing.draft import Draft, slug
from campaign.programme.importing.paths import leaves
from campaign.programme.writing import scalar, to_tree

Message = TypeVar("Message", PlannedPost, PlannedMailing)


def check_monday(monday: date) -> None:
    """Raise ProgrammeError where the date is no Monday."""
    if monday.weekday() != 0:
        near = monday - timedelta(days=monday.weekday())
        hint = f"That week's Monday is {long_date(near, weekday=False)}."
        raise ProgrammeError(Problem("T2", f"{long_date(monday)} is no Monday", hint=hint))


def renew(programme: Programme, monday: date, *, name: str, files: Mapping[str, bytes] | None = None) -> Draft:
    """The same week in the week of `monday`, as a draft, with what was cleared and what is to be asked.

    Days go by their weekday; copy, themes, resources and timetable stay. Approvals, embargoes with a date, event times,
    booking links, recordings and states are cleared. `name` says what it was made from; `files` are its bodies.
    Raises ProgrammeError where the date is no Monday.
    """
    check_monday(monday)
    draft = Draft(name)
    shift = _shift(programme, monday)
    resources = {ident: _resource(resource, draft) for ident, resource in programme.resources.items()}
    days = tuple(_day(day, monday, draft) for day in programme.days)
    fresh = replace(
        programme,
        resources=resources,
        days=days,
        posts={ident: _message(post, shift, draft, "posts") for ident, post in programme.posts.items()},
        mailings={ident: _message(each, shift, draft, "mailings") for ident, each in programme.mailings.items()},
        campaign=replace(
            programme.campaign,
            status=CampaignStatus.DRAFT,
            starts=min((each for day in days for each in day.dates), default=monday if programme.days else None),
            ends=max((each for day in days for each in day.dates), default=None),
            holds=(),
        ),
    )
    for hold in programme.campaign.holds:
        span = f"{hold.start:%d/%m/%Y} to {hold.end:%d/%m/%Y}"
        draft.ask(f"the pause of {span} ({hold.reason}) was left out. Is there one this time?", "campaign")
    draft.tree = to_tree(fresh)
    draft.files = dict(files or {})
    _years(draft, programme, monday.year)
    return draft


def _shift(programme: Programme, monday: date) -> timedelta:
    """From the old week to the new, in whole weeks and the days that bring its Monday to `monday`."""
    first = programme.campaign.starts or min((each for day in programme.days for each in day.dates), default=None)
    if first is None:
        moments = [
            message.when.at for message in (*programme.posts.values(), *programme.mailings.values()) if message.when.at
        ]
        first = min(moments).date() if moments else monday
    return monday - (first - timedelta(days=first.weekday()))


def _day(day: Day, monday: date, draft: Draft) -> Day:
    start = monday + timedelta(days=DAY_IDS.index(day.id[:3]))
    length = max(len(day.dates), 1) if day.dates else (DAY_IDS.index(day.id[-3:]) - DAY_IDS.index(day.id[:3])) % 7 + 1
    dates = tuple(start + timedelta(days=step) for step in range(length))
    return replace(day, dates=dates, themes=tuple(_theme(theme, day, draft) for theme in day.themes))


def _theme(theme: Theme, day: Day, draft: Draft) -> Theme:
    if theme.status is not ThemeStatus.CANCELLED:
        return theme
    draft.ask("it was cancelled last time; it is tbc now. Is it on?", f"days.{day.id}.themes.{theme.id}")
    return replace(theme, status=ThemeStatus.TBC)


def _resource(resource: Resource, draft: Draft) -> Resource:
    where = f"resources.{resource.id}"
    cleared: list[str] = []
    if resource.approval is ResourceApproval.APPROVED or resource.approved_by or resource.approved_on:
        by = f" by {resource.approved_by}" if resource.approved_by else ""
        cleared.append(f"approval{by}")
    if resource.embargo_until is not None and resource.embargo_until != "held":
        cleared.append(f"embargo until {scalar(resource.embargo_until)}")
    if resource.embargo_until == "held":
        draft.ask("it is still held, as it was: may it be released?", f"{where}.embargo_until")
    if resource.visible_from is not None:
        cleared.append(f"visible from {scalar(resource.visible_from)}")
    kept = ResourceApproval.WITHDRAWN if resource.approval is ResourceApproval.WITHDRAWN else ResourceApproval.PENDING
    event = _event(resource.event, cleared, draft, where) if resource.event else None
    if cleared:
        draft.ask(f"cleared: {'; '.join(cleared)}. What is it this time?", where)
    if resource.media and resource.media.link:
        draft.ask("it is last time's recording: is it still the right one?", f"{where}.media")
    held = resource.embargo_until if resource.embargo_until == "held" else None
    return replace(
        resource, approval=kept, approved_by="", approved_on=None, embargo_until=held, visible_from=None, event=event
    )


def _event(event: Event, cleared: list[str], draft: Draft, where: str) -> Event:
    if event.starts:
        cleared.append(f"event {scalar(event.starts)}{f' to {scalar(event.ends)}' if event.ends else ''}")
    if event.booking or event.no_booking:
        cleared.append(f"booking {event.booking or event.no_booking}")
    if event.recording:
        cleared.append(f"recording {event.recording}")
    if event.state is not EventState.TBC:
        cleared.append(f"state {event.state}")
    if event.speakers:
        draft.ask(f"the speakers were {', '.join(event.speakers)}: are they the same?", f"{where}.event")
    return Event(place=event.place, speakers=event.speakers)


def _message(message: Message, shift: timedelta, draft: Draft, section: str) -> Message:
    at = message.when.at
    moved = replace(message.when, at=at + shift if at else None)
    if message.again:
        draft.ask("it said `again`, to repeat what was sent before; that was taken off", f"{section}.{message.id}")
    return replace(message, when=moved, again=False)


def _years(draft: Draft, programme: Programme, year: int) -> None:
    """Move the year in id, edition, title and hashtags; ask about these, and about all else that speaks of the old."""
    campaign = draft.tree["campaign"]
    old = str(programme.campaign.edition or (programme.campaign.starts.year if programme.campaign.starts else ""))
    campaign["id"] = _new_id(campaign["id"], old, year)
    draft.ask("the id is new, for each edition has its own, and it cannot change later. Is it right?", "campaign.id")
    campaign["edition"] = str(year)
    draft.ask("is that the edition?", "campaign.edition")
    if not campaign.get("series"):
        campaign["series"] = slug(re.sub(r"(?:19|20)\d\d", "", programme.campaign.title)) or campaign["id"]
        draft.ask("a series links the editions; this one was made of the title. Is it right?", "campaign.series")
    for key in ("title", "aliases", "hashtags"):
        held = campaign.get(key)
        if held:
            swap = [
                text.replace(old, str(year)) if old else text for text in ([held] if isinstance(held, str) else held)
            ]
            campaign[key] = swap[0] if isinstance(held, str) else swap
            if key != "aliases" or swap != held:
                draft.ask(
                    f"is that this year's {key.rstrip('s') if key != 'aliases' else 'spelling'}?", f"campaign.{key}"
                )
    if old and old != str(year):
        for path, value in leaves(draft.tree).items():
            text = "\n".join(value) if isinstance(value, tuple) else value
            if re.search(rf"(?<!\d){old}(?!\d)", text) and path not in {"campaign.edition", "campaign.id"}:
                draft.ask(f"it speaks of {old}: what should it say now?", path)
        for name, data in draft.files.items():
            if re.search(rf"(?<!\d){old}(?!\d)".encode(), data):
                draft.ask(f"{name} speaks of {old}: what should it say now?")


def _new_id(ident: str, old: str, year: int) -> str:
    if old and old in ident:
        return ident.replace(old, str(year))
    return f"{ident[:58].rstrip('-')}-{year}"


def empty_week(monday: date, *, title: str = "") -> Draft:
    """A good empty week: five days to name, one email and one post a day, nothing that could go out by accident.

    Raises ProgrammeError where the date is no Monday.
    """
    check_monday(monday)
    title = title or f"Awareness week {monday.year}"
    draft = Draft("an empty week")
    days = []
    for step, ident in enumerate(DAY_IDS[:5]):
        theme = {"id": f"{ident}-theme", "title": "To be confirmed", "status": "tbc"}
        days.append({"date": str(monday + timedelta(days=step)), "weekday": WEEKDAYS[step], "themes": [theme]})
    draft.tree = {
        "schema": "1",
        "campaign": {
            "id": slug(title, 60) or f"week-{monday.year}",
            "kind": "week",
            "edition": str(monday.year),
            "title": title,
            "status": "draft",
            "starts": str(monday),
            "ends": str(monday + timedelta(days=4)),
            "timezone": "Europe/London",
            "language": "en-GB",
            "hashtags": ["".join(word.capitalize() for word in re.findall(r"\w+", title))],
        },
        "audiences": {"practitioners": {"name": "Practitioners"},
                      "parents": {"name": "Parents and carers", "reading_age_max": "11"}},
        "channels": {"mail": {"kind": "smtp"}, "x": {"kind": "x"}},
        "days": days,
        "posts": {
            "daily-post": {"each_day": "true", "time": "09:00", "channels": ["x"], "link": "day",
                           "text": "{{ day.weekday }}: {{ day.title }}"}
        },
        "mailings": {
            "daily-email": {"each_day": "true", "time": "08:00", "channel": "mail", "lists": ["practitioners"],
                            "subject": "{{ day.weekday }}: {{ day.title }}"}
        },
    }  # fmt: skip
    draft.ask("what is the week called?", "campaign.title")
    draft.ask("the id begins every key, and cannot change later. Is it right?", "campaign.id")
    draft.ask("what is the week's hashtag?", "campaign.hashtags")
    draft.ask(
        "whom can readers ask? Add `contact: {name: ..., email: ...}`; a week cannot run without.",
        "campaign",
    )
    draft.ask("which channels do you have? Name them as the installation does.", "channels")
    draft.ask("which lists does the email go to?", "mailings.daily-email.lists")
    draft.ask("what is the theme of each day?", "days")
    return draft
