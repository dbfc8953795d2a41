"""YAML as a tree of text: every scalar stays as written, every node knows its line and column.

Only the plain part of YAML is taken: one document of mappings, lists and text. Anchors, aliases, tags and duplicate
keys are problems with a place. Nothing is ever constructed from the file, so no input can run code or grow in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import yaml

from campaign.errors import Problem

MAX_BYTES = 8_000_000
MAX_DEPTH = 20
MAX_NODES = 400_000

#: What no line of a text may hold: C0 and C1 control characters, marks that turn the reading direction round.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Node:
    """One value of the file. `line` and `column` count from 1. A mapping's `pairs` keep the file's order."""

    kind: Literal["text", "list", "mapping"]
    line: int
    column: int
    text: str = ""
    items: list[Node] = field(default_factory=list)
    pairs: dict[str, tuple[Node, Node]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing is written: an empty text means that the key is absent."""
        return self.kind == "text" and not self.text.strip()


class _Stop(Exception):
    """The tree cannot be read on."""


def read_tree(data: bytes, *, file: str) -> tuple[Node | None, list[Problem]]:
    """The tree of a YAML file's bytes, and every problem of its form. The tree is None where it cannot be used."""
    text, problem = _decode(data, file)
    if problem is not None:
        return None, [problem]
    builder = _Builder(file)
    try:
        return builder.build(text), builder.problems
    except _Stop:
        return None, builder.problems
    except yaml.YAMLError as error:
        builder.problems.append(_yaml_problem(error, text, file))
        return None, builder.problems


def _decode(data: bytes, file: str) -> tuple[str, Problem | None]:
    def problem(code: str, message: str, hint: str, line: int = 1, column: int = 1) -> tuple[str, Problem]:
        return "", Problem(code, message, file=file, line=line, column=column, hint=hint)

    if len(data) > MAX_BYTES:
        return problem("F3", f"the file is {len(data):,} bytes", f"A programme is at most {MAX_BYTES:,} bytes.")
    if data[:2] in _UTF16:
        return problem("F4", "the file is written as UTF-16", "Save it as UTF-8.")
    if b"\0" in data:
        return problem("F4", "this is not a text file", "A programme is a YAML file, written as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return problem("F4", message, "Save the file as UTF-8.", before.count(b"\n") + 1, column)
    if control := CONTROL.search(text):
        line, column = text.count("\n", 0, control.start()) + 1, control.start() - text.rfind("\n", 0, control.start())
        what = f"the character U+{ord(control[0]):04X} cannot be seen and is not allowed"
        return problem("F5", what, "It comes with text pasted from elsewhere: type the place anew.", line, column)
    if not text.strip():
        return problem("F2", "the file is empty", "Start from `campaign new`, or from a file in schedules/.")
    return text, None


class _Builder:
    """Builds the tree from the parser's events, never deeper than MAX_DEPTH."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.nodes = 0

    def problem(self, code: str, message: str, place: yaml.Event | Node, hint: str = "") -> None:
        """Note a problem at a place of the file."""
        line, column = (place.line, place.column) if isinstance(place, Node) else _place(place)
        self.problems.append(Problem(code, message, hint=hint, file=self.file, line=line, column=column))

    def build(self, text: str) -> Node:
        """The root of the one document."""
        loader = _Loader(text)
        try:
            return self._document(loader.get_event)
        finally:
            loader.dispose()

    def _document(self, next_event: Callable[[], yaml.Event]) -> Node:
        next_event()
        start = next_event()
        if not isinstance(start, yaml.DocumentStartEvent):
            self.problem("F2", "the file holds no programme", start, "It has nothing but comments.")
            raise _Stop
        root = self._node(next_event(), next_event, 0)
        next_event()
        after = next_event()
        if isinstance(after, yaml.DocumentStartEvent):
            self.problem("Y5", "a second document begins here", after, "One file holds one programme.")
        return root

    def _node(self, event: yaml.Event, next_event: Callable[[], yaml.Event], depth: int) -> Node:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            what = f"more than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"more than {MAX_NODES:,} values"
            self.problem("Y6", f"the file has {what}", event, "No programme is. Is a bracket not closed?")
            raise _Stop
        node = Node("text", *_place(event))
        if isinstance(event, yaml.AliasEvent):
            self.problem("Y3", f"'*{event.anchor}' repeats another part of the file", event, "Write it out in full.")
            return node
        self._plain(event)
        if isinstance(event, yaml.ScalarEvent):
            node.text = event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            node.kind = "list"
            while not isinstance(item := next_event(), yaml.SequenceEndEvent):
                node.items.append(self._node(item, next_event, depth + 1))
        else:
            node.kind = "mapping"
            while not isinstance(key := next_event(), yaml.MappingEndEvent):
                self._pair(node, self._node(key, next_event, depth + 1), next_event, depth)
        return node

    def _pair(self, mapping: Node, key: Node, next_event: Callable[[], yaml.Event], depth: int) -> None:
        value = self._node(next_event(), next_event, depth + 1)
        if key.kind != "text":
            self.problem("Y7", "a key must be a single word", key, "A '{' or '[' at the start of a text needs quotes.")
        elif key.text in mapping.pairs:
            first = mapping.pairs[key.text][0]
            self.problem("Y2", f"'{key.text}' is here twice", key, f"The first is in line {first.line}.")
        else:
            mapping.pairs[key.text] = (key, value)

    def _plain(self, event: yaml.Event) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor:
            self.problem("Y3", f"'&{anchor}' names a part to repeat", event, "Write each part out in full.")
        if tag and tag != "!":
            self.problem("Y4", f"the tag '{tag}' is not allowed", event, "Write the text without it.")


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _yaml_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    lines = text.splitlines()
    row = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in row[: max(column, 1)]:
        return Problem("Y1", "a tab indents this line", file=file, line=line, column=row.index("\t") + 1,
                       hint="Use spaces.")  # fmt: skip
    what = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "the file is not YAML")
    hint = "A text with ': ', '#', '{', '[' or a quote at its start needs quotes round it."
    return Problem("Y1", f"this is not YAML: {what}", file=file, line=line, column=column, hint=hint)
