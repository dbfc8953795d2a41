"""What is going on, as people ask for it: the week, its sentence, and what needs a person. Read from the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from campaign.delivery import gates
from campaign.delivery.parts import Parts
from campaign.delivery.ring import as_moved
from campaign.delivery.shelf import InForce
from campaign.model import FINAL, Broadcast, BroadcastKind, BroadcastState, DeliveryState, PlannedPost
from campaign.plan import Planned, planned_holds
from campaign.render import speak
from campaign.render.words import words
from campaign.store.controls import Approval

SENT = DeliveryState.SENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One broadcast as people see it. `at` is aware UTC; `tally` counts its deliveries by state.

    `sent_back`: somebody asked for changes to it as it stands, in these words of theirs. `figures` are those
    that its network gave last (likes, ...).
    """

    key: str
    message: str
    day: str
    channel: str
    channel_kind: str
    kind: BroadcastKind
    title: str
    at: datetime
    state: BroadcastState
    reason: str = ""
    broadcast: int = 0
    moved: bool = False
    essential: bool = False
    approved: bool = True
    sent_back: Approval | None = None
    url: str = ""
    tally: Mapping[DeliveryState, int] = field(default_factory=dict)
    figures: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many deliveries it has."""
        return sum(self.tally.values())

    @property
    def is_sent(self) -> bool:
        """Whether it is done with no one left who should have had it and has not.

        A mailing is, though single addresses refused it: some always do.
        """
        return self.state is BroadcastState.DONE and _went(self.kind, self.tally)

    @property
    def is_under_way(self) -> bool:
        """Whether some of it may still go out by itself."""
        left = sum(count for state, count in self.tally.items() if state not in FINAL)
        return self.state is BroadcastState.OPENING or (self.state is BroadcastState.OPEN and left > 0)


def _went(kind: BroadcastKind, tally: Mapping[DeliveryState, int]) -> bool:
    troubled = {DeliveryState.MISSED, DeliveryState.UNCERTAIN, DeliveryState.DROPPED}
    if kind is BroadcastKind.POST:
        troubled.add(DeliveryState.FAILED)
    return not any(tally.get(state) for state in troubled)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One day of a week: when it unlocks (aware UTC), and its items in time order. `id` "" holds what is on no day."""

    id: str
    dates: tuple[date, ...]
    title: str
    unlock_at: datetime | None
    unlocked: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A campaign as it stands."""

    slug: str
    title: str
    timezone: str
    revision: int
    days: tuple[DayView, ...]

    @property
    def items(self) -> list[Item]:
        """Every item, in time order."""
        return sorted((item for day in self.days for item in day.items), key=lambda item: item.at)


def week(parts: Parts, force: InForce, now: datetime) -> Week:
    """The week of one campaign as it stands at `now`."""
    rows = parts.store.ledger.of(force.slug)
    tallies = parts.store.deliveries.tally(*(row.id for row in rows.values()))
    urls = parts.store.deliveries.urls(*(row.id for row in rows.values()))
    readings = parts.store.figures.latest(*(row.id for row in rows.values()))
    said = _Said.of(parts, force)
    items = [_item(parts, force, planned, rows.get(str(planned.key)), tallies, urls, said) for planned in force.planned]
    items = [
        replace(item, figures=readings[item.broadcast].numbers) if item.broadcast in readings else item
        for item in items
    ]
    return Week(
        slug=force.slug,
        title=force.programme.campaign.title,
        timezone=force.programme.campaign.timezone,
        revision=force.number,
        days=tuple(_days(parts, force, items, now)),
    )


def ahead(parts: Parts, forces: Iterable[InForce], now: datetime) -> list[InForce]:
    """The campaigns of which anything may still go: by its plan, or because a person gave it another time."""
    waiting = {row.key.campaign for row in parts.store.ledger.in_state(BroadcastState.PLANNED, BroadcastState.WAITING)}
    return [
        force for force in forces if force.slug in waiting or any(now <= planned.stop_at for planned in force.planned)
    ]


def _days(parts: Parts, force: InForce, items: Sequence[Item], now: datetime) -> Iterable[DayView]:
    unlocks = {unlock.day.id: unlock.at for unlock in force.unlocks}
    holds = (*parts.store.holds.all(), *planned_holds(force.programme))
    for day in force.programme.days:
        at = unlocks.get(day.id)
        yield DayView(
            id=day.id,
            dates=day.dates,
            title=" and ".join(theme.title for theme in day.themes),
            unlock_at=at,
            unlocked=at is not None and at <= now and not any(hold.locks(force.slug, at, now) for hold in holds),
            items=tuple(sorted((item for item in items if item.day == day.id), key=lambda item: item.at)),
        )
    rest = tuple(sorted((item for item in items if not item.day), key=lambda item: item.at))
    if rest:
        yield DayView(id="", dates=(), title="Also", unlock_at=None, unlocked=True, items=rest)


def _item(
    parts: Parts,
    force: InForce,
    planned: Planned,
    row: Broadcast | None,
    tallies: Mapping[int, Mapping[DeliveryState, int]],
    urls: Mapping[int, str],
    said: _Said,
) -> Item:
    opened = bool(row and row.opened_at)
    moved = as_moved(planned, row) if row and row.moved else planned
    return Item(
        key=str(planned.key),
        message=planned.message.id,
        day=planned.day.id if planned.day else "",
        channel=planned.key.channel,
        channel_kind=force.programme.channels[planned.key.channel].kind,
        kind=planned.kind,
        title=title(planned),
        at=moved.at,
        state=row.state if row else BroadcastState.PLANNED,
        reason=row.reason if row else "",
        broadcast=row.id if row else 0,
        moved=bool(row and row.moved),
        essential=planned.message.essential,
        approved=opened or said.approved(parts, force, planned),
        sent_back=None if opened else said.sent_back(parts, force, planned),
        url=urls.get(row.id, "") if row else "",
        tally=tallies.get(row.id, {}) if row else {},
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What approvers said of a campaign's messages; nothing where approvals are off."""

    yes: Mapping[str, Approval] | None
    back: Mapping[str, Approval]

    @classmethod
    def of(cls, parts: Parts, force: InForce) -> _Said:
        if not parts.approving():
            return cls(None, {})
        lead = f"{force.slug}/"
        return cls(parts.store.approvals.standing(lead), parts.store.approvals.sent_back(lead))

    def approved(self, parts: Parts, force: InForce, planned: Planned) -> bool:
        if self.yes is None:
            return True
        given = self.yes.get(str(planned.key))
        return given is not None and given.digest == gates.digest_of(parts, force, planned)

    def sent_back(self, parts: Parts, force: InForce, planned: Planned) -> Approval | None:
        word = self.back.get(str(planned.key))
        return word if word and word.digest == gates.digest_of(parts, force, planned) else None


