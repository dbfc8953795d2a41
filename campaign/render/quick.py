"""The usual case of filling a form, in a third of the steps: plain names, plain links, a plain address.

What it makes is byte for byte what the long way makes. Wherever a value is not surely plain it says None, and the long
way, which knows how to encode, fold and refuse, is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import NamedTuple

from campaign.model import About, Email
from campaign.model.rows import Person
from campaign.render.composed import Composed
from campaign.render.headers import LINE
from campaign.render.pages import PersonUrls, Urls
from campaign.render.slots import SLOTS, fill
from campaign.render.wire import ONE_CLICK, Form, html_values, provider_headers

#: A name that needs no encoding, escaping, quoting or folding anywhere: in a header, in text, in HTML.
_NAME = r"(?:(?!From )[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*)?"
_LONGEST_NAME = 50
_ADDRESS = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[a-z0-9.-]+"
_LONGEST_ADDRESS = 254
_LINK_END = r"[A-Za-z0-9._-]+"
_LINK_REST = re.compile(r"[A-Za-z0-9._-]*")
#: A person's own words, zero bytes between: one look is a third of the price of four.
_PLAIN = re.compile(r"\0".join((_NAME, _NAME, _ADDRESS, _LINK_END)))
#: What a link begins with that holds nothing which HTML or quoted-printable would write otherwise.
_LINK = re.compile(r"https://[A-Za-z0-9._~:-]+/[A-Za-z0-9/._~:-]+")
#: So long is a link that fits one line of quoted-printable.
_LONGEST_LINK = 74
_HOST = re.compile(r"[A-Za-z0-9.-]+")
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


class Frank(NamedTuple):
    """What every email of a run is franked with: mailbox and host of its return path, the domain of its Message-ID,
    where a person's own links lead, and what follows the person's secret in them."""

    mailbox: str
    host: str
    domain: str
    urls: PersonUrls
    link: str


#: What differs by person, in the order in which `Mould` has it before the chunks.
_OWN = ("date", "message_id", "to", "unsubscribe", "name", "organisation", "preferences", "leave")


class Mould:
    """All that is the same for those who are alike in one run: what is left to fill in are a person's own words."""

    def __init__(self, recipe: Recipe, about: About, frank: Frank, links: Urls) -> None:
        form = recipe.form
        places = _places(recipe)
        self._chunks = tuple(chunk.decode("ascii") for chunk in form.chunks)
        self._whole = _order(len(self._chunks), places)
        self._blanks = tuple(chunk.decode("ascii") for chunk in recipe.relaxed)
        self._relaxed = _order(len(self._blanks), {place: places[place] for place in recipe.slots})
        back, self._composed = form.back, form.composed
        self._alike = form.composed.subject, back.from_name, back.from_address, back.reply_to, form.plain_lines
        self._about, self._headers, self._mailbox = about, recipe.headers, recipe.mailbox
        self._preferences, self._leave = links.preferences, links.unsubscribe
        self._sender, self._host, self._domain, _, self._link = frank
        self._longest = _LONGEST_LINK - max(len(links.preferences), len(links.unsubscribe)) - len(frank.link)

    def fill(self, person: Person, token: str, bounce: str, date: str) -> Email | None:
        """The person's email; None where the long way must be taken.

        `token` and `bounce`: made by us, of letters, digits and hyphens. `date`: the value of the Date header.
        """
        _, address, name, organisation, _, secret, _, _, _ = person
        if (
            not _PLAIN.fullmatch(f"{name}\0{organisation}\0{address}\0{secret}")
            or len(name) > _LONGEST_NAME
            or len(organisation) > _LONGEST_NAME
            or len(address) > _LONGEST_ADDRESS
            or len(secret) > self._longest
        ):
            return None
        link = secret + self._link
        message = f"{token}@{self._domain}"
        leave, preferences = self._leave + link, self._preferences + link
        targets = f"<{leave}>{self._mailbox}%20{link}>" if self._mailbox else f"<{leave}>"
        unsubscribe = f"List-Unsubscribe: {targets}\r\nList-Unsubscribe-Post: {ONE_CLICK}\r\n"
        own = (date, message, _to_line(name, address), unsubscribe, name, organisation, preferences, leave)
        body = FilledBody(self._composed, (name, organisation, preferences, leave, ""))
        headers = (*self._headers, ("List-Unsubscribe", targets), ("List-Unsubscribe-Post", ONE_CLICK))
        subject, from_name, from_address, reply_to, plain_lines = self._alike
        return Email(  # in the order of its fields: by their names it takes three times as long
            self._about,
            address,
            f"{self._sender}+{bounce}@{self._host}",
            f"<{message}>",
            "".join(self._whole(own + self._chunks)).encode(),
            subject,
            from_name,
            from_address,
            body,
            name,
            reply_to,
            leave,
            False,
            plain_lines,
            partial(self._with_single_blanks, own),
            headers,
        )

    def _with_single_blanks(self, own: tuple[str, ...]) -> bytes:
        return "".join(self._relaxed(own + self._blanks)).encode()


def mould_of(recipe: Recipe, about: About, frank: Frank) -> Mould | None:
    """The mould of a recipe for one run; None where what it is franked with needs encoding, folding or a look."""
    links = frank.urls.beginnings
    plain = all(_LINK.fullmatch(f"{link}x") for link in (links.preferences, links.unsubscribe))
    sender = f"{frank.mailbox}@{frank.host}"
    if (
        not plain
        or links.web
        or not _LINK_REST.fullmatch(frank.link)
        or not sender.isascii()
        or not _HOST.fullmatch(frank.domain)
    ):
        return None
    return Mould(recipe, about, frank, links)


def _places(recipe: Recipe) -> dict[int, int]:
    """For each chunk that is a person's own, which of `_OWN` it is."""
    found: dict[int, int] = {}
    for number, name in enumerate(_OWN):
        places = getattr(recipe, name)
        found |= dict.fromkeys((places,) if isinstance(places, int) else places, number)
    return found


def _order(chunks: int, places: Mapping[int, int]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Puts a person's own words and then all chunks into the order of the message: one call instead of a loop."""
    return itemgetter(*(places.get(number, len(_OWN) + number) for number in range(chunks)))


def _to_line(name: str, address: str) -> str:
    if not name:
        return f"To: {address}\r\n"
    whole = f"To: {name} <{address}>\r\n"
    return whole if len(whole) <= LINE + 2 else f"To: {name}\r\n <{address}>\r\n"
