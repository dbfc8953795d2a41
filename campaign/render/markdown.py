"""Markdown (CommonMark without raw HTML) to the document tree.

Values printed by a template reach the tree through marks, never as Markdown: a title that holds `*` or `[x](y)` stays
what it is. Links go to https, http, mailto, tel, or `resource:ID`, which inherits the resource's state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from campaign.errors import TemplateError
from campaign.render import document as doc
from campaign.render.guards import printed_size
from campaign.render.sandbox import error
from campaign.render.slots import CLOSE, MARK, OPEN, SLOTS, PersonalTemplateError, Slot, strip_marks

SCHEMES = ("https://", "http://", "mailto:", "tel:")
RESOURCE = "resource:"


class MarkdownText(str):
    """A text of the programme that is Markdown itself: printed into a body as it is."""

    __slots__ = ()


@dataclass(slots=True)
class Printed:
    """The values that a Markdown template printed, by number."""

    values: list[str | Slot] = field(default_factory=list)

    def mark(self, value: str | Slot) -> str:
        """What stands for the value in the Markdown."""
        self.values.append(value)
        return f"{OPEN}{len(self.values) - 1}{CLOSE}"


printed: ContextVar[Printed | None] = ContextVar("campaign_render_printed", default=None)


def print_markdown(value: Any) -> Any:
    """How a template of kind Markdown prints a value: the programme's own Markdown as it is, all else as a mark."""
    table = printed.get()
    if table is None or isinstance(value, Markup):  # what a macro wrote
        printed_size(value)
        return value
    if isinstance(value, MarkdownText):
        return Markup(value)  # noqa: S704 - Markdown of the programme's own; raw HTML stays words
    if isinstance(value, Slot):
        return Markup(table.mark(value))  # noqa: S704 - a mark holds no markup
    printed_size(value)
    text = " ".join(strip_marks(str(value)).split())
    return Markup(table.mark(text) if text else "")  # noqa: S704 - a mark holds no markup


@dataclass(frozen=True, slots=True)
class Target:
    """Where `[words](resource:ID)` leads. No `url`: the words alone, with `note` after them; `absent`: nothing."""

    url: str = ""
    note: str = ""
    absent: bool = False


Resolve = Callable[[str], Target | None]


def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    md.normalizeLink = lambda url: url  # type: ignore[method-assign]
    md.validateLink = lambda url: True  # type: ignore[method-assign]
    return md


_MARKDOWN = _parser()


@dataclass(slots=True)
class _Reader:
    """One parse: what was printed, where resources lead, and the file to name in errors."""

    table: Printed
    resolve: Resolve
    file: str
    line: int = 0

    def fail(self, code: str, message: str, hint: str = "") -> NoReturn:
        raise error(code, message, self.file, self.line, hint)

    def words(self, text: str) -> list[doc.Inline]:
        out: list[doc.Inline] = []
        for index, piece in enumerate(MARK.split(text)):
            if index % 2 == 0:
                if piece:
                    out.append(doc.Text(piece))
                continue
            value = self.table.values[int(piece)]
            out.append(doc.Place(value.name) if isinstance(value, Slot) else doc.Value(value))
        return out

    def literal(self, text: str) -> str:
        """Characters of code: a slot there cannot be told apart, so the message is rendered for each person."""
        return MARK.sub(lambda found: self._whole(int(found.group(1))), text)

    def _whole(self, number: int) -> str:
        value = self.table.values[number]
        if isinstance(value, Slot):
            raise PersonalTemplateError(value.name)
        return value

    def address(self, raw: str) -> str:
        """The target of a link: a value that is the whole address stays; one inside it is percent-encoded."""
        whole = MARK.fullmatch(raw)
        if whole:
            value = self.table.values[int(whole.group(1))]
            if not isinstance(value, Slot):
                return value
            if not SLOTS[value.name]:
                raise PersonalTemplateError(value.name)
            return value.mark
        safe = "@+" if raw.startswith(("mailto:", "tel:")) else ""
        return MARK.sub(lambda found: quote(self._whole(int(found.group(1))), safe=safe), raw)

    def link(self, raw: str, inner: tuple[doc.Inline, ...]) -> list[doc.Inline]:
        target = self.address(raw)
        if target.startswith(RESOURCE):
            name = target.removeprefix(RESOURCE)
            found = self.resolve(name)
            if found is None:
                self.fail(
                    "resource-unknown", f"There is no resource {name!r}.", "Name one that is listed under resources."
                )
            if found.absent:
                return [doc.Gone(inner)]
            if not found.url:
                return [*inner, doc.Text(f" ({found.note})")] if found.note else list(inner)
            target = found.url
        elif not (target.lower().startswith(SCHEMES) or MARK.fullmatch(target)):
            self.fail(
                "link-target",
                f"A link leads to {target!r}, which is no web address." if target else "A link leads nowhere.",
                "Write an address that begins with https://, or resource:ID.",
            )
        return [doc.Link(target, inner)]


