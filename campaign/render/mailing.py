"""A planned mailing is compiled once and filled for each person.

A variant is what one group of readers gets: the same themes, resources, lists and language. Its bytes hold slots for
what differs by person. A template whose logic looks into a person's own words is found out while it is compiled, and
rendered anew for each person; the result is the same, only slower.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaign.model import About, ChannelRef, Day, PlannedMailing, Programme, Recipient, Sender
from campaign.render import visible
from campaign.render.compose import Press, compose
from campaign.render.composed import Composed
from campaign.render.context import Scene, library, reader_of, scene
from campaign.render.filling import Filling, Flags, Forms, readers_key, values_of
from campaign.render.pages import Pages, Urls
from campaign.render.slots import SLOTS, PersonalTemplateError, Slot, fill
from campaign.render.wire import Form, compile_form, sender_of


@dataclass(slots=True, kw_only=True)
class Variant(Forms):
    """What one group of readers gets: the same themes, resources, lists and language."""

    scene: Scene
    lists: tuple[str, ...]


class Compiled(Filling[Variant]):
    """One mailing, ready to be filled for any recipient. Safe to share between threads."""

    def __init__(
        self,
        programme: Programme,
        planned: PlannedMailing,
        day: Day | None,
        *,
        planned_at: datetime,
        now: datetime,
        pages: Pages,
        files: Mapping[str, bytes],
        sender: Sender,
        channel: ChannelRef,
    ) -> None:
        about = About(
            campaign=programme.campaign.id,
            message=planned.id,
            day=day.id if day else "",
            channel=channel.id,
            planned_at=planned_at,
            title=programme.campaign.title,
        )
        super().__init__(about)
        self.programme, self.planned, self.day = programme, planned, day
        self.now, self.pages, self.sender = now, pages, sender
        self.press = Press(planned, library(files))
        self._quick: dict[object, Variant] = {}
        self._variants: dict[object, Variant] = {}
        self._making = threading.Lock()

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The variants met so far."""
        return tuple(self._variants.values())

    def variant_for(self, recipient: Recipient) -> Variant:
        """The variant that this person reads."""
        key = readers_key(recipient)
        found = self._quick.get(key)
        if found is None:
            with self._making:  # one thread makes it while the others wait
                found = self._quick.get(key)
                if found is None:
                    found = self._quick[key] = self._variant(recipient)
        return found

    def _variant(self, recipient: Recipient) -> Variant:
        reader = reader_of(self.programme, self.planned, recipient)
        place = scene(
            self.programme,
            self.planned,
            self.day,
            now=self.now,
            reader=reader,
            pages=self.pages,
            language=recipient.language,
        )
        resources = self.programme.resources.values()
        shown = tuple(
            one.id for one in resources if visible.for_reader(self.programme, one.areas, one.audiences, reader)
        )
        themes = tuple(theme.id for theme in place.themes)
        titles = tuple(one.title for one in recipient.lists)
        first = recipient.lists[0] if recipient.lists else None
        key = (themes, shown, titles, first, place.stage.words.language)
        empty = self.planned.skip_if_empty and not themes and (self.day is not None or bool(self.planned.theme))
        made = Variant(scene=place, lists=titles, empty=empty and not self.planned.body, number=len(self._variants))
        return self._variants.setdefault(key, made)

    def preheader(self, recipient: Recipient, urls: Urls) -> str:
        """The preview line that this person's inbox shows beside the subject; "" where there is none."""
        values = values_of(recipient, urls)
        return fill(self.form(self.variant_for(recipient), recipient, values).composed.preheader, values)

    def alone(self, recipient: Recipient, urls: Urls) -> Composed:
        """The words of this person's email, rendered for them alone: what filling the compiled form comes to."""
        return self.plain_form(self.variant_for(recipient), recipient, values_of(recipient, urls)).composed

    # --- forms

    def form_for(self, recipient: Recipient, values: Mapping[str, str]) -> Form | None:
        """The form that this person's values fill; None where it is made for each person alone. `email` says what it
        raises."""
        variant = self.variant_for(recipient)
        form = self.form(variant, recipient, values)
        return None if variant.personal else form

    def first_form(self, variant: Variant, recipient: Recipient, values: Mapping[str, str], flags: Flags) -> Form:
        """The form made now; by one thread while the others wait for it."""
        with self._making:
            if flags not in variant.forms and not variant.personal:
                return self._make(variant, recipient, values, flags)
        return self.form(variant, recipient, values)

    def _make(self, variant: Variant, recipient: Recipient, values: Mapping[str, str], flags: Flags) -> Form:
        try:
            slots: dict[str, str | Slot] = {name: Slot(name) if value else "" for name, value in values.items()}
            return variant.keep(flags, self._compile(variant, recipient, slots))
        except PersonalTemplateError:
            variant.personal = True
            return self.plain_form(variant, recipient, values)

    def plain_form(self, variant: Variant, recipient: Recipient, values: Mapping[str, str]) -> Form:
        """The form rendered with the person's own words, nothing left to fill but the headers."""
        return self._compile(variant, recipient, dict(values))

    def _compile(self, variant: Variant, recipient: Recipient, values: Mapping[str, str | Slot]) -> Form:
        subscriber = {name.removeprefix("subscriber."): value for name, value in values.items() if not SLOTS[name]}
        urls = {name.removeprefix("urls."): value for name, value in values.items() if SLOTS[name]}
        composed = compose(self.press, variant.scene, self.sender, variant.lists, subscriber, urls)
        first = recipient.lists[0] if recipient.lists else None
        back = sender_of(self.sender, self.programme.campaign.contact, first, self.programme.campaign.id)
        return compile_form(composed, back)


def compile_mailing(
    programme: Programme,
    planned: PlannedMailing,
    day: Day | None,
    *,
    planned_at: datetime,
    now: datetime,
    pages: Pages,
    files: Mapping[str, bytes],
    sender: Sender,
    channel: ChannelRef,
) -> Compiled:
    """A mailing ready for any recipient.

    `programme` has the ledger's resource states applied; `planned_at` and `now` are aware UTC; `files` are the frozen
    revision's. Templates are read when the first recipient of a variant is filled.
    """
    return Compiled(
        programme,
        planned,
        day,
        planned_at=planned_at,
        now=now,
        pages=pages,
        files=files,
        sender=sender,
        channel=channel,
    )
