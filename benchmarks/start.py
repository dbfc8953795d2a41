"""How long the command line takes to answer."""

import sys
from collections.abc import Iterator

from benchmarks import Figure, paired, program


def measure() -> Iterator[Figure]:
    """`campaign --help` beside an interpreter that does nothing."""
    figure, reference = paired(
        program(sys.executable, "-m", "campaign", "--help"), program(sys.executable, "-c", "pass"), times=15
    )
    yield Figure("campaign --help", figure * 1000, "ms", reference * 1000, "python -c pass")
