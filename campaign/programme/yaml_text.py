"""Writes nested text as YAML that people like to read, with comments, and that any YAML reader takes as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
    lines = [f"# {line}".rstrip() for line in head]
    for key, value in tree.items():
        if key in SECTIONS:
            lines += ["", f"# {SECTIONS[key]}"] if lines else [f"# {SECTIONS[key]}"]
        lines.extend(_pair(key, value, 0, key, notes))
    return "\n".join(lines) + "\n"


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


def _pair(key: str, value: Any, indent: int, path: str, notes: Notes) -> Iterator[str]:
    pad = " " * indent
    for note in notes.get(path, ()):
        yield from _comment(note, pad)
    name = quoted(key)
    if isinstance(value, str):
        yield from _text(f"{pad}{name}:", value, indent)
    elif not value:
        yield f"{pad}{name}: {'[]' if isinstance(value, list) else '{}'}"
    elif isinstance(value, list):
        yield from _list(name, value, indent, path, notes)
    else:
        yield from _group(name, value, indent, path, notes)


def _comment(note: str, pad: str) -> Iterator[str]:
    words = " ".join(note.split())
    while words:
        room = WIDTH - len(pad) - 2
        cut = words if len(words) <= room else words[: words.rfind(" ", 0, room) if " " in words[:room] else room]
        yield f"{pad}# {cut}"
        words = words[len(cut) :].strip()


def _text(lead: str, text: str, indent: int) -> Iterator[str]:
    blocky = "\n" in text and not _UNPRINTABLE.search(text) and text == text.strip() and "\n " not in text[:2]
    if not blocky:
        yield f"{lead} {quoted(text)}"
        return
    yield f"{lead} |-" if lead.endswith(":") else f"{lead}|-"
    pad = " " * (indent + 2)
    yield from (f"{pad}{line}" if line else "" for line in text.split("\n"))


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value, flow=True)
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return "{" + ", ".join(f"{quoted(key, flow=True)}: {_flow(each)}" for key, each in value.items()) + "}"


def _list(name: str, items: list[Any], indent: int, path: str, notes: Notes) -> Iterator[str]:
    pad = " " * indent
    noted = any(note.startswith(f"{path}.") for note in notes)
    if all(isinstance(item, str) for item in items) and not noted:
        line = f"{pad}{name}: {_flow(items)}"
        if len(line) <= WIDTH or all(len(item) < 40 for item in items):
            yield line
            return
    yield f"{pad}{name}:"
    for number, item in enumerate(items):
        place = f"{path}.{number}"
        for note in notes.get(place, ()):
            yield from _comment(note, pad + "  ")
        if isinstance(item, str):
            yield from _text(f"{pad}  -", item, indent + 2) if "\n" not in item else [f"{pad}  - {quoted(item)}"]
        elif _fits(name, item, place, notes, indent + 4):
            yield f"{pad}  - {_flow(item)}"
        else:
            yield from _dashed(item, indent + 2, place, notes)


def _dashed(item: Mapping[str, Any], indent: int, path: str, notes: Notes) -> Iterator[str]:
    """A group as a list's item: its first line begins with the dash, and notes on its first key go above."""
    pad = " " * indent
    lines = [line for key, value in item.items() for line in _pair(key, value, indent + 2, f"{path}.{key}", notes)]
    while lines and lines[0].lstrip().startswith("#"):
        yield pad + lines.pop(0).lstrip()
    first, *rest = lines
    yield f"{pad}- {first.lstrip()}"
    yield from rest


def _group(name: str, value: Mapping[str, Any], indent: int, path: str, notes: Notes) -> Iterator[str]:
    pad = " " * indent
    if _fits(path.rpartition(".")[2] if indent else "", value, path, notes, indent + len(name) + 2):
        yield f"{pad}{name}: {_flow(value)}"
        return
    yield f"{pad}{name}:"
    parent = path.rpartition(".")[2]
    for key, each in value.items():
        place = f"{path}.{key}"
        if isinstance(each, Mapping) and indent == 0 and _fits(parent, each, place, notes, indent + len(key) + 4):
            yield from (line for note in notes.get(place, ()) for line in _comment(note, pad + "  "))
            yield f"{pad}  {quoted(key)}: {_flow(each)}"
        else:
            lines = list(_pair(key, each, indent + 2, place, notes))
            if indent == 0 and parent != "campaign" and len(lines) > 2 and key != next(iter(value)):
                yield ""
            yield from lines


def _fits(name: str, value: Any, path: str, notes: Notes, indent: int) -> bool:
    if name not in FLOWING or not isinstance(value, Mapping) or any(note.startswith(f"{path}.") for note in notes):
        return False
    line = _flow(value)
    return len(line) + indent <= WIDTH and "\\n" not in line
