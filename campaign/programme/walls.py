"""Wall times against the zone: an hour that a clock change leaves out, and one that it gives twice."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def left_out(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether that wall time does not exist: the clocks jump over it in spring."""
    there = wall.replace(tzinfo=zone, fold=0)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall


def twice(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether that wall time comes twice: the clocks go back over it in autumn."""
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    return first.utcoffset() != second.utcoffset() and not left_out(wall, zone)


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The aware UTC instant of a wall time; of two, the first."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
