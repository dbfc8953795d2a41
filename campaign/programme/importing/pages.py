"""Saved web pages as blocks."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

from campaign.programme.importing.blocks import Block
from campaign.sheets import tidy

SKIPPED = frozenset(
    {"script", "style", "nav", "footer", "noscript", "svg", "form", "head", "template", "aside", "button", "del"}
)
BLOCKS = frozenset({"p", "div", "section", "article", "main", "ul", "ol", "blockquote", "table", "tbody", "thead", "dl",
                    "dt", "dd", "figure", "figcaption", "header"})  # fmt: skip
_DEEP = 500
#: The sign before an item of a list that is none in the page, as Word writes them.
_BULLET = re.compile(r"(?m)^[\u00b7\u2022\u25cf\u25aa]\s+")
#: Where a page says its own address, and how far into it that is looked for.
_HEAD = 50_000
_BASE = re.compile(r"""<base\b[^>]*?\bhref\s*=\s*["']?(https?://[^"'\s>]+)""", re.I)
_SAVED = re.compile(r"<!-- saved from url=\(\d+\)(https?://[^\s>]+) -->")
_CANONICAL = re.compile(
    r"""<link\b[^>]*?\brel\s*=\s*["']?canonical["']?[^>]*?\bhref\s*=\s*["']?(https?://[^"'\s>]+)""", re.I
)
_CANONICAL_TOO = re.compile(
    r"""<link\b[^>]*?\bhref\s*=\s*["']?(https?://[^"'\s>]+)["']?[^>]*?\brel\s*=\s*["']?canonical""", re.I
)


def html_blocks(text: str, base: str = "") -> list[Block]:
    """Blocks of a saved page: what is hidden, and what surrounds the words on every page of a site, is left out."""
    reader = _Page(_base(text) or base)
    reader.feed(text)
    reader.close()
    reader.flush("para")
    return reader.found


def _number(said: str | None) -> int:
    return min(int(said), 1000) if said and said.isascii() and said.isdecimal() and int(said) else 1


def _base(text: str) -> str:
    """The address that the page's own short links begin with: as it says itself, or as a browser noted it on top."""
    for pattern in (_BASE, _SAVED, _CANONICAL, _CANONICAL_TOO):
        found = pattern.search(text[:_HEAD])
        if found:
            return html.unescape(found.group(1))
    return ""


class _Page(HTMLParser):
    """Gathers the words of a page. Rows hold their cells' words, with the links in them.

    `base` is the page's own address, "" where it is not known: then its short links stay as they are.
    """

    def __init__(self, base: str = "") -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.found: list[Block] = []
        self.words: list[str] = []
        self.line = 1
        self.skipping: list[str] = []
        self.kind = "para"
        self.level = 0
        self.cells: list[str] | None = None
        self.links: list[tuple[str, int]] = []
        #: Cells that go on in the rows below, by column: for how many rows still, and their words.
        self.above: dict[int, tuple[int, str]] = {}
        self.column, self.span = 0, (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        hidden = (
            "hidden" in given
            or given.get("aria-hidden") == "true"
            or "display:none" in (given.get("style") or "").replace(" ", "")
        )
        if tag in SKIPPED or self.skipping or (hidden and tag in BLOCKS | {"span"}):
            if tag not in _VOID and len(self.skipping) < _DEEP:
                self.skipping.append(tag)
        elif tag == "a":
            self.links.append((given.get("href") or "", len(self.words)))
        elif tag == "br":
            self._break()
        elif tag == "tr":
            self.flush("para")
            self.cells, self.column, self.line = [], 0, self.getpos()[0]
        elif tag in {"td", "th"}:
            self.words.clear()
            self._from_above()
            self.span = _number(given.get("rowspan")), _number(given.get("colspan"))
        elif tag == "table" and self.cells is None:
            self._break()
            self.above.clear()
        elif re.fullmatch(r"h[1-6]", tag) and self.cells is None:
            self.flush("para")
            self.kind, self.level, self.line = "heading", int(tag[1]), self.getpos()[0]
        elif tag == "li" and self.cells is None:
            self.flush("para")
            self.kind, self.line = "item", self.getpos()[0]
        elif tag in BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if self.skipping:
            if tag in self.skipping:
                del self.skipping[len(self.skipping) - 1 - self.skipping[::-1].index(tag) :]
        elif tag == "a" and self.links:
            href, start = self.links.pop()
            words = " ".join("".join(self.words[start:]).split())
            if words and href and not href.lower().startswith("javascript:"):
                pad = " " if start < len(self.words) and self.words[start][:1].isspace() else ""
                self.words[start:] = [f"{pad}[{words}]({self._whole(href.strip()).replace(' ', '%20')})"]
        elif tag in {"td", "th"} and self.cells is not None:
            self.cells.append(self._taken())
            rows, columns = self.span
            if rows > 1:
                self.above[self.column] = rows - 1, self.cells[-1]
            self.column, self.span = self.column + columns, (1, 1)
        elif tag == "tr" and self.cells is not None:
            self._from_above()
            cells, self.cells = tuple(self.cells), None
            if any(cells):
                self.found.append(Block("row", " ".join(cells), self.line, cells=cells))
        elif re.fullmatch(r"h[1-6]", tag) or tag == "li" or tag in BLOCKS:
            if self.cells is None:
                self.flush(self.kind)
            else:
                self._break()

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            if not self.words and data.strip():
                self.line = self.getpos()[0] if self.kind == "para" and self.cells is None else self.line
            self.words.append(re.sub(r"\s+", " ", data))

    def _from_above(self) -> None:
        """Give the row the cells that go on from the rows above, up to the next of its own."""
        while self.cells is not None and self.column in self.above:
            left, words = self.above.pop(self.column)
            self.cells.append(words)
            if left > 1:
                self.above[self.column] = left - 1, words
            self.column += 1

    def _whole(self, href: str) -> str:
        try:
            return urljoin(self.base, href) if self.base and not href.startswith("#") else href
        except ValueError:
            return href

    def _break(self) -> None:
        if self.cells is None and self.kind == "para":
            self.flush("para")
        else:
            self.words.append("\n")

    def _taken(self) -> str:
        text = tidy(re.sub(r" *\n[ \n]*", "\n", "".join(self.words)))
        self.words.clear()
        text = _BULLET.sub("- ", text)
        return re.sub(r" +([,.;:)])", r"\1", re.sub(r"  +", " ", text))

    def flush(self, kind: str) -> None:
        """End the block that is open."""
        if self.cells is None:
            text = " ".join(self._taken().split())
            if text.startswith("- ") and self.kind == kind == "para":
                self.found.append(Block("item", text[2:], self.line))
            elif text:
                self.found.append(Block(self.kind if kind == self.kind else kind, text, self.line, self.level))  # type: ignore[arg-type]
            self.kind, self.level = "para", 0


_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
