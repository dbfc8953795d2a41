"""What differs between two programmes, or two revisions of one, in the words that people use for its parts."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from campaign.model import Programme
from campaign.programme.importing.paths import Leaf, leaves
from campaign.programme.writing import day_words, to_tree

Kind = Literal["added", "removed", "changed"]

NOUNS = {
    "resources": "Resource", "posts": "Post", "mailings": "Email", "organisations": "Organisation", "areas": "Area",
    "area_groups": "Group of areas", "audiences": "Audience", "channels": "Channel", "days": "Day", "files": "File",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `item` is what it belongs to in words, `part` which of its values (empty: all of it)."""

    kind: Kind
    item: str
    part: str
    before: str
    after: str
    path: str

    def __str__(self) -> str:
        name = f"{self.item}: {self.part}" if self.part else self.item
        if self.kind == "changed":
            return f"{name} was {_quote(self.before)}, is {_quote(self.after)}"
        held = self.after if self.kind == "added" else self.before
        return f"{name} {self.kind}{f': {_quote(held)}' if held else ''}"


def differences(
    before: Programme, after: Programme, *, files: tuple[Mapping[str, bytes], Mapping[str, bytes]] = ({}, {})
) -> list[Difference]:
    """Every difference, in the order of the file. `files` are the bodies, templates and images of each, by name."""
    return [*tree_differences(to_tree(before), to_tree(after)), *_files(*files)]


def tree_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """`differences` of two programme files as nested text."""
    old, new = leaves(before), leaves(after)
    items = [item_of(path) for path in [*old, *new]]
    found: list[Difference] = []
    for item in dict.fromkeys(items):
        was = {path: value for path, value in old.items() if item_of(path) == item}
        now = {path: value for path, value in new.items() if item_of(path) == item}
        found.extend(_of_item(item, was, now))
    return found


def _of_item(item: str, was: Mapping[str, Leaf], now: Mapping[str, Leaf]) -> Iterator[Difference]:
    if not was or not now:
        held = was or now
        kind: Kind = "added" if now else "removed"
        told = (said(value) for path, value in held.items() if path.rpartition(".")[2] in {"title", "subject", "text"})
        title = next(told, "")
        title = title or (said(next(iter(held.values()))) if len(held) == 1 else "")
        yield Difference(kind, item_words(item), "", title if was else "", title if now else "", item)
        return
    for path in dict.fromkeys([*was, *now]):
        if was.get(path) != now.get(path):
            kind = "changed" if path in was and path in now else "added" if path in now else "removed"
            part = path[len(item) + 1 :]
            yield Difference(kind, item_words(item), _part_words(part), said(was.get(path)), said(now.get(path)), path)


def item_of(path: str) -> str:
    """The part of a path that names the thing a value belongs to."""
    parts = path.split(".")
    if parts[0] == "days" and len(parts) > 3 and parts[2] == "themes":
        return ".".join(parts[:4])
    return ".".join(parts[:2]) if parts[0] in NOUNS else parts[0]


def item_words(item: str) -> str:
    """A thing of the programme in words: `posts.tue-launch` is Post tue-launch."""
    parts = item.split(".")
    if len(parts) == 4:
        return f"{day_words(parts[1])}, theme {parts[3]}"
    if parts[0] == "days":
        return day_words(parts[1])
    return f"{NOUNS[parts[0]]} {parts[1]}" if len(parts) == 2 and parts[0] in NOUNS else item.capitalize()


def _part_words(part: str) -> str:
    return part.replace("_", " ").replace(".", ", ")


def said(value: Leaf | None) -> str:
    """A value on one line."""
    text = ", ".join(value) if isinstance(value, tuple) else value or ""
    return " ".join(text.split())


def _quote(text: str) -> str:
    return f"'{text}'" if text else "empty"


def _files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Difference]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        kind: Kind = "added" if old is None else "removed" if new is None else "changed"
        yield Difference(kind, f"File {name}", "", *_texts(old or b"", new or b""), f"files.{name}")


def _texts(old: bytes, new: bytes) -> tuple[str, str]:
    """The lines that differ, of two texts; their sizes, of two images."""
    try:
        was, now = old.decode().splitlines(), new.decode().splitlines()
    except UnicodeDecodeError:
        return f"{len(old):,} bytes", f"{len(new):,} bytes"
    steps = [line for line in difflib.ndiff(was, now) if line[:2] in {"- ", "+ "}]
    gone, come = (" / ".join(line[2:].strip() for line in steps if line[0] == sign) for sign in "-+")
    return gone, come


def side_by_side(found: list[Difference], *, width: int = 110) -> str:
    """The differences as text in two columns, before and after, under what each belongs to."""
    half = (width - 3) // 2
    lines: list[str] = []
    for difference in found:
        sign = {"added": "+", "removed": "-", "changed": "~"}[difference.kind]
        lines.append(f"{sign} {difference.item}{f': {difference.part}' if difference.part else ''}")
        left, right = _wrapped(difference.before, half - 2), _wrapped(difference.after, half - 2)
        for number in range(max(len(left), len(right))):
            one = left[number] if number < len(left) else ""
            other = right[number] if number < len(right) else ""
            lines.append(f"  {one:<{half - 2}} | {other}".rstrip())
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width) if text else []
