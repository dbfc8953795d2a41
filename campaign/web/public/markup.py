"""The programme's Markdown as HTML for pages: headings below the page's own, links that are visible, nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from markupsafe import Markup, escape

from campaign.errors import TemplateError
from campaign.render import document as doc
from campaign.render.markdown import Printed, Resolve, parse

log = logging.getLogger(__name__)


def blocks(text: str, resolve: Resolve, file: str) -> tuple[doc.Block, ...]:
    """The tree of a Markdown text, absent resources gone; empty, and a line in the log, where it cannot be read."""
    try:
        return doc.without_gone(parse(text, table=Printed(), resolve=resolve, file=file))
    except TemplateError as error:
        log.error("a text of the programme is left out of its page: %s", error)
        return ()


def html(tree: Iterable[doc.Block], top: int) -> Markup:
    """The blocks as HTML; their highest headings become `<h{top}>`."""
    tree = tuple(tree)
    levels = [block.level for block in tree if isinstance(block, doc.Heading)]
    return Markup("\n").join(_block(block, top - min(levels, default=1)) for block in tree)


def first_paragraph(tree: Iterable[doc.Block]) -> Markup:
    """The words of the first paragraph; empty where there is none."""
    return next((_inlines(block.inner) for block in tree if isinstance(block, doc.Paragraph)), Markup(""))


def _block(block: doc.Block, shift: int) -> Markup:
    match block:
        case doc.Heading(level, inner):
            return Markup("<h{0}>{1}</h{0}>").format(min(6, max(2, level + shift)), _inlines(inner))
        case doc.Paragraph(inner):
            return Markup("<p>{}</p>").format(_inlines(inner))
        case doc.Bullets(items, start):
            lines = Markup("").join(Markup("<li>{}</li>").format(_item(item, shift)) for item in items)
            if start is None:
                return Markup("<ul>{}</ul>").format(lines)
            first = Markup(' start="{}"').format(start) if start != 1 else Markup("")
            return Markup("<ol{}>{}</ol>").format(first, lines)
        case doc.Quote(inner):
            return Markup("<blockquote>{}</blockquote>").format(_all(inner, shift))
        case doc.Literal(words):
            return Markup("<pre>{}</pre>").format(words)
        case doc.Box(kind, inner):
            return Markup('<div class="{}">{}</div>').format("meta" if kind == "small" else "panel", _all(inner, shift))
        case doc.Rule():
            return Markup("<hr>")


def _all(tree: Iterable[doc.Block], shift: int) -> Markup:
    return Markup("\n").join(_block(block, shift) for block in tree)


def _item(item: tuple[doc.Block, ...], shift: int) -> Markup:
    if len(item) == 1 and isinstance(item[0], doc.Paragraph):
        return _inlines(item[0].inner)
    return _all(item, shift)


def _inlines(inner: Iterable[doc.Inline]) -> Markup:
    return Markup("").join(_inline(part) for part in inner)


def _inline(part: doc.Inline) -> Markup:
    match part:
        case doc.Text(words):
            return escape(words)
        case doc.Code(words):
            return Markup("<code>{}</code>").format(words)
        case doc.Break():
            return Markup("<br>")
        case doc.Strong(words):
            return Markup("<strong>{}</strong>").format(_inlines(words))
        case doc.Emphasis(words):
            return Markup("<em>{}</em>").format(_inlines(words))
        case doc.Link(target, words):
            return Markup('<a href="{}">{}</a>').format(target, _inlines(words))
        case doc.Gone(words):
            return _inlines(words)
        case doc.Place():
            return Markup("")
