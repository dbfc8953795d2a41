"""The page of the week: everything in an outbox on one timeline, to look at in any browser, by file or over HTTP.

It needs no script, works at 320 px, in dark mode and printed, and stays small however many emails there are: each
mailing shows one sample of every variant, and counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from campaign.channels._files import slug, write_over
from campaign.channels.outbox.read import Mailing, read_mailings, read_posts

PAGE = "index.html"
SAMPLES = "samples"
#: How many posts the page draws; the rest are counted.
POSTS = 600
#: What a post says, by which two channels' posts are the same card.
SAYS = ("heading", "text", "link", "hashtags", "images", "language")

#: The words of the ledger's states as the page shows them, with the icon and the colours of each.
STATES = {
    "sent": ("Sent", "check"),
    "done": ("Sent", "check"),
    "unlocked": ("Opens", "unlock"),
    "planned": ("Planned", "clock"),
    "waiting": ("Waiting", "clock"),
    "pending": ("Pending", "clock"),
    "open": ("Sending", "clock"),
    "opening": ("Sending", "clock"),
    "held": ("Held", "pause"),
    "missed": ("Missed", "missed"),
    "failed": ("Failed", "cross"),
    "uncertain": ("Uncertain", "question"),
    "dropped": ("Dropped", "slash"),
    "skipped": ("Skipped", "slash"),
    "cancelled": ("Cancelled", "slash"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that the caller knows of the week.

    An unlock (`state="unlocked"`), or a broadcast by its `key` ("campaign/message/day/channel"): where its messages
    lie in the outbox, `state` and `detail` are shown on them; where none do (missed, held), it is an entry of its own.
    `at` is aware UTC.
    """

    at: datetime
    state: str
    title: str
    detail: str = ""
    url: str = ""
    key: str = ""


@dataclass(slots=True)
class Item:
    """One entry of a day."""

    at: datetime
    kind: str
    title: str
    state: str = "sent"
    detail: str = ""
    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    mailing: Mailing | None = None


def page(
    folder: Path,
    *,
    title: str,
    entries: Iterable[Entry] = (),
    days: Sequence[tuple[date, str]] = (),
    zone: str = "Europe/London",
    campaign: str = "",
    lead: str = "",
) -> Path:
    """Write `index.html` in `folder` and return its path.

    `days` are the days of the week with their themes, so that an empty one is shown too; `lead` is a sentence under
    the title. Only what belongs to `campaign` is shown, if it is set. Raises OSError.
    """
    known = list(entries)
    by_key = {entry.key: entry for entry in known if entry.key}
    posts, mailings = read_posts(folder, campaign), read_mailings(folder, campaign)
    shown, more = posts[:POSTS], max(0, len(posts) - POSTS)
    items = [*_post_items(shown, by_key, title), *_mailing_items(mailings, by_key)]
    drawn = {_key(post) for post in shown} | {_mailing_key(mailing) for mailing in mailings}
    items += [_entry_item(entry) for entry in known if entry.key not in drawn or not entry.key]
    local = ZoneInfo(zone)
    html = _template().render(
        title=title,
        lead=lead,
        days=_by_day(items, dict(days), local),
        totals=_totals(posts, mailings, items),
        more=more,
        zone=_zone_words(zone, items),
        local=local,
        css=Markup(_asset("page.css")),  # noqa: S704  our own file
        sample=lambda mailing, sample: _write_sample(folder, mailing, sample),
        href=lambda path: quote(path.relative_to(folder).as_posix()),
        states=STATES,
    )
    write_over(folder / PAGE, html.encode())
    return folder / PAGE


def clock_words(moment: datetime, zone: ZoneInfo) -> str:
    """A time as readers say it: `8:30am`, `12 noon`."""
    local = moment.astimezone(zone)
    minutes = f":{local.minute:02}" if local.minute else ""
    if local.hour == 12 and not minutes:
        return "12 noon"
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"


