"""Word files as blocks: what a reader sees of them, wherever in the file it stands.

python-docx gives the runs and hyperlinks that lie directly in a paragraph. The words of content controls, fields,
smart tags, tracked insertions and text boxes lie deeper, so that the parts of ISO/IEC 29500 are walked here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from campaign.errors import FileError, Problem
from campaign.programme.importing.blocks import Block, line_block
from campaign.sheets import LIMITS, tidy

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
P, TABLE, ROW, CELL, BOX = f"{_W}p", f"{_W}tbl", f"{_W}tr", f"{_W}tc", f"{_W}txbxContent"
#: What a reader does not see: text taken out or moved away by a tracked change, and the doubles of drawings.
UNSEEN = frozenset({f"{_W}del", f"{_W}moveFrom", _FALLBACK, BOX})
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-", f"{_W}ptab": "\t"}
_TRACKED = frozenset({f"{_W}ins", f"{_W}del", f"{_W}moveFrom", f"{_W}moveTo"})
_ADDRESS = re.compile(r'HYPERLINK\s+(?:\\[a-z]\s+)*"([^"]*)"|HYPERLINK\s+([^\s"\\]\S*)', re.I)
CHANGES = "the document has tracked changes that nobody took or refused; all were read as taken. Is that right?"


def docx_blocks(data: bytes, name: str) -> tuple[list[Block], tuple[str, ...]]:
    """Blocks of a Word file in reading order, paragraphs and tables, and questions about the file as a whole.

    Lines count paragraphs, and rows. Raises FileError.
    """
    from docx import Document

    try:
        _guard(data, name)
        document: Any = Document(io.BytesIO(data))
        body = document.element.body
        blocks = list(_Reader(document).blocks(body))
        tracked = any(node.tag in _TRACKED for node in body.iter())
        return blocks, (CHANGES,) if tracked else ()
    except FileError:
        raise
    except Exception as error:  # python-docx and lxml raise many kinds for a broken file
        hint = "Open it in Word and save it again."
        raise FileError(
            Problem("IMPORT", "the Word file is damaged and cannot be read.", file=name, hint=hint)
        ) from error


def _guard(data: bytes, name: str) -> None:
    """Raise FileError for a file that would fill the memory, or that draws on others."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [info for info in archive.infolist() if info.filename.endswith((".xml", ".rels"))]
        unpacked = sum(info.file_size for info in parts)
        if len(archive.infolist()) > LIMITS.parts or unpacked > max(LIMITS.ratio * len(data), 16 * 1024 * 1024):
            raise FileError(Problem("IMPORT", "the file unpacks as a zip bomb does; it is not read.", file=name))
        for info in parts:
            with archive.open(info) as part:
                if b"<!DOCTYPE" in part.read():
                    words = "the file holds a document type declaration; it is not read."
                    raise FileError(Problem("IMPORT", words, file=name))


