"""A spreadsheet of people, read into rows that a list can import: columns by the names people give them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

from campaign.errors import FileError, Problem, RefusedError
from campaign.programme.dates import WordsError, parse_date
from campaign.sheets import ErrorCell, Record, Table, Value, Workbook, find_table, label, read, shown
from campaign.store.bases import Evidence, read_basis
from campaign.store.lists_import import ImportRow
from campaign.store.subscribers import Details

#: A field of ours -> the names that people give its column.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "email": ("e-mail", "email address", "e-mail address", "mail", "address", "work email", "contact email"),
    "first name": ("firstname", "forename", "given name", "first"),
    "last name": ("lastname", "surname", "family name", "last"),
    "name": ("full name", "contact", "contact name"),
    "organisation": ("organization", "org", "employer", "agency", "company", "school", "setting", "organisation name"),
    "area": ("areas", "local authority", "region", "place", "locality"),
    "audience": ("audiences", "role", "group", "type", "sector"),
    "language": ("lang",),
    "list": ("lists", "mailing list"),
    "basis": ("lawful basis", "legal basis"),
    "consent date": ("consented on", "date of consent", "opt in date", "opted in", "collected on", "consent given"),
    "consent source": ("source", "consent how", "how", "collected by", "opt in source", "signed up via"),
    "consent wording": ("wording", "consent text", "statement", "opt in wording", "opt out wording"),
    "controllers": ("consent organisations", "named organisations"),
}

_SEPARATORS = re.compile(r"[,;|/\n]")
#: The columns that together are one piece of evidence.
_EVIDENCE = ("consent date", "consent source", "consent wording", "controllers")
#: How many readings of cells are kept at a time: memory stays flat whatever a file holds.
MOST_KEPT = 4096
T = TypeVar("T")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What areas, groups of areas and audiences are called: id -> name, id -> members. Empty: anything goes."""

    areas: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    audiences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The table of people in a file. `notes` are things about the file that a person should know."""

    table: Table
    notes: tuple[str, ...]


def open_people(source: str | Path | bytes, name: str = "") -> Opened:
    """Find the people in a spreadsheet: the sheet `Subscribers`, else the first with a column of addresses.

    Raises FileError where it cannot be read or has no such column.
    """
    book = read(source, name)
    named = book.sheet("Subscribers")
    sheets = [named] if named else [sheet for sheet in book.sheets if not sheet.hidden] or list(book.sheets)
    for sheet in sheets:
        table = find_table(sheet, COLUMNS, least=1, required=("email",))
        if table is not None:
            return Opened(table=table, notes=_notes(book, table))
    raise FileError(_no_header(book))


def _no_header(book: Workbook) -> Problem:
    return Problem(
        code="LIST1",
        message="No column of email addresses was found: the first rows have no header called Email.",
        hint="Give the first row the names of the columns: Email, First name, Organisation, Area, List, "
        "Consent date, Consent source, Consent wording. Only Email must be there.",
        file=book.name,
    )


def _notes(book: Workbook, table: Table) -> tuple[str, ...]:
    notes = []
    if table.unknown:
        notes.append(f"Not used, because nothing here is called so: {', '.join(table.unknown[:20])}.")
    if table.twice:
        notes.append(f"There twice, and only the first counts: {', '.join(table.twice[:20])}.")
    others = [sheet.name for sheet in book.sheets if sheet.name != table.sheet.name]
    if others:
        notes.append(f"Read from the sheet {table.sheet.name}; not read: {', '.join(others[:20])}.")
    return tuple(notes)


def rows(opened: Opened, *, words: Vocabulary, evidence: Evidence) -> Iterator[ImportRow]:
    """Each row as a list can import it; what a row does not say of consent, `evidence` says for the whole file."""
    header = {label(text) for text in opened.table.headers.values()}
    reader = _Reader(opened.table, words, evidence)
    for record in opened.table.records():
        said = record.values.get("email")
        if said is None and record.values.keys() <= {"basis"}:
            continue
        if not (isinstance(said, str) and "@" in said) and label(said) in header:
            continue
        yield reader.row(record)


class _Reader:
    """Reads rows. What a cell comes to is kept by what stands in it, for most cells of a file say the same."""

    def __init__(self, table: Table, words: Vocabulary, whole: Evidence) -> None:
        self._table = table
        self._whole = whole
        self._words = words
        self._areas = _by_word({**words.areas, **dict.fromkeys(words.groups, "")})
        self._audiences = _by_word(words.audiences)
        self._kept: dict[tuple[object, ...], Any] = {}

    def row(self, record: Record) -> ImportRow:
        """One row, with the problem that keeps it from being read."""
        values = record.values
        address = _text(values.get("email")) if not isinstance(values.get("email"), ErrorCell) else ""
        try:
            for name, value in values.items():
                if isinstance(value, ErrorCell):
                    raise WordsError(f"{self._where(name)} holds an error of the spreadsheet: {value.text}", "")
            basis = _text(values.get("basis"))
            return ImportRow(
                number=record.number,
                address=address,
                list=_text(values.get("list")),
                basis=read_basis(basis) if basis else "",
                details=self._details(values),
                evidence=self._once("evidence", self._evidence, *map(values.get, _EVIDENCE)),
            )
        except (WordsError, RefusedError) as error:
            return ImportRow(number=record.number, address=address, problem=str(error))

    def _once(self, what: str, make: Callable[..., T], *cells: Value) -> T:
        """What `make` says of cells, from memory where it was asked before; what it holds stays small."""
        key = (what, *cells, *map(type, cells))
        found: T | None = self._kept.get(key)
        if found is None:
            found = make(*cells)
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = found
        return found

    def _evidence(self, date_: Value, source: Value, wording: Value, controllers: Value) -> Evidence:
        return Evidence(
            given_at=self._day("consent date", date_) or self._whole.given_at,
            how=_text(source) or self._whole.how,
            wording=_text(wording) or self._whole.wording,
            controllers=_text(controllers) or self._whole.controllers,
        )

    def _details(self, values: Mapping[str, Value]) -> Details:
        first, last = _text(values.get("first name")), _text(values.get("last name"))
        if not first and not last:
            first, _, last = _text(values.get("name")).partition(" ")
        return Details(
            first_name=first,
            last_name=last.strip(),
            organisation=_text(values.get("organisation")),
            language=self._once("language", self._language, values.get("language")),
            areas=self._once("area", self._area, values.get("area")),
            audiences=self._once("audience", self._audience, values.get("audience")),
        )

    def _language(self, value: Value) -> str:
        language = _text(value)
        if language and not _LANGUAGE.fullmatch(language):
            raise WordsError(f"{self._where('language')} is not a language such as en-GB or cy", "")
        return language

    def _area(self, value: Value) -> frozenset[str]:
        found = _labels(_SEPARATORS.split(_text(value)), self._areas, self._where("area"))
        return frozenset(member for area in found for member in self._words.groups.get(area, (area,)))

    def _audience(self, value: Value) -> frozenset[str]:
        return frozenset(_labels(_SEPARATORS.split(_text(value)), self._audiences, self._where("audience")))

    def _day(self, name: str, value: Value) -> datetime | None:
        """The cell as the start of a day in UTC; WordsError where it is no date."""
        if value is None:
            return None
        if isinstance(value, datetime):
            value = value.date()
        if not isinstance(value, date):
            try:
                value = parse_date(_text(value))
            except WordsError as error:
                raise WordsError(f"{self._where(name)}: {error}", "") from None
        return datetime.combine(value, time(), UTC)

    def _where(self, name: str) -> str:
        """The column for a message."""
        return self._table.column(name)


def _text(value: Value) -> str:
    """The cell as text."""
    if value is None:
        return ""
    return (value if isinstance(value, str) else shown(value)).strip()


@dataclass(frozen=True, slots=True)
class _Known:
    """Labels by every word that means one; `ids` are all there are. None: anything goes."""

    by_word: Mapping[str, str]
    ids: tuple[str, ...]


def _by_word(known: Mapping[str, str]) -> _Known:
    by_word = {word.casefold(): slug for slug, title in known.items() for word in (title, slug) if word}
    return _Known(by_word, tuple(sorted(known)))


def _labels(written: Iterable[str], known: _Known, where: str) -> list[str]:
    """The labels meant, by id or by name in any case; WordsError names one that nothing is called."""
    found = []
    for word in written:
        wanted = " ".join(word.split())
        if not wanted:
            continue
        if known.ids and wanted.casefold() not in known.by_word:
            raise WordsError(f"{where}: nothing is called {wanted[:60]!r}. There are: {', '.join(known.ids)}", "")
        found.append(known.by_word.get(wanted.casefold(), wanted))
    return found


def labelled(written: Iterable[str], words: Vocabulary, what: str) -> frozenset[str]:
    """The ids of areas (`what` = area; groups opened) or audiences that staff wrote; RefusedError names a wrong one."""
    try:
        if what != "area":
            return frozenset(_labels(written, _by_word(words.audiences), what))
        found = _labels(written, _by_word({**words.areas, **dict.fromkeys(words.groups, "")}), what)
    except WordsError as error:
        raise RefusedError(f"{error}.") from None
    return frozenset(member for area in found for member in words.groups.get(area, (area,)))
