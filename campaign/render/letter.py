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

#: Kind of letter -> subject, what stands before the link, the link's words, what stands after it.
LETTERS: Mapping[str, tuple[str, str, str, str]] = {
    "confirm": (
        "Confirm that you want our emails",
        "Somebody, we think you, asked for emails from {sender} about {lists} to come to this address.",
        "Yes, I want these emails",
        "If it was not you, do nothing: no emails will come.",
    ),
    "ask": (
        "May we email you?",
        "{sender} would like to send you emails about {lists}. We email you only if you say yes.",
        "Yes, I want these emails",
        "If you do not want them, do nothing: no emails will come, and we do not ask again.",
    ),
    "erase": (
        "Confirm that we should delete your details",
        "You asked {sender} to delete what we hold about you.",
        "Delete my details",
        "If it was not you, do nothing: nothing will be deleted.",
    ),
    "export": (
        "Your copy of what we hold about you",
        "You asked {sender} for a copy of what we hold about you.",
        "See what you hold about me",
        "If it was not you, do nothing. Do not pass this email on: the link in it opens your details.",
    ),
    "invite": (
        "You are invited to our desk",
        "{author} invites you to the desk where {sender} plans and sends its weeks.",
        "Choose how I sign in",
        "If you do not know what this is about, do nothing. Do not pass this email on: its link is for you alone.",
    ),
    "reset": (
        "Choose another password for our desk",
        "{author} made you a link to choose another password for the desk of {sender}.",
        "Choose another password",
        "If you asked nobody for it, do nothing and tell {author}. Do not pass this email on: its link is yours alone.",
    ),
    "browser": (
        "Sign in to our desk from another browser",
        "Somebody, we think you, wants to sign in to the desk of {sender} from a browser that it does not know, while "
        "many wrong passwords are being tried.",
        "Let the browser that I open this in try",
        "It still asks for your password. If it was not you, do nothing: nobody gets in by this without your password.",
    ),
}
_WORKS = "The link works for 7 days."
#: How long the links to the desk work; they work once.
_ONCE = {
    "invite": "The link works once, for 3 days.",
    "reset": "The link works once, for 3 days.",
    "browser": "The link works once, for 30 minutes.",
}
_PAGE = (
    '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{subject}</title>'
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

    `values`: `token`; for a confirmation `lists` (titles), for one to the desk `author`. `message_id` with angle
    brackets; `date` aware. Raises KeyError for an unknown kind, Refused for an address or a header that would not do.
    """
    subject, before, link, after = LETTERS[kind]
    titles = [str(title) for title in values.get("lists", ())]
    listed = f"{', '.join(titles[:-1])} and {titles[-1]}" if len(titles) > 1 else "".join(titles)
    author = str(values.get("author", ""))
    before, after = (part.format(sender=sender.from_name, lists=listed, author=author) for part in (before, after))
    place_of = door_url if kind in _ONCE else request_url
    url = headers.url(place_of(base_url, str(values["token"])), "the link of a letter")
    works = _ONCE.get(kind, _WORKS)
    words = {
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
    html = _PAGE.format(**{name: escape(value) for name, value in words.items()})
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
    message["Date"] = headers.DateLine()(date).decode("ascii")
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
