"""A whole workbook, ours or a team's own, becomes one draft."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from itertools import filterfalse, islice
from typing import Any

from campaign.errors import FileError, Problem
from campaign.programme import dates
from campaign.programme.importing import forms
from campaign.programme.importing.columns import ADDED, DAYS, RESOURCES, SCHEDULE, WEEK, Column, aliases
from campaign.programme.importing.days import Days, id_of
from campaign.programme.importing.draft import Draft, slug
from campaign.programme.importing.finish import finish
from campaign.programme.importing.guess import guess_table
from campaign.programme.importing.rows import RowReader, is_example, put, ref
from campaign.programme.importing.schedule import Schedule
from campaign.programme.importing.settings_sheet import FIRST, Settings
from campaign.programme.importing.words import type_of
from campaign.sheets import Record, Sheet, Table, Value, Workbook, find_table, label

MOST_ROWS = 10_000
OURS = frozenset({"week", "settings", "subscribers", "help", "lists", "export summary"})
LEAST = {"schedule": 3, "resources": 3, "days": 2}
DISTINCT = {
    "schedule": frozenset({"copy", "channel", "time", "type", "short"}),
    "resources": frozenset({"link", "approval", "type"}),
    "days": frozenset({"theme"}),
}
COLUMNS = {"schedule": SCHEDULE, "days": DAYS, "resources": RESOURCES}


@dataclass(slots=True)
class Found:
    """The tables of a workbook by what they hold."""

    schedule: list[Table]
    days: list[Table]
    resources: list[Table]


def import_workbook(book: Workbook, *, year: int | None = None, known: Mapping[str, Any] | None = None) -> Draft:
    """The draft that a workbook makes. `year` stands in where a date names none and nothing in the workbook tells it.

    `known` is the nested text of the programme as it is now: rows may use the names of its areas, audiences, bodies and
    channels. Raises FileError where the file cannot be read, or holds no table of a schedule.
    """
    draft = Draft(book.name, {"schema": "1", "campaign": {}}, many=len(book.sheets) > 1)
    for section in FIRST & set(known or ()):
        draft.tree[section] = deepcopy((known or {})[section])
    _refuse_twins(book, draft)
    settings = Settings(draft, _sheet(book, "settings"))
    settings.apply(names=True)
    _week(draft, _sheet(book, "week"), year)
    found = _tables(book, draft)
    year = year or _year(draft, found)
    days = Days(draft)
    for table in found.days:
        _days(draft, table, days, year)
    for table in found.resources:
        _resources(draft, table, year)
    schedule = Schedule(draft, days, has_days=bool(days.held))
    for table in found.schedule:
        for record in _records(table, draft.name):
            if not is_example(record):
                schedule.row(RowReader(draft, table, record, year))
    if schedule.week.unnamed and (draft.tree.get("posts") or draft.tree.get("mailings")):
        draft.ask("rows without a Ref were named by their day, channel and words. Give each a Ref: so a later import "
                  "can tell a changed row from a new one.")  # fmt: skip
    settings.apply(names=False)
    return finish(draft, book)


def _records(table: Table, file: str) -> Iterator[Record]:
    """The rows of a table, as many as any week has. Raises FileError for more, before they fill the memory."""
    for count, record in enumerate(table.records()):
        if count >= MOST_ROWS:
            text = f"the sheet '{table.sheet.name}' holds more than {MOST_ROWS:,} rows, and no week does."
            hint = "Is it a list of people? Those are for `campaign lists import`."
            raise FileError(Problem("IMPORT", text, file=file, line=record.number, hint=hint))
        yield record


def _sheet(book: Workbook, name: str) -> Sheet | None:
    return next((sheet for sheet in book.sheets if _name(book, sheet) == name), None)


def _refuse_twins(book: Workbook, draft: Draft) -> None:
    names = [sheet.name.strip().casefold() for sheet in book.sheets]
    for name in sorted({name for name in names if names.count(name) > 1}):
        draft.refused.append(_twin(draft.name, name))


def _twin(file: str, name: str) -> Problem:
    text = f"two sheets are named '{name}'; rename one of them, or delete the one that is not meant"
    return Problem("IMPORT", text, file=file)


def _tables(book: Workbook, draft: Draft) -> Found:
    found = Found([], [], [])
    for sheet in book.sheets:
        name = _name(book, sheet)
        if name in OURS:
            continue
        best = _best(sheet, name)
        if best is None:
            if not sheet.hidden and next(iter(sheet.rows()), None) is not None and len(book.sheets) > 1:
                draft.ask(f"the sheet '{sheet.name}' was not understood, and left out. Is it needed?")
            continue
        kind, table = best
        if sheet.hidden:
            draft.ask(f"the sheet '{sheet.name}' is hidden and was left out. Is it needed?")
            continue
        getattr(found, kind).append(table)
        _unread(draft, table)
    if not (found.schedule or found.days or found.resources):
        _guess(book, draft, found)
    return found


def _name(book: Workbook, sheet: Sheet) -> str:
    """A sheet's name as it is compared; the only sheet of a text file is named after the file, which means nothing."""
    return "" if book.kind == "csv" else sheet.name.strip().casefold()


