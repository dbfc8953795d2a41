"""Dates and times in the words people write."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.model import WEEKDAYS
from campaign.programme import dates


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("7-8.30pm", "19:00", "20:30"),
        ("8.30 - 9.15am", "08:30", "09:15"),
        ("12pm - 1pm", "12:00", "13:00"),
        ("1.30pm - 3pm", "13:30", "15:00"),
        ("12-12.40pm", "12:00", "12:40"),
        ("1:15 – 2pm", "13:15", "14:00"),
        ("10.25 to 12.00", "10:25", "12:00"),
        ("12.55 to 14.00", "12:55", "14:00"),
        ("11-1pm", "11:00", "13:00"),
        ("16:30-17:30", "16:30", "17:30"),
        ("noon to 1pm", "12:00", "13:00"),
        ("10am\u00a0–\u00a02pm", "10:00", "14:00"),
    ],
)
def test_ranges_seen_in_the_wild(words: str, start: str, end: str) -> None:
    assert dates.parse_range(words) == (time.fromisoformat(start), time.fromisoformat(end))


@pytest.mark.parametrize("words", ["9-5", "10:00-9:00", "3pm-2pm", "7", "25:00-26:00", "", "13pm-2pm"])
def test_ranges_that_may_mean_anything_are_refused(words: str) -> None:
    with pytest.raises(dates.WordsError):
        dates.parse_range(words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("7am", "07:00"),
        ("8.30am", "08:30"),
        ("8.30 a.m.", "08:30"),
        ("19:00", "19:00"),
        ("0730", "07:30"),
        ("noon", "12:00"),
        ("12am", "00:00"),
        ("12pm", "12:00"),
        ("7:05:30", "07:05:30"),
    ],
)
def test_times(words: str, expected: str) -> None:
    assert dates.parse_time(words) == time.fromisoformat(expected)


@pytest.mark.parametrize("words", ["7", "25:00", "12:60", "13pm", "0pm", "", "seven", "24:00", "-1:00", "7am8"])
def test_what_is_no_time_is_refused(words: str) -> None:
    with pytest.raises(dates.WordsError):
        dates.parse_time(words)


@pytest.mark.parametrize(
    "words",
    [
        "2023-10-09",
        "9/10/2023",
        "09/10/2023",
        "9.10.2023",
        "9/10/23",
        "9 October 2023",
        "9th Oct 2023",
        "Mon, 9 October 2023",
        "Monday 9th of October 2023:",
        "Monday9 October 2023",
        "October 9, 2023",
        "9 October",
        "Mon, 9 October",
    ],
)
def test_dates_are_read_day_first(words: str) -> None:
    assert dates.parse_date(words, 2023) == date(2023, 10, 9)


@pytest.mark.parametrize("words", ["9 October", "30 February 2024", "31/13/2024", "10/2023", "", "soon", "1/1/0001"])
def test_what_is_no_date_is_refused(words: str) -> None:
    with pytest.raises(dates.WordsError):
        dates.parse_date(words)


def test_a_weekday_that_disagrees_offers_both_fixes_and_chooses_neither() -> None:
    with pytest.raises(dates.WeekdayError) as caught:
        dates.parse_date("Tues, 11 October 2023")
    assert "11 October 2023 is a Wednesday, not a Tuesday" in str(caught.value)
    assert "Wednesday" in caught.value.hint
    assert "10 October 2023" in caught.value.hint


@pytest.mark.parametrize(
    ("words", "index"), [("Mon", 0), ("Tues", 1), ("Wednes", 2), ("Thurs.", 3), ("FRI:", 4), ("Weds", 2)]
)
def test_weekdays(words: str, index: int) -> None:
    assert dates.weekday(words) == index


@pytest.mark.parametrize(
    ("words", "length"),
    [("1h", 60), ("90m", 90), ("4 hours", 240), ("1h30m", 90), ("1 h 30 min", 90), ("1 day", 1440), ("45 minutes", 45)],
)
def test_lengths_of_time(words: str, length: int) -> None:
    assert dates.parse_duration(words) == timedelta(minutes=length)


def test_a_date_alone_is_no_date_and_time() -> None:
    for words in ("10 October 2023", "2023-10-10", "12:30", "2023-10-10 10:05Z", "2023-10-10 10:05+01:00"):
        with pytest.raises(dates.WordsError):
            dates.parse_datetime(words, 2023)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31)))
def test_what_is_written_is_read_back(moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    half = "am" if moment.hour < 12 else "pm"
    clock = f"{(moment.hour % 12) or 12}.{moment:%M}{half}"
    assert dates.parse_datetime(f"{moment:%Y-%m-%d %H:%M}") == moment
    assert dates.parse_datetime(f"{dates.long_date(moment.date())}, {clock}") == moment
    assert dates.parse_datetime(f"{WEEKDAYS[moment.weekday()][:3]} {moment:%d/%m/%Y} at {clock}") == moment


@given(st.text(max_size=40))
def test_no_text_raises_anything_else(words: str) -> None:
    for read in (dates.parse_date, dates.parse_time, dates.parse_datetime, dates.parse_range, dates.parse_duration):
        with suppress(dates.WordsError):
            read(words)
