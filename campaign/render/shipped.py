"""The templates that come with the product: the folder `messages/`, from the source tree or from an installed wheel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

_PACKAGE = Path(__file__).resolve().parents[1]
#: The folders that come with the product; what else lies in `messages/` belongs to the programmes beside it.
FOLDERS = ("posts", "emails")
SUFFIXES = frozenset({".txt", ".md", ".html"})


def folder() -> Path:
    """Where the shipped templates are: inside the package when installed, beside it in the source tree."""
    inside = _PACKAGE / "messages"
    return inside if inside.is_dir() else _PACKAGE.parent / "messages"


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, bytes]:
    """Every shipped template by its name, `messages/emails/day.md`."""
    base = folder()
    found = {
        f"messages/{path.relative_to(base).as_posix()}": path.read_bytes()
        for name in FOLDERS
        for path in sorted((base / name).rglob("*"))
        if path.is_file() and path.suffix in SUFFIXES
    }
    return MappingProxyType(found)
