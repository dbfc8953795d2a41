"""The kinds of single values in a programme file. Each reads a text, and says itself as JSON Schema."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo, available_timezones

from campaign.model import Strength
from campaign.programme import dates
from campaign.programme.reading import BAD, Reader, nearest
from campaign.programme.tree import CONTROL, Node

Json = dict[str, Any]
RESOURCE_LINK = re.compile(r"\]\(\s*<?resource:([^)\s>]*)")
LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"\\^`{|}]+|#[^\s]*")
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\.]+(?:\.[^\s@<>,;:\"()\[\]\\.]+)+")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")


class Kind(Protocol):
    """How one value of the file is read."""

    def read(self, node: Node, reader: Reader, where: str) -> Any:
        """The value, or BAD with a problem noted."""
        ...

    def json(self) -> Json:
        """The same rule as JSON Schema, as far as that can say it."""
        ...


def text_of(node: Node, reader: Reader, where: str, what: str) -> str | None:
    """The node's text in NFC, trimmed; None, with a problem noted, where it is a list or a mapping."""
    if node.kind != "text":
        shape = "a list" if node.kind == "list" else "a group of keys"
        reader.fail("V4", f"{shape} stands where {what} belongs", node, where, "Quote a text that starts with [ or {.")
        return None
    return unicodedata.normalize("NFC", node.text).strip()


@dataclass(frozen=True)
class Line:
    """One line of text, such as a title."""

    most: int = 300
    what: str = "a text"

    @property
    def stand_in(self) -> Any:
        """What stands for a required value that is missing, so that the rest can still be looked at."""
        return ""

    def read(self, node: Node, reader: Reader, where: str) -> Any:
        """The text; line breaks and control characters are refused, for a title becomes a mail header."""
        text = text_of(node, reader, where, self.what)
        if text is None:
            return BAD
        if "\n" in text or "\r" in text or "\x85" in text or "\u2028" in text or "\u2029" in text:
            return reader.fail("V9", f"{self.what} must be one line", node, where, "Take the line break out.")
        if control := CONTROL.search(text.replace("\t", "\x00")):
            what = f"{self.what} holds the character U+{ord(control[0]):04X}"
            return reader.fail("V9", what, node, where, "Retype it.")
        if (over := len(text) - self.most) > 0:
            return reader.fail("V11", f"{self.what} is {over} characters over {self.most}", node, where)
        return self.value(text, node, reader, where)

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """What the line means."""
        return text

    def json(self) -> Json:
        """Text, or a number, which an editor's YAML may have made of it."""
        return {"type": ["string", "number"], "maxLength": self.most}


@dataclass(frozen=True)
class Text:
    """Text of many lines. In Markdown, `[words](resource:ID)` names a resource."""

    markdown: bool = False
    most: int = 20_000

    def read(self, node: Node, reader: Reader, where: str) -> Any:
        """The text with LF line ends."""
        text = text_of(node, reader, where, "a text")
        if text is None:
            return BAD
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
        if control := CONTROL.search(text):
            return reader.fail("V9", f"the text holds the character U+{ord(control[0]):04X}", node, where, "Retype it.")
        if len(text) > self.most:
            return reader.fail("V11", f"the text is {len(text) - self.most} characters over {self.most}", node, where)
        if self.markdown:
            for name in RESOURCE_LINK.findall(text):
                reader.use("resource", name, node, where)
        return text

    def json(self) -> Json:
        """Text."""
        return {"type": ["string", "number"], "maxLength": self.most}


@dataclass(frozen=True)
class Id(Line):
    """A name that files and links are built on. `strict`: small letters, digits and hyphens only."""

    most: int = 63
    what: str = "an id"
    strict: bool = True

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The id."""
        if not (_SLUG if self.strict else _NAME).fullmatch(text):
            allowed = "small letters, digits and hyphens" if self.strict else "letters, digits, hyphens and underscores"
            near = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")
            near = near.lower().replace("_", "-") if self.strict else near
            hint = f"For example '{near}'." if near else ""
            return reader.fail("V7", f"'{text}' is not an id: {allowed}, 63 at most", node, where, hint)
        return text

    def json(self) -> Json:
        """A pattern."""
        return {"type": ["string", "number"], "pattern": f"^{(_SLUG if self.strict else _NAME).pattern}$"}


@dataclass(frozen=True)
class Ref(Line):
    """The id of something defined elsewhere in the file."""

    to: str = ""
    what: str = "a name"

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The id; whether it exists is settled at the end."""
        reader.use(self.to, text, node, where)
        return text

    def json(self) -> Json:
        """Text."""
        return {"type": ["string", "number"]}


@dataclass(frozen=True)
class Link(Line):
    """A web address. `#` stands for one that is still to come, and is an error once the campaign is ready."""

    most: int = 2000
    what: str = "a link"
    words: tuple[str, ...] = ()
    to: str = ""

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The address, one of `words`, or the id of a resource where `to` says so."""
        if text in self.words or LINK.fullmatch(text):
            return text
        if self.to and _SLUG.fullmatch(text):
            reader.use(self.to, text, node, where)
            return text
        also = "".join(f", '{word}'" for word in self.words) + (f", or the id of a {self.to}" if self.to else "")
        return reader.fail("V10", f"'{text}' is not a web address", node, where, f"Write https://...{also}.")

    def json(self) -> Json:
        """Text."""
        return {"type": "string"}


@dataclass(frozen=True)
class Address(Line):
    """An email address."""

    most: int = 254
    what: str = "an email address"

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The address as written."""
        if not _EMAIL.fullmatch(text):
            return reader.fail("V10", f"'{text}' is not an email address", node, where, "Write name@example.org alone.")
        return text

    def json(self) -> Json:
        """Text with an @."""
        return {"type": "string", "pattern": "@"}


