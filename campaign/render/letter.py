"""Letters: short answers to a person's own act, from fixed words. They carry no list headers, for they are no list's.

A letter never says whether its reader is on a list: it is the same for everybody who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import Any

from campaign.model import About, Email, PlainBody, Sender
from campaign.render import headers
from campaign.render.pages import door_url, request_url
from campaign.render.words import words
from campaign.words import known_tag

#: Letters to the desk: their links are for its door, and work once.
_DOOR = frozenset({"invite", "reset", "browser"})
_PAGE = (
    '<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{subject}</title>'
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>'
    '<body style="margin:0;padding:16px;font:16px/1.5 Arial,sans-serif"><main style="max-width:600px">'
    '<h1 style="font-size:24px;line-height:1.25">{subject}</h1><p>{before}</p>'
    '<p style="font-size:19px"><a href="{url}"><strong>{link}</strong></a></p>'
    "<p>{works}</p><p>{after}</p><p>{sender}<br>{place}</p></main></body></html>\n"
)


def compose_letter(
    kind: str,
    to: str,
    *,
    sender: Sender,
    values: Mapping[str, Any],
    base_url: str,
    message_id: str,
    envelope_from: str,
    date: datetime,
) -> Email:
    """The letter of that kind to the bare address `to`.

    `values`: `token`; for a confirmation `lists` (titles), for one to the desk `author`; `language` (a tag) where it
    is known. `message_id` with angle brackets; `date` aware. Raises KeyError for an unknown kind, Refused for an
    address or a header that would not do.
    """
    asked = str(values.get("language", ""))
    language = asked if known_tag(asked) else "en-GB"
    say = words(language)
    listed = say.join([str(title) for title in values.get("lists", ())])
    filled = {"sender": sender.from_name, "lists": listed, "author": str(values.get("author", ""))}
    subject, before, link, works, after = (
        say(f"letter.{kind}.{part}", **filled) for part in ("subject", "before", "link", "works", "after")
    )
    place_of = door_url if kind in _DOOR else request_url
    url = headers.url(place_of(base_url, str(values["token"])), "the link of a letter")
    shown = {
        "language": language,
        "subject": subject,
        "before": before,
        "url": url,
        "link": link,
        "works": works,
        "after": after,
        "sender": sender.from_name,
        "place": sender.postal_address,
    }
    place = f"{sender.from_name}\n{sender.postal_address}"
    text = "\n\n".join((subject, before, f"{link}:\n{url}", works, after, place)) + "\n"
    html = _PAGE.format(**{name: escape(value) for name, value in shown.items()})
    address, smtputf8 = headers.wire_address(to)
    raw = _raw(sender, address, subject, text, html, message_id, date, smtputf8)
    about = About(campaign="letters", message=kind, day="once", channel="letters", planned_at=date, title=subject)
    return Email(
        about=about,
        to=address,
        envelope_from=envelope_from,
        message_id=message_id,
        raw=raw,
        subject=subject,
        from_name=sender.from_name,
        from_address=sender.from_address,
        reply_to=sender.reply_to,
        body=PlainBody(text, html),
        smtputf8=smtputf8,
    )


def _raw(
    sender: Sender, to: str, subject: str, text: str, html: str, message_id: str, date: datetime, smtputf8: bool
) -> bytes:
    message = EmailMessage(policy=SMTP.clone(utf8=smtputf8))
    message["Date"] = headers.DateLine()(date)
    message["Message-ID"] = f"<{headers.message_token(message_id)}>"
    message["From"] = _person(sender.from_name, sender.from_address)
    message["To"] = to
    if sender.reply_to:
        message["Reply-To"] = sender.reply_to
    message["Subject"] = subject
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _person(name: str, address: str) -> str | Address:
    shown = headers.phrase(headers.refuse_breaks(name, "the sender's name"))
    if not shown and name.strip():
        return Address(display_name=name, addr_spec=address)  # which the standard library spreads over lines
    return f"{shown} <{address}>" if shown else address
