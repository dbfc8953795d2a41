"""The weeks that a document tells of, each with its title and all that stands about it. No block of them is lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from campaign.programme.importing.blocks import Block, plain
from campaign.programme.importing.draft import slug
from campaign.programme.importing.told import Teller, Told, headings, turned

YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_SHORT = 90


@dataclass(slots=True)
class Week:
    """A week of a document: its days, its title's block, and the paragraphs about it, `loose` those among its days."""

    days: list[Told]
    first: int
    last: int
    title: Block | None = None
    about: list[Block] = field(default_factory=list)
    loose: list[Block] = field(default_factory=list)


def weeks_in(blocks: Sequence[Block], year: int | None = None) -> list[Week]:
    """The weeks that a document tells of, in order; none where it names no two days. No block of them is lost."""
    named = YEAR.search("\n".join(block.text for block in blocks))
    year = year or (int(named.group(1)) if named else 0)
    blocks = list(turned(blocks, year))
    weeks = [week for week in _gathered(blocks, Teller(year)) if len({day.weekday for day in week.days}) > 1]
    for week in weeks:
        _trim(week)
    weeks = _as_one(weeks, blocks)
    start = 0
    for number, week in enumerate(weeks):
        end = weeks[number + 1].first if number + 1 < len(weeks) else len(blocks)
        _frame(week, blocks, start, end, last=number + 1 == len(weeks))
        start = week.last + 1 + len(week.days[-1].body) - week.days[-1].own
    return weeks


def _gathered(blocks: Sequence[Block], teller: Teller) -> list[Week]:
    """Days one after another, each with the blocks that follow it; what belongs to none of them is kept as `loose`."""
    weeks: list[Week] = []
    loose: list[Block] = []
    for index, block in enumerate(blocks):
        told = teller.day(block)
        if told is None:
            day = weeks[-1].days[-1] if weeks else None
            follows = day is not None and weeks[-1].last == index - 1 - (len(day.body) - day.own)
            if day is not None and follows and not _ends(block) and not (day.table and block.kind == "row"):
                day.body.append(block)
            elif weeks and not _table_head(block):
                loose.append(block)
            continue
        last = weeks[-1].days[-1].weekday if weeks else 7
        if told.weekday < last or (weeks and _titled(blocks[weeks[-1].last + 1 : index])):
            weeks.append(Week([], index, index))
        else:
            weeks[-1].loose += loose
        loose = []
        weeks[-1].days.append(told)
        weeks[-1].last = index
    return weeks


def _as_one(weeks: list[Week], blocks: Sequence[Block]) -> list[Week]:
    """The weeks, where one that tells of the same days as the one before it (first in short, then at length) is it."""
    found: list[Week] = []
    for week in weeks:
        before = found[-1] if found else None
        if before is None or not _same(before, week):
            found.append(week)
            continue
        rest = len(before.days[-1].body) - before.days[-1].own
        before.loose += [*blocks[before.last + 1 + rest : week.first], *week.loose]
        before.days += week.days
        before.last = week.last
    return found


def _same(one: Week, other: Week) -> bool:
    known = {(day.weekday, slug(plain(day.title), 200)) for day in one.days}
    again = sum((day.weekday, slug(plain(day.title), 200)) in known for day in other.days)
    return again > 1 and 2 * again >= len(other.days)


def _ends(block: Block) -> bool:
    return block.kind == "heading" and block.level <= 2


def _titled(blocks: Sequence[Block]) -> bool:
    """Whether a heading with a year stands among the blocks: the days after it are another week's."""
    return any(_like_heading(block) and YEAR.search(block.text) for block in blocks)


def _like_heading(block: Block) -> bool:
    text = plain(block.text)
    return block.kind == "heading" or (
        block.kind == "para" and len(text) <= _SHORT and not re.search(r"[.,:;(?!]$|\.\.\.", text)
    )


def _trim(week: Week) -> None:
    """Give the last day no more paragraphs than the others mostly have: the rest is about the week."""
    counts = Counter(len(day.body) for day in week.days[:-1])
    usual = max(counts, key=lambda count: (counts[count], count), default=0)
    last = week.days[-1]
    if not last.table or len(last.body) > usual:
        last.body = last.body[: max(usual, last.own)]


def _frame(week: Week, blocks: Sequence[Block], start: int, end: int, *, last: bool) -> None:
    before = [block for block in blocks[start : week.first] if not _table_head(block)]
    heads = [block for block in before if _like_heading(block)]
    dated = [block for block in heads if YEAR.search(block.text)]
    week.title = dated[-1] if dated else max(heads, key=lambda block: (-block.level or -7, -block.line), default=None)
    at = before.index(week.title) if week.title else -1
    week.about = [*before[at + 1 :], *week.loose]
    tail = week.last + 1 + len(week.days[-1].body) - week.days[-1].own
    after = blocks[tail:end]
    stop = next(
        (n for n, block in enumerate(after) if not last and _like_heading(block) and YEAR.search(block.text)),
        len(after),
    )
    week.about += after[: stop if not last else len(after)]


def _table_head(block: Block) -> bool:
    words = {cell.strip().casefold() for cell in block.cells or (block.text.strip(" |"),)}
    return words <= {"day", "theme", "date", "days", "themes", ""} or bool(headings(block))
