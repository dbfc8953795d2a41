"""People: lists with their figures, a search, and a person's page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from campaign.address import mask
from campaign.delivery import audience
from campaign.web.desk import times
from campaign.web.desk.door import Ask


def people(ask: Ask) -> Response:
    """Lists, and who matches a search. Whole addresses are for editors; others see them masked."""
    text, chosen = ask.text("q"), ask.text("list")
    figures = audience.lists(ask.work)
    known = {each.list.slug: each.list.title for each in figures}
    found = audience.find(ask.work, text, list_slug=chosen if chosen in known else "") if text or chosen else []
    return ask.page(
        "desk/people.html",
        here="people",
        figures=figures,
        found=[(each, _address(ask, each.address)) for each in found],
        text=text,
        chosen=chosen,
        known={"": ask.door.templates.words()("week.any"), **known},
        most=audience.MOST,
    )


def person(ask: Ask) -> Response:
    """A person's page: subscriptions, and what they were to get."""
    found = audience.person(ask.work, int(ask.path("id")))
    if found is None:
        raise HTTPException(404)
    words, zone = ask.door.templates.words(), ask.door.zone()
    on = [
        (each, times.moment(each.changed_at, zone, ask.now, words.shared)) for each in found.person.subscriptions
    ]  # fmt: skip
    return ask.page(
        "desk/person.html", here="people", person=found.person, address=_address(ask, found.person.address), on=on,
        emails=found.emails[:100],
    )  # fmt: skip


def _address(ask: Ask, address: str) -> str:
    return address if ask.may("editor") else mask(address)
