"""Facts changed in the ledger lie over what the file says of a resource."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from campaign.errors import RefusedError
from campaign.programme.states import apply
from tests.unit.programmes import full, load


@dataclass(frozen=True)
class Fact:
    """A change as the ledger keeps it."""

    resource: str
    field: str
    value: str


@pytest.mark.parametrize(
    ("field", "value", "ok"),
    [
        ("approval", "withdrawn", True),
        ("approval", "perhaps", False),
        ("embargo_until", "released", True),
        ("embargo_until", "2023-10-10 12:00", True),
        ("embargo_until", "soon", False),
        ("event.state", "full", True),
        ("event.recording", "https://example.org/r", True),
        ("event.recording", "javascript:x", False),
        ("event.booking", "#", False),
        ("link", "https://example.org/n", True),
        ("title", "New", False),
    ],
)
def test_facts_of_the_ledger_lie_over_the_file(field: str, value: str, ok: bool) -> None:
    programme = load(full()).programme
    facts = [Fact("kit", field, value), Fact("launch", field, value), Fact("gone", field, value)]
    if not ok:
        with pytest.raises(RefusedError):
            apply(programme, facts)
        return
    changed = apply(programme, facts)
    assert changed != programme
    assert set(changed.resources) == set(programme.resources)