def _best(sheet: Sheet, name: str) -> tuple[str, Table] | None:
    """What a sheet holds: by its own name where that is one of ours, else by which columns it has most of."""
    options: list[tuple[int, str, Table]] = []
    for kind in [name] if name in COLUMNS else COLUMNS:
        table = find_table(sheet, aliases(COLUMNS[kind]), least=2 if kind == name else LEAST[kind])
        if table and (kind == name or DISTINCT[kind] & set(table.columns)):
            options.append((len(table.columns), kind, table))
    return max(options, key=lambda option: option[0])[1:] if options else None


def _unread(draft: Draft, table: Table) -> None:
    left = [header for header in table.unknown if label(header) not in {label(added) for added in ADDED}]
    if left:
        names = ", ".join(f"'{header}'" for header in left[:8])
        draft.ask(f"{table.sheet.name}: the columns {names} were not understood, and not read. Are they needed?")
    for header in table.twice:
        draft.ask(f"{table.sheet.name}: a second column that means the same, '{header}', was not read. Is it needed?")


def _guess(book: Workbook, draft: Draft, found: Found) -> None:
    for sheet in book.sheets:
        table = guess_table(sheet) if _name(book, sheet) not in OURS else None
        if table is not None:
            found.schedule.append(table)
            told = ", ".join(f"{shown_field(name)} in column {index + 1}" for name, index in table.columns.items())
            draft.ask(
                f"{sheet.name}: no row of headings was found; by what they hold, columns were read as {told}. Right?"
            )


def shown_field(name: str) -> str:
    """A field's header."""
    return next(column.header for column in SCHEDULE if column.field == name)


def _week(draft: Draft, sheet: Sheet | None, year: int | None) -> None:
    if sheet is None:
        return
    fields = {label(name): column for column in WEEK for name in (column.header, column.field, *column.aliases)}
    for row in islice(sheet.rows(), 500):
        cells = [cell for index, cell in enumerate(row.cells) if index not in row.across]
        column = fields.get(label(cells[0])) if cells else None
        if column is None or len(cells) < 2 or cells[1] is None:
            continue
        table = Table(sheet, 0, {column.field: 1}, {1: column.header})
        reader = RowReader(draft, table, Record(row.number, {column.field: cells[1]}), year)
        reader.where = f"campaign.{column.path}"
        reader.fill(draft.section("campaign"), (column,))


def _year(draft: Draft, found: Found) -> int | None:
    """The year that a date without one belongs to: the week's own, else that of the first whole date in a table."""
    campaign = draft.tree["campaign"]
    words = " ".join(str(campaign.get(name, "")) for name in ("starts", "edition", "title"))
    told = re.search(r"(?:19|20)\d\d", words)
    if told:
        return int(told.group())
    for table in found.schedule + found.days:
        for record in islice(table.records(), 200):
            value = record.values.get("date")
            if isinstance(value, date | datetime):
                return value.year
            if isinstance(value, str):
                try:
                    return dates.parse_date(value).year
                except dates.WordsError:
                    continue
    named = re.search(r"(?<!\d)20\d\d(?!\d)", draft.name)
    return int(named.group()) if named else None


