"""`python -m benchmarks [NAME ...]`: measure, print a table, write results.json.

With names, only those modules are measured, and the other figures of results.json stay as they were.
"""

from __future__ import annotations

import json
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path

import benchmarks
from benchmarks import Figure, table

RESULTS = Path(__file__).with_name("results.json")


def modules() -> list[str]:
    """The names of the benchmarks, sorted."""
    return sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")
    )


def measure(name: str) -> list[Figure]:
    """Run one benchmark."""
    figures: Iterable[Figure] = import_module(f"benchmarks.{name}").measure()
    return list(figures)


def write(figures: Sequence[Figure], *, to: Path, keep: bool) -> None:
    """Save as a JSON list, sorted by name; `keep` leaves the figures of other names as they are."""
    rows = {row["name"]: row for row in json.loads(to.read_text("utf-8"))} if keep and to.exists() else {}
    for f in figures:
        rows[f.name] = {
            "name": f.name,
            "figure": round(f.figure, 6),
            "unit": f.unit,
            "reference": round(f.reference, 6),
            "ratio": round(f.ratio, 3),
            "against": f.against,
        }
    to.write_text(json.dumps([rows[name] for name in sorted(rows)], indent=2) + "\n", "utf-8")


def main(wanted: Sequence[str]) -> int:
    """Measure what is wanted, or all; 2 where a name is unknown."""
    known = modules()
    if unknown := sorted(set(wanted) - set(known)):
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    figures = []
    for name in wanted or known:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        figures += measure(name)
    write(figures, to=RESULTS, keep=bool(wanted))
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
