"""Places in a message that are filled for each person, and how a template is caught looking into them.

A compiled message holds marks where a person's name or links go. A `Slot` stands for such a value while a template
runs: printing it leaves a mark; asking whether it is empty is answered, for a variant knows that; anything else (a
filter, a comparison, its length) raises `PersonalTemplateError`, and the message is rendered anew for each person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NoReturn

#: Unicode noncharacters: "intended for process-internal use" (Unicode 16, section 23.7), so no text holds them.
OPEN, CLOSE = "\ufdd0", "\ufdd1"
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
MARK = re.compile(f"{OPEN}([a-z0-9_.]+){CLOSE}")
NAME_LENGTH = 100
URL_LENGTH = 300

#: Every slot that a body may have, with whether it is a web address.
SLOTS: Mapping[str, bool] = {
    "subscriber.first_name": False,
    "subscriber.organisation": False,
    "urls.preferences": True,
    "urls.unsubscribe": True,
    "urls.web": True,
}


class PersonalTemplateError(Exception):
    """The template's logic depends on the person: render it for each."""


class Slot:
    """A value that differs by person and is not empty."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def mark(self) -> str:
        """What stands in the text until it is filled."""
        return f"{OPEN}{self.name}{CLOSE}"

    def __bool__(self) -> bool:
        return True

    def _looked_into(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise PersonalTemplateError(self.name)

    __str__ = __html__ = __format__ = __len__ = __iter__ = __contains__ = __getitem__ = _looked_into
    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __int__ = __float__ = _looked_into
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _looked_into

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise PersonalTemplateError(self.name)


def clean(text: str, limit: int = NAME_LENGTH) -> str:
    """A person's own words as one line: spaces collapsed, control characters gone, at most `limit` characters."""
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return text
    if text.isalnum() and len(text) <= limit:
        return text
    kept = "".join(
        " " if char.isspace() else char for char in text if char.isspace() or unicodedata.category(char) not in _UNSAFE
    )
    return " ".join(_NONCHARACTERS.sub("", kept).split())[:limit].rstrip()


_PLAIN = re.compile(r"(?:[!-~]+(?: [!-~]+)*)?")
#: Control, surrogate: neither can be printed, and the first could break a header or a line.
_UNSAFE = frozenset({"Cc", "Cs"})


def strip_marks(text: str) -> str:
    """`text` without the characters that marks are made of, so that no input can forge a slot."""
    return _NONCHARACTERS.sub("", text)


def split(text: str) -> list[tuple[bool, str]]:
    """`text` as (is a slot, words or slot's name) in order; empty pieces are left out."""
    pieces = MARK.split(text)
    return [(index % 2 == 1, piece) for index, piece in enumerate(pieces) if piece]


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with every mark replaced by its value."""
    return MARK.sub(lambda found: values[found.group(1)], text)
