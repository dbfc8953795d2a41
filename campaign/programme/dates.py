"""Dates, times, ranges and durations in the words people write, day first; shared by the loader and the importers.

Every function takes text and answers a value, or raises `WordsError` with a sentence for the writer. All times are wall
times: nothing here knows a zone.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from campaign.model import DAY_IDS, WEEKDAYS

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
TIME_HINT = "write a time as 07:00, 7am or 8.30am"
DATE_HINT = "write a date as 2023-10-09, 9/10/2023 or 9 October 2023"
DATETIME_HINT = "write it as 2023-10-10 10:05 or 10 October 2023 10.05am"
DASH = r"(?:-|–|—|\bto\b|\buntil\b)"

_CLOCK = r"\d{1,2}(?:[:.]\d{2}(?::\d{2})?)?\s*(?:[ap]\.?m\.?)?|\d{4}|(?:12\s*)?noon"
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2})(?::(\d{2}))?)?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE)
_FOUR = re.compile(r"(\d{2})(\d{2})")
_RANGE = re.compile(rf"(?P<start>{_CLOCK})\s*{DASH}\s*(?P<end>{_CLOCK})", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}|\d{2}))?")
_DAY_MONTH = re.compile(r"(\d{1,2})\s*(?:st|nd|rd|th)?\s*(?:of\s+)?([a-z]+)\.?,?\s*(\d{4})?")
_MONTH_DAY = re.compile(r"([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s*(\d{4})?")
_WITH_WEEKDAY = re.compile(r"([a-z]+)[\s.,:]*(?=\d)(.*)", re.DOTALL)
_TRAILING = re.compile(
    rf"(?P<date>.*?\S)(?:\s*,\s*|\s+at\s+|\s+|(?<=\d)[Tt](?=\d))(?P<time>(?:{_CLOCK}))", re.IGNORECASE
)
_TRAILING_RANGE = re.compile(
    rf"(?P<date>.*?\S)(?:\s*,\s*|\s+from\s+|\s+at\s+|\s+)(?P<time>(?:{_CLOCK})\s*{DASH}\s*(?:{_CLOCK}))", re.IGNORECASE
)
_DURATION = re.compile(
    r"(?:(\d{1,3})\s*(?:d|days?))?\s*(?:(\d{1,4})\s*(?:h|hrs?|hours?))?\s*(?:(\d{1,5})\s*(?:m|mins?|minutes?))?"
)
_OFFSET = re.compile(r"(?:[Zz]|[+-]\d{2}:?\d{2})$")


class WordsError(ValueError):
    """The words are not a date, a time or a duration. `str()` is the sentence, `hint` how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class WeekdayError(WordsError):
    """The weekday written and the date written are different days."""


def clean(text: str) -> str:
    """`text` with every run of spaces (also non-breaking ones) as one, and a trailing comma, colon or stop gone."""
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split()).strip(" ,:;")


def weekday(text: str) -> int:
    """0 for Monday to 6 for Sunday, from `Mon`, `Tues`, `Wednes`, `Thurs.`, `SATURDAY,`... Raises WordsError."""
    word = clean(text).lower().rstrip(".")
    for index, name in enumerate(WEEKDAYS):
        full = name.lower()
        if len(word) >= 3 and (full.startswith(word) or word in {full + "s", full[:3] + "s"}):
            return index
    raise WordsError(f"'{text}' is not a day of the week", "write Monday, Mon, Tues, Wednes, Thurs...")


def day_id(text: str) -> str:
    """The id of a day of the week, or of a span of them: `Tues` -> tue, `Sat to Sun` -> sat-sun."""
    parts = [part for part in re.split(rf"\s*{DASH}\s*", clean(text).lower()) if part]
    return "-".join(DAY_IDS[weekday(part)] for part in parts) or DAY_IDS[weekday(text)]


