"""The benchmarks' own arithmetic: a figure, its ratio, the table and the file of results."""

import json
from pathlib import Path

from benchmarks import Figure, paired, table
from benchmarks.__main__ import main, modules, write

FAST = Figure("fast", 2.0, "ms", 4.0, "slow")


def test_ratio_is_in_multiples_of_the_reference() -> None:
    assert FAST.ratio == 0.5
    assert Figure("alone", 3.0, "ms", 0.0, "nothing").ratio == 0.0


def test_pairs_call_both_equally_often() -> None:
    calls: list[str] = []
    work, reference = paired(lambda: calls.append("a"), lambda: calls.append("b"), times=3)
    assert calls == ["a", "b"] * 4
    assert work >= 0
    assert reference >= 0


def test_table_aligns_its_columns() -> None:
    head, row = table([FAST]).splitlines()
    assert head.index("figure") == row.index("2")
    assert head.index("against") == row.index("slow")


def test_results_keep_the_others_only_when_asked(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    write([FAST, Figure("other", 1.0, "s", 1.0, "x")], to=results, keep=False)
    write([Figure("fast", 8.0, "ms", 4.0, "slow")], to=results, keep=True)
    assert [(row["name"], row["ratio"]) for row in json.loads(results.read_text("utf-8"))] == [
        ("fast", 2.0),
        ("other", 1.0),
    ]
    write([FAST], to=results, keep=False)
    assert [row["name"] for row in json.loads(results.read_text("utf-8"))] == ["fast"]


def test_unknown_names_are_refused() -> None:
    assert "start" in modules()
    assert main(["no-such-benchmark"]) == 2
