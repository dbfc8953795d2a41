"""Needs you: what waits for a person, and the forms that settle it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from campaign import plan
from campaign.delivery import settling, views
from campaign.errors import RefusedError
from campaign.model import BroadcastState
from campaign.programme import dates
from campaign.web.desk import show, times
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


#: The kinds of need in the order of the page, soonest harm first.
ORDER = ("uncertain", "missed", "failed", "still", "channel down", "runs out", "checks", "waiting", "held")


@dataclass(frozen=True, slots=True)
class Asked:
    """A need as it is drawn. `channel` is the one that its buttons are about."""

    need: views.Need
    title: str
    where: str = ""
    when: str = ""
    path: str = ""
    choices: tuple[str, ...] = ()
    moment: str = ""
    channel: str = ""
    seen: str = ""


def needs_you(ask: Ask) -> Response:
    """Everything that needs a person, by what is to be decided; then what waits for approval."""
    words = ask.door.templates.words()
    titles = _titles(ask, {need.key.split("/")[0] for need in ask.needs() if "/" in need.key})
    groups: dict[str, list[Asked]] = {}
    for need in sorted(ask.needs(), key=lambda need: ORDER.index(need.kind)):
        groups.setdefault(need.kind.replace(" ", "_"), []).append(_asked(ask, need, titles))
    waiting = [
        (entry, times.moment(entry.at, week.timezone, ask.now, words.shared)) for entry, week in ask.unapproved()
    ]
    return ask.page("desk/needs.html", here="needs", groups=groups, waiting=waiting, ahead=_ahead(ask, words))


def _titles(ask: Ask, campaigns: set[str]) -> dict[str, tuple[views.Item, str]]:
    found = {}
    for force in ask.door.shelf.all():
        if force.slug in campaigns:
            week = ask.week(force)
            found.update({item.key: (item, week.timezone) for item in week.items})
    return found


def _asked(ask: Ask, need: views.Need, titles: dict[str, tuple[views.Item, str]]) -> Asked:
    words = ask.door.templates.words()
    known = titles.get(need.key)
    by_words = {text: key for key, text in DECISIONS.items()}
    offered = tuple(by_words[text] for text in need.choices if text in by_words)
    if need.kind == "channel down":
        channel = need.key
        return Asked(need, words("needs.down", channel=channel), path=f"/desk/channels/{channel}", channel=channel)
    if need.kind == "runs out":
        return Asked(need, need.text, path=f"/desk/channels/{need.key}")
    if need.kind == "checks":
        return Asked(need, need.text, path=f"/desk/programme/{need.key}/checks")
    if known is None:
        return Asked(need, need.text, choices=offered)
    item, zone = known
    return Asked(
        need,
        item.title,
        item.channel,
        times.moment(item.at, zone, ask.now, words.shared),
        show.Entry((item,)).path,
        offered,
        f"{item.at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}",
        item.channel,
        item.url,
    )


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
    if decision == "not" and ask.text("sure") != "yes":
        return ask.page("desk/sure.html", here="needs", delivery=delivery, title=ask.text("title"))
    if delivery.isdecimal() and int(delivery):
        _settle_delivery(ask, decision, int(delivery))
    else:
        _settle_broadcast(ask, decision, key)
    return ask.back("/desk/needs-you", f"needs.done_{decision}")


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
