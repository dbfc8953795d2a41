"""Saved web pages and Word files as blocks."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from campaign.errors import FileError, Problem
from campaign.programme.importing.blocks import Block, line_block
from campaign.sheets import LIMITS, tidy

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

SKIPPED = frozenset(
    {"script", "style", "nav", "footer", "noscript", "svg", "form", "head", "template", "aside", "button"}
)
BLOCKS = frozenset({"p", "div", "section", "article", "main", "ul", "ol", "blockquote", "table", "tbody", "thead", "dl",
                    "dt", "dd", "figure", "figcaption", "header"})  # fmt: skip
_DEEP = 500


def html_blocks(text: str) -> list[Block]:
    """Blocks of a saved page: what is hidden, and what surrounds the words on every page of a site, is left out."""
    reader = _Page()
    reader.feed(text)
    reader.close()
    reader.flush("para")
    return reader.found


class _Page(HTMLParser):
    """Gathers the words of a page. Rows hold their cells' words, with the links in them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block] = []
        self.words: list[str] = []
        self.line = 1
        self.skipping: list[str] = []
        self.kind = "para"
        self.level = 0
        self.cells: list[str] | None = None
        self.links: list[tuple[str, int]] = []

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
            self.cells, self.line = [], self.getpos()[0]
        elif tag in {"td", "th"}:
            self.words.clear()
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
                self.words[start:] = [f"{pad}[{words}]({href.strip().replace(' ', '%20')})"]
        elif tag in {"td", "th"} and self.cells is not None:
            self.cells.append(self._taken())
        elif tag == "tr" and self.cells is not None:
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

    def _break(self) -> None:
        if self.cells is None and self.kind == "para":
            self.flush("para")
        else:
            self.words.append("\n")

    def _taken(self) -> str:
        text = tidy(re.sub(r" *\n[ \n]*", "\n", "".join(self.words)))
        self.words.clear()
        return re.sub(r" +([,.;:)])", r"\1", re.sub(r"  +", " ", text))

    def flush(self, kind: str) -> None:
        """End the block that is open."""
        if self.cells is None:
            text = " ".join(self._taken().split())
            if text:
                self.found.append(Block(self.kind if kind == self.kind else kind, text, self.line, self.level))  # type: ignore[arg-type]
            self.kind, self.level = "para", 0


_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


def docx_blocks(data: bytes, name: str) -> list[Block]:
    """Blocks of a Word file in reading order, paragraphs and tables; lines count paragraphs. Raises FileError."""
    from docx import Document

    broken = FileError(
        Problem(
            "IMPORT",
            "the Word file is damaged and cannot be read.",
            file=name,
            hint="Open it in Word and save it again.",
        )
    )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(info.file_size for info in archive.infolist() if info.filename.endswith((".xml", ".rels")))
            if len(archive.infolist()) > LIMITS.parts or unpacked > max(LIMITS.ratio * len(data), 16 * 1024 * 1024):
                raise FileError(Problem("IMPORT", "the file unpacks as a zip bomb does; it is not read.", file=name))
            for info in archive.infolist():
                if info.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(info)[:4096]:
                    raise FileError(
                        Problem("IMPORT", "the file holds a document type declaration; it is not read.", file=name)
                    )
        document: Any = Document(io.BytesIO(data))
        return list(_docx(document.iter_inner_content()))
    except FileError:
        raise
    except Exception as error:  # python-docx and lxml raise many kinds for a broken file
        raise broken from error


def _docx(content: Iterator[Paragraph | Table]) -> Iterator[Block]:
    number = 0
    for held in content:
        if hasattr(held, "rows"):
            for row in held.rows:
                number += 1
                cells: list[str] = []
                seen: set[int] = set()
                for cell in row.cells:
                    if id(cell._tc) not in seen:  # a merged cell is listed once for each column
                        seen.add(id(cell._tc))
                        cells.append("\n".join(filter(None, (_words(each) for each in cell.paragraphs))))
                if any(cells):
                    yield Block("row", " ".join(cells), number, cells=tuple(cells))
            continue
        number += 1
        text = _words(held)
        style = (held.style.name or "") if held.style is not None else ""
        if not text:
            continue
        if style.startswith("Heading") or style == "Title":
            yield Block("heading", text, number, int(style[-1]) if style[-1:].isdigit() else 1)
        else:
            block = line_block(text, number)
            yield Block("item", text, number) if style.startswith("List") and block.kind != "row" else block


def _words(paragraph: Paragraph) -> str:
    pieces: list[str] = []
    for part in paragraph.iter_inner_content():
        address = getattr(part, "url", "") or ""
        words = " ".join(part.text.split()) if address else part.text
        pieces.append(f"[{words}]({address})" if address and words else part.text)
    return tidy("".join(pieces))
