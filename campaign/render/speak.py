"""Dates and times as people say them: `Tuesday 10 October 2023`, `10:05am`, `10am to 11am`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from campaign.render.words import Words


def weekday(day: date, words: Words) -> str:
    """`Tuesday`."""
    return words("days").split()[day.weekday()]


def date_words(day: date, words: Words) -> str:
    """`10 October 2023`."""
    return f"{day.day} {words('months').split()[day.month - 1]} {day.year}"


def full_date(day: date, words: Words) -> str:
    """`Tuesday 10 October 2023`."""
    return f"{weekday(day, words)} {date_words(day, words)}"


def span(days: Sequence[date], words: Words) -> str:
    """`10 October 2023`, or `26 to 27 November 2022`, `30 November to 1 December 2022` for several; "" for none."""
    if not days:
        return ""
    first, last = min(days), max(days)
    end = date_words(last, words)
    if first == last:
        return end
    start = date_words(first, words).split()
    if first.year == last.year:
        start = start[:-1]
        if first.month == last.month:
            start = start[:-1]
    return f"{' '.join(start)} {words('to')} {end}"


def clock_time(moment: time | datetime, words: Words) -> str:
    """`9am`, `10:05am`, `midday`, `5:30pm`."""
    if moment.minute == 0 and moment.hour in (0, 12):
        return words("midnight") if moment.hour == 0 else words("midday")
    hour = moment.hour % 12 or 12
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{hour}{minutes}{words('am') if moment.hour < 12 else words('pm')}"


def event_time(starts: datetime | date, ends: datetime | date | None, words: Words) -> str:
    """`Tuesday 10 October 2023, 10am to 11am`; a date alone stays a date alone. Wall times in, wall times out."""
    start_day = starts.date() if isinstance(starts, datetime) else starts
    text = full_date(start_day, words)
    if isinstance(starts, datetime):
        text += f", {clock_time(starts, words)}"
    if ends is None:
        return text
    end_day = ends.date() if isinstance(ends, datetime) else ends
    parts = []
    if end_day != start_day:
        parts.append(full_date(end_day, words))
    if isinstance(ends, datetime):
        parts.append(clock_time(ends, words))
    return f"{text} {words('to')} {', '.join(parts)}" if parts else text
