"""Measures of English copy: sentences, reading age, emoji, capitals, acronyms, dates. Pure.

The reading age is the Flesch-Kincaid grade (0.39 x words a sentence + 11.8 x syllables a word - 15.59) plus five, the
age at which a grade begins. It is an estimate, and says nothing of a text of fewer than MEASURABLE words.
"""

from __future__ import annotations

import re
from functools import lru_cache

MEASURABLE = 25
LONGEST_SENTENCE = 25

_WORD = re.compile(r"[^\W_]+(?:['’\-/.][^\W_]+)*")
_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]?[A-Z0-9])|\n\s*\n|\n(?=\s*[-*#>\d])")
_VOWELS = re.compile(r"[aeiouy]+")
_URL = re.compile(r"https?://\S+")
_MARKDOWN_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKUP = re.compile(r"^[ \t]*(?:#{1,6}|>|[-*+]|\d+\.)[ \t]+|[*_`]{1,3}", re.MULTILINE)
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SHOUT = re.compile(r"\b[A-Z]{6,}\b")
_ACRONYM = re.compile(r"\b[A-Z]{2,}(?:[A-Z0-9]*[A-Z])?s?\b")
_FANCY = re.compile("[\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f130-\U0001f189]")
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001f64f\U0001f680-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff]"
    "[\ufe0f\u200d\U0001f3fb-\U0001f3ff]*"
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_DASHED = re.compile(
    rf"\b(?:{_NUMBER}(?:\s+{_MONTH})?\s*[-–—]\s*{_NUMBER}\s+{_MONTH}"
    rf"|{_MONTH}\s+{_NUMBER}\s*[-–—]\s*(?:{_MONTH}\s+)?{_NUMBER}|{_WEEKDAY}\s*[-–—]\s*{_WEEKDAY})\b"
)
_INLINE_TAG = re.compile(r"(?<![\w&/#])#(\w[\w-]*)")
_NUMERIC_DATE = re.compile(r"\b\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d{2})\b|\b\d{4}-\d{2}-\d{2}\b")
_CLOCK_24 = re.compile(r"\b(?:[01]?\d|2[0-3]):[0-5]\d\b(?!\s*[ap]\.?m)", re.IGNORECASE)
#: Acronyms that every reader in the United Kingdom knows.
KNOWN = frozenset(
    ["UK", "NHS", "BBC", "GP", "PDF", "FAQ", "TV", "ID", "DVD", "USA", "EU", "AM", "PM", "OK", "MP", "SMS", "QR", "CV"]
)


@lru_cache(maxsize=2000)
def plain(text: str) -> str:
    """The words a reader sees: no Markdown marks, no templates, no addresses."""
    text = _MARKDOWN_LINK.sub(r"\1", _TEMPLATE.sub(" ", text))
    return _MARKUP.sub("", _URL.sub(" ", text))


def words(text: str) -> list[str]:
    """The words of a text."""
    return _WORD.findall(plain(text))


def sentences(text: str) -> list[str]:
    """The sentences of a text; a heading, a bullet and a paragraph each end one."""
    clean = _TEMPLATE.sub(" ", _URL.sub(" ", _MARKDOWN_LINK.sub(r"\1", text)))
    found = (_MARKUP.sub("", part).strip() for part in _END.split(clean))
    return [" ".join(part.split()) for part in found if part and _WORD.search(part)]


@lru_cache(maxsize=20_000)
def syllables(word: str) -> int:
    """About how many syllables an English word has."""
    word = re.sub(r"[^a-z]", "", word.lower())
    if len(word) <= 3:
        return 1
    word = re.sub(r"(?:[^laeiouy]es|[^td]ed|[^laeiouy]e)$", lambda found: found[0][0], word)
    return max(1, len(_VOWELS.findall(word)))


def reading_age(text: str) -> int | None:
    """The age at which a reader follows the text, in whole years; None for one too short to measure."""
    found = words(text)
    if len(found) < MEASURABLE:
        return None
    per_sentence = len(found) / max(1, len(sentences(text)))
    per_word = sum(syllables(word) for word in found) / len(found)
    return max(5, round(0.39 * per_sentence + 11.8 * per_word - 15.59 + 5))


def long_sentences(text: str) -> list[tuple[int, str]]:
    """(words, sentence) for each sentence of more than LONGEST_SENTENCE words."""
    counted = ((len(_WORD.findall(sentence)), sentence) for sentence in sentences(text))
    return [(count, sentence) for count, sentence in counted if count > LONGEST_SENTENCE]


def emoji(text: str) -> list[str]:
    """Every emoji, in order."""
    return _EMOJI.findall(text)


def emoji_in_place_of_words(text: str) -> bool:
    """Whether words follow an emoji in its line: it stands before the text, or instead of a word."""
    for line in plain(text).splitlines():
        first = _EMOJI.search(line)
        if first and _WORD.search(line[first.end() :]):
            return True
    return False


def fancy_letters(text: str) -> str:
    """Letters of the mathematical alphabets, which screen readers spell out or skip."""
    return "".join(_FANCY.findall(text))


def shouted(text: str) -> list[str]:
    """Words of more than five letters, all capitals."""
    return list(dict.fromkeys(_SHOUT.findall(plain(text))))


def acronyms(text: str) -> list[str]:
    """Acronyms that the text does not explain: `Multi-Agency Safeguarding Hub (MASH)` explains one."""
    seen = plain(text)
    found = (each.rstrip("s") for each in _ACRONYM.findall(seen))
    unknown = (each for each in found if each not in KNOWN and len(each) < 6 and not each.isdigit())
    return [each for each in dict.fromkeys(unknown) if f"({each})" not in seen and f"({each}s)" not in seen]


def dashed_dates(text: str) -> list[str]:
    """Ranges of dates with a dash: `9-13 October`."""
    return _DASHED.findall(plain(text))


def numeric_dates(text: str) -> list[str]:
    """Dates in figures: `9/10/2023`."""
    return _NUMERIC_DATE.findall(plain(text))


def clock_times(text: str) -> list[str]:
    """Times of the 24-hour clock: `19:00`."""
    return _CLOCK_24.findall(plain(text))


def inline_hashtags(text: str) -> list[tuple[str, bool]]:
    """(hashtag without '#', whether words follow it) for each hashtag that a text itself holds."""
    seen = _URL.sub(" ", text)
    found = list(_INLINE_TAG.finditer(seen))
    last = max((each.end() for each in _WORD.finditer(_INLINE_TAG.sub(lambda one: " " * len(one[0]), seen))), default=0)
    return [(each[1], each.end() < last) for each in found]
