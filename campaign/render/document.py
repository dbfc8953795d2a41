"""The small tree that an email's words become before they are written as text and as HTML.

Both parts come from the one tree, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Text:
    """Plain words."""

    words: str


@dataclass(frozen=True, slots=True)
class Value(Text):
    """Plain words that a template printed: never merged with those around them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A slot: words that differ by person. `name` is the slot's."""

    name: str


@dataclass(frozen=True, slots=True)
class Break:
    """A line break within a paragraph."""


@dataclass(frozen=True, slots=True)
class Strong:
    """Strong importance."""

    inner: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Stress."""

    inner: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Literal characters."""

    words: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere. `target` is the whole address; it may be one slot's mark and nothing else."""

    target: str
    inner: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """A linked resource that is not to be seen. `inner` are the words that named it."""

    inner: tuple[Inline, ...]


Inline = Text | Place | Break | Strong | Emphasis | Code | Link | Gone


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4."""

    level: int
    inner: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    inner: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; `start` is its first number, None for bullets."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of somebody else."""

    inner: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """Lines kept as they are."""

    words: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A change of subject."""


@dataclass(frozen=True, slots=True)
class Box:
    """Blocks set apart; `kind` is one of `BOXES`."""

    kind: str
    inner: tuple[Block, ...]


Block = Heading | Paragraph | Bullets | Quote | Literal | Rule | Box

#: What `:::kind` may open in a body: a call-out, a button (its one link), small print.
BOXES = ("callout", "button", "small")


def inlines(block: Block) -> Iterator[Inline]:
    """Every inline of a block, at any depth."""
    match block:
        case Heading(inner=inner) | Paragraph(inner=inner):
            yield from _deep(inner)
        case Quote(inner=blocks) | Box(inner=blocks):
            for inside in blocks:
                yield from inlines(inside)
        case Bullets(items=items):
            for item in items:
                for inside in item:
                    yield from inlines(inside)
        case Literal() | Rule():
            return


def _deep(inner: Iterable[Inline]) -> Iterator[Inline]:
    for part in inner:
        yield part
        if isinstance(part, Strong | Emphasis | Link | Gone):
            yield from _deep(part.inner)


def links(blocks: Iterable[Block]) -> list[str]:
    """The targets of every link, in reading order."""
    return [part.target for block in blocks for part in inlines(block) if isinstance(part, Link)]


def without_gone(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks as readers get them.

    A list item or paragraph that is nothing but absent resources goes, and so does a list left empty. Within a
    sentence the words stay and the link goes.
    """
    kept = (_ungone(block) for block in blocks)
    return tuple(block for block in kept if block is not None)


def _only_gone(inner: tuple[Inline, ...]) -> bool:
    """Whether nothing is there but absent resources and punctuation."""
    rest = [part for part in inner if not isinstance(part, Gone | Break)]
    blank = all(isinstance(part, Text) and not any(char.isalnum() for char in part.words) for part in rest)
    return blank and any(isinstance(part, Gone) for part in inner)


def _ungone(block: Block) -> Block | None:
    match block:
        case Heading(level, inner):
            return Heading(level, _plain(inner))
        case Paragraph(inner):
            return None if _only_gone(inner) else Paragraph(_plain(inner))
        case Quote(inner):
            left = without_gone(inner)
            return Quote(left) if left else None
        case Box(kind, inner):
            left = without_gone(inner)
            return Box(kind, left) if left else None
        case Bullets(items):
            left_items = tuple(left for item in items if (left := without_gone(item)))
            return replace(block, items=left_items) if left_items else None
        case _:
            return block


def _plain(inner: tuple[Inline, ...]) -> tuple[Inline, ...]:
    out: list[Inline] = []
    for part in inner:
        match part:
            case Gone(words):
                out.extend(_plain(words))
            case Strong(words):
                out.append(Strong(_plain(words)))
            case Emphasis(words):
                out.append(Emphasis(_plain(words)))
            case _:
                out.append(part)
    return tuple(out)


def outline(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """One level-1 heading, the first; the others below it, no level left out (WCAG 2.2, 1.3.1)."""
    blocks = tuple(blocks)
    tops = sum(isinstance(block, Heading) and block.level == 1 for block in blocks)
    shift = 1 if tops > 1 else 0
    out: list[Block] = []
    level = 0
    for block in blocks:
        if not isinstance(block, Heading):
            out.append(block)
            continue
        wanted = 1 if level == 0 else max(2, block.level + shift)
        level = min(wanted, level + 1, 4)
        out.append(replace(block, level=level))
    return tuple(out)
