"""A planned mailing is compiled once and filled for each person.

A variant is what one group of readers gets: the same themes, resources, lists and language. Its bytes hold slots for
what differs by person. A template whose logic looks into a person's own words is found out while it is compiled, and
rendered anew for each person; the result is the same, only slower.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from campaign.errors import Refused
from campaign.model import About, ChannelRef, Day, Email, PlannedMailing, Programme, Recipient, Sender
from campaign.render import visible
from campaign.render.compose import Composed, Press, compose
from campaign.render.context import Scene, library, reader_of, scene
from campaign.render.headers import DateLine, message_token, wire_address
from campaign.render.pages import Pages, Urls
from campaign.render.quick import FilledBody, Recipe, quick, recipe_of
from campaign.render.slots import SLOTS, URL_LENGTH, PersonalTemplateError, Slot, clean, fill
from campaign.render.wire import (
    Fill,
    Form,
    check_recipient,
    compile_form,
    list_unsubscribe,
    provider_headers,
    raw,
    sender_of,
)

Flags = tuple[bool, ...]


@dataclass(slots=True)
class Variant:
    """What one group of readers gets. `empty`: nothing of the day is for them. `personal`: rendered for each person."""

    scene: Scene
    lists: tuple[str, ...]
    empty: bool
    personal: bool = False
    forms: dict[Flags, Form] = field(default_factory=dict)
    recipes: dict[Flags, Recipe | None] = field(default_factory=dict)


class Compiled:
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
        self.programme, self.planned, self.day = programme, planned, day
        self.now, self.pages, self.sender = now, pages, sender
        self.press = Press(planned, library(files))
        self.about = About(
            campaign=programme.campaign.id,
            message=planned.id,
            day=day.id if day else "",
            channel=channel.id,
            planned_at=planned_at,
            title=programme.campaign.title,
        )
        self._quick: dict[object, Variant] = {}
        self._variants: dict[object, Variant] = {}
        self._date = DateLine()
        self._making = threading.Lock()

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The variants met so far."""
        return tuple(self._variants.values())

    def variant_for(self, recipient: Recipient) -> Variant:
        """The variant that this person reads."""
        lists = tuple([one.id for one in recipient.lists])
        key = (recipient.areas, recipient.audiences, lists, recipient.language)
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
        return self._variants.setdefault(key, Variant(place, titles, empty and not self.planned.body))

    def email(
        self, recipient: Recipient, *, message_id: str, envelope_from: str, urls: Urls, date: datetime
    ) -> Email | None:
        """The person's email; None where the day is empty for them and the mailing skips the empty.

        `message_id` is `token@domain`, with or without angle brackets; `date` is aware. Raises Refused where the
        recipient's address, links or Message-ID cannot stand in a message, TemplateError where the mailing cannot be
        rendered.
        """
        variant = self.variant_for(recipient)
        if variant.empty:
            return None
        recipe = variant.recipes.get(_flags(recipient, urls))
        if recipe is not None:
            made = quick(recipe, self.about, recipient, message_id, envelope_from, urls, self._date(date))
            if made is not None:
                return made
        values = _values(recipient, urls)
        form = self._form(variant, recipient, values)
        to, smtputf8 = check_recipient(recipient)
        token = message_token(message_id)
        unsubscribe = list_unsubscribe(form.back, urls, recipient.unsubscribe_token)
        name = values["subscriber.first_name"]
        person = Fill(to, name, token, self._date(date), urls, recipient.unsubscribe_token, values)
        composed = form.composed
        message, plain = raw(form, person, unsubscribe)
        return Email(
            about=self.about,
            to=to,
            envelope_from=envelope_from if envelope_from.isascii() else wire_address(envelope_from)[0],
            message_id=f"<{token}>",
            raw=message,
            subject=fill(composed.subject, values) if form.subject_slots else composed.subject,
            from_name=form.back.from_name,
            from_address=form.back.from_address,
            body=FilledBody(composed, tuple(values.values())),
            to_name=name,
            reply_to=form.back.reply_to,
            unsubscribe_url=urls.unsubscribe,
            smtputf8=smtputf8,
            plain_lines=plain,
            headers=provider_headers(form, unsubscribe, urls),
        )

    def preheader(self, recipient: Recipient, urls: Urls) -> str:
        """The preview line that this person's inbox shows beside the subject; "" where there is none."""
        values = _values(recipient, urls)
        return fill(self._form(self.variant_for(recipient), recipient, values).composed.preheader, values)

    def alone(self, recipient: Recipient, urls: Urls) -> Composed:
        """The words of this person's email, rendered for them alone: what filling the compiled form comes to."""
        return self.plain_form(self.variant_for(recipient), recipient, _values(recipient, urls)).composed

    # --- forms

    def _form(self, variant: Variant, recipient: Recipient, values: Mapping[str, str]) -> Form:
        """The compiled form for which of the person's values are there; made for them alone where it must be."""
        if variant.personal:
            return self.plain_form(variant, recipient, values)
        flags = tuple([bool(value) for value in values.values()])
        form = variant.forms.get(flags)
        return form if form is not None else self._first_form(variant, recipient, values, flags)

    def _first_form(self, variant: Variant, recipient: Recipient, values: Mapping[str, str], flags: Flags) -> Form:
        """The form made now; by one thread while the others wait for it."""
        with self._making:
            if flags not in variant.forms and not variant.personal:
                return self._make(variant, recipient, values, flags)
        return self._form(variant, recipient, values)

    def _make(self, variant: Variant, recipient: Recipient, values: Mapping[str, str], flags: Flags) -> Form:
        try:
            slots: dict[str, str | Slot] = {name: Slot(name) if value else "" for name, value in values.items()}
            form = variant.forms[flags] = self._compile(variant, recipient, slots)
            variant.recipes[flags] = recipe_of(form)
        except PersonalTemplateError:
            variant.personal = True
            return self.plain_form(variant, recipient, values)
        return form

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


def _flags(recipient: Recipient, urls: Urls) -> Flags:
    """Which of the person's values are there, in the order of `SLOTS`, before they are cleaned."""
    return (
        bool(recipient.first_name),
        bool(recipient.organisation),
        bool(urls.preferences),
        bool(urls.unsubscribe),
        bool(urls.web),
    )


def _values(recipient: Recipient, urls: Urls) -> dict[str, str]:
    """The words of every slot for one person, in the order of `SLOTS`."""
    for address in (urls.preferences, urls.unsubscribe, urls.web):
        if len(address) > URL_LENGTH or " " in address:
            raise Refused(f"a person's link is longer than {URL_LENGTH} characters or holds a space")
    return {
        "subscriber.first_name": clean(recipient.first_name),
        "subscriber.organisation": clean(recipient.organisation),
        "urls.preferences": urls.preferences,
        "urls.unsubscribe": urls.unsubscribe,
        "urls.web": urls.web,
    }


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
