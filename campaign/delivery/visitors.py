"""What the public pages are handed: the programmes in force, and joining and leaving. Other rooms do the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from campaign.address import KeyRing
from campaign.clock import Clock
from campaign.delivery.shelf import Shelf
from campaign.model import Hold, Programme
from campaign.store import Store, joining, preferences, rights
from campaign.store.database import Database
from campaign.store.joining import Asked, Joined, Left, RequestKind
from campaign.store.lists import all_lists
from campaign.store.preferences import Preferences, Saved
from campaign.store.subscribers import Details


@dataclass(frozen=True, slots=True)
class Published:
    """One campaign as its pages may draw on it: the ledger's facts laid over it, its images, the holds now on."""

    programme: Programme
    files: Mapping[str, bytes] = field(repr=False)
    holds: tuple[Hold, ...] = ()


class Weeks:
    """The programmes in force, for the public pages."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._shelf = Shelf(store)

    def count(self) -> int:
        """The ledger's count of changes: one read."""
        return self._store.ledger.changes()

    def all(self) -> list[Published]:
        """Every campaign, past ones too, as it stands."""
        holds = tuple(self._store.holds.current(self._clock.now()))
        return [Published(one.now_says, one.files, holds) for one in self._shelf.all()]


class SignUpForm(Protocol):
    """What a sign-up form sends."""

    @property
    def address(self) -> str: ...  # noqa: D102
    @property
    def lists(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def first_name(self) -> str: ...  # noqa: D102
    @property
    def areas(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def audiences(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def wording(self) -> str: ...  # noqa: D102
    @property
    def controllers(self) -> str: ...  # noqa: D102
