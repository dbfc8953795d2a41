"""What goes between the pages and the rooms behind them: plain values, known to both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from campaign.model import Hold, Programme


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Published:
    """One campaign as its pages may draw on it.

    `programme` has the ledger's facts about resources laid over it. `files` are the images it uses by their name
    (`images/ce.png`). `holds` are those now on.
    """

    programme: Programme
    files: Mapping[str, bytes] = field(default_factory=_nothing, repr=False)
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A list that anybody may join."""

    slug: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a person may choose to hear of: areas and audiences, id -> name, each; and who keeps their details."""

    areas: Mapping[str, str] = field(default_factory=_nothing)
    audiences: Mapping[str, str] = field(default_factory=_nothing)
    controllers: str = ""


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """What a person sent by the subscribe form. `wording` and `controllers` are exactly what the form showed."""

    address: str = field(repr=False)
    lists: tuple[str, ...]
    first_name: str = field(default="", repr=False)
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    language: str = "en-GB"
    wording: str = ""
    controllers: str = ""


@dataclass(frozen=True, slots=True)
class PreferencesForm:
    """What a person chose: the lists to be on, what to hear of there, and until when to hear nothing (aware UTC)."""

    lists: tuple[str, ...]
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    paused_until: datetime | None = None
    wording: str = ""
    controllers: str = ""


#: A provider's callback: body, headers (names in lower case) and the present -> HTTP status and a few words.
Hook = Callable[[bytes, Mapping[str, str], datetime], tuple[int, str]]