def title(planned: Planned) -> str:
    """What people call it: its theme, else its day's, else its own title or name."""
    message = planned.message
    theme = next((each.title for each in (planned.day.themes if planned.day else ()) if each.id == message.theme), "")
    if theme:
        return theme
    if planned.day and planned.day.themes:
        return " and ".join(each.title for each in planned.day.themes)
    named = message.title if isinstance(message, PlannedPost) else ""
    return named or message.id.replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that waits for a person: what happened, why, and what they can do (words of `campaign settle`).

    `until`: when it can go no more (aware UTC), where nobody can give it another time. `subscriber`: whose email it
    is, 0 for none of one person. `more`: how many of the same stand besides it and are not listed.
    """

    kind: str
    key: str
    text: str
    why: str
    choices: tuple[str, ...]
    at: datetime | None = None
    delivery: int = 0
    until: datetime | None = None
    subscriber: int = 0
    more: int = 0


CHOICES: Mapping[BroadcastState, tuple[str, ...]] = {
    BroadcastState.MISSED: ("send now", "move to", "drop"),
    BroadcastState.HELD: ("send now", "move to", "drop"),
    BroadcastState.WAITING: ("move to", "drop"),
}
#: How many emails in doubt of one mailing are listed one by one.
LISTED = 20
URGENCY = ("uncertain", "missed", "failed", "waiting", "channel down", "held")


def needs(parts: Parts) -> list[Need]:
    """Everything that needs a person, soonest harm first."""
    found = [*_uncertain(parts), *_asking(parts), *_failed(parts), *_rests(parts), *_down(parts)]
    return sorted(found, key=lambda need: (URGENCY.index(need.kind), need.at is None, need.at, need.key))


def _asking(parts: Parts) -> Iterable[Need]:
    for row in parts.store.ledger.in_state(*CHOICES):
        to_paste = gates.TO_PASTE in row.reason
        yield Need(
            kind=row.state.value,
            key=str(row.key),
            text=f"{row.key} {'waits to be pasted' if to_paste else f'is {row.state}'}",
            why=row.reason,
            choices=("it went out", *CHOICES[row.state]) if to_paste else CHOICES[row.state],
            at=row.planned_at,
        )


def _uncertain(parts: Parts) -> Iterable[Need]:
    for broadcast, count in parts.store.deliveries.in_doubt().items():
        row = parts.store.ledger.by_id(broadcast)
        for delivery in parts.store.deliveries.of(broadcast, DeliveryState.UNCERTAIN, limit=LISTED):
            more = f" ({count} in all)" if count > LISTED else ""
            yield Need(
                kind="uncertain",
                key=str(row.key),
                text=f"{row.key}, delivery {delivery.id}, may have gone out{more}",
                why=delivery.reason,
                choices=("it went out", "it did not"),
                at=delivery.began_at,
                delivery=delivery.id,
                until=row.stop_at,
                subscriber=delivery.subscriber,
                more=max(0, count - LISTED),
            )


def _failed(parts: Parts) -> Iterable[Need]:
    for key, planned_at, stop_at, delivery in parts.store.deliveries.of_posts(
        DeliveryState.FAILED, DeliveryState.MISSED
    ):
        yield Need(
            kind="failed",
            key=key,
            text=f"{key} was refused" if delivery.state is DeliveryState.FAILED else f"{key} was missed",
            why=delivery.reason,
            choices=("try again", "drop"),
            at=planned_at,
            delivery=delivery.id,
            until=stop_at,
        )


def _rests(parts: Parts) -> Iterable[Need]:
    for broadcast, count, why in parts.store.deliveries.missed_of_mailings():
        row = parts.store.ledger.by_id(broadcast)
        total = sum(parts.store.deliveries.tally(broadcast)[broadcast].values())
        yield Need(
            kind="missed",
            key=str(row.key),
            text=f"{row.key}: {count:,} of {total:,} {'person' if total == 1 else 'people'} missed",
            why=why,
            choices=("send now", "move to", "drop"),
            at=row.planned_at,
        )


def _down(parts: Parts) -> Iterable[Need]:
    for name, state in parts.store.channels.all().items():
        if state.down:
            yield Need(
                kind="channel down",
                key=name,
                text=f"The channel {name} is down",
                why=state.down,
                choices=("campaign channels up " + name,),
            )


def sentence(week: Week, needing: int, now: datetime, called: Callable[[Item], str] = lambda one: one.channel) -> str:
    """The week in one sentence: "Tuesday: 6 of 9 sent, 1 under way, next at 10:05am on Bluesky, 2 need you".

    `called`: what people call an item's channel.
    """
    zone = ZoneInfo(week.timezone)
    today = now.astimezone(zone).date()
    items = [item for item in week.items if item.at.astimezone(zone).date() == today]
    ahead = [item for item in week.items if item.at > now and item.state is BroadcastState.PLANNED]
    sent, going = sum(item.is_sent for item in items), sum(item.is_under_way for item in items)
    parts = [f"{sent} of {len(items)} sent" if items else "nothing planned today"]
    if going:
        parts.append(f"{going} under way")
    if ahead:
        following = ahead[0].at.astimezone(zone)
        when = speak.clock_time(following, words())
        when = when if following.date() == today else f"{when} on {following:%A %-d %B}"
        parts.append(f"next at {when} on {called(ahead[0])}")
    else:
        parts.append("nothing more to come")
    parts.append(f"{needing} need you" if needing != 1 else "1 needs you")
    return f"{now.astimezone(zone):%A}: {', '.join(parts)}"


def completed(parts: Parts, forces: Iterable[InForce], now: datetime) -> list[tuple[str, str]]:
    """Campaigns with whose messages of today all is well: (key, "A week: Tuesday is complete: 9 of 9") each.

    What a person dropped is not counted among those that went.
    """
    found = []
    for force in forces:
        zone = ZoneInfo(force.programme.campaign.timezone)
        today = now.astimezone(zone).date()
        keys = {str(planned.key) for planned in force.planned if planned.at.astimezone(zone).date() == today}
        rows = parts.store.ledger.of(force.slug) if keys else {}
        over = [rows[key] for key in keys if key in rows and rows[key].state in OVER]
        done = [row for row in over if row.state is BroadcastState.DONE]
        if not done or len(over) < len(keys):
            continue
        tallies = parts.store.deliveries.tally(*(row.id for row in done))
        if not any(_asks(row.kind, tallies[row.id]) for row in done):
            went = sum(_went(row.kind, tallies[row.id]) for row in done)
            text = f"{force.programme.campaign.title}: {today:%A} is complete: {went} of {len(keys)}"
            found.append((f"complete:{force.slug}:{today}", text))
    return found


#: States of a message with which nothing more will happen.
OVER = frozenset({BroadcastState.DONE, BroadcastState.DROPPED, BroadcastState.CANCELLED})


def _asks(kind: BroadcastKind, tally: Mapping[DeliveryState, int]) -> bool:
    """Whether something of it still waits for a person."""
    return not _went(kind, {state: count for state, count in tally.items() if state is not DeliveryState.DROPPED})
