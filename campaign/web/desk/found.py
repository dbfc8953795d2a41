"""The message that a page of the desk is about, found by its address."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException

from campaign.delivery.shelf import InForce
from campaign.model import Broadcast
from campaign.plan import Planned
from campaign.web.desk import show
from campaign.web.desk.door import Ask


@dataclass(frozen=True, slots=True)
class Message:
    """A message of one day: its entry, plan and rows by channel."""

    force: InForce
    entry: show.Entry
    planned: tuple[Planned, ...]
    rows: dict[str, Broadcast]

    @property
    def id(self) -> str:
        """Its name in the programme."""
        return self.entry.first.message

    @property
    def zone(self) -> str:
        """The campaign's zone."""
        return self.force.programme.campaign.timezone

    @property
    def path(self) -> str:
        """Its page."""
        return self.entry.path


def find(ask: Ask) -> Message:
    """The message of the address; 404 where there is none."""
    slug, message, day = ask.path("campaign"), ask.path("message"), ask.path("day")
    force = next((each for each in ask.door.shelf.all() if each.slug == slug), None)
    planned = tuple(
        each for each in (force.planned if force else ()) if each.key.message == message and each.key.day == day
    )
    if force is None or not planned:
        raise HTTPException(404)
    keys = {str(each.key) for each in planned}
    week = ask.week(force)
    items = tuple(item for item in week.items if item.key in keys)
    rows = {key: row for key, row in ask.work.store.ledger.of(slug).items() if key in keys}
    return Message(force, show.Entry(items), planned, rows)