def parse_date(text: str, year: int | None = None) -> date:
    """A date, day first. `year` stands in where none is written. A weekday written with it must agree."""
    words = clean(text).lower()
    named: int | None = None
    match = _WITH_WEEKDAY.fullmatch(words)
    if match and not _is_month(match[1]):
        named, words = weekday(match[1]), match[2]
    found = _date(words, year, text)
    if named is not None and found.weekday() != named:
        raise mismatch(named, found)
    return found


def mismatch(named: int, found: date) -> WeekdayError:
    """The error for a weekday that is not that of the date, with both fixes and no choice between them."""
    near = min((found + timedelta(days=step) for step in range(-3, 4)), key=lambda day: day.weekday() != named)
    return WeekdayError(
        f"{long_date(found, weekday=False)} is a {WEEKDAYS[found.weekday()]}, not a {WEEKDAYS[named]}",
        f"either the weekday is {WEEKDAYS[found.weekday()]}, or the date is {long_date(near, weekday=False)}",
    )


def long_date(day: date, *, weekday: bool = True) -> str:
    """`Tuesday 10 October 2023`, in English whatever the machine's language."""
    name = f"{WEEKDAYS[day.weekday()]} " if weekday else ""
    return f"{name}{day.day} {MONTHS[day.month - 1].capitalize()} {day.year}"


def parse_time(text: str) -> time:
    """A time of the day: `07:00`, `7am`, `8.30am`, `19:00`, `0730`, `noon`. Raises WordsError."""
    words = clean(text).lower()
    hour, minute, second, half = _clock(words, text)
    if half == "" and ":" not in words and "." not in words and "noon" not in words and not _FOUR.fullmatch(words):
        raise WordsError(f"'{text}' may be morning or afternoon", TIME_HINT)
    return _time(hour, minute, second, half, text)


def parse_range(text: str) -> tuple[time, time]:
    """Start and end of a range: `7-8.30pm` is 19:00 to 20:30, `11-1pm` 11:00 to 13:00, `10.25 to 12.00` as it says."""
    match = _RANGE.fullmatch(clean(text).lower())
    if not match:
        raise WordsError(f"'{text}' is not a range of times", "write it as 7-8.30pm or 10:00 to 11:30")
    first, last = _clock(match["start"], text), _clock(match["end"], text)
    if first[3] == "" and last[3] == "" and not (_has_minutes(match["start"]) and _has_minutes(match["end"])):
        raise WordsError(f"'{text}' may be morning or afternoon", "write it as 7-8.30pm or 10:00 to 11:30")
    end = _time(*last, text)
    start = _time(*first, text)
    if first[3] == "" and last[3] != "" and first[0] <= 12:
        same = _time(*first[:3], last[3], text)
        start = same if same < end else _time(*first[:3], "a" if last[3] == "p" else "p", text)
    if start >= end:
        raise WordsError(f"'{text}' ends before it starts", "write it as 7-8.30pm or 10:00 to 11:30")
    return start, end


def parse_datetime(text: str, year: int | None = None) -> datetime:
    """A date and a time: `2023-10-10 10:05`, `10/10/2023 7am`, `Tues 10 October 2023 at 7am`. Naive wall time."""
    words = clean(text)
    if _OFFSET.search(words) and re.search(r"\d:\d{2}", words):
        raise WordsError(
            f"'{text}' names an offset from UTC", "times are those of the clock on the wall in the programme's timezone"
        )
    match = _TRAILING.fullmatch(words)
    if not match or _is_date(words):
        raise WordsError(f"'{text}' is not a date and a time", DATETIME_HINT)
    return datetime.combine(parse_date(match["date"], year), parse_time(match["time"]))


def parse_span(text: str, year: int | None = None) -> tuple[datetime, datetime] | None:
    """A date and a range of times, `Tues 10 October 2023, 7-8.30pm`; None where the text is not one."""
    match = _TRAILING_RANGE.fullmatch(clean(text))
    if not match:
        return None
    day = parse_date(match["date"], year)
    start, end = parse_range(match["time"])
    return datetime.combine(day, start), datetime.combine(day, end)


