"""Writes nested text as YAML that people like to read, with comments, and that any YAML reader takes as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Notes = Mapping[str, Sequence[str]]

WIDTH = 118
_PLAIN = re.compile(r"[A-Za-z0-9/£(][^\n\r\t\"]*")
_NOT_TEXT = re.compile(
    r"[-+]?(?:\d[\d_,]*)?\.?\d+(?:[eE][-+]?\d+)?|0x[0-9a-fA-F]+|0o[0-7]+|\d+(?::[0-5]?\d)+(?:\.\d*)?"
    r"|y|n|yes|no|on|off|true|false|null|~|nan|inf",
    re.IGNORECASE,
)
_KNOWN = re.compile(r"true|false|[1-9][0-9]{0,8}")
_UNPRINTABLE = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029\xa0]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ESCAPED = re.compile('[\\\\"\n\t\r\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')

FLOWING = frozenset(
    {"contact", "one_thing", "late_ok", "logo", "images", "holds", "overrides", "channels", "audiences"}
)
"""Keys whose groups are written on one line where they fit."""

SECTIONS = {
    "campaign": "The campaign itself. It stays a draft until `status: ready`; times are those of the wall clock.",
    "organisations": "Partner bodies.",
    "areas": "Places, by short name.",
    "area_groups": "Names for several areas, usable wherever an area is.",
    "audiences": "Whom the campaign is for.",
    "channels": "What the programme speaks to; the installation says whether each is live, and holds its secrets.",
    "resources": "What is linked to. `approval` is what its owners have said; nothing pending is linked.",
    "days": "The days: each page unlocks at its time.",
    "posts": "Social messages. Each goes once; its name here is what keeps it from going twice.",
    "mailings": "Emails to lists.",
}


def emit(tree: Mapping[str, Any], notes: Notes, head: Sequence[str] = ()) -> str:
    """The file: comments of `head`, then each section under a sentence about it."""
    writer = _Writer(notes, [f"# {_UNPRINTABLE.sub(' ', line)}".rstrip() for line in head])
    for key, value in tree.items():
        if key in SECTIONS:
            writer.lines += ["", f"# {SECTIONS[key]}"] if writer.lines else [f"# {SECTIONS[key]}"]
        writer.pair(key, value, 0, key)
    return "\n".join(writer.lines) + "\n"


def quoted(text: str, *, flow: bool = False) -> str:
    """One line of text as a YAML scalar: plain where no reader could take it for anything else, else in quotes."""
    plain = _PLAIN.fullmatch(text) and text == text.strip() and not _NOT_TEXT.fullmatch(text)
    if plain and ": " not in text and " #" not in text and not text.endswith(":") and not _UNPRINTABLE.search(text):
        plain = None if flow and re.search(r"[\[\]{},:?]", text) else plain
        if plain:
            return text
    if _KNOWN.fullmatch(text):
        return text
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    sign = match.group()
    return _ESCAPES.get(sign) or (f"\\x{ord(sign):02x}" if ord(sign) < 256 else f"\\u{ord(sign):04x}")


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value, flow=True)
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return "{" + ", ".join(f"{quoted(key, flow=True)}: {_flow(each)}" for key, each in value.items()) + "}"


class _Writer:
    """Gathers the lines. `noted` are paths below which a note stands, so that no group is folded over one."""

    def __init__(self, notes: Notes, lines: list[str]) -> None:
        self.notes = notes
        self.lines = lines
        self.noted: set[str] = set()
        for path in notes:
            parts = path.split(".")
            self.noted.update(".".join(parts[:size]) for size in range(1, len(parts)))

    def comment(self, path: str, pad: str) -> None:
        for note in self.notes.get(path, ()):
            words = " ".join(_UNPRINTABLE.sub(" ", note).split())
            while words:
                room = WIDTH - len(pad) - 2
                cut = (
                    words if len(words) <= room else words[: words.rfind(" ", 0, room) if " " in words[:room] else room]
                )
                self.lines.append(f"{pad}# {cut}")
                words = words[len(cut) :].strip()

    def pair(self, key: str, value: Any, indent: int, path: str) -> None:
        pad = " " * indent
        self.comment(path, pad)
        name = quoted(key)
        if isinstance(value, str):
            self.text(f"{pad}{name}:", value, indent)
        elif not value:
            self.lines.append(f"{pad}{name}: {'[]' if isinstance(value, list) else '{}'}")
        elif isinstance(value, list):
            self.list(name, value, indent, path)
        else:
            self.group(name, value, indent, path)

    def text(self, lead: str, text: str, indent: int) -> None:
        if "\n" not in text or _UNPRINTABLE.search(text) or text != text.strip():
            self.lines.append(f"{lead} {quoted(text)}")
            return
        self.lines.append(f"{lead} |-")
        pad = " " * (indent + 2)
        self.lines.extend(f"{pad}{line}" if line else "" for line in text.split("\n"))

    def list(self, name: str, items: Sequence[Any], indent: int, path: str) -> None:
        pad = " " * indent
        if path not in self.noted and all(isinstance(item, str) for item in items):
            line = f"{pad}{name}: {_flow(items)}"
            if len(line) <= WIDTH or all(len(item) < 40 for item in items):
                self.lines.append(line)
                return
        self.lines.append(f"{pad}{name}:")
        for number, item in enumerate(items):
            place = f"{path}.{number}"
            self.comment(place, pad + "  ")
            if isinstance(item, str):
                self.lines.append(f"{pad}  - {quoted(item)}")
            elif self.fits(name, item, place, indent + 4):
                self.lines.append(f"{pad}  - {_flow(item)}")
            else:
                self.dashed(item, indent + 2, place)

    def dashed(self, item: Mapping[str, Any], indent: int, path: str) -> None:
        """A group as a list's item: its first line begins with the dash, and notes on its first key go above."""
        start = len(self.lines)
        for key, value in item.items():
            self.pair(key, value, indent + 2, f"{path}.{key}")
        while start < len(self.lines) - 1 and self.lines[start].lstrip().startswith("#"):
            self.lines[start] = self.lines[start][2:]
            start += 1
        self.lines[start] = f"{' ' * indent}- {self.lines[start].lstrip()}"

    def group(self, name: str, value: Mapping[str, Any], indent: int, path: str) -> None:
        pad = " " * indent
        parent = path.rpartition(".")[2]
        if indent and self.fits(parent, value, path, indent + len(name) + 2):
            self.lines.append(f"{pad}{name}: {_flow(value)}")
            return
        self.lines.append(f"{pad}{name}:")
        for key, each in value.items():
            place = f"{path}.{key}"
            if indent == 0 and self.fits(parent, each, place, len(key) + 4):
                self.comment(place, pad + "  ")
                self.lines.append(f"{pad}  {quoted(key)}: {_flow(each)}")
                continue
            start = len(self.lines)
            self.pair(key, each, indent + 2, place)
            if indent == 0 and parent != "campaign" and len(self.lines) - start > 2 and key != next(iter(value)):
                self.lines.insert(start, "")

    def fits(self, name: str, value: Any, path: str, indent: int) -> bool:
        if name not in FLOWING or not isinstance(value, Mapping) or path in self.noted:
            return False
        line = _flow(value)
        return len(line) + indent <= WIDTH and "\\n" not in line