def _days(draft: Draft, table: Table, days: Days, year: int | None) -> None:
    above: list[date] = []
    weekday_above = ""
    for record in filterfalse(is_example, _records(table, draft.name)):
        reader = RowReader(draft, table, record, year)
        span = _span(reader, above)
        weekday = _weekday(reader, span) if reader.raw("day") is not None else ""
        if not span and not weekday:
            if reader.raw("date") is not None or not weekday_above:
                if reader.raw("theme") is not None and reader.raw("date") is None:
                    reader.refuse("date", "the row has neither a date nor a weekday", "write 09/10/2023, or Monday")
                continue
            weekday = weekday_above
        above, weekday_above = span, "" if span else weekday
        day = days.on(span, weekday)
        reader.where = f"days.{id_of(day)}"
        reader.fill(day, (_renamed("unlock"), _renamed("before")))
        _theme(draft, reader, days, day)


def _renamed(field: str) -> Column:
    column = next(column for column in DAYS if column.field == field)
    return Column(column.field, column.header, field, column.form, column.note, choices=column.choices)


def _span(reader: RowReader, above: list[date]) -> list[date]:
    value: Value = reader.raw("date")
    if (value is None and reader.raw("day") is None) or reader.words("date").casefold() in forms.SAME:
        return above
    return reader.take("date", lambda value: forms.dates_of(value, reader.year)) or []


def _weekday(reader: RowReader, span: list[date]) -> str:
    try:
        day = dates.day_id(reader.words("day"))
    except dates.WordsError as error:
        reader.refuse("day", str(error), error.hint)
        return ""
    if span and span[0].weekday() != dates.weekday(reader.words("day").split(" to ")[0]):
        mismatch = dates.mismatch(dates.weekday(reader.words("day").split(" to ")[0]), span[0])
        reader.refuse("day", str(mismatch), mismatch.hint)
    first, _, last = day.partition("-")
    if last and not span:
        return day
    return first


def _theme(draft: Draft, reader: RowReader, days: Days, day: dict[str, Any]) -> None:
    title = reader.take("theme", forms.line_of) or ""
    if not title or re.fullmatch(r"\[?(?:tbc|focus to be confirmed|to be confirmed|tba)\]?", title, re.IGNORECASE):
        if title:
            reader.ask(f"the theme of the day says '{title}': what is it?")
        if not title and not (reader.record.values.keys() & {"summary", "one_thing", "resources"}):
            return
    title = title or "To be confirmed"
    given = reader.words("ref")
    theme = days.theme(day, title, ref(given) if given else "")
    reader.where = f"days.{id_of(day)}.themes.{theme['id']}"
    draft.places[reader.where] = reader.place
    columns = tuple(
        column for column in DAYS if column.path and column.field not in {"ref", "theme", "unlock", "before"}
    )
    reader.fill(theme, columns)
    if "to be confirmed" in title.casefold() or "tbc" in title.casefold():
        theme.setdefault("status", "tbc")
    if reader.record.hidden:
        reader.ask("the row is hidden in the sheet and was read all the same: is it meant to be seen?")


def _resources(draft: Draft, table: Table, year: int | None) -> None:
    held = draft.section("resources")
    for record in filterfalse(is_example, _records(table, draft.name)):
        reader = RowReader(draft, table, record, year)
        title = reader.words("title")
        ident = ref(reader.words("ref")) or slug(title)
        if not ident:
            reader.refuse("title", "the resource has neither a Ref nor a title", "write its name")
            continue
        if ident in held:
            at = draft.places[f"resources.{ident}"].row if f"resources.{ident}" in draft.places else 0
            reader.refuse("ref", f"'{ident}' is the Ref of row {at} too", "give each resource its own Ref")
            continue
        reader.where = f"resources.{ident}"
        draft.places[reader.where] = reader.place
        held[ident] = item = {"title": title or ident}
        reader.fill(item, tuple(column for column in RESOURCES if column.field not in {"ref", "title"}))
        _event_end(item)
        if "type" not in item:
            item["type"] = _type_by(title, item)
            reader.ask(f"no type is given; by its name it was read as {item['type']}. Is that right?", "type")
        if not item.get("link") and not item.get("no_link") and item["type"] != "event":
            reader.ask("there is no link: what is its address, or why has it none?")
        if record.hidden:
            reader.ask("the row is hidden in the sheet and was read all the same: is it meant to be seen?")


def _event_end(item: dict[str, Any]) -> None:
    event = item.get("event")
    if event and " to " in event.get("starts", ""):
        start, _, end = event["starts"].partition(" to ")
        put(item, "event.starts", start)
        event.setdefault("ends", f"{start[:10]} {end}")


def _type_by(title: str, item: Mapping[str, Any]) -> str:
    return "event" if item.get("event") else type_of(title)
