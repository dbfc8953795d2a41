"""The fixed words that readers see in emails, posts and on pages: those of the catalogue (`campaign.words`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from campaign.model import EventState, ResourceType
from campaign.words import DEFAULT, catalogue, language_of


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed words of one language. `language` is the catalogue's own key (`en`), not the tag that was asked for.

    A text that the language lacks is English.
    """

    language: str
    texts: Mapping[str, str] = field(repr=False, compare=False, default_factory=lambda: catalogue(DEFAULT))

    def __call__(self, key: str, **values: object) -> str:
        """The words under `key` with `{names}` filled in; KeyError where the catalogue has no such key."""
        text = self.texts.get(key)
        if text is None:
            text = catalogue(DEFAULT)[key]
        return text.format(**values) if values else text

    def number(self, number: int) -> str:
        """`1,204`."""
        return f"{number:,}".replace(",", self("number.thousands"))

    def join(self, parts: list[str]) -> str:
        """`A`, `A and B`, `A, B and C`."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self('and')} {parts[-1]}"

    def why(self, lists: tuple[str, ...]) -> str:
        """Why a person gets an email: the mailing lists, by title, that chose them."""
        if not lists:
            return self("why.none")
        return self("why.list" if len(lists) == 1 else "why.lists", lists=self.join(list(lists)))

    def kind(self, kind: ResourceType) -> str:
        """The word for a type of resource; "" where none helps."""
        return self(f"type.{kind}")

    def event_state(self, state: EventState) -> str:
        """The sentence for an event that cannot be booked; "" for one that can."""
        return "" if state is EventState.OPEN else self(f"event.{state}")


@cache
def words(*languages: str) -> Words:
    """The words for the first of `languages` (BCP 47 tags, such as `en-GB`) that the catalogue knows, else English."""
    language = language_of(*languages)
    return Words(language, catalogue(language))
