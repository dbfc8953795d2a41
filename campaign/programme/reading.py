"""What the decoding of one file collects: its problems, the place of every value, and the names that it uses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from campaign.errors import Problem, Severity
from campaign.programme.tree import Node


class Bad:
    """What stands for a value that could not be read; the problem has been noted."""

    def __repr__(self) -> str:
        return "BAD"


BAD: Any = Bad()


def nearest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    """The word of `words` most like `word`, whatever its case; "" where none is near."""
    by_lower = {each.lower(): each for each in words}
    found = difflib.get_close_matches(word.lower().replace(" ", "_"), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where each value of a programme stands in its file. Lines and columns count from 1.

    A place is asked for by dotted path: `posts.tue-launch.text`, `days.mon.themes.prevent.title`,
    `themes.prevent.title`. A path that is not in the file answers the place of the nearest part of it that is, at
    last that of the whole file.
    """

    file: str = ""
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def at(self, where: str) -> tuple[int, int]:
        """Line and column of the value at a dotted path; (0, 0) where nothing of it is known."""
        path = self._real(where)
        while path:
            if path in self.places:
                return self.places[path]
            path = path.rpartition(".")[0]
        return self.places.get("", (0, 0))

    def states(self, where: str) -> bool:
        """Whether the file itself states the value at that path."""
        return self._real(where) in self.places

    def problem(
        self, code: str, message: str, where: str, *, hint: str = "", severity: Severity = Severity.ERROR
    ) -> Problem:
        """A problem of the value at a dotted path, with its place."""
        line, column = self.at(where)
        return Problem(code, message, severity, where, hint, self.file, line, column)

    def _real(self, where: str) -> str:
        parts = where.split(".")
        for size in range(len(parts), 0, -1):
            head = ".".join(parts[:size])
            if head in self.aliases:
                return ".".join([self.aliases[head], *parts[size:]])
        return where


@dataclass(slots=True)
class Reader:
    """Collects while a tree is read. Nothing here raises: every problem of the file is wanted at once."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    uses: list[tuple[str, str, str, Node]] = field(default_factory=list)

    def fail(self, code: str, message: str, node: Node, where: str, hint: str = "") -> Any:
        """Note an error at a node; answers BAD."""
        self.problems.append(
            Problem(code, message, where=where, hint=hint, file=self.file, line=node.line, column=node.column)
        )
        return BAD

    def place(self, where: str, node: Node) -> None:
        """Remember where the value of a path stands."""
        self.places[where] = (node.line, node.column)

    def define(self, kind: str, name: str, node: Node, where: str) -> None:
        """A name of that kind exists; the second of the same name is an error."""
        known = self.names.setdefault(kind, {})
        if name in known:
            line = self.places.get(known[name], (0, 0))[0]
            self.fail("V8", f"the id '{name}' is used twice", node, where, f"The first is in line {line}.")
        else:
            known[name] = where

    def use(self, kind: str, name: str, node: Node, where: str) -> None:
        """A name of that kind is used here; `settle` looks whether it exists."""
        self.uses.append((kind, name, where, node))

    def settle(self) -> None:
        """Note every name that is used and not defined."""
        for kind, name, where, node in self.uses:
            known = self.names.get(kind, {})
            if name in known:
                continue
            near = nearest(name, known)
            hint = f"Did you mean '{near}'?" if near else _known(kind, list(known))
            self.fail("R1", f"there is no {kind} '{name}'", node, where, hint)

    def source(self) -> Source:
        """Where everything stood."""
        return Source(self.file, dict(self.places), dict(self.aliases))


def _known(kind: str, known: list[str]) -> str:
    if not known:
        return f"The file defines no {kind} at all."
    more = ", ..." if len(known) > 8 else ""
    return f"The file has: {', '.join(sorted(known)[:8])}{more}."
