"""Times of the desk, as people say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from campaign.model import Day
from campaign.render import speak
from campaign.render.words import Words
from campaign.web.words import PageWords


def moment(at: datetime, zone: str, now: datetime, words: Words) -> str:
    """`10:05am` today, `Tuesday 10 October 2023, 10:05am` on another day."""
    there = at.astimezone(ZoneInfo(zone))
    clock = speak.clock_time(there, words)
    if there.date() == now.astimezone(ZoneInfo(zone)).date():
        return clock
    return words("date.with_time", date=speak.full_date(there.date(), words), time=clock)


def dated(at: datetime, zone: str, words: Words) -> str:
    """`Tuesday 10 October 2023, 10:05am`."""
    there = at.astimezone(ZoneInfo(zone))
    date, time = speak.full_date(there.date(), words), speak.clock_time(there, words)
    return words("date.with_time", date=date, time=time)


def clock(at: datetime, zone: str, words: Words) -> str:
    """`10:05am`."""
    return speak.clock_time(at.astimezone(ZoneInfo(zone)), words)


def day(found: Day, words: PageWords) -> str:
    """`Monday 9 October`, or its weekday while it has no date."""
    if not found.dates:
        return found.weekday or found.id
    return speak.short_date(found.dates, words.shared)
