"""Needs you: what waits for a person, and the forms that settle it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from campaign import plan
from campaign.delivery import audience, settling, showing, views
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import BroadcastState
from campaign.programme import dates
from campaign.web.desk import called, people, show, times
from campaign.web.desk.door import Ask
from campaign.web.words import PageWords

#: What a decision is called in a form -> the words of `views.Need.choices`.
DECISIONS = {
    "send": "send now",
    "move": "move to",
    "drop": "drop",
    "went": "it went out",
    "not": "it did not",
    "again": "try again",
}
#: Decisions of `views.Need.choices` by which something goes: not offered where its time of day is over.
GOES = frozenset({"try again"})
#: Of so many messages that wait for approval the page says what they say: to draw them all would take too long.
TOLD = 12
#: The kinds of need in the order of the page, soonest harm first.
ORDER = ("uncertain", "missed", "failed", "still", "silent", "channel down", "runs out", "checks", "waiting", "held")


@dataclass(frozen=True, slots=True)
class Asked:
    """A need as it is drawn. `channel` is the one that its buttons are about, `where` the network in words.

    `person` is whose email it is, as the asker may see it, and `person_path` their page. `over`: its day is over, so
    that it can go no more. `paused`: it cannot be sent before a pause is lifted.
    """

    need: views.Need
    title: str
    name: str = ""
    where: str = ""
    when: str = ""
    path: str = ""
    choices: tuple[str, ...] = ()
    moment: str = ""
    channel: str = ""
    seen: str = ""
    person: str = ""
    person_path: str = ""
    over: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for approval, with what it says."""

    entry: show.Entry
    when: str
    over: str
    words: str
    images: tuple[str, ...] = ()


def needs_you(ask: Ask) -> Response:
    """Everything that needs a person, by what is to be decided; then what waits for approval."""
    words = ask.door.templates.words()
    known = called.loaded(ask, [need.key for need in ask.needs()])
    groups: dict[str, list[Asked]] = {}
    for need in sorted(ask.needs(), key=lambda need: ORDER.index(need.kind)):
        groups.setdefault(need.kind.replace(" ", "_"), []).append(_asked(ask, need, known.get(need.key)))
    return ask.page(
        "desk/needs.html", here="needs", groups=groups, waiting=list(_waiting(ask)), ahead=_ahead(ask, words)
    )


def _waiting(ask: Ask) -> Iterator[Waiting]:
    """What waits for approval, soonest first; the first of them with what they say."""
    words, forces = ask.door.templates.words(), {force.slug: force for force in ask.door.shelf.all()}
    for number, (entry, week) in enumerate(ask.unapproved()):
        force = forces[week.slug]
        names = ask.door.names(force)
        says, images = _says(ask, force, entry) if number < TOLD else ("", ())
        yield Waiting(
            entry,
            times.moment(entry.at, week.timezone, ask.now, words.shared),
            words.join([names.get(item.channel, item.channel) for item in entry.items]),
            says,
            images,
        )


def _says(ask: Ask, force: InForce, entry: show.Entry) -> tuple[str, tuple[str, ...]]:
    """The words of a post, or the subject of an email, with the descriptions of its images."""
    planned = next(each for each in force.planned if str(each.key) == entry.first.key)
    words = ask.door.templates.words()
    if entry.is_mailing:
        made = showing.email(ask.work, ask.door.shelf, force, planned, None, showing.Reader(), ask.now)
        return "\n".join(part for part in (made.subject, made.preheader, *made.problems) if part), ()
    post = showing.post(ask.work, ask.door.shelf, force, planned, None)
    if post.made is None:
        return " ".join(post.problems), ()
    return post.words, tuple(
        words("message.image", name=each.name, alt=words("message.decorative") if each.decorative else each.alt)
        for each in post.made.images
    )


def _asked(ask: Ask, need: views.Need, known: called.Called | None) -> Asked:
    words = ask.door.templates.words()
    by_words = {text: key for key, text in DECISIONS.items()}
    over = need.until is not None and ask.now > need.until
    offered = tuple(by_words[text] for text in need.choices if text in by_words and not (over and text in GOES))
    if need.kind == "channel down":
        channel = need.key
        return Asked(need, words("needs.down", channel=channel), path=f"/desk/channels/{channel}", channel=channel)
    if need.kind == "runs out":
        return Asked(need, words.said(need.text), path=f"/desk/channels/{need.key}")
    if need.kind == "checks":
        return Asked(need, words.said(need.text), path=f"/desk/programme/{need.key}/checks")
    if known is None or known.item is None:
        return Asked(need, words.said(need.text), choices=offered, over=over)
    item = known.item
    paused = "send" in offered and _paused(ask, item)
    found = audience.person(ask.work, need.subscriber) if need.subscriber else None
    return Asked(
        need,
        known.title,
        name=known.name,
        where=known.channel,
        when=known.when,
        path=known.path,
        choices=tuple(each for each in offered if not (paused and each == "send")),
        moment=_moment(ask, need, item, known.zone),
        channel=item.channel,
        seen=item.url,
        person=people.address_of(ask, found.person.address) if found else "",
        person_path=f"/desk/people/{found.person.id}" if found else "",
        over=over,
        paused=paused,
    )