@dataclass(frozen=True)
class Hashtag(Line):
    """A hashtag, without '#'. Its form is a matter of `check`."""

    most: int = 100
    what: str = "a hashtag"

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The tag."""
        if text.startswith("#"):
            return reader.fail("V10", f"'{text}' starts with '#'", node, where, f"Write '{text.lstrip('#')}'.")
        return text


@dataclass(frozen=True)
class Choice(Line):
    """One of a few words."""

    words: type[StrEnum] = Strength
    what: str = "a word"

    @property
    def stand_in(self) -> Any:
        """The first word."""
        return next(iter(self.words))

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The enum's member."""
        known = [member.value for member in self.words]
        if text.lower() in known:
            return self.words(text.lower())
        near = nearest(text, known)
        hint = f"Did you mean '{near}'? " if near else ""
        return reader.fail("V5", f"'{text}' is not one of its words", node, where, f"{hint}It is {_either(known)}.")

    def json(self) -> Json:
        """The words."""
        return {"enum": [member.value for member in self.words]}


@dataclass(frozen=True)
class Flag(Line):
    """Yes or no."""

    what: str = "yes or no"

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The truth value."""
        if text.lower() in {"true", "yes"}:
            return True
        if text.lower() in {"false", "no"}:
            return False
        return reader.fail("V5", f"'{text}' is neither true nor false", node, where, "Write true or false.")

    def json(self) -> Json:
        """A truth value, or the words an editor leaves as text."""
        return {"enum": [True, False, "true", "false", "yes", "no"]}


@dataclass(frozen=True)
class Number(Line):
    """A whole number."""

    least: int = 0
    top: int = 10_000
    what: str = "a number"

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The number."""
        if re.fullmatch(r"[0-9]{1,9}", text) and self.least <= int(text) <= self.top:
            return int(text)
        return reader.fail("V6", f"'{text}' is not a whole number from {self.least} to {self.top}", node, where)

    def json(self) -> Json:
        """A number."""
        return {"type": ["integer", "string"], "minimum": self.least, "maximum": self.top}


@dataclass(frozen=True)
class Zone(Line):
    """A zone of the IANA time zone database."""

    what: str = "a timezone"

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The zone's name, which exists on this machine."""
        try:
            ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            near = nearest(text, available_timezones())
            hint = f"Did you mean '{near}'?" if near else "Write Europe/London."
            return reader.fail("V6", f"there is no timezone '{text}'", node, where, hint)
        return text


@dataclass(frozen=True)
class Language(Line):
    """A language tag (BCP 47), such as en-GB or cy."""

    what: str = "a language"

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The tag."""
        if not _LANGUAGE.fullmatch(text):
            return reader.fail("V6", f"'{text}' is not a language tag", node, where, "Write en-GB, cy, pl...")
        return text


@dataclass(frozen=True)
class Worded(Line):
    """A date, time or length of time in people's words. `form` says which; `words` are kept as they are."""

    form: str = "date"
    words: tuple[str, ...] = ()

    @property
    def stand_in(self) -> Any:
        """None: no moment can stand for another."""
        return BAD

    def value(self, text: str, node: Node, reader: Reader, where: str) -> Any:
        """The value as `dates` reads it."""
        if text in self.words:
            return text
        try:
            return _FORMS[self.form](text)
        except dates.WordsError as error:
            code = "T2" if isinstance(error, dates.WeekdayError) else "V6"
            hint = error.hint[:1].upper() + error.hint[1:] + "." if error.hint else ""
            if self.form == "datetime" and re.fullmatch(r"[\d:.]+\s*(?:[ap]m)?", text):
                hint = f'A time alone needs its day: write `day: tue` and `time: "{text}"`.'
            return reader.fail(code, str(error), node, where, hint)

    def json(self) -> Json:
        """Text: people's words have no pattern."""
        example = {"date": "2023-10-09", "time": "07:00", "datetime": "2023-10-10 10:05", "duration": "4h"}
        return {"type": "string", "examples": [example.get(self.form, "2023-10-10 10:00"), *self.words]}


def _moment(text: str) -> datetime | date | tuple[datetime, datetime]:
    span = dates.parse_span(text)
    if span is not None:
        return span
    try:
        return dates.parse_date(text)
    except dates.WeekdayError:
        raise
    except dates.WordsError:
        return dates.parse_datetime(text)


def _end(text: str) -> datetime | date | time:
    try:
        return dates.parse_time(text)
    except dates.WordsError:
        found = _moment(text)
    if isinstance(found, tuple):
        raise dates.WordsError(f"'{text}' is a range", "write the range in `starts`, or one time here")
    return found


_FORMS: dict[str, Any] = {
    "date": dates.parse_date,
    "time": dates.parse_time,
    "datetime": dates.parse_datetime,
    "duration": dates.parse_duration,
    "moment": _moment,
    "end": _end,
    "day": dates.day_id,
}


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


LINE = Line()
FLAG = Flag()
NAME = Id(strict=False)
SLUG = Id()
