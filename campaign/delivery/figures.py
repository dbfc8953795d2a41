"""The week's report: what went out, and what the networks say became of it (likes, reposts, replies, views).

Figures are read from the networks when a person asks, kept in the ledger with the moment of reading, and shown from
there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campaign.channels.base import Channel, Stats
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce
from campaign.errors import CampaignError, ChannelDown, TryLater
from campaign.model import Broadcast, BroadcastKind, BroadcastState, Delivery, DeliveryState
from campaign.store.figures import Reading

#: The figures that most networks have, in the order in which people read them; a network's others follow.
USUAL = ("likes", "reposts", "replies", "views")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One post that a network was asked about: its figures, or why there are none."""

    key: str
    url: str
    numbers: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of the report. Times are aware UTC; `tally` counts its deliveries by state; `read_at` None: never."""

    key: str
    message: str
    day: str
    channel: str
    kind: BroadcastKind
    state: BroadcastState
    planned_at: datetime
    sent_at: datetime | None = None
    url: str = ""
    tally: Mapping[DeliveryState, int] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A campaign's messages in time order, and the figures of its posts added up by channel and in all."""

    slug: str
    title: str
    timezone: str
    lines: tuple[Line, ...]
    by_channel: Mapping[str, Mapping[str, int]]
    totals: Mapping[str, int]

    @property
    def names(self) -> list[str]:
        """Every figure that is known, the usual ones first."""
        return ordered(self.totals)


def ordered(names: Iterable[str]) -> list[str]:
    """Names of figures as people read them: likes, reposts, replies, views, then the rest by name."""
    return sorted(names, key=lambda name: (USUAL.index(name) if name in USUAL else len(USUAL), name))


def read(parts: Parts, slug: str, make: Callable[[str], Channel[Any]], now: datetime) -> list[Asked]:
    """Ask the networks about every post of a campaign that went out over a channel that is live, and keep the answers.

    `make` gives the real channel of a name. A network that is signed out, or wants no more questions, is asked no
    further; its other posts are told with the same reason.
    """
    found: list[Asked] = []
    by_channel: dict[str, list[tuple[Broadcast, Delivery]]] = {}
    for _, row in sorted(parts.store.ledger.of(slug).items()):
        if row.kind is BroadcastKind.POST and parts.ways.is_live(row.key.channel):
            for delivery in parts.store.deliveries.of(row.id, DeliveryState.SENT):
                by_channel.setdefault(row.key.channel, []).append((row, delivery))
    for name, sent in sorted(by_channel.items()):
        found += _ask(parts, name, sent, make, now)
    return sorted(found, key=lambda each: each.key)


def _ask(
    parts: Parts,
    name: str,
    sent: list[tuple[Broadcast, Delivery]],
    make: Callable[[str], Channel[Any]],
    now: datetime,
) -> Iterable[Asked]:
    try:
        channel = make(name)
    except CampaignError as error:
        yield from (Asked(key=str(row.key), url=each.url, why_not=f"not read: {error}") for row, each in sent)
        return
    try:
        over = ""
        for row, delivery in sent:
            answer: _Answer = _numbers(channel, delivery) if not over else _Answer(why=over)
            over = answer.why if answer.over else over
            parts.store.figures.keep(row.id, answer.numbers, now=now)
            yield Asked(key=str(row.key), url=delivery.url, numbers=answer.numbers, why_not=answer.why)
    finally:
        channel.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one post's network said; `over`: it need not be asked about others."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    why: str = ""
    over: bool = False


def _numbers(channel: Channel[Any], delivery: Delivery) -> _Answer:
    if not isinstance(channel, Stats):
        return _Answer(why="the network does not say")
    if not delivery.remote_id or delivery.url.startswith("file:"):
        return _Answer(why="it has no number on the network")
    try:
        numbers = {name: number for name, number in channel.stats(delivery.remote_id).items() if number >= 0}
    except CampaignError as error:
        over = isinstance(error, ChannelDown) or (isinstance(error, TryLater) and error.slow_all)
        return _Answer(why=f"not read: {error}", over=over)
    return _Answer(numbers=numbers, why="" if numbers else "the network does not say")


def report(parts: Parts, force: InForce) -> Report:
    """The report of a campaign, from the ledger alone."""
    rows = parts.store.ledger.of(force.slug)
    ids = [row.id for row in rows.values()]
    tallies, readings = parts.store.deliveries.tally(*ids), parts.store.figures.latest(*ids)
    lines = sorted(
        (_line(parts, row, tallies.get(row.id, {}), readings.get(row.id)) for row in rows.values()),
        key=lambda line: (line.planned_at, line.key),
    )
    by_channel: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    for line in lines:
        by_channel.setdefault(line.channel, Counter()).update(line.numbers)
        totals.update(line.numbers)
    return Report(
        slug=force.slug,
        title=force.programme.campaign.title,
        timezone=force.programme.campaign.timezone,
        lines=tuple(lines),
        by_channel={name: dict(counts) for name, counts in sorted(by_channel.items()) if counts},
        totals=dict(totals),
    )


def _line(parts: Parts, row: Broadcast, tally: Mapping[DeliveryState, int], reading: Reading | None) -> Line:
    sent = None
    if row.kind is BroadcastKind.POST and tally.get(DeliveryState.SENT):
        sent = next(iter(parts.store.deliveries.of(row.id, DeliveryState.SENT)), None)
    return Line(
        key=str(row.key),
        message=row.key.message,
        day=row.key.day,
        channel=row.key.channel,
        kind=row.kind,
        state=row.state,
        planned_at=row.planned_at,
        sent_at=sent.settled_at if sent else None,
        url=sent.url if sent else "",
        tally=tally,
        numbers=reading.numbers if reading else {},
        read_at=reading.read_at if reading else None,
    )


def of_message(parts: Parts, slug: str, message: str, day: str) -> dict[str, Reading]:
    """The newest figures of one planned post on one day ("once" where it is on none), by channel."""
    rows = [row for row in parts.store.ledger.of(slug).values() if (row.key.message, row.key.day) == (message, day)]
    readings = parts.store.figures.latest(*(row.id for row in rows))
    return {row.key.channel: readings[row.id] for row in rows if row.id in readings}


def words(numbers: Mapping[str, int]) -> str:
    """Figures as people say them: `9 likes, 1 repost, 300 views`."""
    return ", ".join(f"{numbers[name]:,} {_counted(name, numbers[name])}" for name in ordered(numbers))


def _counted(name: str, number: int) -> str:
    singular = {"likes": "like", "reposts": "repost", "replies": "reply", "views": "view", "quotes": "quote"}
    return singular.get(name, name) if number == 1 else name
