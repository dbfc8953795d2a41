"""The files of the project, as its house rules read them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text("utf-8"), str(path))


def python_files(*rooms: str) -> list[Path]:
    """Every Python file below the named folders of the project, sorted."""
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def name_of(path: Path) -> str:
    """The path of a file from the project's root, with forward slashes."""
    return path.relative_to(ROOT).as_posix()
