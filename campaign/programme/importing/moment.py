"""What a row of a schedule says about its moment, and the week that it is said in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from campaign.programme.importing.days import Days
from campaign.programme.importing.draft import Draft, fresh
from campaign.programme.importing.names import Names
from campaign.programme.importing.rows import RowReader, ref


@dataclass(slots=True)
class When:
    """What a row says about its moment."""

    date: date | None = None
    day: str = ""
    each_day: bool = False
    start: time | None = None
    end: time | None = None
    unlock: bool = False


@dataclass(slots=True)
class Week:
    """What the rows of a schedule share: the draft, its days and names, and which row has which Ref.

    `has_days` says that a Days sheet named the days, so that rows make none.
    """

    draft: Draft
    days: Days
    names: Names
    has_days: bool
    refs: dict[str, int] = field(default_factory=dict)
    unnamed: bool = False

    def day(self, when: When) -> dict[str, Any] | None:
        """The draft's day of a row, made where no Days sheet says which days there are."""
        if when.date is not None:
            known = next(
                (day for day in self.days.held if str(when.date) in (day.get("dates") or [day.get("date")])), None
            )
            return known or (None if self.has_days else self.days.on([when.date]))
        if when.day:
            return self.days.find(when.day) or (None if self.has_days else self.days.on([], when.day))
        return None

    def ref_of(self, reader: RowReader, fallback: str, section: str) -> str | None:
        """The row's Ref as an id, or one made from `fallback`; None, with the refusal noted, where it is taken."""
        given = reader.words("ref")
        if given:
            ident = ref(given)
            if not ident:
                reader.refuse("ref", f"'{given}' holds no letter or digit", "write a short name such as tue-launch")
                return None
            if ident in self.refs:
                hint = "give each row its own Ref; one row can name several channels"
                reader.refuse("ref", f"'{given}' is the Ref of row {self.refs[ident]} too: the row was left out", hint)
                return None
        else:
            self.unnamed = True
            ident = fresh(fallback, {**self.refs, **self.draft.tree.get(section, {})}, "row")
        self.refs[ident] = reader.place.row
        reader.where = f"{section}.{ident}"
        self.draft.places[reader.where] = reader.place
        return ident

    def theme_of(self, reader: RowReader, when: When) -> str:
        """The id of the theme that the row names; empty where it names none."""
        words = reader.words("theme")
        if not words:
            return ""
        day = self.day(when)
        return self.days.theme_called(words, day) or self.theme(reader, when, words)

    def theme(self, reader: RowReader, when: When, title: str) -> str:
        """The id of that theme of the row's day, made when first named."""
        day = self.day(when)
        if day is None:
            reader.ask(f"the theme '{title}' belongs to no day of the week: which day is it?")
            return ""
        return str(self.days.theme(day, title)["id"])
