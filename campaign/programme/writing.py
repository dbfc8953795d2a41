"""A programme as the file a person edits: the schema's own keys in its own order, defaults left out, with comments.

`to_tree` gives the file as nested text, `to_yaml` writes such a tree. What is written, the strict loader reads back to
the same programme.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from campaign.model import DAY_IDS, WEEKDAYS, Day, Event, PlannedMessage, Programme
from campaign.programme.schema import ListOf, MapOf, Table
from campaign.programme.tables import PROGRAMME, SCHEMA_VERSION
from campaign.programme.yaml_text import Notes, emit

Tree = str | list[Any] | dict[str, Any]
"""A programme file as nested text: every scalar is a text, as the loader reads it."""

ALWAYS = {"campaign": ("kind", "status")}
"""Keys written even where they hold their default, because people look for them."""


def to_tree(programme: Programme) -> dict[str, Any]:
    """The programme as its file's nested text, in the schema's order."""
    tree: dict[str, Any] = {"schema": str(SCHEMA_VERSION)}
    tree.update(_table(PROGRAMME, programme, skip=("schema",)))
    return tree


def to_yaml(tree: Mapping[str, Any], *, notes: Notes | None = None, head: Sequence[str] = ()) -> str:
    """A tree as readable YAML.

    `notes` maps a dotted path (`posts.tue-launch.at`; a list's items by number) to comment lines written above it;
    `head` are comment lines for the top of the file.
    """
    return emit(tree, notes or {}, head)


def write(programme: Programme, *, notes: Notes | None = None, head: Sequence[str] = ()) -> str:
    """The programme as readable, commented YAML."""
    return to_yaml(to_tree(programme), notes=notes, head=head)


def scalar(value: Any) -> str:
    """One value in the words of the file: 2023-10-09, 08:30, 2023-10-09 08:30, 4h, true, a word, a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d} {clock(value.time())}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return clock(value)
    if isinstance(value, timedelta):
        return length(value)
    return str(value)


def clock(value: time) -> str:
    """A time as 08:30, with seconds only where it has them."""
    return value.strftime("%H:%M:%S" if value.second else "%H:%M")


def length(value: timedelta) -> str:
    """A length of time as `1d 4h 30m`."""
    minutes = int(value.total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if count]
    return " ".join(parts) or "0m"


def day_words(day_id: str) -> str:
    """A day's id in words: `tue` is Tuesday, `sat-sun` Saturday to Sunday."""
    return " to ".join(WEEKDAYS[DAY_IDS.index(part)] for part in day_id.split("-"))


def _defaults(model: type[Any]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for each in fields(model):
        if each.default is not MISSING:
            found[each.name] = each.default
        elif each.default_factory is not MISSING:
            found[each.name] = each.default_factory()
    return found


def _table(table: Table, value: Any, *, skip: Sequence[str] = ()) -> dict[str, Any]:
    stated = _STATED.get(type(value))
    given: Mapping[str, Any] = stated(value) if stated else {}
    defaults = _defaults(type(value))
    tree: dict[str, Any] = {}
    for key in table.keys:
        if key.name in skip:
            continue
        held = given[key.name] if key.name in given else getattr(value, key.field, None)
        always = key.required or key.name in ALWAYS.get(table.name, ()) or key.name in given
        if (
            held is None
            or (held in ("", ()) and not key.required)
            or (not always and held == defaults.get(key.field, MISSING))
        ):
            continue
        tree[key.name] = _value(key.kind, held)
    return tree


def _value(kind: Any, value: Any) -> Tree:
    if isinstance(kind, Table):
        return _table(kind, value)
    if isinstance(kind, ListOf):
        return [_value(kind.kind, each) for each in value]
    if isinstance(kind, MapOf):
        return {str(name): _value(kind.kind, each) for name, each in value.items()}
    return scalar(value)


def _stated_day(day: Day) -> dict[str, Any]:
    """A day by `date` or `dates`, while it has any; its weekday is written for the reader."""
    one = day.dates[0] if len(day.dates) == 1 else None
    many = day.dates if len(day.dates) > 1 else ()
    return {
        "date": one,
        "dates": many,
        "weekday": day_words(day.id),
    }


def _stated_event(event: Event) -> dict[str, Any]:
    return {"booking": f"no_link: {event.no_booking}" if event.no_booking else event.booking}


def _stated_message(message: PlannedMessage) -> dict[str, Any]:
    when = message.when
    return {
        "at": when.at,
        "day": day_words(when.day) if when.day else "",
        "each_day": when.each_day or None,
        "time": when.time,
    }


_STATED: dict[type, Callable[[Any], dict[str, Any]]] = {Day: _stated_day, Event: _stated_event}
_STATED.update(dict.fromkeys(PlannedMessage.__subclasses__(), _stated_message))
