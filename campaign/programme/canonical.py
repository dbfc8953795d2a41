"""A programme as canonical JSON: sorted, versioned, values equal to their default left out; and back, exactly.

Two programmes are equal when their canonical JSON is, so a hash over it names a revision. Wall times are ISO 8601
without a zone, lengths of time whole microseconds.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin, get_type_hints

from campaign.errors import StoreError
from campaign.model import Programme

VERSION = 1
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{6})?")
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(?:\.\d{6})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def to_json(programme: Programme) -> str:
    """The canonical text."""
    whole = {"version": VERSION, "programme": _plain(programme)}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(text: str) -> Programme:
    """The programme that `to_json` wrote. Raises StoreError where the text is not of this version."""
    try:
        whole = json.loads(text)
        if whole["version"] != VERSION:
            raise StoreError(f"the stored programme is of version {whole['version']}, and this program reads {VERSION}")
        programme = _value(whole["programme"], Programme)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the stored programme cannot be read: {error}") from error
    if not isinstance(programme, Programme):
        raise StoreError("the stored programme cannot be read")
    return programme


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        stated = {each.name: getattr(value, each.name) for each in fields(value)}
        return {
            name: _plain(each) for name, each in stated.items() if each != _defaults(type(value)).get(name, MISSING)
        }
    return value


@cache
def _defaults(model: type) -> dict[str, Any]:
    found = {}
    for each in fields(model):
        if each.default is not MISSING:
            found[each.name] = each.default
        elif each.default_factory is not MISSING:
            found[each.name] = each.default_factory()
    return found


@cache
def _hints(model: type) -> dict[str, Any]:
    return get_type_hints(model)


def _value(plain: Any, hint: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _one_of(plain, get_args(hint))
    if origin is tuple:
        return tuple(_value(each, get_args(hint)[0]) for each in plain)
    if origin is Mapping or origin is MappingProxyType:
        of = get_args(hint)[1]
        return MappingProxyType({key: _value(each, of) for key, each in plain.items()})
    if is_dataclass(hint):
        known = _hints(hint)  # type: ignore[arg-type]
        return hint(**{name: _value(each, known[name]) for name, each in plain.items()})  # type: ignore[operator]
    reader = _READERS.get(hint)
    return reader(plain) if reader else hint(plain)


def _one_of(plain: Any, kinds: tuple[Any, ...]) -> Any:
    if plain is None:
        return None
    for kind, form in ((datetime, _DATETIME), (date, _DATE), (time, _TIME)):
        if kind in kinds and isinstance(plain, str) and form.fullmatch(plain):
            return _READERS[kind](plain)
    return _value(plain, next(kind for kind in kinds if kind not in {type(None), datetime, date, time}))


_READERS: dict[Any, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    timedelta: lambda micros: timedelta(microseconds=micros),
    bool: bool,
    int: int,
    str: str,
}
