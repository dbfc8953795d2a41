"""Documents and pages: read into blocks, then into a draft for each week told of, or one for a briefing."""

from __future__ import annotations

from collections.abc import Sequence

from campaign.errors import FileError, Problem
from campaign.programme.importing.blocks import Block, text_blocks
from campaign.programme.importing.briefing_document import briefing_draft, is_briefing
from campaign.programme.importing.draft import Draft, slug
from campaign.programme.importing.pages import html_blocks
from campaign.programme.importing.week_document import week_draft
from campaign.programme.importing.weeks import weeks_in
from campaign.programme.importing.word import docx_blocks
from campaign.programme.importing.wrapped import Unwrapped, is_wrapped, refuse_unreadable, unwrap

MAX_BYTES = 20_000_000
LONGEST = 20_000
MOST = 5_000


def import_document(data: bytes, name: str, *, year: int | None = None) -> tuple[Draft, ...]:
    """The drafts that a document makes, told by its content: Word, HTML (also as a single file), a
    saved email, Markdown or plain text.

    `year` stands in where the document names none. Raises FileError where it cannot be read or tells of no week.
    """
    if len(data) > MAX_BYTES:
        raise FileError(Problem("IMPORT", f"the file is {len(data) / 1e6:.0f} MB; at most 20 MB is read.", file=name))
    blocks, unit, open_questions = _blocks(data, name)
    if any(len(block.text) > LONGEST for block in blocks) or len(blocks) > MOST:
        hint = "Is it a list of data? Give it as .xlsx or .csv."
        raise FileError(
            Problem(
                "IMPORT", f"a document has at most {MOST:,} paragraphs of {LONGEST:,} characters.", file=name, hint=hint
            )
        )
    drafts = _drafts(blocks, name, unit, year)
    if not drafts and b"word/media/" in data:
        words = "neither a week nor a briefing was found in its words, and none can be read from the pictures in it."
        raise FileError(Problem("IMPORT", words, file=name, hint="Ask for the table itself, or type it in."))
    if not drafts:
        hint = "It needs a table of days and themes, lines such as `Monday: ...`, or headings with text under them."
        raise FileError(Problem("IMPORT", "neither a week nor a briefing was found in it.", file=name, hint=hint))
    for draft in drafts:
        for question in open_questions:
            draft.ask(question)
    return drafts


def _drafts(blocks: Sequence[Block], name: str, unit: str, year: int | None) -> tuple[Draft, ...]:
    weeks = weeks_in(blocks, year)
    whole = "\n".join(block.text for block in blocks)
    if weeks:
        drafts = tuple(week_draft(week, name, whole=whole, unit=unit, year=year) for week in weeks)
        if len(weeks) > 1 and blocks and blocks[0].line < (weeks[0].title or blocks[0]).line:
            for draft in drafts:
                draft.tree["campaign"]["series"] = slug(blocks[0].text)
                draft.ask(
                    f"the document tells of several weeks under '{blocks[0].text}': is that their series?",
                    "campaign.series",
                )
        return drafts
    if is_briefing(blocks):
        return (briefing_draft(blocks, name, unit=unit),)
    return ()


def _blocks(data: bytes, name: str) -> tuple[Sequence[Block], str, tuple[str, ...]]:
    """Blocks, what their lines count, and questions about the file as a whole."""
    refuse_unreadable(data, name)
    if data.startswith(b"PK\x03\x04"):
        blocks, questions = docx_blocks(data, name)
        return blocks, "paragraph", questions
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError(Problem("IMPORT", "this is not a document that can be read.", file=name,
                                hint="Give a .docx, .html, .md or .txt file."))  # fmt: skip
    found = unwrap(data, name) if is_wrapped(data) else Unwrapped(_decoded(data), html=False)
    text = found.text
    if not text.strip():
        raise FileError(Problem("IMPORT", "the file is empty.", file=name))
    start = text.lstrip("\ufeff \t\r\n")[:1000].casefold()
    if (
        found.html
        or start.startswith(("<!doctype html", "<html", "<table", "<div", "<body", "<!--", "<p", "<h1"))
        or "<html" in start
    ):
        return html_blocks(text, found.base), "line", ()
    markdown = name.lower().endswith((".md", ".markdown")) or any(
        line.startswith(("# ", "## ")) for line in text.splitlines()
    )
    return text_blocks(text.lstrip("\ufeff"), markdown=markdown), "line", ()


def _decoded(data: bytes) -> str:
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")