def parse(text: str, *, table: Printed, resolve: Resolve, file: str) -> tuple[doc.Block, ...]:
    """The tree of a Markdown text. TemplateError (file, line) for a link to nowhere, an image, an unknown box."""
    reader = _Reader(table, resolve, file)
    out: list[doc.Block] = []
    box, start, lines = "", 0, text.split("\n")
    pending: list[str] = []

    def flush(at: int) -> tuple[doc.Block, ...]:
        tokens = _MARKDOWN.parse("\n".join(pending))
        pending.clear()
        return _blocks(tokens, reader, at)

    for number, line in enumerate(lines):
        mark = line.strip()
        if not mark.startswith(":::"):
            pending.append(line)
            continue
        blocks = flush(start)
        reader.line, start = number + 1, number + 1
        kind = mark.removeprefix(":::").strip()
        if (box and kind) or (not box and kind not in doc.BOXES):
            reader.fail(
                "box-unknown",
                f"{mark!r} opens no box here.",
                f"Write one of {', '.join(doc.BOXES)}, and close it with :::.",
            )
        out.extend((doc.Box(box, blocks),) if box and blocks else blocks)
        box = kind
    blocks = flush(start)
    if box:
        reader.fail("box-open", f"The box :::{box} is never closed.", "Close it with a line of :::.")
    out.extend(blocks)
    return tuple(out)


def _blocks(tokens: Sequence[Token], reader: _Reader, offset: int) -> tuple[doc.Block, ...]:
    out: list[doc.Block] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.map:
            reader.line = offset + token.map[0] + 1
        end = _end(tokens, position) if token.nesting == 1 else position
        out.extend(_block(token, tokens[position + 1 : end], reader, offset))
        position = end + 1
    return tuple(out)


def _end(tokens: Sequence[Token], position: int) -> int:
    """The index of the token that closes the one at `position`."""
    depth = 0
    for index in range(position, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index
    raise ValueError("a Markdown block is never closed")


def _block(token: Token, inside: Sequence[Token], reader: _Reader, offset: int) -> list[doc.Block]:
    match token.type:
        case "heading_open":
            return [doc.Heading(min(int(token.tag[1]), 4), _inline(inside, reader))]
        case "paragraph_open":
            return [doc.Paragraph(_inline(inside, reader))]
        case "bullet_list_open" | "ordered_list_open":
            first = int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else None
            return [doc.Bullets(tuple(_items(inside, reader, offset)), first)]
        case "blockquote_open":
            return [doc.Quote(_blocks(inside, reader, offset))]
        case "hr":
            return [doc.Rule()]
        case "fence" | "code_block":
            return [doc.Literal(reader.literal(token.content).rstrip("\n"))]
        case _:
            raise ValueError(f"unexpected Markdown block {token.type}")


def _items(tokens: Sequence[Token], reader: _Reader, offset: int) -> list[tuple[doc.Block, ...]]:
    out, position = [], 0
    while position < len(tokens):
        end = _end(tokens, position)
        out.append(_blocks(tokens[position + 1 : end], reader, offset))
        position = end + 1
    return out


def _inline(tokens: Sequence[Token], reader: _Reader) -> tuple[doc.Inline, ...]:
    children = [child for token in tokens for child in token.children or ()]
    return _merge(_spans(children, reader))


def _spans(tokens: Sequence[Token], reader: _Reader) -> list[doc.Inline]:
    out: list[doc.Inline] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        end = _end(tokens, position) if token.nesting == 1 else position
        inner = tokens[position + 1 : end]
        match token.type:
            case "text":
                out.extend(reader.words(token.content))
            case "softbreak":
                out.append(doc.Text(" "))
            case "hardbreak":
                out.append(doc.Break())
            case "code_inline":
                out.append(doc.Code(reader.literal(token.content)))
            case "strong_open":
                out.append(doc.Strong(_merge(_spans(inner, reader))))
            case "em_open":
                out.append(doc.Emphasis(_merge(_spans(inner, reader))))
            case "link_open":
                out.extend(reader.link(str(token.attrGet("href") or ""), _merge(_spans(inner, reader))))
            case "image":
                reader.fail(
                    "image-in-body", "A picture cannot stand in an email's body.", "Say it in words, or link to it."
                )
            case _:
                raise ValueError(f"unexpected Markdown span {token.type}")
        position = end + 1
    return out


def _merge(parts: Sequence[doc.Inline]) -> tuple[doc.Inline, ...]:
    """Neighbouring texts as one."""
    out: list[doc.Inline] = []
    for part in parts:
        if type(part) is doc.Text and out and type(out[-1]) is doc.Text:
            out[-1] = doc.Text(out[-1].words + part.words)
        else:
            out.append(part)
    return tuple(out)


def plain(text: str) -> str:
    """The words of a Markdown text on one line, links as their words: for first sentences and posts."""
    lost = Target(url="https://example.org/")
    try:
        blocks = parse(strip_marks(text), table=Printed(), resolve=lambda name: lost, file="")
    except TemplateError:
        return " ".join(text.split())
    words: list[str] = []
    for block in blocks:
        here = "".join(
            part.words if isinstance(part, doc.Text | doc.Code) else " " if isinstance(part, doc.Break) else ""
            for part in doc.inlines(block)
        )
        words.append(here)
    return " ".join(" ".join(words).split())