def parse_duration(text: str) -> timedelta:
    """`1h`, `90m`, `4 hours`, `1h 30m`, `1 day`; at most 31 days. Raises WordsError."""
    words = clean(text).lower()
    match = _DURATION.fullmatch(words)
    if not words or not match or not any(match.groups()):
        raise WordsError(f"'{text}' is not a length of time", "write it as 1h, 90m or 4h")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes)
    if length > timedelta(days=31):
        raise WordsError(f"'{text}' is longer than 31 days", "write it as 1h, 90m or 4h")
    return length


def _is_date(words: str) -> bool:
    """Whether a date alone is written, whose year must not be read as a time (`10 October 2023`)."""
    try:
        parse_date(words)
    except WordsError:
        return False
    return True


def _is_month(word: str) -> bool:
    return word == "sept" or (len(word) >= 3 and any(name.startswith(word) for name in MONTHS))


def _month(word: str, text: str) -> int:
    for index, name in enumerate(MONTHS, start=1):
        if (len(word) >= 3 and name.startswith(word)) or (word == "sept" and index == 9):
            return index
    raise WordsError(f"'{text}' names no month", DATE_HINT)


def _date(words: str, year: int | None, text: str) -> date:
    if match := _ISO.fullmatch(words):
        return _real(int(match[1]), int(match[2]), int(match[3]), text)
    if match := _NUMBERS.fullmatch(words):
        return _real(_year(match[3], year, text), int(match[2]), int(match[1]), text)
    if match := _DAY_MONTH.fullmatch(words):
        return _real(_year(match[3], year, text), _month(match[2], text), int(match[1]), text)
    if match := _MONTH_DAY.fullmatch(words):
        return _real(_year(match[3], year, text), _month(match[1], text), int(match[2]), text)
    raise WordsError(f"'{text}' is not a date", DATE_HINT)


def _year(written: str | None, fallback: int | None, text: str) -> int:
    if written:
        return int(written) + (2000 if len(written) == 2 else 0)
    if fallback is None:
        raise WordsError(f"'{text}' has no year", DATE_HINT)
    return fallback


def _real(year: int, month: int, day: int, text: str) -> date:
    if not 1 <= month <= 12:
        raise WordsError(f"'{text}': there is no month {month}", DATE_HINT + " (day first)")
    if not 1900 <= year <= 2200:
        raise WordsError(f"'{text}': the year {year} is not between 1900 and 2200", DATE_HINT)
    try:
        return date(year, month, day)
    except ValueError as error:
        name = MONTHS[month - 1].capitalize()
        raise WordsError(f"'{text}': {name} {year} has no day {day}", DATE_HINT) from error


def _has_minutes(words: str) -> bool:
    return ":" in words or "." in words.strip(".") or "noon" in words or bool(_FOUR.fullmatch(words.strip()))


def _clock(words: str, text: str) -> tuple[int, int, int, str]:
    """Hour, minute, second and "a", "p" or "" as written."""
    words = words.strip()
    if words in {"noon", "12 noon", "12noon"}:
        return 12, 0, 0, "p"
    if match := _FOUR.fullmatch(words):
        return int(match[1]), int(match[2]), 0, ""
    match = _TIME.fullmatch(words)
    if not match:
        raise WordsError(f"'{text}' is not a time", TIME_HINT)
    return int(match[1]), int(match[2] or 0), int(match[3] or 0), (match[4] or "")


def _time(hour: int, minute: int, second: int, half: str, text: str) -> time:
    if half and not 1 <= hour <= 12:
        raise WordsError(f"'{text}': there is no {hour} {half}m", TIME_HINT)
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise WordsError(f"'{text}' is not a time of the day", "hours go from 00 to 23, minutes from 00 to 59")
    return time(hour, minute, second)
