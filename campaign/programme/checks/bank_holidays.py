"""Bank holidays of the United Kingdom, from a list beside this file: the `holidays` library is slow to load.

A test holds the list against that library. One-off days proclaimed later are an installation's own closures.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

ENGLAND = "england-and-wales"
DIVISIONS = (ENGLAND, "scotland", "northern-ireland")
_LIST = Path(__file__).with_name("bank_holidays.txt")


@lru_cache(maxsize=len(DIVISIONS))
def of(division: str) -> Mapping[date, str]:
    """The bank holidays of a division, by date; none for a division that is not one of DIVISIONS."""
    rows = (line.split(" ", 2) for line in _LIST.read_text("utf-8").splitlines() if line.startswith(f"{division} "))
    return MappingProxyType({date.fromisoformat(day): name for _, day, name in rows})
