"""Every message as it would leave, for every channel, audience and area, by the same code as the send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from campaign.errors import CampaignError, FileError, Problem
from campaign.model import (
    ChannelRef,
    Email,
    MailingList,
    PlannedMailing,
    PlannedPost,
    Post,
    Recipient,
    Sender,
)
from campaign.programme.checks import copy, emails
from campaign.programme.checks.gates import addresses
from campaign.programme.checks.sheet import Occurrence, Sheet
from campaign.programme.checks.written import unprintable
from campaign.render import Compiled, Pages, Urls, compile_mailing, post

#: Rendering errors that K1 and M7 tell of, where the words stand.
TOLD_OF_THE_TEXT = frozenset({"link-target", "image-in-body"})


@dataclass(frozen=True, slots=True)
class Begun:
    """What is about to be rendered, in words."""

    what: str


@dataclass(frozen=True, slots=True)
class Made:
    """A post that was rendered; `where` is its dotted path."""

    where: str
    post: Post


@dataclass(frozen=True, slots=True)
class Mailed:
    """An email that was rendered, for readers described in words."""

    where: str
    readers: str


Event = Begun | Made | Mailed | Problem


def render_all(sheet: Sheet) -> Iterator[Event]:
    """Each message of each day, one after the other."""
    base = sheet.installation.base_url if sheet.installation else ""
    campaign = sheet.programme.campaign
    pages = Pages(base or "https://campaign.example.org", campaign.home_url, campaign.id)
    for one in sheet.occurrences:
        if isinstance(one.message, PlannedPost):
            yield from _posts(sheet, one, one.message, pages)
        else:
            yield from _emails(sheet, one, one.message, pages)


def _told(sheet: Sheet, error: CampaignError, where: str, what: str) -> Iterator[Problem]:
    """A rendering error as problems: in the template's own file where the programme brings that file."""
    problems = error.problems if isinstance(error, FileError) else (Problem("M4", str(error)),)
    for each in problems:
        if each.code in TOLD_OF_THE_TEXT and (unprintable(sheet) or any(url[:1] == "#" for _, url in addresses(sheet))):
            continue
        message = f"{what} cannot be rendered: {each.message[:1].lower()}{each.message[1:].rstrip('.')}"
        if each.line and each.file in sheet.files:
            line, column = each.line, max(each.column, 1)
            yield Problem("M4", message, where=where, hint=each.hint, file=each.file, line=line, column=column)
        else:
            yield sheet.error("M4", message, where, each.hint)


# --- posts


def _posts(sheet: Sheet, one: Occurrence, planned: PlannedPost, pages: Pages) -> Iterator[Event]:
    for name in planned.channels:
        channel = sheet.programme.channels[name]
        part = f"text_for.{name}" if name in planned.text_for else "text"
        where = f"{one.where}.{part if not planned.template or planned.text else 'template'}"
        what = f"the post {planned.id} for {name}"
        yield Begun(what)
        try:
            made = post(
                sheet.programme,
                planned,
                one.day,
                channel,
                planned_at=one.at,
                now=one.at,
                pages=pages,
                files=sheet.files,
            )
        except CampaignError as error:
            yield from _told(sheet, error, where, what)
            continue
        yield Made(where, made)
        yield from copy.post_rules(sheet, where, made, planned.audiences)
        if planned.template and not made.text and not made.images:
            yield sheet.error("M4", f"{what} says nothing on {one.day_id or 'its day'}", where, "Mend its template.")


# --- emails


