"""Dates and times as people say them, by the language's own patterns: `Tuesday 10 October 2023`, `10am to 11am`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from campaign.render.words import Words


def weekday(day: date, words: Words) -> str:
    """`Tuesday`."""
    return words("days").split(", ")[day.weekday()]


def _date(day: date, words: Words, pattern: str) -> str:
    month = words("months").split(", ")[day.month - 1]
    return words(f"date.{pattern}").format(day=day.day, month=month, year=day.year)


def date_words(day: date, words: Words) -> str:
    """`10 October 2023`."""
    return _date(day, words, "year")


def month_words(day: date, words: Words) -> str:
    """`10 October`."""
    return _date(day, words, "month")


def full_date(day: date, words: Words) -> str:
    """`Tuesday 10 October 2023`."""
    return words("date.full", weekday=weekday(day, words), date=date_words(day, words))


def short_date(days: Sequence[date], words: Words) -> str:
    """`Tuesday 10 October`; `Saturday and Sunday 26 to 27 November` for several; "" for none."""
    if not days:
        return ""
    weekdays = words.join([weekday(day, words) for day in days])
    return words("date.short", weekday=weekdays, date=_span(days, words, year=False))


def span(days: Sequence[date], words: Words) -> str:
    """`10 October 2023`, or `26 to 27 November 2022`, `30 November to 1 December 2022` for several; "" for none."""
    return _span(days, words, year=True) if days else ""


def _span(days: Sequence[date], words: Words, *, year: bool) -> str:
    first, last = min(days), max(days)
    end = _date(last, words, "year" if year else "month")
    if first == last:
        return end
    if first.year != last.year:
        start = _date(first, words, "year")
    else:
        start = _date(first, words, "day" if first.month == last.month else "month")
    return words("date.span", first=start, last=end)


def clock_time(moment: time | datetime, words: Words) -> str:
    """`9am`, `10:05am`, `midday`, `5:30pm`."""
    if moment.minute == 0 and moment.hour in (0, 12):
        named = words("time.midnight" if moment.hour == 0 else "time.midday")
        if named:
            return named
    twelve = words("time.hours") == "12"
    pattern = words("time.with_minutes" if moment.minute else "time.on_the_hour")
    return pattern.format(
        hour=(moment.hour % 12 or 12) if twelve else moment.hour,
        minute=f"{moment.minute:02d}",
        half=words("time.am" if moment.hour < 12 else "time.pm") if twelve else "",
    )


def event_time(starts: datetime | date, ends: datetime | date | None, words: Words) -> str:
    """`Tuesday 10 October 2023, 10am to 11am`; a date alone stays a date alone. Wall times in, wall times out."""
    start_day = starts.date() if isinstance(starts, datetime) else starts
    first = _dated(start_day, starts, words)
    if ends is None:
        return first
    end_day = ends.date() if isinstance(ends, datetime) else ends
    if end_day != start_day:
        return words("time.span", first=first, last=_dated(end_day, ends, words))
    if not isinstance(ends, datetime):
        return first
    return words("time.span", first=first, last=clock_time(ends, words))


def _dated(day: date, moment: datetime | date, words: Words) -> str:
    said = full_date(day, words)
    if not isinstance(moment, datetime):
        return said
    return words("date.with_time", date=said, time=clock_time(moment, words))
