"""A message as its readers get it: over each channel with its counts, or as an email to somebody; before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from campaign import render
from campaign.channels.base import Channel
from campaign.delivery.frozen import thaw
from campaign.delivery.mail.mailing import audience_of
from campaign.delivery.parts import Parts
from campaign.delivery.previewing import Wanted, readers_in_words, sample_reader
from campaign.delivery.ring import post_of
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import FileError, RefusedError, SettingsError
from campaign.model import Broadcast, BroadcastState, PlannedMailing, Post, Recipient
from campaign.plan import Planned
from campaign.render import Urls


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPost:
    """A post over one channel. `length` and `limit` are counted as the channel counts; `limit` 0: none is known.

    `title` is the network's name; `words` the text as it will stand there, of which the first `fits` characters fit.
    """

    channel: str
    kind: str
    title: str = ""
    made: Post | None = None
    words: str = ""
    fits: int = 0
    length: int = 0
    limit: int = 0
    unit: str = "characters"
    problems: tuple[str, ...] = ()

    @property
    def over(self) -> int:
        """By how many units it is too long."""
        return max(0, self.length - self.limit) if self.limit else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEmail:
    """An email as one reader gets it. `reader` says who that is, in words; `empty`: there is nothing for them."""

    reader: str
    subject: str = ""
    preheader: str = ""
    sender: str = ""
    html: str = ""
    text: str = ""
    empty: bool = False
    problems: tuple[str, ...] = ()


def post(parts: Parts, shelf: Shelf, force: InForce, planned: Planned, row: Broadcast | None) -> ShownPost:
    """The post as it would go out at its time; once it has opened, as it was frozen then."""
    ref = force.programme.channels[planned.key.channel]
    try:
        made = _frozen(parts, shelf, row) or post_of(parts, force, planned, planned.at)
    except FileError as error:
        return ShownPost(channel=ref.id, kind=ref.kind, problems=tuple(each.message for each in error.problems))
    try:
        channel = parts.ways.channel(ref)
    except SettingsError as error:
        whole = made.whole
        return ShownPost(
            channel=ref.id, kind=ref.kind, made=made, words=whole, fits=len(whole),
            problems=(str(error) or "It is not set up.",),
        )  # fmt: skip
    whole = channel.words(made)
    return ShownPost(
        channel=ref.id,
        kind=ref.kind,
        title=channel.title,
        made=made,
        words=whole,
        fits=_fits(channel, whole),
        length=channel.length(whole),
        limit=channel.limits.text,
        unit=channel.limits.unit,
        problems=tuple(problem.message for problem in channel.check(made)),
    )


def _fits(channel: Channel[Post], text: str) -> int:
    """How many of its first characters the channel takes."""
    limit = channel.limits.text
    if not limit or channel.length(text) <= limit:
        return len(text)
    most, least = len(text), 0
    while least < most:
        middle = (least + most + 1) // 2
        if channel.length(text[:middle]) <= limit:
            least = middle
        else:
            most = middle - 1
    return least


def _frozen(parts: Parts, shelf: Shelf, row: Broadcast | None) -> Post | None:
    content = parts.store.ledger.content(row.id) if row and row.opened_at else ""
    if row is None or row.opened_at is None or not content:
        return None
    return thaw(content, shelf.as_of(row.key.campaign, row.revision, row.opened_at).files)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom an email is shown to: a sample of an area and audience ("": of all), or the subscriber with that number."""

    area: str = ""
    audience: str = ""
    person: int = 0


