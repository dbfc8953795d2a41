"""Pause everything, and Review and resume."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from campaign.model import BroadcastState, Hold, HoldScope, Strength
from campaign.web.desk import called, show, times
from campaign.web.desk.door import Ask


def form(ask: Ask) -> Response:
    """What a pause does, and the button."""
    return ask.page("desk/pause.html", here="", errors={})


def pause(ask: Ask) -> Response:
    """Pause everything at once."""
    strength = Strength.ALL if ask.text("strength") == "all" else Strength.PROACTIVE
    ask.work.store.holds.place(
        scope=HoldScope.ALL,
        target="",
        strength=strength,
        reason=ask.text("reason")[:300],
        author=ask.who,
        now=ask.now,
        pages=ask.text("pages") == "yes",
    )
    return ask.back("/desk", "pause.done")


def review(ask: Ask) -> Response:
    """What is paused, what was held meanwhile, and what resuming will not do."""
    words = ask.door.templates.words()
    holds = ask.work.store.holds.current(ask.now)
    held = [need.key for need in ask.needs() if need.kind == "held"]
    rows = ask.work.store.ledger.in_state(BroadcastState.OPEN) if holds else []
    known = called.loaded(ask, [*held, *(str(row.key) for row in rows), *(hold.target for hold in holds)])
    return ask.page(
        "desk/resume.html",
        here="",
        holds=[
            (hold, times.moment(hold.since, ask.door.zone(), ask.now, words.shared), _what(hold, known))
            for hold in holds
        ],
        held=[(key, known.get(key)) for key in held],
        open=[
            (each, show.Entry((each.item,)).count(words))
            for each in (known.get(str(row.key)) for row in rows)
            if each is not None and each.item is not None
        ],
    )


def _what(hold: Hold, known: Mapping[str, called.Called]) -> str:
    """What a hold stops, in words; "" for everything."""
    found = known.get(hold.target)
    return f"{found.title} ({found.when})" if found else hold.target


def resume(ask: Ask) -> Response:
    """Lift one pause. What fell due meanwhile stays held until it is settled."""
    found = next((hold for hold in _current(ask) if str(hold.id) == ask.path("id")), None)
    if found is None:
        return ask.back("/desk/resume", "resume.gone")
    ask.work.store.holds.lift(found.id, author=ask.who, now=ask.now)
    held = sum(need.kind == "held" for need in ask.needs())
    if held:
        return ask.back("/desk/needs-you", "resume.done_held", count=held)
    return ask.back("/desk/needs-you" if ask.needs() else "/desk", "resume.done")


def _current(ask: Ask) -> list[Hold]:
    return ask.work.store.holds.current(ask.now)
