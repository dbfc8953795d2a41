"""No input of any kind makes the loader raise anything but its documented error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import ProgrammeError
from campaign.programme import load_bytes
from tests.unit.programmes import FULL, full

HEAD = b"schema: 1\ncampaign:\n  id: small\n  title: Small\n"
_WHOLE = json.dumps(FULL, indent=1).encode()
_EDITS = st.lists(st.tuples(st.integers(0, 8000), st.integers(0, 40), st.binary(max_size=8)), max_size=4)
_SEEDS = [_WHOLE, HEAD, b"a: &b [*b]", b"? - :", b"{{{{", b"%TAG ! x\n--- !x y", b"\xef\xbb\xbfa: 1"]


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))))
@settings(max_examples=400)
def test_no_bytes_raise_anything_but_a_programme_error(data: bytes) -> None:
    _only_documented(data)


@given(st.sampled_from(_SEEDS), _EDITS)
@settings(max_examples=300)
def test_no_damaged_file_raises_anything_but_a_programme_error(
    seed: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    for at, length, new in edits:
        at %= len(seed) + 1
        seed = seed[:at] + new + seed[at + length :]
    _only_documented(seed)


_KEYS = sorted({*FULL["campaign"], *FULL["posts"]["launch"], *FULL["resources"]["kit"], "id", "date"})
_VALUES = st.recursive(
    st.text(max_size=20) | st.sampled_from(["12:30", "tue", "2023-10-10 10:00", "kit", "x-demo", "#", "held", "1h"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5),
    max_leaves=12,
)


@given(st.sampled_from(sorted({*FULL, "campaign"})), _VALUES)
@settings(max_examples=400)
def test_no_shape_raises_anything_but_a_programme_error(key: str, value: Any) -> None:
    data = full()
    data[key] = value
    _only_documented(json.dumps(data).encode())


def _only_documented(data: bytes) -> None:
    try:
        load_bytes(data, files={})
    except ProgrammeError as error:
        if not all(problem.code and problem.message and problem.line for problem in error.problems):
            raise AssertionError(error.problems) from error
