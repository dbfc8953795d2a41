"""Canonical JSON gives back exactly what it was given, whatever a programme holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.errors import StoreError
from campaign.model import Programme
from campaign.programme.canonical import from_json, to_json

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=6),
    int: st.integers(-10, 10_000),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: MOMENTS,
    date: MOMENTS.map(datetime.date),
    time: MOMENTS.map(datetime.time),
    timedelta: st.timedeltas(timedelta(0), timedelta(days=31)),
}
#: A word beside a moment is one of two, never something that reads as a moment.
WORDS = st.sampled_from(["held", "unlock"])


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type hint of the model."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{each.name: of(hints[each.name]) for each in fields(hint)})
    origin, inside = get_origin(hint), get_args(hint)
    if origin is tuple:
        return st.lists(of(inside[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(st.text(max_size=4), of(inside[1]), max_size=2).map(MappingProxyType)
    if inside:
        moments = {datetime, date, time} & set(inside)
        return st.one_of([WORDS if each is str and moments else of(each) for each in inside])
    return st.sampled_from(list(hint))


@given(of(Programme))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_goes_in_comes_out(programme: Programme) -> None:
    text = to_json(programme)
    again = from_json(text)
    assert again == programme
    assert to_json(again) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version":2,"programme":{}}',
        '{"version":1,"programme":{"x":1}}',
        '{"version":1,"programme":[]}',
    ],
)
def test_what_is_no_canonical_programme_is_refused(text: str) -> None:
    with pytest.raises(StoreError):
        from_json(text)
