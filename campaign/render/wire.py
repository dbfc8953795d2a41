"""An email's bytes: every header of RFC 5322, 2369, 2919, 8058 and 3834 in place, slots filled for one person.

Written here and not with the standard library's EmailMessage, which takes milliseconds a message and encodes a long
List-Unsubscribe into words that no mail app understands.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import escape

from campaign.model import Contact, MailingList, Recipient, Sender
from campaign.render import headers
from campaign.render.composed import Composed
from campaign.render.encode import Part, Piece, compile_part, quoted_value
from campaign.render.pages import Urls
from campaign.render.slots import MARK, fill

CRLF = b"\r\n"
AUTO_SUBMITTED = "auto-generated"
AUTO_RESPONSE = "OOF, AutoReply"
ONE_CLICK = "List-Unsubscribe=One-Click"


@dataclass(frozen=True, slots=True)
class Return:
    """What is fixed for one sender and one list: names, addresses in wire form, the List-Id."""

    from_name: str
    from_address: str
    reply_name: str
    reply_to: str
    list_id: str
    unsubscribe_mailbox: str
    help: str


def sender_of(sender: Sender, contact: Contact | None, first: MailingList | None, campaign: str) -> Return:
    """The fixed addresses of a mailing. Refused where one of the sender's addresses is not valid."""
    from_address = headers.wire_address(sender.from_address)[0]
    reply = contact.email if contact and contact.email else sender.reply_to
    reply_to = headers.wire_address(reply)[0] if reply else ""
    host = headers.domain(sender.domain) if sender.domain else from_address.rpartition("@")[2]
    slug = headers.refuse_breaks(first.slug if first else campaign, "List-Id")
    title = headers.phrase(headers.refuse_breaks(first.title, "List-Id")) if first else ""
    mailbox = headers.wire_address(sender.unsubscribe_mailbox)[0] if sender.unsubscribe_mailbox else ""
    return Return(
        from_name=sender.from_name,
        from_address=from_address,
        reply_name=contact.name if contact and contact.email else "",
        reply_to=reply_to,
        list_id=f"{title} <{slug}.{host}>" if title else f"<{slug}.{host}>",
        unsubscribe_mailbox=mailbox,
        help=f"<mailto:{reply_to or from_address}?subject=help>",
    )


@dataclass(frozen=True, slots=True)
class Form:
    """A compiled email: its chunks in order, with the places that a person fills.

    `fixed`: a header's name or a whole part, and its place. `slots`: a slot's name, its places in the text and in the
    HTML. `plain_lines`: see `Email.plain_lines`, as far as the chunks tell.
    """

    composed: Composed
    back: Return
    text: Part
    html: Part
    chunks: tuple[bytes, ...]
    fixed: tuple[tuple[str, int], ...]
    slots: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    plain_lines: bool
    subject_slots: bool
    boundary: str


_TEXT, _HTML = "text:", "html:"
_WHOLE_TEXT, _WHOLE_HTML = f"{_TEXT}whole", f"{_HTML}whole"
_FIXED = frozenset({"date", "message_id", "to", "subject", "unsubscribe", _WHOLE_TEXT, _WHOLE_HTML})
_SPECIAL = re.compile("[&<>'\"]")


