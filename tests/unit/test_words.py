"""The catalogue: languages, plurals, dates and numbers as each writes them, and sentences found again by pattern."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.model import Sender
from campaign.render import speak
from campaign.render.letter import compose_letter
from campaign.render.words import Words
from campaign.render.words import words as reader_words
from campaign.web.words import page_words
from campaign.words import PSEUDO, catalogue, gather, known_tag, language_of, odd, plural, sentences
from campaign.words.telling import in_words

WELSH = {
    "days": "dydd Llun, dydd Mawrth, dydd Mercher, dydd Iau, dydd Gwener, dydd Sadwrn, dydd Sul",
    "months": "Ionawr, Chwefror, Mawrth, Ebrill, Mai, Mehefin, Gorffennaf, Awst, Medi, Hydref, Tachwedd, Rhagfyr",
    "and": "a",
    "date.span": "{first} i {last}",
    "time.span": "{first} tan {last}",
    "time.am": "yb",
    "time.pm": "yp",
    "time.midday": "hanner dydd",
}
FRENCH = {
    "days": "lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche",
    "months": "janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre",
    "date.span": "{first} au {last}",
    "time.hours": "24",
    "time.midday": "",
    "time.midnight": "",
    "time.on_the_hour": "{hour} h",
    "time.with_minutes": "{hour} h {minute}",
    "time.span": "de {first} à {last}",
    "number.thousands": "\u202f",
}
GERMAN = {
    "days": "Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag",
    "months": "Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember",
    "date.full": "{weekday}, {date}",
    "date.short": "{weekday}, {date}",
    "date.year": "{day}. {month} {year}",
    "date.month": "{day}. {month}",
    "date.day": "{day}.",
    "date.span": "{first} bis {last}",
    "time.hours": "24",
    "time.midday": "",
    "time.midnight": "",
    "time.on_the_hour": "{hour} Uhr",
    "time.with_minutes": "{hour}:{minute} Uhr",
    "number.thousands": ".",
}
JAPANESE = {
    "days": "月曜日, 火曜日, 水曜日, 木曜日, 金曜日, 土曜日, 日曜日",
    "months": "1月, 2月, 3月, 4月, 5月, 6月, 7月, 8月, 9月, 10月, 11月, 12月",
    "date.year": "{year}年{month}{day}日",
    "date.full": "{date}{weekday}",
}
TUESDAY = date(2023, 10, 10)
SAID = {
    "en": ("Tuesday 10 October 2023", "26 to 27 November 2022", "12:05pm", "5pm", "midday", "1,204,000"),
    "cy": ("dydd Mawrth 10 Hydref 2023", "26 i 27 Tachwedd 2022", "12:05yp", "5yp", "hanner dydd", "1,204,000"),
    "fr": ("mardi 10 octobre 2023", "26 au 27 novembre 2022", "12 h 05", "17 h", "12 h", "1\u202f204\u202f000"),
    "de": ("Dienstag, 10. Oktober 2023", "26. bis 27. November 2022", "12:05 Uhr", "17 Uhr", "12 Uhr", "1.204.000"),
}
LANGUAGES = {"en": {}, "cy": WELSH, "fr": FRENCH, "de": GERMAN}


@pytest.mark.parametrize("language", SAID)
def test_dates_times_and_numbers_are_written_as_the_language_does(language: str) -> None:
    words = Words(language, LANGUAGES[language])
    assert SAID[language] == (
        speak.full_date(TUESDAY, words),
        speak.span([date(2022, 11, 26), date(2022, 11, 27)], words),
        speak.clock_time(time(12, 5), words),
        speak.clock_time(time(17), words),
        speak.clock_time(time(12), words),
        words.number(1_204_000),
    )


def test_the_parts_of_a_date_may_change_places() -> None:
    assert speak.full_date(TUESDAY, Words("ja", JAPANESE)) == "2023年10月10日火曜日"


def test_times_from_and_to() -> None:
    ten, five = datetime(2023, 10, 10, 10, 0), datetime(2023, 10, 10, 17, 30)
    assert speak.event_time(ten, five, Words("fr", FRENCH)) == "de mardi 10 octobre 2023, 10 h à 17 h 30"
    assert speak.event_time(ten, five, Words("cy", WELSH)) == "dydd Mawrth 10 Hydref 2023, 10yb tan 5:30yp"


def test_plurals_are_those_of_cldr() -> None:
    assert [plural("cy", number) for number in (0, 1, 2, 3, 4, 6, 7)] == [
        "zero", "one", "two", "few", "other", "many", "other"]  # fmt: skip
    assert [plural("fr", number) for number in (0, 1, 2)] == ["one", "one", "other"]
    assert [plural("en", number) for number in (0, 1, 2)] == ["other", "one", "other"]


def test_a_language_is_found_by_its_tag() -> None:
    assert (language_of("en-GB"), language_of("tlh", "en-US"), language_of("en-XA")) == ("en", "en", PSEUDO)
    assert known_tag("en-GB")
    assert not any(known_tag(tag) for tag in ("tlh", "", "en_GB", "../en", "en-" + "x" * 20))


def test_the_pseudo_locale_has_every_text_and_keeps_what_is_filled_in() -> None:
    assert set(catalogue(PSEUDO)) == set(catalogue("en"))
    assert odd("Read <b>{title}</b> at https://week.example.org &amp; tell") == (
        f"{odd('Read ')}<b>{{title}}</b>{odd(' at ')}https://week.example.org &amp;{odd(' tell')}"
    )
    words = page_words(PSEUDO)
    assert words("week.emails_of", sent=2, total=words.number(1204)).count("1,204") == 1
    assert reader_words(PSEUDO)("unsubscribe") == odd("Unsubscribe")


def test_sentences_of_the_code_are_gathered() -> None:
    found = gather.gathered()
    assert "Nothing is suppressed for that address." in found
    assert "{slug} has no {key}; `campaign status` lists what it has." in found
    assert not any(each.startswith(("SELECT", "UPDATE")) for each in found)
    assert set(sentences(PSEUDO)) == set(found)
    assert gather.written(['a "b" {c}']).endswith('"a \\"b\\" {c}" = "a \\"b\\" {c}"\n')


@pytest.mark.parametrize(
    "text",
    [
        "Nothing is suppressed for that address.",
        "nothing is suppressed for that address",
        "Nothing is suppressed for that address. Nothing is suppressed for that address.",
    ],
)
def test_a_sentence_is_found_with_or_without_its_capital_and_stop(text: str) -> None:
    assert in_words(text, PSEUDO).casefold() == odd(text).casefold()


def test_what_is_filled_in_stays_and_a_sentence_within_is_said_too() -> None:
    whole = "hiow-2023 has no x/y; `campaign status` lists what it has."
    said = in_words(whole, PSEUDO)
    assert said.startswith(f"hiow-2023{odd(' has no ')}x/y")
    braces = "the % sign cannot format text here; write the value in {{ }}"
    assert in_words(braces, PSEUDO) == odd(braces)
    within = in_words("The test was not taken: Nothing is suppressed for that address.", PSEUDO)
    assert within == odd("The test was not taken: Nothing is suppressed for that address.")


@given(st.text(max_size=60))
def test_in_english_nothing_is_changed_and_elsewhere_nothing_breaks(text: str) -> None:
    assert in_words(text, "en") == text
    assert isinstance(in_words(text, PSEUDO), str)


@pytest.mark.parametrize("kind", ["confirm", "ask", "erase", "export", "invite", "reset", "browser"])
def test_letters_are_in_the_language_of_who_asked(kind: str) -> None:
    sender = Sender(id="team", from_name="9", from_address="team@example.org", postal_address="9")
    values = {"token": "x" * 22, "author": "9", "lists": ["9"], "language": PSEUDO}
    made = compose_letter(
        kind, "jo@example.org", sender=sender, values=values, base_url="https://week.example.org",
        message_id="<1@example.org>", envelope_from="team@example.org", date=datetime(2023, 10, 9, tzinfo=UTC),
    )  # fmt: skip
    assert f'lang="{PSEUDO}"' in made.body.html
    said = re.sub(r"\S*://\S*", "", made.body.text)
    assert re.findall(r"\b[a-zA-Z]{3,}\b", said) == []
    assert made.subject == odd(catalogue("en")[f"letter.{kind}.subject"])
