"""The variables that each kind of message hands to its templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaign.model import ChannelRef, Day, PlannedMessage, Programme, Recipient, Sender, Theme
from campaign.render import visible
from campaign.render.markdown import Target
from campaign.render.pages import Pages
from campaign.render.sandbox import Library, Sandbox, names_of, print_text
from campaign.render.shipped import shipped
from campaign.render.views import Stage, organisation
from campaign.render.visible import Reader, Shown
from campaign.render.words import words

#: The names a template may use, for the hint on an unknown one.
NAMES = names_of(
    "campaign day theme themes resources link hashtags organisation subscriber urls title weekday "
    "date page_url first_sentence one_thing first_name preferences unsubscribe web summary help_line "
    "contact lists sender body say text kind when place state booking recording pending"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One planned message for one reader: who reads, and which themes they see."""

    stage: Stage
    planned: PlannedMessage
    day: Day | None
    themes: tuple[Theme, ...]

    def variables(self, channel_organisation: str) -> dict[str, Any]:
        """campaign, day, theme, resources, organisation and `say`, the catalogue of fixed words."""
        stage = self.stage
        found: dict[str, Any] = {
            "campaign": stage.campaign(),
            "organisation": organisation(stage.programme.organisations.get(channel_organisation)),
            "say": stage.words,
        }
        shown = [stage.theme(theme) for theme in self.themes]
        if self.day is not None:
            found["day"] = stage.day(self.day, self.themes)
        if len(shown) == 1:
            found["theme"] = shown[0]
        ids = [name for theme in self.themes for name in theme.resources]
        found["resources"] = stage.resources(ids if self.day is not None else stage.programme.resources)
        return found


def reader_for(programme: Programme, planned: PlannedMessage, channel: ChannelRef) -> Reader:
    """For whom a post is: its own areas, else those of the channel's organisation; its audiences."""
    owner = programme.organisations.get(channel.organisation)
    areas = programme.expand_areas(planned.areas or (owner.areas if owner else ()))
    return Reader(areas, frozenset(planned.audiences))


def reader_of(programme: Programme, planned: PlannedMessage, recipient: Recipient) -> Reader:
    """As whom a person reads: their areas and audiences; where they stated none, those of the mailing and its lists."""
    areas = recipient.areas or programme.expand_areas(planned.areas)
    audiences = recipient.audiences or frozenset(name for one in recipient.lists for name in one.audiences)
    return Reader(programme.expand_areas(tuple(areas)), audiences or frozenset(planned.audiences))


def scene(
    programme: Programme,
    planned: PlannedMessage,
    day: Day | None,
    *,
    now: datetime,
    reader: Reader,
    pages: Pages,
    language: str = "",
) -> Scene:
    """The scene of a message for one reader; `now` is aware UTC, `language` a BCP 47 tag (default: the campaign's)."""
    say = words(language, programme.campaign.language) if language else words(programme.campaign.language)
    stage = Stage(programme, now, reader, say, pages)
    themes = visible.themes(programme, day, reader, planned.theme) if day is not None else ()
    if day is None and planned.theme:
        everywhere = [theme for theme in programme.themes() if theme.id == planned.theme]
        themes = tuple(
            theme for theme in everywhere if visible.for_reader(programme, theme.areas, theme.audiences, reader)
        )
    return Scene(stage, planned, day, themes)


def resolver(stage: Stage) -> Callable[[str], Target | None]:
    """How `resource:ID` in a text resolves for the stage's reader and moment."""

    def resolve(name: str) -> Target | None:
        resource = stage.programme.resources.get(name)
        if resource is None:
            return None
        seen = visible.seen(stage.programme, resource, stage.now, stage.reader)
        if seen.shown is Shown.ABSENT:
            return Target(absent=True)
        if seen.link:
            return Target(url=seen.link)
        if seen.shown is Shown.PENDING:
            return Target(note=stage.words("pending"))
        unbookable = seen.event is not None and seen.event.value in ("full", "closed", "cancelled")
        return Target(note=stage.words(f"event.{seen.event}.short") if unbookable else "")

    return resolve


def library(files: Mapping[str, bytes]) -> Library:
    """Templates of the campaign's revision first, then the shipped ones."""
    return Library(files, shipped())


def text_sandbox(source: Library) -> Sandbox:
    """The environment of posts, subjects and plain parts."""
    return Sandbox(source, autoescape=False, finalize=print_text)


def sender_view(sender: Sender, stage: Stage) -> dict[str, str]:
    """What templates may say of a sender: name, organisation, postal address, privacy page."""
    owner = stage.programme.organisations.get(sender.organisation)
    names = [one.name for one in stage.programme.organisations.values()]
    return {
        "name": sender.from_name,
        "names": stage.words.join(names) or sender.from_name,
        "address": sender.postal_address or (owner.address if owner else ""),
        "privacy_url": stage.programme.campaign.privacy_url or sender.privacy_url,
    }
