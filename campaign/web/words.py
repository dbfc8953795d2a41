"""The words of the pages: the catalogue (`campaign.words`) in one language, English where it lacks a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from campaign.render.words import Words as Shared
from campaign.render.words import words as shared
from campaign.words import DEFAULT, catalogue, language_of, plural
from campaign.words.telling import in_words


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of one language. Call it with a key: `words("week.home")`. `tag` is what the page says it is in."""

    tag: str
    texts: Mapping[str, str] = field(repr=False)
    shared: Shared

    def __call__(self, key: str, **values: object) -> str:
        """The text under `key` with `{names}` filled in; KeyError where no catalogue has it."""
        text = self.texts[key]
        return text.format(**values) if values else text

    def count(self, key: str, number: int, **values: object) -> str:
        """The text under `key` and the number's plural (`key.two`), else `key.many`, with `{number}` filled in."""
        form = f"{key}.{plural(self.shared.language, number)}"
        return self(form if form in self.texts else f"{key}.many", number=self.number(number), **values)

    def number(self, number: int) -> str:
        """`1,204`."""
        return self.shared.number(number)

    def join(self, parts: list[str]) -> str:
        """`A`, `A and B`, `A, B and C`."""
        return self.shared.join(parts)

    def said(self, sentence: object) -> str:
        """A sentence that was made where something happened (an error, a reason in the ledger), in this language."""
        return in_words(str(sentence), self.shared.language)


@cache
def page_words(tag: str) -> PageWords:
    """The words for a language tag (`cy`, `en-GB`); English where it has none, and for each text it lacks."""
    language = language_of(tag)
    return PageWords(tag, MappingProxyType({**catalogue(DEFAULT), **catalogue(language)}), shared(tag))
