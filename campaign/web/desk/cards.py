"""A post as each network will show it: a calm drawing of our own, from one dated file of how networks show posts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from campaign.delivery.showing import ShownPost
from campaign.delivery.views import Item
from campaign.model import Image, Link, Programme
from campaign.render import speak
from campaign.web.words import PageWords

#: What is alive in a text: an address, a hashtag, a name.
_LIVE = re.compile(
    r"(?P<link>https?://\S+[^\s.,;:!?)\]}'\"»”’])|(?P<tag>(?<![\w&/#])#\w*[^\W\d_]\w*)|(?P<name>(?<![\w@/])@[\w.-]+\w)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text. `live`: link, tag, name or "". `over`: past the limit. `folded`: past "see more"."""

    text: str
    live: str = ""
    over: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One channel's drawing. `pictures` are addresses beside the images; `fold` is a sentence, "" where all shows."""

    shown: ShownPost
    network: str
    account: str
    avatar: str
    initial: str
    parts: tuple[Part, ...]
    fold: str
    link: Link | None
    shape: str
    pictures: tuple[tuple[str, Image], ...]
    host: str
    note: str
    checked: str
    item: Item | None = None


@cache
def _networks() -> dict[str, Any]:
    return tomllib.loads((files("campaign.web") / "networks.toml").read_text("utf-8"))


def card(
    shown: ShownPost,
    programme: Programme,
    words: PageWords,
    *,
    picture: Callable[[Image], str],
    item: Item | None = None,
) -> Card:
    """The drawing of a post over one channel; `picture` gives the address at which an image of it is to be seen."""
    network = _networks().get(shown.kind) or _networks()["other"]
    owner = programme.organisations.get(programme.channels[shown.channel].organisation)
    account = owner.name if owner else shown.channel
    made = shown.made
    fold = network.get("fold", [0, 0])
    parts = tuple(_parts(shown, min((each for each in fold if each), default=0), network)) if made else ()
    images = made.images if made else ()
    replaced = bool(images) and network["with_image"] == "replaces"
    checked: date = _networks()["checked"]
    return Card(
        shown=shown,
        network=shown.title or shown.kind,
        account=account,
        avatar=network["avatar"],
        initial=account[:1].upper(),
        parts=parts,
        fold=_fold(parts, fold, words),
        link=None if made is None or replaced or network["card"] == "none" else made.link,
        shape=network["card"],
        pictures=tuple((picture(each), each) for each in images),
        host=_host(made.link.url) if made and made.link else "",
        note=words(f"cards.note_{network['note']}") if "note" in network else "",
        checked=speak.date_words(checked, words.shared),
        item=item,
    )


def _host(url: str) -> str:
    return url.split("://")[-1].split("/")[0].removeprefix("www.")


def _fold(parts: tuple[Part, ...], fold: list[int], words: PageWords) -> str:
    if not any(part.folded for part in parts):
        return ""
    phone, desktop = fold
    if phone and desktop and phone != desktop:
        return words("cards.fold_both", phone=phone, desktop=desktop)
    return words("cards.fold", number=phone or desktop)


def _shortened(shown: ShownPost, spans: list[tuple[int, int, str]]) -> Iterator[tuple[int, int]]:
    """Where the link stands without its scheme, as some networks shorten it."""
    link = shown.made.link if shown.made else None
    if link is None:
        return
    host = link.url.split("://")[-1].split("/")[0]
    for found in re.finditer(re.escape(host) + r"\S*", shown.words):
        if not any(first <= found.start() < last for first, last, _ in spans):
            yield found.span()


def _parts(shown: ShownPost, fold: int, network: dict[str, Any]) -> Iterator[Part]:
    """The text in stretches that are all of one kind."""
    text = shown.words
    marks = {0, len(text), shown.fits}
    spans = []
    for found in _LIVE.finditer(text):
        kind = str(found.lastgroup)
        if network.get({"link": "live_links", "tag": "live_tags"}.get(kind, ""), True):
            spans.append((found.start(), found.end(), kind))
            marks |= {found.start(), found.end()}
    for start, end in list(_shortened(shown, spans)):
        spans.append((start, end, "tag"))
        marks |= {start, end}
    if 0 < fold < len(text):
        marks.add(fold)
    edges = sorted(mark for mark in marks if mark <= len(text))
    for start, end in pairwise(edges):
        live = next((kind for first, last, kind in spans if first <= start < last), "")
        yield Part(text[start:end], live, start >= shown.fits, bool(fold) and start >= fold)
