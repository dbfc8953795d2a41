"""A programme as a workbook that people fill in and that imports back to the same programme.

What the columns carry stands in the sheets Week, Days, Resources and Schedule. What an import of those would not give
back exactly is found by importing them, and stands in Settings. So an export proves itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial
from typing import Any

from campaign.errors import CampaignError
from campaign.model import Programme
from campaign.programme.importing.book import import_workbook
from campaign.programme.importing.columns import ADDED, DAYS, RESOURCES, SCHEDULE, SETTINGS, WEEK, Column
from campaign.programme.importing.names import SHORT
from campaign.programme.importing.paths import Leaf, leaves
from campaign.programme.importing.settings_sheet import FIRST, as_rows
from campaign.programme.writing import to_tree
from campaign.sheets import Row, Sheet, Value, Workbook, tidy

Cells = list[Any]
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class SentState:
    """What the ledger says of a message: its state in words, and when it went (the campaign's wall time)."""

    state: str
    sent_at: datetime | None = None


@dataclass(slots=True)
class Sheets:
    """The rows of every sheet, headings first, as values that a spreadsheet keeps."""

    week: list[Cells] = field(default_factory=list)
    days: list[Cells] = field(default_factory=list)
    resources: list[Cells] = field(default_factory=list)
    schedule: list[Cells] = field(default_factory=list)
    settings: list[Cells] = field(default_factory=list)

    def named(self) -> dict[str, list[Cells]]:
        """Name of the sheet -> its rows."""
        return {"Week": self.week, "Days": self.days, "Resources": self.resources, "Schedule": self.schedule,
                "Settings": self.settings}  # fmt: skip


def export(
    programme: Programme, *, files: Mapping[str, bytes] | None = None, states: Mapping[str, SentState] | None = None
) -> bytes:
    """The programme as .xlsx. `files` are its bodies by name; `states` what the ledger knows, by message id.

    Importing the workbook gives the same programme; the columns State and Sent at are left alone by an import.
    """
    from campaign.programme.workbook_file import save

    return save(sheets_of(programme, files=files or {}, states=states or {}))


def sheets_of(programme: Programme, *, files: Mapping[str, bytes], states: Mapping[str, SentState]) -> Sheets:
    """The rows of every sheet. Raises CampaignError where an import of them would not give the programme back."""
    tree = to_tree(programme)
    sheets = Sheets(
        [["Name", "Value", "What it is"], *_week(tree)],
        [[column.header for column in DAYS], *_days(tree)],
        [[column.header for column in RESOURCES], *_resources(tree)],
        [[*(column.header for column in SCHEDULE), *ADDED], *_schedule(tree, files, states)],
    )
    wanted = leaves(tree)
    told: dict[str, Leaf | None] = {path: value for path, value in wanted.items() if path.partition(".")[0] in FIRST}
    for _ in range(_ROUNDS):
        sheets.settings = [list(SETTINGS), *(list(row) for path in sorted(told) for row in as_rows(path, told[path]))]
        draft = import_workbook(as_workbook(sheets))
        made = leaves(draft.tree)
        wrong = {path for path in {*wanted, *made} if wanted.get(path) != made.get(path)}
        if not wrong and not draft.refused:
            return sheets
        for name, row, column in draft.cells:  # a value that no person would write so stands in Settings alone
            if name != "Settings" and column:
                sheets.named()[name][row - 1][column - 1] = None
        told |= {path: wanted.get(path) for path in wrong}
    raise CampaignError(f"the workbook would not import to the same programme: {', '.join(sorted(wrong)[:5])}")


def as_workbook(sheets: Sheets) -> Workbook:
    """The rows as an import would read them from the file."""
    return Workbook(
        "export.xlsx", "xlsx", tuple(Sheet(name, partial(_rows, rows)) for name, rows in sheets.named().items())
    )


def _rows(rows: Sequence[Cells]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        cells = [_as_read(value) for value in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield Row(number, tuple(cells))


def _as_read(value: Any) -> Value:
    if isinstance(value, str):
        return tidy(value) or None
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    return value  # type: ignore[no-any-return]


# ---- the sheets


def _get(item: Mapping[str, Any], path: str) -> Any:
    node: Any = item
    for part in path.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _cell(column: Column, value: Any) -> Any:
    """A value of the tree as its column shows it: dates and times as such, lists joined."""
    if value is None or value in ("", []):
        return None
    if isinstance(value, list):
        if column.form == "hashtags":
            return " ".join(f"#{tag}" for tag in value)
        return "\n".join(value) if column.form == "lines" else ", ".join(value)
    if column.form == "flag":
        return "Yes" if value == "true" else "No"
    if column.form in {"moment", "end", "embargo", "day_date"}:
        return _typed(value)
    if column.form == "clock":
        return time.fromisoformat(value)
    if column.form == "approval" and column.choices == ("Yes", "No", "Pending"):
        return {"approved": "Yes", "pending": "Pending"}.get(value, value)
    return value


def _typed(text: str) -> Any:
    try:
        return datetime.fromisoformat(text) if " " in text else date.fromisoformat(text)
    except ValueError:
        return text


def _week(tree: Mapping[str, Any]) -> Iterator[Cells]:
    campaign = tree["campaign"]
    for column in WEEK:
        yield [column.header, _cell(column, _get(campaign, column.path)), column.note]


def _days(tree: Mapping[str, Any]) -> Iterator[Cells]:
    for day in tree.get("days", ()):
        held = [date.fromisoformat(each) for each in day.get("dates") or ([day["date"]] if day.get("date") else [])]
        for number, theme in enumerate(day.get("themes") or [{}]):
            given: dict[str, Any] = {"date": _span(held), "day": _weekday(day, held)}
            if number == 0:
                given |= {name: _cell(_column(DAYS, name), day.get(name)) for name in ("unlock", "before")}
            yield [
                given.get(column.field, _cell(column, _get(theme, column.path)) if column.path else None)
                for column in DAYS
            ]


def _column(columns: Sequence[Column], name: str) -> Column:
    return next(column for column in columns if column.field == name)


def _span(held: list[date]) -> Any:
    if len(held) < 2:
        return held[0] if held else None
    return f"{held[0]:%d/%m/%Y} to {held[-1]:%d/%m/%Y}"


def _weekday(day: Mapping[str, Any], held: list[date]) -> str:
    from campaign.model import WEEKDAYS

    if not held:
        return str(day.get("weekday", ""))
    return " to ".join(dict.fromkeys(WEEKDAYS[each.weekday()] for each in (held[0], held[-1])))


def _resources(tree: Mapping[str, Any]) -> Iterator[Cells]:
    for ident, resource in tree.get("resources", {}).items():
        given = {"ref": ident}
        yield [
            given.get(column.field, _cell(column, _get(resource, column.path)) if column.path else None)
            for column in RESOURCES
        ]


def _schedule(tree: Mapping[str, Any], files: Mapping[str, bytes], states: Mapping[str, SentState]) -> Iterator[Cells]:
    themes = {theme["id"]: theme["title"] for day in tree.get("days", ()) for theme in day.get("themes", ())}
    channels = tree.get("channels", {})
    found: list[tuple[str, int, Cells]] = []
    for kind, section in (("post", "posts"), ("email", "mailings")):
        for ident, item in tree.get(section, {}).items():
            given = _message(ident, kind, item, themes, channels)
            if kind == "email":
                given |= _email(item, files)
            row = [
                given[c.field] if c.field in given else _cell(c, _get(item, c.path)) if c.path else None
                for c in SCHEDULE
            ]
            known = states.get(ident)
            row += [known.state, known.sent_at] if known else [None, None]
            found.append((str(item.get("at") or _place(tree, item)), len(found), row))
    yield from (row for _, _, row in sorted(found, key=lambda each: each[:2]))


def _place(tree: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """Where a message without a date sorts: at its day's date where that is known, else after all others."""
    for day in tree.get("days", ()):
        if item.get("day") and item["day"] in {day.get("weekday"), _weekday(day, _held(day))}:
            return f"{(day.get('dates') or [day.get('date') or '9999'])[0]} {item.get('time', '')}"
    return "0000" if item.get("each_day") else "9999"


def _held(day: Mapping[str, Any]) -> list[date]:
    return [date.fromisoformat(each) for each in day.get("dates") or ([day["date"]] if day.get("date") else [])]


def _message(
    ident: str, kind: str, item: Mapping[str, Any], themes: Mapping[str, str], channels: Mapping[str, Any]
) -> dict[str, Any]:
    at = _typed(item["at"]) if item.get("at") else None
    clock = item.get("time")
    wordings = item.get("text_for", {})
    brief = [name for name in item.get("channels", ()) if channels.get(name, {}).get("kind") in SHORT]
    shared = set(wordings.values()) if set(wordings) == set(brief) else set()
    images = item.get("images", ())
    return {
        "ref": ident,
        "type": kind,
        "date": at.date() if at else None,
        "day": _weekday({}, [at.date()]) if at else "Every day" if item.get("each_day") else item.get("day"),
        "time": at.time() if at else clock if clock == "unlock" or not clock else time.fromisoformat(clock),
        "channel": ", ".join(item.get("channels", ())) or item.get("channel"),
        "theme": themes.get(item.get("theme", ""), item.get("theme")),
        "short": shared.pop() if len(shared) == 1 else None,
        "images": "\n".join(image["file"] for image in images) or None,
        "alt": "\n".join(
            "decorative" if image.get("decorative") == "true" else image.get("alt", "") for image in images
        )
        or None,
        "approved_by": None,
        "embargo": None,
    }


def _email(item: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """An email's subject is its title, its body its copy where that is at hand and fits a cell."""
    body = files.get(f"messages/{item['body']}", b"").decode("utf-8", "replace") if item.get("body") else ""
    return {"title": item.get("subject"), "copy": body if len(body) < 32_000 else None, "link": None}