def compile_form(composed: Composed, back: Return) -> Form:
    """The form of one variant. Refused where a fixed header holds a line break."""
    text, html = compile_part(composed.text), compile_part(composed.html)
    boundary = "=_" + hashlib.sha256((composed.text + composed.html).encode("utf-8", "replace")).hexdigest()[:32]
    slots = bool(MARK.search(composed.subject))
    pieces: list[Piece] = [b"Date: ", "date", b"\r\nMessage-ID: <", "message_id", b">\r\n"]
    pieces += [_lines(headers.mailbox("From", back.from_name, back.from_address)), "to"]
    if back.reply_to:
        pieces.append(_lines(headers.mailbox("Reply-To", back.reply_name, back.reply_to)))
    pieces.append("subject" if slots else _lines(headers.unstructured("Subject", composed.subject)))
    pieces += [_lines(f"List-Id: {back.list_id}"), "unsubscribe", _lines(f"List-Help: {back.help}")]
    pieces.append(_lines(f"Auto-Submitted: {AUTO_SUBMITTED}", f"X-Auto-Response-Suppress: {AUTO_RESPONSE}"))
    pieces.append(_lines("MIME-Version: 1.0", f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"', ""))
    pieces += _part(boundary, "plain", text, _TEXT) + _part(boundary, "html", html, _HTML)
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    chunks, places = _pack(pieces)
    fixed = tuple((name, index) for index, name in places if name in _FIXED)
    plain = all(is_plain(chunk) for chunk in chunks)
    return Form(composed, back, text, html, chunks, fixed, _slots(places), plain, slots, boundary)


def _slots(places: tuple[tuple[int, str], ...]) -> tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]:
    names = dict.fromkeys(name.partition(":")[2] for _, name in places if name not in _FIXED)
    return tuple(
        (
            slot,
            tuple(index for index, name in places if name == _TEXT + slot),
            tuple(index for index, name in places if name == _HTML + slot),
        )
        for slot in names
    )


def is_plain(piece: bytes) -> bool:
    """Whether a piece is ASCII, breaks lines by CRLF only and no line in it begins with a dot."""
    if not piece.isascii() or piece.startswith(b".") or b"\n." in piece:
        return False
    lines = piece.count(b"\n")
    return lines == piece.count(CRLF) == piece.count(b"\r")


def _lines(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _part(boundary: str, subtype: str, part: Part, prefix: str) -> list[Piece]:
    head = _lines(
        f"--{boundary}",
        f"Content-Type: text/{subtype}; charset=utf-8",
        f"Content-Transfer-Encoding: {part.transfer}",
        "",
    )
    if part.pieces is None:
        return [head, f"{prefix}whole", CRLF]
    named: list[Piece] = [prefix + piece if isinstance(piece, str) else piece for piece in part.pieces]
    return [head, *named, CRLF]


def _pack(pieces: list[Piece]) -> tuple[tuple[bytes, ...], tuple[tuple[int, str], ...]]:
    """Neighbouring bytes as one chunk; each slot as an empty chunk with its index and name."""
    chunks: list[bytes] = []
    places: list[tuple[int, str]] = []
    open_chunk = False
    for piece in pieces:
        if isinstance(piece, str):
            places.append((len(chunks), piece))
            chunks.append(b"")
            open_chunk = False
        elif open_chunk:
            chunks[-1] += piece
        else:
            chunks.append(piece)
            open_chunk = True
    return tuple(chunks), tuple(places)


@dataclass(frozen=True, slots=True)
class Fill:
    """What one person's email holds beside the form. `values` are the slots' words; `to` is in wire form."""

    to: str
    to_name: str
    message_id: str
    date: str
    urls: Urls
    token: str
    values: Mapping[str, str]


def to_line(to: str, name: str) -> bytes:
    """The To header, in UTF-8 where the address needs SMTPUTF8."""
    return f"{headers.mailbox('To', name, to)}\r\n".encode()


def list_unsubscribe(back: Return, urls: Urls, token: str) -> str:
    """`<https://...>, <mailto:...>`: one web address and one mailbox, never folded (RFC 8058 section 3.1)."""
    targets = [f"<{headers.url(urls.unsubscribe, 'the unsubscribe link')}>"] if urls.unsubscribe else []
    if back.unsubscribe_mailbox:
        mark = headers.refuse_breaks(token, "the unsubscribe token")
        targets.append(
            f"<mailto:{back.unsubscribe_mailbox}?subject=unsubscribe%20{mark}>"
            if mark
            else f"<mailto:{back.unsubscribe_mailbox}?subject=unsubscribe>"
        )
    return ", ".join(targets)


def _unsubscribe_lines(value: str, urls: Urls) -> bytes:
    if not value:
        return b""
    lines = [f"List-Unsubscribe: {value}"]
    if urls.unsubscribe.startswith("https://"):
        lines.append(f"List-Unsubscribe-Post: {ONE_CLICK}")
    return _lines(*lines)


def raw(form: Form, person: Fill, unsubscribe: str) -> tuple[bytes, bool]:
    """The whole message as bytes, and whether its lines are plain (see `Email.plain_lines`)."""
    out = list(form.chunks)
    plain = form.plain_lines
    for name, index in form.fixed:
        out[index] = _fixed(form, person, unsubscribe, name)
    for slot, in_text, in_html in form.slots:
        value = person.values[slot]
        piece = quoted_value(value)
        plain = plain and _fits(piece)
        for index in in_text:
            out[index] = piece
        if in_html:
            if _SPECIAL.search(value):
                piece = quoted_value(str(escape(value)))
                plain = plain and _fits(piece)
            for index in in_html:
                out[index] = piece
    message = b"".join(out)
    return message, plain and message.isascii()


def _fits(piece: bytes) -> bool:
    return is_plain(piece) if b"\n" in piece or b"\r" in piece else not piece.startswith(b".")


def _fixed(form: Form, person: Fill, unsubscribe: str, name: str) -> bytes:
    match name:
        case "date":
            return person.date.encode("ascii")
        case "message_id":
            return person.message_id.encode("ascii")
        case "to":
            return to_line(person.to, person.to_name)
        case "unsubscribe":
            return _unsubscribe_lines(unsubscribe, person.urls)
        case "subject":
            return _lines(headers.unstructured("Subject", fill(form.composed.subject, person.values)))
        case _:
            text = name == _WHOLE_TEXT
            return form.text.encoded(person.values) if text else form.html.encoded(html_values(person.values))


def html_values(values: Mapping[str, str]) -> dict[str, str]:
    """The slots' words, escaped for HTML."""
    return {name: str(escape(value)) for name, value in values.items()}


def provider_headers(form: Form, unsubscribe: str, urls: Urls) -> tuple[tuple[str, str], ...]:
    """The headers that a provider's own API must be given by name."""
    found = [
        ("List-Id", form.back.list_id),
        ("List-Help", form.back.help),
        ("Auto-Submitted", AUTO_SUBMITTED),
        ("X-Auto-Response-Suppress", AUTO_RESPONSE),
    ]
    if unsubscribe:
        found.append(("List-Unsubscribe", unsubscribe))
        if urls.unsubscribe.startswith("https://"):
            found.append(("List-Unsubscribe-Post", ONE_CLICK))
    return tuple(found)


def check_recipient(recipient: Recipient) -> tuple[str, bool]:
    """The recipient's address in wire form and whether it needs SMTPUTF8. Refused where it is not valid."""
    return headers.wire_address(recipient.address)
