"""Sentences that are made where something happens, in another language: found again by their English pattern.

An error, a reason in the ledger or a problem of a file is written in English, where the fault is; the ledger keeps it
so. `sentences.toml` of a language holds each of these patterns and how it is said there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from campaign.words import DEFAULT, catalogue, sentences

_NAME = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")
#: Between sentences that were put together, and between what was asked and what was answered.
_JOINTS = re.compile(r"((?<=[.!?…”])\s+|\n+|;\s+|:\s+|,\s+(?=but |and ))")
_DEEP = 4


class _Pattern:
    """A sentence with places to fill in. In the middle of another its first letter is small, and its stop is gone."""

    def __init__(self, english: str, said: str) -> None:
        self.said = said
        parts = [part.replace("{{", "{").replace("}}", "}") for part in _NAME.split(english.rstrip("."))]
        self._longest = max((part[1:] for part in parts[::2]), key=len)
        found = [f"(?P<{part}>.*?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)]
        if parts[0][:1].isalpha():
            found[0] = f"[{parts[0][0].upper()}{parts[0][0].lower()}]{re.escape(parts[0][1:])}"
        self._text = "".join(found)

    def values(self, text: str) -> dict[str, str] | None:
        """What is filled in where the text is this sentence. `re` keeps what was compiled; most are never asked for."""
        found = re.fullmatch(self._text, text, re.DOTALL) if self._longest in text else None
        return found.groupdict() if found else None


@cache
def _patterns(language: str) -> tuple[_Pattern, ...]:
    """The sentences of a language, those that say most of themselves first."""
    found = sorted(sentences(language).items(), key=lambda pair: -len(_NAME.sub("", pair[0])))
    return tuple(_Pattern(english, said) for english, said in found)


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
    return "".join(_in_parts(_JOINTS.split(text), language, deep - 1))


def _in_parts(parts: list[str], language: str, deep: int) -> Iterator[str]:
    """Sentences one after another: of each the longest stretch that a pattern knows. Every second part is a joint."""
    at = 0
    while at < len(parts):
        for end in range(len(parts), at, -2):
            stretch = "".join(parts[at:end])
            said = _whole(stretch, language, deep) if end - at < len(parts) else None
            if said is not None or end - at == 1:
                yield stretch if said is None else said
                yield from parts[end : end + 1]
                at = end + 1
                break


def _whole(text: str, language: str, deep: int) -> str | None:
    """The text by one pattern, with the full stop and the first capital that it had."""
    bare = text.rstrip(".")
    for pattern in _patterns(language):
        found = pattern.values(bare)
        if found is not None:
            values = {name: _value(value, language, deep) for name, value in found.items()}
            whole = pattern.said.format(**values).rstrip(".") + text[len(bare) :]
            return whole[:1].upper() + whole[1:] if text[:1].isupper() else whole
    return None


def _value(value: str, language: str, deep: int) -> str:
    """What is filled in: the name of a state, a sentence, or what it is."""
    if len(value) > 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[0] + _value(value[1:-1], language, deep) + value[0]
    words = catalogue(language)
    for key in ("days", "months"):
        english = catalogue(DEFAULT)[key].split(", ")
        if value in english:
            return words.get(key, "").split(", ")[english.index(value)]
    named = words.get(f"state.{value}") or words.get(f"said.{value}")
    return named.lower() if named else _said(value, language, max(0, deep - 1))
