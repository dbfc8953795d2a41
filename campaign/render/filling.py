"""A compiled mailing filled for one person: bytes with slots in, an email out.

What compiles is `mailing`. Nothing here, nor what this imports, knows templates, so that a process which only fills
stays small.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from campaign.errors import Refused
from campaign.model import About, Email, Recipient
from campaign.render.headers import DateLine, message_token, wire_address
from campaign.render.pages import Urls
from campaign.render.quick import FilledBody, Frank, Mould, Recipe, mould_of, recipe_of
from campaign.render.slots import URL_LENGTH, clean, fill
from campaign.render.wire import Fill, Form, check_recipient, list_unsubscribe, provider_headers, raw

Flags = tuple[bool, ...]


@dataclass(slots=True, kw_only=True)
class Forms:
    """What one group of readers gets, as far as it was compiled: a form for which of a person's values are there.

    `number` tells the groups of a mailing apart. `empty`: nothing of the day is for them. `personal`: rendered for each
    person.
    """

    number: int
    empty: bool
    personal: bool = False
    forms: dict[Flags, Form] = field(default_factory=dict)
    recipes: dict[Flags, Recipe | None] = field(default_factory=dict)

    def keep(self, flags: Flags, form: Form) -> Form:
        """Keep a form, with its recipe."""
        self.forms[flags] = form
        self.recipes[flags] = recipe_of(form)
        return form


F = TypeVar("F", bound=Forms)


class Filling(ABC, Generic[F]):
    """One mailing, ready to be filled for any recipient. Safe to share between threads."""

    def __init__(self, about: About) -> None:
        self.about = about
        self._date = DateLine()

    @abstractmethod
    def variant_for(self, recipient: Recipient) -> F:
        """The variant that this person reads."""

    @abstractmethod
    def plain_form(self, variant: F, recipient: Recipient, values: Mapping[str, str]) -> Form:
        """The form rendered with the person's own words, nothing left to fill but the headers."""

    @abstractmethod
    def first_form(self, variant: F, recipient: Recipient, values: Mapping[str, str], flags: Flags) -> Form:
        """The form of which nobody asked for before; that of the person alone where it must be."""

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
        values = values_of(recipient, urls)
        form = self.form(variant, recipient, values)
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

    def mould(self, recipient: Recipient, urls: Urls, frank: Frank) -> Mould | None:
        """What fills the usual emails of all who are like `recipient`, once one of them was filled.

        None where each has to be made singly: the template looks into a person's own words, or a subject names them.
        """
        variant = self.variant_for(recipient)
        recipe = variant.recipes.get(_flags(recipient, urls))
        return None if recipe is None or variant.empty else mould_of(recipe, self.about, frank)

    def form(self, variant: F, recipient: Recipient, values: Mapping[str, str]) -> Form:
        """The compiled form for which of the person's values are there; made for them alone where it must be."""
        if variant.personal:
            return self.plain_form(variant, recipient, values)
        flags = tuple([bool(value) for value in values.values()])
        form = variant.forms.get(flags)
        return form if form is not None else self.first_form(variant, recipient, values, flags)


def readers_key(recipient: Recipient) -> object:
    """The same for all who surely read the same variant."""
    lists = tuple([one.id for one in recipient.lists])
    return (recipient.areas, recipient.audiences, lists, recipient.language)


def _flags(recipient: Recipient, urls: Urls) -> Flags:
    """Which of the person's values are there, in the order of `SLOTS`, before they are cleaned."""
    return (
        bool(recipient.first_name),
        bool(recipient.organisation),
        bool(urls.preferences),
        bool(urls.unsubscribe),
        bool(urls.web),
    )


def values_of(recipient: Recipient, urls: Urls) -> dict[str, str]:
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
