"""Dates, times, lists and the catalogue of fixed words, as readers meet them."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from campaign.model import EventState, ResourceType
from campaign.render import palette, speak
from campaign.render.words import words
from campaign.words import catalogue, languages

EN = words("en-GB")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (time(0, 0), "midnight"),
        (time(0, 30), "12:30am"),
        (time(9, 0), "9am"),
        (time(10, 5), "10:05am"),
        (time(12, 0), "midday"),
        (time(12, 40), "12:40pm"),
        (time(19, 30), "7:30pm"),
    ],
)
def test_times(moment: time, said: str) -> None:
    assert speak.clock_time(moment, EN) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([], ""),
        ([date(2023, 10, 10)], "10 October 2023"),
        ([date(2022, 11, 26), date(2022, 11, 27)], "26 to 27 November 2022"),
        ([date(2022, 11, 30), date(2022, 12, 1)], "30 November to 1 December 2022"),
        ([date(2022, 12, 31), date(2023, 1, 1)], "31 December 2022 to 1 January 2023"),
    ],
)
def test_spans(days: list[date], said: str) -> None:
    assert speak.span(days, EN) == said


def test_events() -> None:
    ten, eleven = datetime(2023, 10, 10, 10, 0), datetime(2023, 10, 10, 11, 0)
    assert speak.event_time(ten, eleven, EN) == "Tuesday 10 October 2023, 10am to 11am"
    assert speak.event_time(ten, None, EN) == "Tuesday 10 October 2023, 10am"
    assert speak.event_time(date(2023, 10, 10), None, EN) == "Tuesday 10 October 2023"
    assert speak.event_time(date(2023, 10, 10), date(2023, 10, 10), EN) == "Tuesday 10 October 2023"
    assert (
        speak.event_time(ten, datetime(2023, 10, 11, 16, 0), EN)
        == "Tuesday 10 October 2023, 10am to Wednesday 11 October 2023, 4pm"
    )


def test_lists_and_reasons() -> None:
    assert [EN.join(["A", "B", "C"][:n]) for n in range(4)] == ["", "A", "A and B", "A, B and C"]
    assert EN.why(()) == "You get this email because you are on our mailing list."
    assert EN.why(("One", "Two")).endswith("on our mailing lists: One and Two.")


def test_every_language_has_every_word_and_every_state_has_a_sentence() -> None:
    keys = set(catalogue("en"))
    assert all(set(catalogue(language)) == keys for language in languages())
    assert all(EN.event_state(state) for state in EventState if state is not EventState.OPEN)
    assert all(isinstance(EN.kind(kind), str) for kind in ResourceType)
    assert words("zz-ZZ", "en").language == words("tlh").language == "en"


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK])
def test_words_stand_out_from_what_they_stand_on(colours: dict[str, str]) -> None:
    poor = {
        pair: palette.contrast(colours[pair[0]], colours[pair[1]])
        for pair in palette.PAIRS
        if palette.contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    }
    assert poor == {}
    assert palette.contrast("#000000", "#FFFFFF") == pytest.approx(21)
