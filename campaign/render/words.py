"""The catalogue of fixed words that readers see, by language: nothing else in `render` holds a reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from campaign.model import EventState, ResourceType

_ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "pending": "pending approval",
        "event.tbc": "Booking details to follow.",
        "event.full": "Fully booked.",
        "event.closed": "Booking is closed.",
        "event.cancelled": "Cancelled.",
        "event.full.short": "fully booked",
        "event.closed.short": "booking is closed",
        "event.cancelled.short": "cancelled",
        "event.book": "Book a place: {title}",
        "event.recording": "Watch the recording: {title}",
        "event.speakers": "With {names}.",
        "media.minute": "1 minute",
        "media.minutes": "{minutes} minutes",
        "media.captions": "captions",
        "media.transcript": "Transcript: {title}",
        "type.toolkit": "toolkit",
        "type.document": "document",
        "type.guidance": "guidance",
        "type.event": "event",
        "type.training": "training",
        "type.video": "video",
        "type.interview": "interview",
        "type.message": "message",
        "type.quiz": "quiz",
        "type.poster": "poster",
        "type.link": "",
        "theme.tbc": "to be confirmed",
        "resources": "Resources",
        "events": "Events",
        "one_thing": "If you do one thing",
        "on_the_web": "Read {day}'s page on the web",
        "whole_week": "Across the week",
        "hello": "Hello",
        "take_part": "Share it with",
        "unsubscribe": "Unsubscribe",
        "unsubscribe.top": "Unsubscribe from these emails",
        "preferences": "Change what we send you",
        "privacy": "How we use your details",
        "why.list": "You get this email because you are on our mailing list: {lists}.",
        "why.lists": "You get this email because you are on our mailing lists: {lists}.",
        "why.none": "You get this email because you are on our mailing list.",
        "reply": "Questions or feedback? Email",
        "from": "Sent by {names}.",
        "and": "and",
        "to": "to",
        "midday": "midday",
        "midnight": "midnight",
        "am": "am",
        "pm": "pm",
        "days": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "months": "January February March April May June July August September October November December",
    }
)

CATALOGUE: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": _ENGLISH})
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed words of one language. `language` is the catalogue's own key (`en`), not the tag that was asked for."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """The words under `key` with `{names}` filled in; KeyError where the catalogue has no such key."""
        text = CATALOGUE[self.language][key]
        return text.format(**values) if values else text

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


def words(*languages: str) -> Words:
    """The words for the first of `languages` (BCP 47 tags, such as `en-GB`) that the catalogue knows, else English."""
    for tag in languages:
        for key in (tag, tag.split("-")[0]):
            if key in CATALOGUE:
                return Words(key)
    return Words(DEFAULT)