def date_words(day: date) -> str:
    """A date as readers say it: `Monday 9 October 2023`."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def _post_items(posts: list[dict[str, Any]], entries: dict[str, Entry], week: str) -> list[Item]:
    """One entry for each planned post, with a card for each wording of it and the channels that carried that."""
    items: dict[tuple[str, ...], Item] = {}
    cards: dict[tuple[str, ...], dict[str, Any]] = {}
    for post in posts:
        entry = entries.get(_key(post))
        name = (post["campaign"], post["message"], post["day"], post["planned_at"])
        item = items.setdefault(name, Item(datetime.fromisoformat(post["at"]), "post", _title(post, week)))
        says = json.dumps([post[part] for part in SAYS], sort_keys=True)
        if (*name, says) not in cards:
            cards[*name, says] = {**post, "ways": []}
            item.posts.append(cards[*name, says])
        way = {"network": post["network"], "channel": post["channel"]}
        way |= {"state": entry.state if entry else "sent", "detail": entry.detail if entry else ""}
        cards[*name, says]["ways"].append(way)
    return list(items.values())


def _title(post: dict[str, Any], week: str) -> str:
    """What an entry is called: the post's heading or its message's title, else how its text begins."""
    for title in (post["heading"], post["title"]):
        if title and title != week:
            return str(title)
    first = " ".join(str(post["text"]).split())
    return shorten(first, 70, placeholder="…") if first else str(post["message"])


def _mailing_items(mailings: list[Mailing], entries: dict[str, Entry]) -> list[Item]:
    items = []
    for mailing in mailings:
        entry = entries.get(_mailing_key(mailing))
        title = mailing.samples[0].subject if mailing.samples else mailing.title
        state, detail = (entry.state, entry.detail) if entry else ("sent", "")
        items.append(Item(mailing.first, "mailing", title, state, detail, mailing=mailing))
    return items


def _entry_item(entry: Entry) -> Item:
    kind = "unlock" if entry.state == "unlocked" else "entry"
    return Item(entry.at, kind, entry.title, entry.state, entry.detail, entry.url)


def _key(post: dict[str, Any]) -> str:
    return "/".join(post[name] for name in ("campaign", "message", "day", "channel"))


def _mailing_key(mailing: Mailing) -> str:
    return f"{mailing.campaign}/{mailing.message}/{mailing.day}/{mailing.channel}"


def _by_day(items: list[Item], themes: dict[date, str], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The days in order, each with its entries in order: an unlock first where times are equal."""
    days: dict[date, list[Item]] = {day: [] for day in themes}
    rank = {"unlock": 0, "mailing": 1, "post": 2}
    for item in sorted(items, key=lambda item: (item.at, rank.get(item.kind, 3), item.title)):
        days.setdefault(item.at.astimezone(zone).date(), []).append(item)
    return [
        {
            "id": f"day-{day.isoformat()}",
            "date": day,
            "words": date_words(day),
            "theme": themes.get(day, ""),
            "items": list_,
        }
        for day, list_ in sorted(days.items())
    ]


def _totals(posts: list[dict[str, Any]], mailings: list[Mailing], items: list[Item]) -> list[tuple[int, str]]:
    """The figures at the top: each counted once, none of them zero."""
    unlocks = sum(item.kind == "unlock" for item in items)
    channels = len({post["channel"] for post in posts})
    others = sum(item.kind == "entry" for item in items)
    emails = sum(mailing.count for mailing in mailings)
    counted = [
        (unlocks, "day opens" if unlocks == 1 else "days open"),
        (len(posts), f"post{'' if len(posts) == 1 else 's'} over {channels} channel{'' if channels == 1 else 's'}"),
        (emails, f"email{'' if emails == 1 else 's'} in {len(mailings)} mailing{'' if len(mailings) == 1 else 's'}"),
        (others, "did not go: see below"),
    ]
    return [(count, words) for count, words in counted if count]


def _zone_words(zone: str, items: list[Item]) -> str:
    return "UK time" if zone == "Europe/London" else f"{zone.replace('_', ' ')} time"


def _write_sample(folder: Path, mailing: Mailing, sample: Any) -> str:
    """Write a sample's HTML part as a file of its own, closed to scripts and to the network; its address."""
    guard = (
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">"
    )
    words = f"<pre style='white-space:pre-wrap'>{escape(sample.text)}</pre>"
    html = sample.html or f"<!doctype html><html><head><title>Words only</title></head><body>{words}</body></html>"
    guarded, count = re.subn(r"<head[^>]*>", lambda found: found[0] + guard, html, count=1, flags=re.IGNORECASE)
    if not count:
        guarded = f"<!doctype html><html><head>{guard}<title></title></head><body>{html}</body></html>"
    key = "--".join(slug(part) for part in (mailing.campaign, mailing.message, mailing.day, mailing.channel))
    path = folder / SAMPLES / f"{key}--{sample.file.stem[:12]}.html"
    write_over(path, guarded.encode())
    return quote(path.relative_to(folder).as_posix())


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


@cache
def _template() -> Any:
    room = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    room.filters["brief"] = lambda text: shorten(text, 160, placeholder="…")
    room.filters["clock"] = clock_words
    room.filters["iso"] = lambda moment: moment.astimezone(UTC).isoformat()
    return room.from_string(_asset("page.html"))
