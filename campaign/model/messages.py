"""What leaves: a post or an email, and what the network answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which message of which campaign this is: for queues, pages and logs. `planned_at` is aware UTC."""

    campaign: str
    message: str
    day: str
    channel: str
    planned_at: datetime
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A web address, with what a link card says of it where a network does not fetch that itself."""

    url: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image as the programme gave it. `data` is the whole file; `sha256` its hex digest."""

    name: str
    media_type: str
    sha256: str
    data: bytes = field(repr=False)
    alt: str = ""
    decorative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A social message for one channel. `hashtags` have no '#'. `text` holds neither `link` nor `hashtags`."""

    about: About
    text: str
    title: str = ""
    link: Link | None = None
    hashtags: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    language: str = "en-GB"

    @property
    def tag_line(self) -> str:
        """The hashtags as readers see them: `#One #Two`."""
        return " ".join(f"#{tag}" for tag in self.hashtags)

    @property
    def whole(self) -> str:
        """Text, link and hashtags as one plain text, in that order, parts apart by an empty line."""
        parts = (self.text.strip(), self.link.url if self.link else "", self.tag_line)
        return "\n\n".join(part for part in parts if part)


class Body(Protocol):
    """The readable parts of an email; may be made only when asked for."""

    @property
    def text(self) -> str:
        """The plain part."""
        ...

    @property
    def html(self) -> str:
        """The HTML part."""
        ...


@dataclass(frozen=True, slots=True)
class PlainBody:
    """A body whose parts are already at hand."""

    text: str
    html: str


@dataclass(slots=True)
class Email:
    """One email to one person. Nothing changes it: it is not frozen because to freeze one takes as long as to fill it.

    `raw` is the whole message as RFC 5322 bytes, lines ended by CRLF, every header but a signature in place. `to` and
    `envelope_from` are bare addresses in the form the wire needs (domain as A-labels). `headers` are those of `raw`
    that a provider's own API must be given by name. `plain_lines`: it is known that `raw` is ASCII, that every line of
    it ends in CRLF and none begins with a dot, so that SMTP can carry it as it is. `relaxed_body` gives the body with
    its blanks as a DKIM signature wants them (RFC 6376 3.4.4, save for empty lines at its end), where that is known
    without looking.
    """

    about: About
    to: str
    envelope_from: str
    message_id: str
    raw: bytes = field(repr=False)
    subject: str
    from_name: str
    from_address: str
    body: Body = field(repr=False)
    to_name: str = ""
    reply_to: str = ""
    unsubscribe_url: str = field(default="", repr=False)
    smtputf8: bool = False
    plain_lines: bool = False
    relaxed_body: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


Message = Post | Email