class _Reader:
    """Reads the body of one document."""

    def __init__(self, document: Any) -> None:
        self._links: Mapping[str, Any] = document.part.rels
        self._styles: dict[str, str] = {style.style_id: style.name or "" for style in document.styles}
        self._number = 0

    def blocks(self, holder: Any) -> Iterator[Block]:
        """The blocks in a body, a content control, or a text box."""
        for node in _within(holder, {P, TABLE}):
            if node.tag == TABLE:
                yield from self._table(node)
                continue
            self._number += 1
            yield from self._paragraph(node)
            for box in _boxes(node):
                yield from self.blocks(box)

    def _paragraph(self, node: Any) -> Iterator[Block]:
        text, number = self.words(node), self._number
        if not text:
            return
        style = self._style(node)
        if style.startswith("Heading") or style == "Title":
            yield Block("heading", text, number, int(style[-1]) if style[-1:].isdigit() else 1)
            return
        block = line_block(text, number)
        listed = style.startswith("List") or node.find(f"{_W}pPr/{_W}numPr") is not None
        yield Block("item", text, number) if listed and block.kind != "row" else block

    def _style(self, node: Any) -> str:
        found = node.find(f"{_W}pPr/{_W}pStyle")
        return self._styles.get(found.get(f"{_W}val", ""), "") if found is not None else ""

    def _table(self, table: Any) -> Iterator[Block]:
        above: dict[int, str] = {}
        for row in _within(table, {ROW}):
            if row.find(f"{_W}trPr/{_W}del") is not None:
                continue
            self._number += 1
            cells = self._cells(row, above)
            if any(cells):
                yield Block("row", " ".join(cells), self._number, cells=cells)

    def _cells(self, row: Any, above: dict[int, str]) -> tuple[str, ...]:
        """The words of each cell; a cell that goes on from the row above has that one's."""
        cells: list[str] = []
        skipped = row.find(f"{_W}trPr/{_W}gridBefore")
        column = _count(skipped) if skipped is not None else 0
        for cell in _within(row, {CELL}):
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            goes_on = merge is not None and merge.get(f"{_W}val", "continue") == "continue"
            text = above.get(column, "") if goes_on else self._cell(cell)
            above[column] = text
            cells.append(text)
            span = cell.find(f"{_W}tcPr/{_W}gridSpan")
            column += max(1, _count(span)) if span is not None else 1
        return tuple(cells)

    def _cell(self, cell: Any) -> str:
        lines = []
        for node in _within(cell, {P, TABLE}):
            if node.tag == TABLE:
                lines += [part for row in _within(node, {ROW}) for part in self._cells(row, {}) if part]
            else:
                lines += [self.words(node), *(self.words(each) for box in _boxes(node) for each in _within(box, {P}))]
        return "\n".join(line for line in lines if line)

    def words(self, paragraph: Any) -> str:
        """The words of a paragraph as a reader sees them, its links as Markdown."""
        pieces: list[str] = []
        fields: list[list[Any]] = []  # of each open field: where its words begin, and its instruction
        for step, node in _walk(paragraph):
            if step == "end":
                self._close(node, pieces, fields)
            elif node.tag == f"{_W}hyperlink":
                fields.append([len(pieces), self._target(node)])
            elif node.tag == f"{_W}fldSimple":
                fields.append([len(pieces), _address(node.get(f"{_W}instr", ""))])
            elif node.tag == f"{_W}fldChar":
                self._field(node, pieces, fields)
            elif node.tag == f"{_W}instrText" and fields:
                fields[-1][1] += node.text or ""
            elif node.tag == f"{_W}t":
                pieces.append(node.text or "")
            elif node.tag in _SIGNS:
                pieces.append(_SIGNS[node.tag])
        return tidy("".join(pieces))

    def _field(self, node: Any, pieces: list[str], fields: list[list[Any]]) -> None:
        kind = node.get(f"{_W}fldCharType", "")
        if kind == "begin":
            fields.append([len(pieces), ""])
        elif kind == "separate" and fields:
            fields[-1][0] = len(pieces)
        elif kind == "end" and fields:
            start, instruction = fields.pop()
            _link(pieces, start, _address(instruction))

    def _close(self, node: Any, pieces: list[str], fields: list[list[Any]]) -> None:
        if node.tag in (f"{_W}hyperlink", f"{_W}fldSimple") and fields:
            start, address = fields.pop()
            _link(pieces, start, address)

    def _target(self, node: Any) -> str:
        relation = self._links.get(node.get(f"{_R}id", ""))
        return str(relation.target_ref) if relation is not None and relation.is_external else ""


def _link(pieces: list[str], start: int, address: str) -> None:
    """Make the pieces from `start` a link, where they and it are something."""
    whole = "".join(pieces[start:])
    words = " ".join(whole.split())
    if words and address and not address.lower().startswith("javascript:"):
        before, after = whole[: len(whole) - len(whole.lstrip())], whole[len(whole.rstrip()) :]
        pieces[start:] = [f"{before}[{words}]({address.strip().replace(' ', '%20')}){after}"]


def _address(instruction: str) -> str:
    found = _ADDRESS.search(instruction)
    return (found.group(1) or found.group(2) or "") if found else ""


def _within(holder: Any, tags: set[str]) -> Iterator[Any]:
    """The nearest parts of these kinds within a part, through content controls and the like, in reading order."""
    for node in holder:
        if node.tag in tags:
            yield node
        elif isinstance(node.tag, str) and node.tag not in UNSEEN:
            yield from _within(node, tags)


def _walk(paragraph: Any) -> Iterator[tuple[str, Any]]:
    """What is seen of a paragraph, each part begun and ended; hidden runs and text boxes are left out."""
    for node in paragraph:
        if not isinstance(node.tag, str) or node.tag in UNSEEN:
            continue
        if node.tag == f"{_W}r" and _hidden(node):
            continue
        yield "begin", node
        yield from _walk(node)
        yield "end", node


def _hidden(run: Any) -> bool:
    mark = run.find(f"{_W}rPr/{_W}vanish")
    return mark is not None and mark.get(f"{_W}val", "true") not in ("0", "false", "off")


def _boxes(paragraph: Any) -> Iterator[Any]:
    """The text boxes that hang on a paragraph, each once."""
    for node in paragraph:
        if node.tag == BOX:
            yield node
        elif isinstance(node.tag, str) and node.tag != _FALLBACK:
            yield from _boxes(node)


def _count(node: Any) -> int:
    value = node.get(f"{_W}val", "1")
    return min(int(value), 100) if value.isdecimal() else 1


__all__ = ["CHANGES", "docx_blocks"]
