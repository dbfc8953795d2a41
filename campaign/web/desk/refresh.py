"""The live part of a page: drawn with the page, and again whenever the open page asks what is new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from campaign.web.desk import times
from campaign.web.desk.door import BASE, Ask
from campaign.web.desk.live import FAST, SLOW, Drawn, Part
from campaign.web.desk.requests import nothing_new

#: More changes than this at once are counted, not read out.
READ_OUT = 2


def shown(ask: Ask, address: str, page: str, zone: str, draw: Callable[[], Drawn]) -> dict[str, Any]:
    """The live part for the page that is drawn now. `address` is where it asks for news, `page` its own address."""
    part = ask.door.live.part(address, draw, _updated(ask, zone), fresh=True)
    return _box(address, page, f"{ask.door.base(ask).mark}.{part.mark}", part)


def news(ask: Ask, address: str, page: str, zone: str, draw: Callable[[], Drawn]) -> Response:
    """What is new of the part since the page was drawn, or since it asked last."""
    part = ask.door.live.part(address, draw, _updated(ask, zone))
    base = ask.door.base(ask, fresh=False)
    mark, seen = f"{base.mark}.{part.mark}", ask.text("seen")
    if seen == mark:
        return _still(part)
    old_base, _, old = seen.partition(".")
    said = [*ask.door.live.news(old_base, base), *ask.door.live.news(old, part)]
    return ask.fragment("desk/live.html", live=_box(address, page, mark, part), base=base, said=_said(ask, said))


def everywhere(ask: Ask) -> Response:
    """What is new for every page: how much needs somebody, and a pause."""
    base, seen = ask.door.base(ask, fresh=False), ask.text("seen")
    if seen == base.mark:
        return nothing_new()
    live = {"address": BASE, "mark": base.mark, "every": SLOW}
    return ask.fragment("desk/live.html", live=live, base=base, said=_said(ask, ask.door.live.news(seen, base)))


def _box(address: str, page: str, mark: str, part: Part) -> dict[str, Any]:
    every = FAST if part.drawn.sending else SLOW
    return {"address": address, "page": page, "mark": mark, "every": every, "part": part}


def _updated(ask: Ask, zone: str) -> str:
    words = ask.door.templates.words()
    return words("week.updated", at=times.clock(ask.now, zone, words.shared))


def _still(part: Part) -> Response:
    answer = nothing_new()
    answer.headers["Desk-Updated"] = quote(part.updated)
    return answer


def _said(ask: Ask, changes: list[tuple[str, str]]) -> str:
    """What a screen reader is told: one or two changes in words, more as a number."""
    if len(changes) > READ_OUT:
        return ask.door.templates.words().count("live.many", len(changes))
    return " ".join(f"{what}: {state}." if what else state for what, state in changes)
