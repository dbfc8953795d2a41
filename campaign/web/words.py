"""The catalogue of the pages' fixed words: `words/<language>/*.toml`, one key a text; another language, another folder.

The words that pages share with emails and posts (kinds of resource, states of events, days and months) are those of
`campaign.render.words`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from campaign.render.words import Words as Shared
from campaign.render.words import words as shared

DEFAULT = "en"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its dotted key (`week.home`); empty where the language has no folder."""
    folder = files("campaign.web") / "words" / language
    found: dict[str, str] = {}
    if not folder.is_dir():
        return MappingProxyType(found)
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            found.update(_flat(tomllib.loads(file.read_text("utf-8"))))
    return MappingProxyType(found)


def _flat(texts: Mapping[str, Any], lead: str = "") -> Iterator[tuple[str, str]]:
    for key, text in texts.items():
        if isinstance(text, str):
            yield f"{lead}{key}", text
        else:
            yield from _flat(text, f"{lead}{key}.")


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of one language. Call it with a key: `words("week.home")`."""

    tag: str
    texts: Mapping[str, str] = field(repr=False)
    shared: Shared

    def __call__(self, key: str, **values: object) -> str:
        """The text under `key` with `{names}` filled in; KeyError where no catalogue has it."""
        text = self.texts.get(key)
        if text is None:
            return self.shared(key, **values)
        return text.format(**values) if values else text

    def count(self, key: str, number: int, **values: object) -> str:
        """The text under `key.one` or `key.many`, with `{number}` filled in."""
        return self(f"{key}.one" if number == 1 else f"{key}.many", number=f"{number:,}", **values)

    def join(self, parts: list[str]) -> str:
        """`A`, `A and B`, `A, B and C`."""
        return self.shared.join(parts)


@cache
def page_words(tag: str) -> PageWords:
    """The words for a language tag (`cy`, `en-GB`); English where it has none, and for each text it lacks."""
    language = tag.split("-")[0].lower()
    texts = {**catalogue(DEFAULT), **catalogue(language)}
    return PageWords(tag, MappingProxyType(texts), shared(tag))