def _paused(ask: Ask, item: views.Item) -> bool:
    """Whether a pause that is on stops it."""
    slug = item.key.partition("/")[0]
    return any(
        hold.covers(campaign=slug, channel=item.channel, broadcast=item.key) and hold.stops(item.essential)
        for hold in ask.work.store.holds.current(ask.now)
    )


def _moment(ask: Ask, need: views.Need, item: views.Item, zone: str) -> str:
    """What the field for a new time begins with: its own time, or the next quarter of an hour where that is over."""
    at = item.at
    if at < ask.now:
        at = ask.now + timedelta(minutes=15) - timedelta(minutes=ask.now.minute % 15)
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def _ahead(ask: Ask, words: PageWords) -> str:
    """The next thing that goes, for a day on which nothing needs anybody."""
    ahead = [
        (item, week.timezone)
        for week in ask.ahead()
        for item in week.items
        if item.at > ask.now and (not item.broadcast or item.state is BroadcastState.PLANNED)
    ]
    if not ahead:
        return words("needs.nothing_ahead")
    item, zone = min(ahead, key=lambda pair: pair[0].at)
    return words("needs.next", title=item.title, when=times.moment(item.at, zone, ask.now, words.shared))


def settle(ask: Ask) -> Response:
    """Settle one of them as decided. RefusedError says why not."""
    decision, key, delivery = ask.text("decision"), ask.text("key"), ask.text("delivery")
    if decision not in DECISIONS:
        raise RefusedError("Choose one of the buttons.")
    one = ask.number("delivery")
    over = decision == "not" and settling.is_over(ask.work, one, ask.now)
    if decision == "not" and not over and ask.text("sure") != "yes":
        return ask.page("desk/sure.html", here="needs", delivery=delivery, title=ask.text("title"))
    if one:
        _settle_delivery(ask, decision, one)
    else:
        _settle_broadcast(ask, decision, key)
    return ask.back("/desk/needs-you", "needs.done_not_over" if over else f"needs.done_{decision}")


def _settle_delivery(ask: Ask, decision: str, delivery: int) -> None:
    work, who, now = ask.work, ask.who, ask.now
    if decision == "went":
        settling.went_out(work, delivery, author=who, now=now, url=_link(ask))
    elif decision == "not":
        settling.did_not(work, delivery, author=who, now=now)
    elif decision == "again":
        settling.try_again(work, delivery, author=who, now=now)
    elif decision == "drop":
        settling.drop_delivery(work, delivery, author=who, now=now, reason=ask.text("reason"))
    else:
        raise RefusedError("This message has gone on its way; it cannot be sent anew or moved.")


def _settle_broadcast(ask: Ask, decision: str, key: str) -> None:
    force = ask.door.shelf.get(key.split("/")[0])
    work, who, now = ask.work, ask.who, ask.now
    if decision == "send":
        settling.send_now(work, force, key, author=who, now=now)
    elif decision == "move":
        to = moment_of(ask.text("to"), force.programme.campaign.timezone)
        settling.move(work, force, key, to, author=who, now=now)
    elif decision == "drop":
        settling.drop(work, force, key, author=who, now=now, reason=ask.text("reason"))
    elif decision == "went":
        settling.pasted(work, force, key, author=who, now=now, url=_link(ask))
    else:
        raise RefusedError("This message has not been tried yet.")


def _link(ask: Ask) -> str:
    link = ask.text("url")
    if link and not link.startswith(("https://", "http://")):
        raise RefusedError("The address of the post has to begin with https://")
    return link


def moment_of(text: str, zone: str) -> datetime:
    """What a person wrote as a date and time, local to `zone`, as aware UTC; RefusedError where it is none."""
    try:
        return plan.resolve(dates.parse_datetime(text.replace("T", " ")), ZoneInfo(zone))
    except ValueError as error:
        raise RefusedError(f"{error}. Write a date and a time such as 2023-10-10 14:00.") from None
