"""What people call a message over a channel, so that no page has to show them its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaign.delivery import views
from campaign.delivery.shelf import InForce
from campaign.delivery.views import Item
from campaign.model import BroadcastKind
from campaign.plan import Planned
from campaign.web.desk import show, times
from campaign.web.desk.door import Ask
from campaign.web.desk.names import networks_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One broadcast in words. `name` is the message's own in the programme; `path` where its page is, once loaded."""

    title: str
    name: str
    channel: str
    when: str
    path: str = ""
    item: Item | None = None
    zone: str = ""


def loaded(ask: Ask, keys: Iterable[str]) -> dict[str, Called]:
    """Those of the keys that programmes in force have."""
    slugs = {key.split("/")[0] for key in keys if "/" in key}
    found: dict[str, Called] = {}
    for force in ask.door.shelf.all():
        if force.slug in slugs:
            names = ask.door.names(force)
            for item in ask.week(force).items:
                found[item.key] = _of(ask, item, names, force.programme.campaign.timezone)
    return found


def _of(ask: Ask, item: Item, names: Mapping[str, str], zone: str) -> Called:
    words = ask.door.templates.words()
    return Called(
        title=_titled(ask, item.kind, item.title),
        name=item.message.replace("-", " "),
        channel=names.get(item.channel, item.channel),
        when=times.moment(item.at, zone, ask.now, words.shared),
        path=show.Entry((item,)).path,
        item=item,
        zone=zone,
    )


def planned(ask: Ask, forces: Iterable[InForce]) -> dict[str, Called]:
    """Every broadcast of programmes that need not be loaded; of two programmes with the same key the first counts."""
    found: dict[str, Called] = {}
    for force in forces:
        names, zone = networks_of(ask.work, force.programme), force.programme.campaign.timezone
        for each in force.planned:
            found.setdefault(str(each.key), _planned(ask, each, each.at, names, zone))
    return found


def _planned(ask: Ask, each: Planned, at: datetime, names: Mapping[str, str], zone: str) -> Called:
    words, channel = ask.door.templates.words(), each.key.channel
    return Called(
        title=_titled(ask, each.kind, views.title(each)),
        name=each.key.message.replace("-", " "),
        channel=names.get(channel, channel),
        when=times.moment(at, zone, ask.now, words.shared),
        path=f"/desk/message/{each.key.campaign}/{each.key.message}/{each.key.day}",
        zone=zone,
    )


def _titled(ask: Ask, kind: BroadcastKind, title: str) -> str:
    return ask.door.templates.words()("week.email" if kind is BroadcastKind.MAILING else "week.post", title=title)
