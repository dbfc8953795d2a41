"""Where the figures of the README come from.

A benchmark is a module of this package with a function `measure() -> Iterable[Figure]`; `python -m benchmarks`
finds it.
Machines differ, so each figure stands beside a reference measured in the same minute: read the ratio.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `reference` is in the same unit, measured the same way; `against` says what it is."""

    name: str
    figure: float
    unit: str
    reference: float
    against: str

    @property
    def ratio(self) -> float:
        """The figure in multiples of its reference."""
        return self.figure / self.reference if self.reference else 0.0


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def paired(work: Callable[[], object], reference: Callable[[], object], *, times: int) -> tuple[float, float]:
    """Median seconds of both, called in turn so that a busy minute slows both alike; one call each to warm up first."""
    work()
    reference()
    pairs = [(seconds(work), seconds(reference)) for _ in range(times)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def program(*command: str) -> Callable[[], object]:
    """A call that runs a program to its end, its output thrown away; CalledProcessError where it fails."""
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text, columns aligned."""
    heads = ("what", "figure", "unit", "reference", "ratio", "against")
    rows = [(f.name, f"{f.figure:,.4g}", f.unit, f"{f.reference:,.4g}", f"{f.ratio:.2f}", f.against) for f in figures]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [heads, *rows]]
    return "\n".join(line.rstrip() for line in lines)
