"""What a reader sees of an email's HTML: words with their colours and sizes, images, and what it would load."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from campaign.render.palette import contrast

_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_SILENT = frozenset({"head", "script", "style", "title"})
#: What mail apps block, strip or warn of.
ACTIVE = frozenset({"audio", "base", "button", "embed", "form", "iframe", "input", "object", "script", "video"})
_PX = re.compile(r"^(\d+(?:\.\d+)?)px$")
_HEX = re.compile(r"^#(?:[0-9a-f]{3}|[0-9a-f]{6})$")
_NAMED = {"white": "#ffffff", "black": "#000000"}
_REMOTE = re.compile(r"@import|@font-face|url\(\s*['\"]?https?:", re.IGNORECASE)
LARGE, LARGE_BOLD = 24.0, 18.66
#: Words up to this size are read in lines; larger ones are headings.
BODY = 17.0


@dataclass(frozen=True, slots=True)
class Style:
    """How words look at one place: colours as `#rrggbb` ("" unknown), sizes in CSS pixels (0 unknown)."""

    colour: str = "#000000"
    ground: str = "#ffffff"
    size: float = 16.0
    line: float = 0.0
    bold: bool = False
    align: str = ""
    hidden: bool = False


@dataclass(slots=True)
class Look:
    """What was found in one email's HTML."""

    words: list[str] = field(default_factory=list)
    pale: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    tight: list[str] = field(default_factory=list)
    shifted: list[str] = field(default_factory=list)
    bare_links: list[str] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)
    scheme: bool = False


def look(html: str) -> Look:
    """Read an email's HTML as far as its inline styles say how it looks."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.look


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.look = Look()
        self._open: list[tuple[str, Style]] = []

    @property
    def _style(self) -> Style:
        return self._open[-1][1] if self._open else Style()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        rules = _rules(given.get("style", ""))
        if tag in ACTIVE:
            self.look.active.append(tag)
        if (tag == "link" and "stylesheet" in given.get("rel", "")) or _REMOTE.search(given.get("style", "")):
            self.look.remote.append(tag)
        if tag == "meta" and given.get("name", "").lower() == "color-scheme":
            self.look.scheme = True
        if tag == "img":
            self.look.images.append(given)
        if tag == "a" and rules.get("text-decoration", "") == "none" and "background" not in rules:
            self.look.bare_links.append(given.get("href", ""))
        if tag not in _VOID:
            self._open.append((tag, _inside(self._style, tag, given, rules)))

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if any(tag == "style" for tag, _ in self._open) and _REMOTE.search(data):
            self.look.remote.append("style")
        if not text or not re.search(r"\w", text) or any(tag in _SILENT for tag, _ in self._open):
            return
        style = self._style
        if style.hidden:
            return
        self.look.words += re.findall(r"\w+", text)
        if style.colour and style.ground and contrast(style.colour, style.ground) < _needed(style):
            self.look.pale.append(text)
        if 0 < style.size < 16:
            self.look.small.append(text)
        if 0 < style.line < 1.45 * style.size and style.size <= BODY:
            self.look.tight.append(text)
        if style.align in {"center", "right", "justify"} and len(text) > 60:
            self.look.shifted.append(text)


def _needed(style: Style) -> float:
    large = style.size >= LARGE or (style.bold and style.size >= LARGE_BOLD)
    return 3.0 if large else 4.5


def _rules(style: str) -> dict[str, str]:
    found = (part.partition(":") for part in style.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, mark, value in found if mark}


def _inside(outer: Style, tag: str, given: dict[str, str], rules: dict[str, str]) -> Style:
    """How words look within an element."""
    ground = rules.get("background-color") or rules.get("background") or given.get("bgcolor", "")
    size = _pixels(rules.get("font-size", ""), outer.size)
    link = tag == "a" and "color" not in rules  # each mail app has a colour of its own for links
    return Style(
        colour="" if link else _colour(rules.get("color", ""), outer.colour),
        ground=_colour(ground, outer.ground),
        size=size,
        line=_pixels(rules.get("line-height", ""), outer.line, size),
        bold=outer.bold or tag in {"b", "strong", "h1", "h2", "h3", "h4"},
        align=rules.get("text-align") or given.get("align") or outer.align,
        hidden=outer.hidden or rules.get("display") == "none",
    )


def _colour(said: str, outer: str) -> str:
    said = _NAMED.get(said.strip().lower(), said.strip().lower())
    if not said or said in {"inherit", "transparent", "none"}:
        return outer
    if not _HEX.match(said):
        return ""  # a picture, a gradient, another notation: not judged
    return said if len(said) == 7 else "#" + "".join(sign * 2 for sign in said[1:])


def _pixels(said: str, outer: float, unit: float = 0.0) -> float:
    if not said:
        return outer
    if found := _PX.match(said):
        return float(found[1])
    if unit and re.fullmatch(r"\d+(?:\.\d+)?", said):
        return float(said) * unit
    return 0.0
