"""What a reader may see at a moment. Pure: shared by messages, pages and the plan.

Moments are aware UTC; what the programme states is wall time in the campaign's zone. What is not visible is absent
everywhere: no name, no link, no hint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from campaign.model import (
    Before,
    CampaignStatus,
    Day,
    EventState,
    IfPending,
    Programme,
    Resource,
    ResourceApproval,
    Theme,
    ThemeStatus,
)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom something is shown. No areas, or no audiences, means all of them."""

    areas: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()


EVERYONE = Reader()


class Shown(StrEnum):
    """How a resource shows: not at all, its name marked as pending, its name alone, or with its link."""

    ABSENT = "absent"
    PENDING = "pending"
    NAME = "name"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Seen:
    """A resource at a moment. `link` is the address to give ("" where none); `recording`: it is an event's recording.

    `event` is None for anything but an event; after its end `ended` is true and its booking state no longer matters.
    """

    resource: Resource
    shown: Shown
    link: str = ""
    recording: bool = False
    ended: bool = False
    event: EventState | None = None


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def moment(wall: datetime, timezone: str) -> datetime:
    """The UTC instant of a wall time. In an hour that happens twice the first; one that never happens moves on."""
    if wall.tzinfo is not None:
        return wall.astimezone(UTC)
    return wall.replace(tzinfo=_zone(timezone), fold=0).astimezone(UTC)


def local(instant: datetime, timezone: str) -> datetime:
    """An aware instant as wall time in the zone, still aware."""
    return instant.astimezone(_zone(timezone))


def unlock_at(programme: Programme, day: Day) -> datetime | None:
    """When a day unlocks (UTC): on its first date. None while it has no date."""
    if not day.dates:
        return None
    wall = datetime.combine(min(day.dates), day.unlock or programme.campaign.defaults.unlock)
    return moment(wall, programme.campaign.timezone)


def page_shows(programme: Programme, day: Day, now: datetime) -> Before | None:
    """What the public page of a day shows: None means all of it, for it is unlocked. A draft shows nothing."""
    opens = unlock_at(programme, day)
    if programme.campaign.status is CampaignStatus.DRAFT or opens is None:
        return Before.NOTHING
    return None if now >= opens else day.before


def for_reader(programme: Programme, areas: Iterable[str], audiences: Iterable[str], reader: Reader) -> bool:
    """Whether something for these areas (or groups) and audiences is for the reader; none stated means everyone."""
    areas, audiences = tuple(areas), frozenset(audiences)
    here = not areas or not reader.areas or bool(programme.expand_areas(areas) & reader.areas)
    return here and (not audiences or not reader.audiences or bool(audiences & reader.audiences))


def themes(programme: Programme, day: Day, reader: Reader = EVERYONE, only: str = "") -> tuple[Theme, ...]:
    """The themes of the day that are for the reader, in order; cancelled ones are left out. `only`: that theme."""
    return tuple(
        theme
        for theme in day.themes
        if theme.status is not ThemeStatus.CANCELLED
        and (not only or theme.id == only)
        and for_reader(programme, theme.areas, theme.audiences, reader)
    )


def _first_unlock(programme: Programme, resource: Resource) -> datetime | None:
    """The earliest unlock among the days whose themes use the resource; None where no dated day does."""
    if resource.id in programme.campaign.resources:
        return None
    days = [day for day in programme.days if any(resource.id in theme.resources for theme in day.themes)]
    unlocks = [opens for day in days if (opens := unlock_at(programme, day)) is not None]
    return min(unlocks, default=None) if len(unlocks) == len(days) else None


def visible_from(programme: Programme, resource: Resource) -> datetime | None:
    """The later of `visible_from` (default: its day's unlock; an event: at once) and the embargo, as a UTC instant.

    None: nothing holds it back. A resource `held` has no such instant: see `is_held`.
    """
    zone = programme.campaign.timezone
    if resource.visible_from is not None:
        start: datetime | None = moment(resource.visible_from, zone)
    elif resource.event is not None:
        start = None
    else:
        start = _first_unlock(programme, resource)
    embargo = resource.embargo_until
    until = moment(embargo, zone) if isinstance(embargo, datetime) else None
    return max((instant for instant in (start, until) if instant is not None), default=None)


