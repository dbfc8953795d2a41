"""One row of a table on its way into the draft: each cell read as its column says, each refusal named by its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from campaign.programme.importing import forms
from campaign.programme.importing.columns import EXAMPLE_WORDS, Column
from campaign.programme.importing.draft import Draft, Place, slug
from campaign.programme.importing.forms import CellError, Doubt
from campaign.programme.importing.names import Names, pieces
from campaign.programme.writing import clock, scalar
from campaign.sheets import Linked, Record, Table, Value, shown

T = TypeVar("T")
WORDS = frozenset({"copy", "title", "theme"})
WORDED = ("title", "copy", "short", "theme")
SECTION = {"area": "areas", "audience": "audiences", "organisation": "organisations"}


def is_example(record: Record) -> bool:
    """Whether a row is one of the template's own examples, as the template wrote it."""
    named = shown(record.values.get("ref")).startswith("example-")
    return named and all(shown(value) in EXAMPLE_WORDS for name, value in record.values.items() if name in WORDS)


class RowReader:
    """Reads the cells of one record. `where` is the dotted path of what the row becomes."""

    def __init__(self, draft: Draft, table: Table, record: Record, year: int | None) -> None:
        self.draft = draft
        self.table = table
        self.record = record
        self.year = year
        self.place = Place(table.sheet.name if draft.many else "", record.number)
        self.where = ""

    def raw(self, field: str) -> Value:
        """The cell as it is. A link's empty cell is filled by the address behind the words of another."""
        value = self.record.values.get(field)
        return self._behind_words() if value is None and field == "link" else value

    def _behind_words(self) -> Value:
        """The web address that a click on the row's words leads to, where the words do not carry it themselves."""
        cells = (self.record.values.get(name) for name in WORDED)
        return next((cell.url for cell in cells if isinstance(cell, Linked) and cell.url not in cell), None)

    def words(self, field: str) -> str:
        """The cell as one line of text; a formula's error counts as empty, and is refused where it is read."""
        return " ".join(shown(self.raw(field)).split())

    def take(self, field: str, read: Callable[[Value], T]) -> T | None:
        """The cell read by `read`; None where it is empty or, with the refusal noted, cannot be used."""
        value = self.raw(field)
        if value is None:
            return None
        try:
            return read(value)
        except CellError as error:
            self.refuse(field, str(error), error.hint)
            return None

    def refuse(self, field: str, message: str, hint: str = "") -> None:
        """Note that this row's cell cannot be used."""
        index = self.table.columns.get(field)
        header = self.table.headers.get(index, field) if index is not None else field
        at = index + 1 if index is not None else 0
        self.draft.refuse(self.place, header, message, hint, where=self.where, at=at)

    def ask(self, text: str, key: str = "") -> None:
        """Leave a question about this row."""
        self.draft.ask(text, f"{self.where}.{key}" if key and self.where else self.where, self.place)

    def doubting(self, field: str, read: Callable[[Value, Doubt], T], key: str = "") -> T | None:
        """The cell read by `read`; what it was in doubt about is asked."""
        doubt = Doubt([])
        found = self.take(field, lambda value: read(value, doubt))
        for text in doubt.texts:
            self.ask(text, key)
        return found

    def fill(self, item: dict[str, Any], columns: tuple[Column, ...], *, skip: frozenset[str] = frozenset()) -> None:
        """Put every cell that fills a key by itself into `item`."""
        for column in columns:
            if not column.path or column.field in skip or self.raw(column.field) is None:
                continue
            found = self._read(column)
            if found not in (None, "", []):
                put(item, column.path, found)

    def _read(self, column: Column) -> Any:
        field, form, key = column.field, column.form, column.path
        if form in forms.SIMPLE:
            return self.take(field, forms.SIMPLE[form])
        if form == "choice":
            return self.take(field, lambda value: forms.choice_of(value, column.choices))
        if form in SECTION:
            names = Names(self.draft)
            return self.take(field, lambda value: names.several(SECTION[form], forms.line_of(value), self.place))
        if form == "refs":
            return self.take(field, lambda value: [ref(piece) for piece in pieces(forms.line_of(value))])
        if form == "ref":
            return self.take(field, lambda value: ref(forms.line_of(value)))
        if form == "link":
            return self.doubting(field, forms.link_of, key)
        if form == "booking":
            return self.doubting(field, _booking, key)
        if form == "embargo":
            return self.doubting(field, lambda value, doubt: forms.embargo_of(value, self.year, doubt), key)
        if form in {"moment", "end"}:
            return self.take(field, lambda value: self._moment(value, form))
        if form == "clock":
            return self.doubting(field, lambda value, doubt: clock(forms.time_of(value, doubt)[0]), key)
        return self.take(field, lambda value: scalar(forms.date_of(value, self.year)))

    def _moment(self, value: Value, form: str) -> str:
        """An event's start or end; a time alone belongs to the row's date, or, for an end, to its start's."""
        try:
            return forms.moment_of(value, self.year)
        except CellError:
            doubt = Doubt([])
            start, end = forms.time_of(value, doubt)
            if form == "end" and end is None:
                return clock(start)
            day = forms.date_of(self.raw("date"), self.year) if self.raw("date") is not None else None
            if day is None:
                raise
            return f"{day} {clock(start)}" + (f" to {clock(end)}" if end else "")


def _booking(value: Value, doubt: Doubt) -> str:
    text = forms.line_of(value)
    return text if text.startswith("no_link:") else forms.link_of(value, doubt)


def ref(text: str) -> str:
    """A Ref as an id: it is kept where it is one, else made into one."""
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", text):
        return text
    return slug(text, 63)


def put(item: dict[str, Any], path: str, value: Any) -> None:
    """Set a key inside a group, making the groups on the way."""
    *groups, key = path.split(".")
    for group in groups:
        item = item.setdefault(group, {})
    item[key] = value
