"""Pause everything, and Review and resume."""

from __future__ import annotations

from starlette.responses import Response

from campaign.delivery import views
from campaign.model import Hold, HoldScope, Strength
from campaign.web.desk import times
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
    held = [need for need in ask.needs() if need.kind == "held"]
    return ask.page(
        "desk/resume.html",
        here="",
        holds=[(hold, times.moment(hold.since, ask.door.zone(), ask.now, words.shared)) for hold in holds],
        held=held,
    )


def resume(ask: Ask) -> Response:
    """Lift one pause. What fell due meanwhile stays held until it is settled."""
    found = next((hold for hold in _current(ask) if str(hold.id) == ask.path("id")), None)
    if found is None:
        return ask.back("/desk/resume", "resume.gone")
    ask.work.store.holds.lift(found.id, author=ask.who, now=ask.now)
    return ask.back("/desk/needs-you" if views.needs(ask.work) else "/desk", "resume.done")


def _current(ask: Ask) -> list[Hold]:
    return ask.work.store.holds.current(ask.now)
