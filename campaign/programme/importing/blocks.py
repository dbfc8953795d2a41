"""A document as blocks in reading order: headings, paragraphs, items and table rows, links kept as Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from campaign.sheets import tidy

LINK = re.compile(r"\[((?:[^\[\]\\]|\\.)+)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"(?:[-*+\u2022\u00b7\u25cf]|\d{1,2}[.)])\s+(.*)$")
_DAY = re.compile(r"(?:\*\*)?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\b[^:]{0,24}:")
_RULE = re.compile(r"[\s|:-]+$")


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `line` counts from 1; `level` is a heading's; `cells` are a row's."""

    kind: Literal["heading", "para", "item", "row"]
    text: str
    line: int
    level: int = 0
    cells: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Text without its marks: links as their words, no emphasis, no escapes."""
    text = LINK.sub(lambda match: match.group(1), text)
    return " ".join(re.sub(r"\\([\\`*_{}\[\]()#+.!|-])", r"\1", _EMPHASIS.sub(r"\2", text)).split())


def text_blocks(text: str, *, markdown: bool) -> list[Block]:
    """Blocks of plain text, a line each, or of Markdown, where lines that follow one another are one paragraph.

    A line that names a day is a block of its own in both.
    """
    found: list[Block] = []
    open_para = False
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        line = tidy(raw)
        if not line:
            open_para = False
            continue
        block = line_block(line, number)
        last = found[-1] if found else None
        if (
            markdown
            and block.kind == "para"
            and open_para
            and not _DAY.match(block.text)
            and last is not None
            and last.kind in {"para", "item"}
            and not _DAY.match(last.text)
        ):
            found[-1] = Block(last.kind, f"{last.text} {block.text}", last.line)
        elif block.kind != "row" or block.cells:
            found.append(block)
        open_para = block.kind in {"para", "item"}
    return found


def line_block(line: str, number: int) -> Block:
    """One line of text as a block, by the marks at its start and the bars in it."""
    if match := _HEADING.match(line):
        return Block("heading", match.group(2), number, len(match.group(1)))
    if "|" in line:
        cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
        held = cells if any(cells) and not _RULE.match(line) else ()
        if len([cell for cell in held if cell]) < 2 and held and not line.startswith("|"):
            return Block("para", " ".join(cell for cell in held if cell), number)
        return Block("row", " ".join(held), number, cells=held)
    if match := _ITEM.match(line):
        return Block("item", match.group(1), number)
    return Block("para", line, number)
