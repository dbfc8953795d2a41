"""Any message of a programme as its readers would get it, before anything is loaded or sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from campaign import render
from campaign.delivery.samples import sample_sender
from campaign.errors import FileError, Problem
from campaign.model import Email, MailingList, PlannedMailing, PlannedPost, Post, Programme, Recipient, Sender
from campaign.programme.checks import Measure
from campaign.programme.checks.sheet import Occurrence, Sheet, sheet
from campaign.programme.loader import Loaded
from campaign.render import Pages, Urls, speak
from campaign.render.words import words

HERE = "https://week.example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages, and for whom; empty means any. `day` is a day's id or date."""

    message: str = ""
    day: str = ""
    channel: str = ""
    areas: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    subscriber: Recipient | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One message for one channel. `made` is None where it says nothing to this reader, or cannot be rendered.

    `when` is the planned time in words ("" while it has none); `length` and `limit` are counted as the channel counts.
    """

    name: str
    day: str
    when: str
    channel: str
    kind: str
    readers: str
    made: Post | Email | None
    preheader: str = ""
    length: int = 0
    limit: int = 0
    unit: str = "characters"
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Previews:
    """Everything asked for, and what could not be judged without an installation."""

    campaign: str
    found: tuple[Preview, ...]
    notes: tuple[str, ...] = field(default=())


def previews(
    loaded: Loaded,
    wanted: Wanted,
    *,
    today: date,
    channels: Mapping[str, Measure],
    sender: Sender | None = None,
) -> Previews:
    """The previews of a loaded programme.

    A week without dates is shown as if it were next week. `channels` measure the posts, by the programme's names.
    """
    page = sheet(loaded, today=today, installation=None)
    notes = ["It has no dates yet, so it is shown as if it were next week."] if page.pretended else []
    if sender is None and page.programme.mailings:
        notes.append("The sender, the lists' titles and people's links are samples: an installation has the real ones.")
    found = tuple(each for one in _chosen(page, wanted) for each in _each(page, one, wanted, channels, sender))
    return Previews(page.programme.campaign.title, found, tuple(notes))


def _chosen(page: Sheet, wanted: Wanted) -> Iterator[Occurrence]:
    for one in page.occurrences:
        dates = [each.isoformat() for each in one.day.dates] if one.day else [one.wall.date().isoformat()]
        on_day = wanted.day in ("", one.day_id, *dates)
        if on_day and wanted.message in ("", one.message.id, one.where):
            yield one


def _each(
    page: Sheet, one: Occurrence, wanted: Wanted, channels: Mapping[str, Measure], sender: Sender | None
) -> Iterator[Preview]:
    if isinstance(one.message, PlannedPost):
        for name in one.message.channels:
            if wanted.channel in ("", name):
                yield _post(page, one, one.message, name, channels.get(name))
    elif wanted.channel in ("", one.message.channel):
        yield _email(page, one, one.message, wanted, sender or _stand_in(page.programme, one.message))


def _stand_in(programme: Programme, planned: PlannedMailing) -> Sender:
    """A sender of the organisation whose channel it is, at an address that leads nowhere."""
    owner = programme.organisations.get(programme.channels[planned.channel].organisation)
    sample = sample_sender(programme)
    if owner is None:
        return sample
    return replace(sample, from_name=owner.name, organisation=owner.id, postal_address=owner.address)


def _pages(programme: Programme) -> Pages:
    return Pages(HERE, programme.campaign.home_url, programme.campaign.id)


def _when(one: Occurrence) -> str:
    say = words("en-GB")
    return f"{speak.full_date(one.wall.date(), say)}, {speak.clock_time(one.wall, say)}"


def _post(page: Sheet, one: Occurrence, planned: PlannedPost, name: str, channel: Measure | None) -> Preview:
    programme = page.programme
    ref = programme.channels[name]
    plain = Preview(
        name=planned.id, day=one.day_id, when=_when(one), channel=name, kind=ref.kind, readers="everyone", made=None
    )
    try:
        made = render.post(
            programme,
            planned,
            one.day,
            ref,
            planned_at=one.at,
            now=one.at,
            pages=_pages(programme),
            files=page.files,
        )
    except FileError as error:
        return _failed(plain, error)
    if channel is None:
        return _with(plain, made=made)
    return _with(
        plain,
        made=made,
        length=channel.length(channel.words(made)),
        limit=channel.limits.text,
        unit=channel.limits.unit,
        problems=tuple(channel.check(made)),
    )


def _with(plain: Preview, **facts: object) -> Preview:
    return replace(plain, **facts)  # type: ignore[arg-type]


def _failed(plain: Preview, error: FileError) -> Preview:
    return _with(plain, problems=error.problems)


def _email(page: Sheet, one: Occurrence, planned: PlannedMailing, wanted: Wanted, sender: Sender) -> Preview:
    programme = page.programme
    who = wanted.subscriber or sample_reader(programme, planned, wanted)
    plain = Preview(
        name=planned.id,
        day=one.day_id,
        when=_when(one),
        channel=planned.channel,
        kind=programme.channels[planned.channel].kind,
        readers=readers_in_words(programme, who),
        made=None,
    )
    compiled = render.compile_mailing(
        programme,
        planned,
        one.day,
        planned_at=one.at,
        now=one.at,
        pages=_pages(programme),
        files=page.files,
        sender=sender,
        channel=programme.channels[planned.channel],
    )
    token = "0" * 22
    urls = Urls(f"{HERE}/preferences/{token}", f"{HERE}/unsubscribe/{token}", "")
    try:
        made = compiled.email(
            who, message_id=f"{token}@example.org", envelope_from="bounces@example.org", urls=urls, date=one.at
        )
        line = compiled.preheader(who, urls) if made else ""
    except FileError as error:
        return _failed(plain, error)
    return _with(plain, made=made, preheader=line, length=len(made.raw) if made else 0, unit="bytes")


def sample_reader(programme: Programme, planned: PlannedMailing, wanted: Wanted) -> Recipient:
    """Sam, with the areas and audiences asked for, on the mailing's lists."""
    lists = tuple(
        MailingList(
            id=number,
            slug=name,
            title=programme.audiences[name].name
            if name in programme.audiences
            else name.replace("-", " ").capitalize(),
            sender="",
        )
        for number, name in enumerate(planned.lists, start=1)
    )
    return Recipient(
        subscriber=1,
        address="sam@example.org",
        first_name="Sam",
        organisation="Example Organisation",
        language=programme.campaign.language,
        areas=programme.expand_areas(wanted.areas),
        audiences=frozenset(wanted.audiences),
        lists=lists,
        unsubscribe_token="0" * 22,
    )


def readers_in_words(programme: Programme, who: Recipient) -> str:
    """`Sam, Practitioners in Hampshire`."""
    say = words(programme.campaign.language)
    audiences = [programme.audiences[name].name for name in sorted(who.audiences) if name in programme.audiences]
    areas = [programme.areas[name] for name in sorted(who.areas) if name in programme.areas]
    group = say(
        "reader.group",
        audiences=say.join(audiences) or say("reader.every_audience"),
        areas=say.join(areas) or say("reader.every_area"),
    )
    return f"{who.first_name}, {group}" if who.first_name else group
