"""Whom a mailing leaves out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Whoever is on one of `lists`, in one of `areas` (or groups) or of one of `audiences` gets nothing of the mailing.

    A person who states no area, or no audience, is of all of them, and is not left out for one.
    """

    lists: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lists or self.areas or self.audiences)


NOBODY_LEFT_OUT = Exclusion()
