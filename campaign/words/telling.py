"""Sentences that are made where something happens, in another language: found again by their English pattern.

An error, a reason in the ledger or a problem of a file is written in English, where the fault is; the ledger keeps it
so. `sentences.toml` of a language holds each of these patterns and how it is said there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from campaign.words import DEFAULT, sentences

_NAME = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")
#: Between sentences that were put together, and between what was asked and what was answered.
_JOINTS = re.compile(r"((?<=[.!?…”])\s+|\n+|;\s+|:\s+|,\s+(?=but |and ))")
_DEEP = 4


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns and what they become, those that say most of themselves first."""
    found = sorted(sentences(language).items(), key=lambda pair: -len(_NAME.sub("", pair[0])))
    return tuple((re.compile(_pattern(english.rstrip(".")), re.DOTALL), said) for english, said in found)


def _pattern(english: str) -> str:
    """The pattern of a sentence, in whose middle it may stand too: its first letter large or small."""
    parts = _NAME.split(english)
    parts = [part.replace("{{", "{").replace("}}", "}") for number, part in enumerate(parts)]
    found = [f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)]
    if parts[0][:1].isalpha():
        found[0] = f"[{parts[0][0].upper()}{parts[0][0].lower()}]{re.escape(parts[0][1:])}"
    return "".join(found)


@lru_cache(maxsize=4_096)
def in_words(text: str, language: str) -> str:
    """The text in a language of the catalogue; what of it no pattern knows stays as it is."""
    if language == DEFAULT or not text.strip():
        return text
    return _said(text, language, _DEEP)


def _said(text: str, language: str, deep: int) -> str:
    whole = _whole(text, language, deep)
    if whole is not None or not deep:
        return text if whole is None else whole
    return "".join(_in_parts(text, language, deep))


def _in_parts(text: str, language: str, deep: int) -> Iterator[str]:
    parts = _JOINTS.split(text)
    if len(parts) == 1:
        yield text
        return
    for number, part in enumerate(parts):
        yield part if number % 2 or not part else _said(part, language, deep - 1)


def _whole(text: str, language: str, deep: int) -> str | None:
    """The text by one pattern, with the full stop and the first capital that it had."""
    bare = text.rstrip(".")
    for pattern, said in _patterns(language):
        found = pattern.fullmatch(bare)
        if found is not None:
            values = {name: _said(value, language, max(0, deep - 1)) for name, value in found.groupdict().items()}
            whole = said.format(**values).rstrip(".") + text[len(bare) :]
            return whole[:1].upper() + whole[1:] if text[:1].isupper() else whole
    return None
