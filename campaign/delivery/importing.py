"""A spreadsheet of people, read into rows that a list can import: columns by the names people give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

from campaign.errors import FileError, Problem, RefusedError
from campaign.programme.dates import WordsError, parse_date
from campaign.sheets import ErrorCell, Record, Table, Value, Workbook, column_letter, find_table, label, read, shown
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
    for record in opened.table.records():
        if "email" not in record.values and set(record.values) <= {"basis"}:
            continue
        if label(record.values.get("email")) in header:
            continue
        yield _row(opened.table, record, words, evidence)


def _row(table: Table, record: Record, words: Vocabulary, whole: Evidence) -> ImportRow:
    cells = _Cells(table, record)
    address = cells.text("email")
    try:
        return ImportRow(
            number=record.number,
            address=address,
            list=cells.text("list"),
            basis=read_basis(cells.text("basis")) if cells.text("basis") else "",
            details=_details(cells, words),
            evidence=Evidence(
                given_at=cells.day("consent date") or whole.given_at,
                how=cells.text("consent source") or whole.how,
                wording=cells.text("consent wording") or whole.wording,
                controllers=cells.text("controllers") or whole.controllers,
            ),
        )
    except (WordsError, RefusedError) as error:
        return ImportRow(number=record.number, address=address, problem=str(error))


def _details(cells: _Cells, words: Vocabulary) -> Details:
    first, last = cells.text("first name"), cells.text("last name")
    if not first and not last:
        first, _, last = cells.text("name").partition(" ")
    language = cells.text("language")
    if language and not _LANGUAGE.fullmatch(language):
        raise WordsError(f"{cells.where('language')} is not a language such as en-GB or cy", "")
    areas = _known(cells, "area", {**words.areas, **dict.fromkeys(words.groups, "")})
    return Details(
        first_name=first,
        last_name=last.strip(),
        organisation=cells.text("organisation"),
        language=language,
        areas=frozenset(member for area in areas for member in words.groups.get(area, (area,))),
        audiences=frozenset(_known(cells, "audience", words.audiences)),
    )


def _known(cells: _Cells, name: str, known: Mapping[str, str]) -> list[str]:
    """The labels in a cell, by id or by name in any case; WordsError names one that nothing is called."""
    return _labels(_SEPARATORS.split(cells.text(name)), known, cells.where(name))


def _labels(written: Iterable[str], known: Mapping[str, str], where: str) -> list[str]:
    by_word = {word.casefold(): slug for slug, title in known.items() for word in (title, slug) if word}
    found = []
    for word in written:
        wanted = " ".join(word.split())
        if not wanted:
            continue
        if known and wanted.casefold() not in by_word:
            there = ", ".join(sorted(known))
            raise WordsError(f"{where}: nothing is called {wanted[:60]!r}. There are: {there}", "")
        found.append(by_word.get(wanted.casefold(), wanted))
    return found


def labelled(written: Iterable[str], words: Vocabulary, what: str) -> frozenset[str]:
    """The ids of areas (`what` = area; groups opened) or audiences that staff wrote; RefusedError names a wrong one."""
    try:
        if what != "area":
            return frozenset(_labels(written, words.audiences, what))
        found = _labels(written, {**words.areas, **dict.fromkeys(words.groups, "")}, what)
    except WordsError as error:
        raise RefusedError(f"{error}.") from None
    return frozenset(member for area in found for member in words.groups.get(area, (area,)))


class _Cells:
    """The cells of one row by field."""

    def __init__(self, table: Table, record: Record) -> None:
        self._table = table
        self._record = record

    def _value(self, name: str) -> Value:
        value = self._record.values.get(name)
        if isinstance(value, ErrorCell):
            raise WordsError(f"{self.where(name)} holds an error of the spreadsheet: {value.text}", "")
        return value

    def text(self, name: str) -> str:
        """The cell as text."""
        return shown(self._value(name)).strip()

    def where(self, name: str) -> str:
        """The column for a message."""
        index = self._table.columns.get(name)
        return name if index is None else f"{self._table.headers.get(index, name)} (column {column_letter(index)})"

    def day(self, name: str) -> datetime | None:
        """The cell as the start of a day in UTC; WordsError where it is no date."""
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, datetime):
            value = value.date()
        if not isinstance(value, date):
            try:
                value = parse_date(str(value))
            except WordsError as error:
                raise WordsError(f"{self.where(name)}: {error}", "") from None
        return datetime.combine(value, time(), UTC)