def email(
    parts: Parts, shelf: Shelf, force: InForce, planned: Planned, row: Broadcast | None, reader: Reader, now: datetime
) -> ShownEmail:
    """The email as that reader gets it, before it opens and after."""
    if row is not None and row.opened_at is not None:
        force = shelf.as_of(row.key.campaign, row.revision, row.opened_at)
        planned = next((each for each in force.planned if each.key == row.key), planned)
    message, programme = planned.message, force.now_says
    if not isinstance(message, PlannedMailing):
        raise RefusedError(f"{planned.key} is no email.")
    urls = Urls(preferences="https://example.org/", unsubscribe="https://example.org/", web="")
    told = ""
    try:
        who = _recipient(parts, force, planned, reader, now)
        told = readers_in_words(programme, who)
        sender = parts.senders()[parts.store.mailings.choice(audience_of(force, planned)).sender]
        compiled = render.compile_mailing(
            programme,
            message,
            planned.day,
            planned_at=planned.at,
            now=row.opened_at if row and row.opened_at else planned.at,
            pages=parts.pages(force.programme),
            files=force.files,
            sender=sender,
            channel=force.programme.channels[planned.key.channel],
        )
        made = compiled.email(
            who, message_id="<preview@example.org>", envelope_from="bounces@example.org", urls=urls, date=planned.at
        )
        line = compiled.preheader(who, urls) if made else ""
    except FileError as error:
        return ShownEmail(reader=told, problems=tuple(each.message for each in error.problems))
    except RefusedError as error:
        return ShownEmail(reader=told, problems=(str(error),))
    except KeyError as error:
        return ShownEmail(reader=told, problems=(f"The sender {error} is not in senders.yaml.",))
    if made is None:
        return ShownEmail(reader=told, empty=True)
    return ShownEmail(
        reader=told,
        subject=made.subject,
        preheader=line,
        sender=f"{made.from_name} <{made.from_address}>",
        html=made.body.html,
        text=made.body.text,
    )


def _recipient(parts: Parts, force: InForce, planned: Planned, reader: Reader, now: datetime) -> Recipient:
    """The subscriber, with links that are nobody's, or a sample; RefusedError where it does not go to them."""
    if not isinstance(planned.message, PlannedMailing):
        raise RefusedError(f"{planned.key} is no email.")
    if not reader.person:
        areas, audiences = (reader.area,) if reader.area else (), (reader.audience,) if reader.audience else ()
        return sample_reader(force.now_says, planned.message, Wanted(areas=areas, audiences=audiences))
    audience, number = audience_of(force, planned), reader.person
    found = parts.store.mailings.recipients(audience, [number], now=now).get(number)
    if found is None:
        why = parts.store.mailings.lapsed(audience, [number], now=now).get(number, "not on its lists")
        raise RefusedError(f"It does not go to this person: {why}.")
    return replace(found, unsubscribe_token="0" * 22)


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people a mailing would reach: in all, by list, by area and by audience (ids, each with a number).

    A person may be on several lists, in several areas and of several audiences, and counts in each. `""` is who is of
    no area in particular, or of no audience: they get everything.
    """

    everybody: int
    lists: tuple[tuple[str, int], ...]
    areas: tuple[tuple[str, int], ...]
    audiences: tuple[tuple[str, int], ...]


def reach(parts: Parts, force: InForce, planned: Planned, now: datetime) -> Reach:
    """How many people the mailing would reach now. RefusedError where a list is missing.

    Areas and audiences are those that the mailing narrows to, where it does: somebody's others are not its matter.
    """
    whole, programme = audience_of(force, planned), force.programme
    lists, areas, audiences = Counter(dict.fromkeys(whole.lists, 0)), Counter[str](), Counter[str]()
    everybody = 0
    for (theirs, groups, chosen), number in parts.store.mailings.groups(whole, now=now):
        everybody += number
        lists.update({each.slug: number for each in chosen})
        areas.update(dict.fromkeys(theirs or ("",), number))
        audiences.update(dict.fromkeys(groups or ("",), number))
    return Reach(
        everybody,
        tuple(lists.items()),
        tuple(_told(areas, tuple(programme.areas), whole.areas)),
        tuple(_told(audiences, tuple(programme.audiences), whole.audiences)),
    )


def _told(counted: Mapping[str, int], known: Sequence[str], wanted: Collection[str]) -> Iterator[tuple[str, int]]:
    """Those that the programme knows in its order, then the others; those that nobody is of are told too."""
    for name in dict.fromkeys([*known, *sorted(counted), ""]):
        if (not name and counted.get(name)) or (name and (name in wanted if wanted else counted.get(name))):
            yield name, counted.get(name, 0)


def left_out(parts: Parts, force: InForce, planned: Planned, now: datetime) -> list[tuple[str, int]]:
    """Who on the mailing's lists it would not reach now: why, and how many; most telling first.

    RefusedError where a list is missing.
    """
    found = parts.store.mailings.breakdown(audience_of(force, planned), now=now)
    return [(why, people) for why, people in found.items() if why != "reached"]


#: States in which a message can still be given another time, or be skipped, by the team.
AHEAD = frozenset(
    {BroadcastState.PLANNED, BroadcastState.WAITING, BroadcastState.HELD, BroadcastState.MISSED}
)  # fmt: skip
