"""The document tree as a plain text part and as the inside of an HTML part: the same words in the same order."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import escape

from campaign.render import document as doc
from campaign.render.palette import LIGHT
from campaign.render.slots import CLOSE, MARK, NAME_LENGTH, OPEN, SLOTS, URL_LENGTH, PersonalTemplateError

#: A line of text longer than this many bytes is broken at a space; RFC 5322 section 2.1.1 allows 998.
LINE_BYTES = 900
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif"


def mark(name: str) -> str:
    """The mark of a slot."""
    return f"{OPEN}{name}{CLOSE}"


# --- text ---------------------------------------------------------------------------------------------------------


def to_text(blocks: Iterable[doc.Block]) -> str:
    """The plain part of the blocks: links as `words <address>`, lists with `-`, headings underlined."""
    return "\n\n".join(_block_text(block) for block in blocks)


def _block_text(block: doc.Block) -> str:
    match block:
        case doc.Heading(level, inner):
            words = inline_text(inner)
            if level > 2:
                return words
            person = MARK.search(words)
            if person:  # the line below would have to be as long as the name
                raise PersonalTemplateError(person.group(1))
            width = min(60, max(len(line) for line in words.split("\n")))
            return f"{words}\n{'-' * width}"
        case doc.Paragraph(inner):
            return wrap(inline_text(inner))
        case doc.Bullets(items, start):
            loose = any(len(item) > 1 and not isinstance(item[1], doc.Bullets) for item in items)
            return ("\n\n" if loose else "\n").join(
                _item_text(item, "- " if start is None else f"{start + index}. ") for index, item in enumerate(items)
            )
        case doc.Quote(inner):
            return "\n".join(f"> {line}".rstrip() for line in to_text(inner).split("\n"))
        case doc.Box(_, inner):
            return to_text(inner)
        case doc.Literal(words):
            return wrap(words)
        case doc.Rule():
            return "* * *"


def _item_text(item: tuple[doc.Block, ...], lead: str) -> str:
    parts = [_block_text(block) for block in item]
    tight = all(isinstance(block, doc.Bullets) for block in item[1:])
    lines = ("\n" if tight else "\n\n").join(parts).split("\n")
    indent = " " * len(lead)
    return "\n".join((lead if index == 0 else indent if line else "") + line for index, line in enumerate(lines))


def inline_text(inner: Iterable[doc.Inline]) -> str:
    """Words on one line, with the address of each link after its words."""
    out: list[str] = []
    for part in inner:
        match part:
            case doc.Text(words) | doc.Code(words):
                out.append(words)
            case doc.Place(name):
                out.append(mark(name))
            case doc.Break():
                out.append("\n")
            case doc.Strong(words) | doc.Emphasis(words) | doc.Gone(words):
                out.append(inline_text(words))
            case doc.Link(target, words):
                label = inline_text(words)
                shown = target.removeprefix("mailto:").removeprefix("tel:")
                out.append(label if label == shown else f"{label} <{shown}>")
    return "".join(out)


def wrap(text: str, limit: int = LINE_BYTES) -> str:
    """`text` with each line of more than `limit` bytes broken at spaces.

    A line that only a person's long name could bring over the limit raises PersonalTemplateError.
    """
    return "\n".join(piece for line in text.split("\n") for piece in _wrap_line(line, limit))


def _wrap_line(line: str, limit: int) -> list[str]:
    if _size(line) <= limit:
        return [line]
    person = MARK.search(line)
    if person:
        raise PersonalTemplateError(person.group(1))
    out: list[str] = []
    now: list[str] = []
    size = 0
    for word in line.split(" "):
        more = _size(word) + 1
        if now and size + more > limit:
            out.append(" ".join(now))
            now, size = [], 0
        now.append(word)
        size += more
    out.append(" ".join(now))
    return out


def _size(text: str) -> int:
    widest = sum(URL_LENGTH if SLOTS.get(name) else 4 * NAME_LENGTH for name in MARK.findall(text))
    return len(MARK.sub("", text).encode("utf-8", "replace")) + widest


# --- html ---------------------------------------------------------------------------------------------------------

_HEADING = {
    1: "margin:0 0 16px;font-size:28px;line-height:34px;font-weight:600",
    2: "margin:28px 0 12px;font-size:20px;line-height:26px;font-weight:600",
    3: "margin:20px 0 8px;font-size:18px;line-height:24px;font-weight:600",
    4: "margin:16px 0 8px;font-size:16px;line-height:24px;font-weight:600",
}
_LINK = f"color:{LIGHT['link']};text-decoration:underline"
_TABLE = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"'


def to_html(blocks: Iterable[doc.Block], gap: int = 16) -> str:
    """The blocks as HTML for an email: inline styles, tables only for layout and marked so, no pictures.

    `gap` is the space below a paragraph in pixels. A heading that comes first has no space above it.
    """
    return "\n".join(_block_html(block, gap, first=index == 0) for index, block in enumerate(blocks))


def _block_html(block: doc.Block, gap: int = 16, *, first: bool = False) -> str:
    match block:
        case doc.Heading(level, inner):
            style = re.sub("^margin:[0-9]+px 0", "margin:0 0", _HEADING[level]) if first else _HEADING[level]
            return f'<h{level} style="{style}">{inline_html(inner)}</h{level}>'
        case doc.Paragraph(inner):
            return f'<p style="margin:0 0 {gap}px">{inline_html(inner)}</p>'
        case doc.Bullets(items, start):
            tag = "ul" if start is None else "ol"
            number = f' start="{start}"' if start not in (None, 1) else ""
            rows = "\n".join(f'<li style="margin:0 0 8px">{_item_html(item)}</li>' for item in items)
            return f'<{tag}{number} style="margin:0 0 16px;padding:0 0 0 24px">\n{rows}\n</{tag}>'
        case doc.Quote(inner):
            style = f"margin:0 0 16px;padding:4px 0 4px 16px;border-left:4px solid {LIGHT['button']};font-style:italic"
            return f'<blockquote style="{style}">{to_html(inner)}</blockquote>'
        case doc.Box(kind, inner):
            return _box_html(kind, inner, first=first)
        case doc.Literal(words):
            style = "margin:0 0 16px;white-space:pre-wrap;font-family:ui-monospace,Consolas,monospace;font-size:16px"
            return f'<pre style="{style}">{escape(words)}</pre>'
        case doc.Rule():
            return f'<hr class="ln" style="margin:24px 0;border:0;border-top:1px solid {LIGHT["line"]}">'


def _item_html(item: tuple[doc.Block, ...]) -> str:
    """A list item; its first paragraph stands without margins, so that short items stay close."""
    out: list[str] = []
    for index, block in enumerate(item):
        if isinstance(block, doc.Paragraph):
            words = inline_html(block.inner)
            out.append(words if index == 0 else f'<div style="margin:4px 0 0">{words}</div>')
        else:
            out.append(_block_html(block))
    return "".join(out)


def _box_html(kind: str, inner: tuple[doc.Block, ...], *, first: bool = False) -> str:
    if kind == "callout":
        style = f"padding:20px 20px 4px;background:{LIGHT['callout']};color:{LIGHT['ink']};border-radius:8px"
        cell = f'<td class="co" style="{style}">\n{to_html(inner)}\n</td>'
        return f'{_TABLE} width="100%" style="margin:{"0" if first else "24px"} 0 24px"><tr>{cell}</tr></table>'
    if kind == "button":
        return "\n".join(_button(block) if _is_button(block) else _block_html(block) for block in inner)
    style = f"font-size:16px;line-height:24px;color:{LIGHT['meta']}"
    return f'<div class="mt" style="{style}">\n{to_html(inner, gap=8)}\n</div>'


def _is_button(block: doc.Block) -> bool:
    return isinstance(block, doc.Paragraph) and len(block.inner) == 1 and isinstance(block.inner[0], doc.Link)


def _button(block: doc.Block) -> str:
    if not isinstance(block, doc.Paragraph) or not isinstance(block.inner[0], doc.Link):
        raise TypeError("a button is a paragraph of one link")
    link = block.inner[0]
    style = (
        f"display:inline-block;padding:12px 20px;color:{LIGHT['on_button']};font-weight:600;"
        f"text-decoration:underline;line-height:24px"
    )
    words = f'<a class="bl" href="{escape(link.target)}" style="{style}">{inline_html(link.inner)}</a>'
    cell = f'<td class="bt" style="background:{LIGHT["button"]};border-radius:6px">{words}</td>'
    return f'{_TABLE} style="margin:0 0 16px"><tr>{cell}</tr></table>'


def inline_html(inner: Iterable[doc.Inline]) -> str:
    """Words with their links, escaped."""
    out: list[str] = []
    for part in inner:
        match part:
            case doc.Text(words):
                out.append(_folded(str(escape(words))))
            case doc.Code(words):
                out.append(f'<code style="font-family:ui-monospace,Consolas,monospace">{escape(words)}</code>')
            case doc.Place(name):
                out.append(mark(name))
            case doc.Break():
                out.append("<br>")
            case doc.Strong(words):
                out.append(f"<strong>{inline_html(words)}</strong>")
            case doc.Emphasis(words):
                out.append(f"<em>{inline_html(words)}</em>")
            case doc.Gone(words):
                out.append(inline_html(words))
            case doc.Link(target, words):
                out.append(f'<a\nclass="lk" href="{escape(target)}" style="{_LINK}">{inline_html(words)}</a>')
    return "".join(out)


def _folded(words: str, limit: int = 200) -> str:
    """`words` with a line break for a space every `limit` characters or so: no line of the part grows too long."""
    if len(words) <= limit:
        return words
    out, start = [], 0
    while len(words) - start > limit:
        space = words.find(" ", start + limit)
        if space < 0:
            break
        out.append(words[start:space])
        start = space + 1
    return "\n".join([*out, words[start:]])
