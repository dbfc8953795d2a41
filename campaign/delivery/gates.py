"""Why a message that is due cannot open yet: approval, embargo, a page still locked, a channel not set up.

Asked at opening, and again before each begin, so that an approval or a document withdrawn in between stops it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from campaign import render
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import Day, EventState, Hold, PlannedMailing, PlannedPost, Programme, Resource, ResourceApproval
from campaign.plan import Planned, resolve, resolve_start
from campaign.render import visible
from campaign.store.controls import Approval
from campaign.store.mailings import Audience

TO_PASTE = "a person has to paste it"
#: Every email links to the page on which its reader leaves; without one each would be refused, and so lost.
NO_ADDRESS = "CAMPAIGN_BASE_URL is not set, and every email links to the page to leave"


def digest_of(parts: Parts, force: InForce, planned: Planned) -> str:
    """The hash that an approval of this broadcast is bound to (the file's facts; not the ledger's).

    A revision never changes, so it is worked out once for each message, time and address of the pages. The time is the
    one that the programme plans: giving a message another time is a named approver's act of its own.
    """
    pages = parts.pages(force.programme)
    at = resolve(planned.wall, ZoneInfo(force.programme.campaign.timezone))
    wanted = planned.key, at, pages
    known = force.digests.get(wanted)
    if known is None:
        ref = force.programme.channels[planned.key.channel]
        known = render.content_hash(
            force.programme,
            planned.message,
            planned.day,
            ref,
            planned_at=at,
            pages=pages,
            files=force.files,
        )
        force.digests[wanted] = known
    return known


def waits_for(
    parts: Parts,
    force: InForce,
    planned: Planned,
    approvals: Mapping[str, Approval],
    holds: Iterable[Hold],
    now: datetime,
) -> tuple[str, ...]:
    """Every reason why it cannot open at `now`, in words for a person; empty where it can."""
    return (*_reasons(parts, force, planned, approvals, now), *page_against(force, planned, holds, now))


def _reasons(
    parts: Parts, force: InForce, planned: Planned, approvals: Mapping[str, Approval], now: datetime
) -> Iterator[str]:
    ref = force.programme.channels[planned.key.channel]
    problem = parts.ways.problem(ref)
    if problem:
        yield problem
    if parts.approving():
        yield from _unapproved(parts, force, planned, approvals)
    yield from facts_against(force.now_says, planned.message, planned.day, force.files, now)
    if isinstance(planned.message, PlannedMailing):
        yield from _lists_against(parts, planned.message)
        if not parts.pages(force.programme).base_url:
            yield NO_ADDRESS
    if not problem and parts.ways.channel(ref).by_hand:
        yield TO_PASTE


def _lists_against(parts: Parts, message: PlannedMailing) -> Iterator[str]:
    try:
        sender = parts.store.mailings.choice(Audience(lists=message.lists, without=message.exclude)).sender
    except RefusedError as error:
        yield str(error)
        return
    if sender not in parts.senders():
        yield f"the sender {sender} is not in senders.yaml"


def _unapproved(parts: Parts, force: InForce, planned: Planned, approvals: Mapping[str, Approval]) -> Iterator[str]:
    approval = approvals.get(str(planned.key))
    if approval is None:
        yield "it is not approved"
    elif approval.digest != digest_of(parts, force, planned):
        yield f"it was changed after {approval.author} approved it"


def facts_against(
    programme: Programme,
    message: PlannedPost | PlannedMailing,
    day: Day | None,
    files: Mapping[str, bytes],
    now: datetime,
) -> Iterator[str]:
    """What the documents' owners say against sending it at `now`."""
    for resource in _needed(programme, message):
        yield from _against_resource(programme, resource, now)
    for name in render.needed_blocks(programme, message, day, files):
        yield f"{programme.resources[name].title} is not approved"


def page_against(force: InForce, planned: Planned, holds: Iterable[Hold], now: datetime) -> Iterator[str]:
    """What keeps the page locked to which it leads its readers. `holds`: all there are, the programme's own too."""
    day = planned.day
    opens = resolve_start(day, force.programme) if day is not None else None
    if opens is None or not render.links_to_page(planned.message, day, force.files):
        return
    if now < opens:
        yield f"the page it links to opens at {opens.isoformat()}"
    for hold in holds:
        if hold.locks(force.slug, opens, now):
            yield f"the page it links to is kept locked by a pause of {hold.author}" + (
                hold.reason and f": {hold.reason}"
            )


def _needed(programme: Programme, message: PlannedPost | PlannedMailing) -> list[Resource]:
    names = [*message.needs]
    if isinstance(message, PlannedPost) and message.link in programme.resources:
        names.append(message.link)
    return [programme.resources[name] for name in dict.fromkeys(names) if name in programme.resources]


def _against_resource(programme: Programme, resource: Resource, now: datetime) -> Iterator[str]:
    if resource.approval is ResourceApproval.WITHDRAWN:
        yield f"{resource.title} was withdrawn"
    elif not visible.is_approved(resource):
        yield f"{resource.title} is not approved"
    if visible.is_held(resource):
        yield f"{resource.title} is held until a person releases it"
    if resource.event is not None and resource.event.state is EventState.CANCELLED:
        yield f"{resource.title} was cancelled"  # its link goes by itself; the words that invite to it would not
    opens = visible.visible_from(programme, resource)
    if opens is not None and now < opens:
        yield f"{resource.title} is under embargo until {opens.isoformat()}"


class HoldsNow:
    """The holds in force, read again only when something in the ledger changed."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._seen = -1
        self._holds: list[Hold] = []

    def all(self) -> list[Hold]:
        """Every hold there is, past and present."""
        changes = self._parts.store.ledger.changes()
        if changes != self._seen:
            self._holds = self._parts.store.holds.all()
            self._seen = changes
        return self._holds

    def stopping(self, *, campaign: str, channel: str, broadcast: str, essential: bool, now: datetime) -> Hold | None:
        """The hold that stops this broadcast now, or None."""
        for hold in self.all():
            if (
                hold.stands(now)
                and hold.stops(essential)
                and hold.covers(campaign=campaign, channel=channel, broadcast=broadcast)
            ):
                return hold
        return None