def _emails(sheet: Sheet, one: Occurrence, planned: PlannedMailing, pages: Pages) -> Iterator[Event]:
    channel = sheet.programme.channels[planned.channel]
    what = f"the mailing {planned.id} of {one.day_id or 'its day'}"
    compiled = compile_mailing(
        sheet.programme,
        planned,
        one.day,
        planned_at=one.at,
        now=one.at,
        pages=pages,
        files=sheet.files,
        sender=_sender(sheet, planned, channel),
        channel=channel,
    )
    met: set[int] = set()
    sent = 0
    for readers, recipient in _readers(sheet, planned):
        yield Begun(f"{what}, for {readers}")
        try:
            variant = compiled.variant_for(recipient)
            if id(variant) in met:
                continue
            met.add(id(variant))
            email = _email(compiled, recipient, one.at, pages)
        except CampaignError as error:
            yield from _told(sheet, error, f"{one.where}.template", what)
            return
        if email is None:
            continue
        sent += 1
        yield Mailed(one.where, readers)
        yield from emails.rules(sheet, one, email, readers, _preheader(compiled, recipient), compiled.sender)
    if not sent:
        message = f"on {one.day_id or 'its day'} it would say nothing to anybody"
        yield sheet.warning("P14", message, one.where, "Do the areas and audiences of the mailing and its themes meet?")


def _readers(sheet: Sheet, planned: PlannedMailing) -> Iterator[tuple[str, Recipient]]:
    """One reader of everything, then one for each area with each audience."""
    programme = sheet.programme
    lists = tuple(
        MailingList(id=number, slug=name, title=name.replace("-", " ").capitalize(), sender="check")
        for number, name in enumerate(planned.lists or ("subscribers",), start=1)
    )
    only = programme.expand_areas(planned.areas)
    areas = [None, *(name for name in programme.areas if not only or name in only)]
    audiences = [None, *(name for name in programme.audiences if not planned.audiences or name in planned.audiences)]
    for number, (area, audience) in enumerate(product(areas, audiences), start=1):
        place = programme.areas[area] if area else "every area"
        who = programme.audiences[audience].name if audience else "every audience"
        yield (
            f"{who} in {place}",
            Recipient(
                subscriber=number,
                address="reader@example.org",
                first_name="Sam",
                language=programme.campaign.language,
                areas=frozenset({area} if area else ()),
                audiences=frozenset({audience} if audience else ()),
                lists=lists,
                unsubscribe_token="0" * 32,
            ),
        )


def _sender(sheet: Sheet, planned: PlannedMailing, channel: ChannelRef) -> Sender:
    """The sender of the mailing's first list, else one that stands in for it."""
    installation = sheet.installation
    known = installation.lists.get(planned.lists[0]) if installation and planned.lists else None
    if installation and known and known.sender in installation.senders:
        return installation.senders[known.sender]
    owner = sheet.programme.organisations.get(channel.organisation)
    return Sender(
        id="check",
        from_name=owner.name if owner else sheet.programme.campaign.title,
        from_address="news@example.org",
        domain="example.org",
        organisation=channel.organisation,
        postal_address=owner.address if owner else "",
        unsubscribe_mailbox="unsubscribe@example.org",
    )


def _email(compiled: Compiled, recipient: Recipient, at: datetime, pages: Pages) -> Email | None:
    base = pages.base_url.rstrip("/")
    token = "0" * 32
    urls = Urls(
        preferences=f"{base}/preferences/{token}",
        unsubscribe=f"{base}/unsubscribe/{token}",
        web=f"{base}/{compiled.programme.campaign.id}",
    )
    return compiled.email(
        recipient, message_id=f"{token}@example.org", envelope_from="bounces@example.org", urls=urls, date=at
    )


def _preheader(compiled: Compiled, recipient: Recipient) -> str:
    forms = compiled.variant_for(recipient).forms
    return next((form.composed.preheader for form in forms.values()), "")


def as_dict(made: Made) -> Mapping[str, Any]:
    """A rendered post as plain data: its images by name."""
    one = made.post
    return {
        "where": made.where,
        "channel": one.about.channel,
        "message": one.about.message,
        "day": one.about.day,
        "planned_at": one.about.planned_at.isoformat(),
        "text": one.text,
        "title": one.title,
        "link": [one.link.url, one.link.title, one.link.description] if one.link else None,
        "hashtags": list(one.hashtags),
        "images": [[image.name, image.media_type, image.alt, image.decorative] for image in one.images],
        "language": one.language,
    }