def is_held(resource: Resource) -> bool:
    """Whether the resource waits for a person to release it."""
    return isinstance(resource.embargo_until, str) and resource.embargo_until != ""


def is_approved(resource: Resource) -> bool:
    """Whether its owners approved it. Not stated counts as pending."""
    return resource.approval is ResourceApproval.APPROVED


def event_end(programme: Programme, resource: Resource) -> datetime | None:
    """When an event is over (UTC): at `ends`, else at the end of the day it starts on; None where no date is known."""
    event = resource.event
    if event is None:
        return None
    last = event.ends if event.ends is not None else event.starts
    if last is None:
        return None
    if event.ends is not None and isinstance(last, datetime):
        return moment(last, programme.campaign.timezone)
    day: date = last.date() if isinstance(last, datetime) else last
    return moment(datetime.combine(day + timedelta(days=1), time()), programme.campaign.timezone)


def seen(programme: Programme, resource: Resource, now: datetime, reader: Reader = EVERYONE) -> Seen:
    """How the resource shows to the reader at `now`."""
    hidden = Seen(resource, Shown.ABSENT)
    opens = visible_from(programme, resource)
    if resource.approval is ResourceApproval.WITHDRAWN or is_held(resource) or (opens is not None and now < opens):
        return hidden
    if not for_reader(programme, resource.areas, resource.audiences, reader):
        return hidden
    if not is_approved(resource):
        return Seen(resource, Shown.PENDING) if resource.if_pending is IfPending.NAME_ONLY else hidden
    if resource.event is not None:
        return _seen_event(programme, resource, now)
    link = resource.link or (resource.media.link if resource.media else "")
    return Seen(resource, Shown.LINK if link else Shown.NAME, link)


def _seen_event(programme: Programme, resource: Resource, now: datetime) -> Seen:
    """The booking link while open; after the end the recording, or the name alone."""
    event = resource.event
    if event is None:
        raise ValueError(f"{resource.id} is not an event")
    end = event_end(programme, resource)
    if end is not None and now >= end:
        cancelled = event.state is EventState.CANCELLED
        link = "" if cancelled else event.recording
        state = event.state if cancelled else None
        return Seen(resource, Shown.LINK if link else Shown.NAME, link, recording=bool(link), ended=True, event=state)
    link = (event.booking or resource.link) if event.state is EventState.OPEN else ""
    return Seen(resource, Shown.LINK if link else Shown.NAME, link, event=event.state)


def blocking(programme: Programme, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the resources whose approval is pending and which block the messages that use them."""
    found = []
    for name in ids:
        resource = programme.resources.get(name)
        if resource is None or is_approved(resource) or resource.approval is ResourceApproval.WITHDRAWN:
            continue
        if resource.if_pending is IfPending.BLOCK:
            found.append(name)
    return tuple(found)


def gated_links(programme: Programme, now: datetime | None = None) -> dict[str, str]:
    """Address -> resource id, for each resource that is gated: not approved, withdrawn, under embargo, held, an event.

    With `now`, an embargo or a `visible_from` that is over no longer gates. Text must name such a resource as
    `resource:ID` and never by its address, or it would escape its gate.
    """
    found: dict[str, str] = {}
    for resource in programme.resources.values():
        opens = visible_from(programme, resource)
        waits = is_held(resource) or (opens is not None and (now is None or now < opens))
        if not (waits or resource.event is not None or not is_approved(resource)):
            continue
        event = resource.event
        addresses = [resource.link, resource.media.link if resource.media else ""]
        addresses += [event.booking, event.recording] if event else []
        found.update({same_address(address): resource.id for address in addresses if address})
    return found


def same_address(url: str) -> str:
    """A form in which two spellings of one address are equal: case of the host, final slash and fragment aside."""
    body = url.strip().split("#", 1)[0]
    scheme, mark, rest = body.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash}{path}".rstrip("/")
