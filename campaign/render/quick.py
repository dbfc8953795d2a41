"""The usual case of filling a form, in a third of the steps: plain names, plain links, a plain address.

What it makes is byte for byte what the long way makes. Wherever a value is not surely plain it says None, and the long
way, which knows how to encode, fold and refuse, is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from campaign.model import About, Email, Recipient
from campaign.render.composed import Composed
from campaign.render.headers import LINE
from campaign.render.pages import Urls
from campaign.render.slots import SLOTS, fill
from campaign.render.wire import ONE_CLICK, Form, html_values, provider_headers

#: A name that needs no encoding, escaping, quoting or folding anywhere: in a header, in text, in HTML.
_NAME = r"(?=[^\0]{0,50}\0)(?:(?!From )[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*)?"
#: A link that fits one line of quoted-printable and holds nothing that HTML or quoted-printable would write otherwise.
_LINK = r"(?=[^\0]{0,74}\0)https://[A-Za-z0-9._~:-]+/[A-Za-z0-9/._~:-]+"
_ADDRESS = r"(?=[^\0]{1,254}\0)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[a-z0-9.-]+"
_MESSAGE_ID = r"<[A-Za-z0-9._+=-]+@[A-Za-z0-9.-]+>"
_LINK_END = r"[A-Za-z0-9._-]*"
#: All that differs by person, zero bytes between: one look is a third of the price of seven.
_PLAIN = re.compile(r"\0".join((_NAME, _NAME, _LINK, f"(?:{_LINK})?", _ADDRESS, _MESSAGE_ID, _LINK_END)))
_END_OF_HEADERS = b"\r\n\r\n"
_BLANKS = re.compile(rb"[ \t]+")
_LINE_END = re.compile(rb" \r\n")
_HANDLED = frozenset({"date", "message_id", "to", "unsubscribe"})


@dataclass(slots=True)
class FilledBody:
    """The readable parts of one person's email, made only when asked for. `words` are in the order of `SLOTS`."""

    composed: Composed
    words: tuple[str, ...]

    @property
    def values(self) -> Mapping[str, str]:
        """The word in each slot."""
        return dict(zip(SLOTS, self.words, strict=True))

    @property
    def text(self) -> str:
        """The plain part."""
        return fill(self.composed.text, self.values)

    @property
    def html(self) -> str:
        """The HTML part."""
        return fill(self.composed.html, html_values(self.values))


class Recipe(NamedTuple):
    """A form as `quick` needs it: where each value goes among the chunks, and what is the same for everybody."""

    form: Form
    date: int
    message_id: int
    to: int
    unsubscribe: int
    name: tuple[int, ...]
    organisation: tuple[int, ...]
    preferences: tuple[int, ...]
    leave: tuple[int, ...]
    mailbox: str
    headers: tuple[tuple[str, str], ...]
    relaxed: tuple[bytes, ...]
    slots: tuple[int, ...]


def recipe_of(form: Form) -> Recipe | None:
    """The recipe of a form; None where it has parts that only the long way can fill."""
    if form.subject_slots or {name for name, _ in form.fixed} != _HANDLED:
        return None
    fixed = dict(form.fixed)
    places = {slot: (*in_text, *in_html) for slot, in_text, in_html in form.slots}
    mailbox = form.back.unsubscribe_mailbox
    return Recipe(
        form=form,
        date=fixed["date"],
        message_id=fixed["message_id"],
        to=fixed["to"],
        unsubscribe=fixed["unsubscribe"],
        name=places.get("subscriber.first_name", ()),
        organisation=places.get("subscriber.organisation", ()),
        preferences=places.get("urls.preferences", ()),
        leave=places.get("urls.unsubscribe", ()),
        mailbox=f", <mailto:{mailbox}?subject=unsubscribe" if mailbox else "",
        headers=provider_headers(form, "", Urls()),
        relaxed=_relaxed_chunks(form.chunks),
        slots=tuple(place for found in places.values() for place in found),
    )


def _relaxed_chunks(chunks: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The chunks of the body, runs of blanks as one space and none at the end of a line; no chunk of the headers.

    What fills a slot is never empty and has no blank at its ends, so that chunks can be judged one by one.
    """
    start = next(index for index, chunk in enumerate(chunks) if _END_OF_HEADERS in chunk)
    first = chunks[start].partition(_END_OF_HEADERS)[2]
    body = (first, *chunks[start + 1 :])
    return (b"",) * start + tuple(_LINE_END.sub(b"\r\n", _BLANKS.sub(b" ", chunk)) for chunk in body)


def _relaxed(recipe: Recipe, out: list[bytes]) -> bytes:
    found = list(recipe.relaxed)
    for place in recipe.slots:
        found[place] = out[place]
    return b"".join(found)


def quick(
    recipe: Recipe,
    about: About,
    recipient: Recipient,
    message_id: str,
    envelope_from: str,
    urls: Urls,
    date: bytes,
) -> Email | None:
    """The person's email; None where the long way must be taken. `date`: the value of the Date header."""
    name, organisation, token = recipient.first_name, recipient.organisation, recipient.unsubscribe_token
    address, leave, preferences = recipient.address, urls.unsubscribe, urls.preferences
    words = (name, organisation, leave, preferences, address, message_id, token)
    if urls.web or not _PLAIN.fullmatch("\0".join(words)) or not envelope_from.isascii():
        return None
    form = recipe.form
    out = list(form.chunks)
    out[recipe.date] = date
    out[recipe.message_id] = message_id[1:-1].encode()
    out[recipe.to] = _to_line(name, address)
    targets = f"<{leave}>"
    if recipe.mailbox:
        targets += f"{recipe.mailbox}%20{token}>" if token else f"{recipe.mailbox}>"
    out[recipe.unsubscribe] = f"List-Unsubscribe: {targets}\r\nList-Unsubscribe-Post: {ONE_CLICK}\r\n".encode()
    for places, word in (
        (recipe.name, name),
        (recipe.organisation, organisation),
        (recipe.preferences, preferences),
        (recipe.leave, leave),
    ):
        if places:
            piece = word.encode()
            for index in places:
                out[index] = piece
    back, composed = form.back, form.composed
    return Email(
        about=about,
        to=address,
        envelope_from=envelope_from,
        message_id=message_id,
        raw=b"".join(out),
        subject=composed.subject,
        from_name=back.from_name,
        from_address=back.from_address,
        body=FilledBody(composed, (name, organisation, preferences, leave, "")),
        to_name=name,
        reply_to=back.reply_to,
        unsubscribe_url=leave,
        plain_lines=form.plain_lines,
        relaxed_body=partial(_relaxed, recipe, out),
        headers=(*recipe.headers, ("List-Unsubscribe", targets), ("List-Unsubscribe-Post", ONE_CLICK)),
    )


def _to_line(name: str, address: str) -> bytes:
    if not name:
        return f"To: {address}\r\n".encode()
    whole = f"To: {name} <{address}>\r\n"
    if len(whole) > LINE + 2:
        whole = f"To: {name}\r\n <{address}>\r\n"
    return whole.encode()
