"""Every rendered post against its channel: the network's own count, limits and rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from campaign.errors import Problem, Severity
from campaign.model import About, Image, Link, Post
from campaign.programme.checks.sheet import Sheet

#: A channel's own word for a text that is too long: all of them are one rule here.
TOO_LONG = frozenset({"text-long", "post-long", "text-bytes"})
OWN = {"alt-long": "AS3", "hashtags-many": "AS2", "hashtag-digits": "AS1"}


class Measure(Protocol):
    """What is asked of a channel: `campaign.channels.base.Channel` has it."""

    carries: ClassVar[Any]
    title: ClassVar[str]
    limits: Any

    def length(self, text: str) -> int:
        """How long a text is, as the network counts."""
        ...

    def words(self, message: Any) -> str:
        """The text of a message that counts."""
        ...

    def check(self, message: Any) -> list[Problem]:
        """What the network would refuse."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A post that came back from the child: where it stands, and what it says."""

    where: str
    post: Post


def read_post(sheet: Sheet, data: Mapping[str, Any]) -> Rendered:
    """The post that the child rendered, with its images."""
    campaign = sheet.programme.campaign
    about = About(
        campaign=campaign.id,
        message=data["message"],
        day=data["day"],
        channel=data["channel"],
        planned_at=datetime.fromisoformat(data["planned_at"]),
        title=campaign.title,
    )
    url = data["link"]
    images = tuple(_image(sheet, *each) for each in data["images"])
    return Rendered(
        data["where"],
        Post(
            about=about,
            text=data["text"],
            title=data["title"],
            link=Link(url=url[0], title=url[1], description=url[2]) if url else None,
            hashtags=tuple(data["hashtags"]),
            images=images,
            language=data["language"],
        ),
    )


def _image(sheet: Sheet, name: str, media_type: str, alt: str, decorative: bool) -> Image:
    file = name if name.startswith("images/") else f"images/{name}"
    data = sheet.files.get(file, b"")
    digest = hashlib.sha256(data).hexdigest()
    return Image(name=name, media_type=media_type, sha256=digest, data=data, alt=alt, decorative=decorative)


def rules(sheet: Sheet, rendered: Sequence[Rendered], measures: Mapping[str, Measure]) -> Iterator[Problem]:
    """What each channel says of each post; and messages that say the same twice."""
    for one in rendered:
        measure = measures.get(one.post.about.channel)
        if measure is not None:
            yield from _measured(sheet, one, measure)
    yield from _kinds(sheet, measures)
    yield from _twice(sheet, rendered)


def costs(rendered: Sequence[Rendered], measures: Mapping[str, Measure]) -> Iterator[str]:
    """What the posts of each channel cost that is paid by the post, as a sentence each."""
    totals: dict[str, list[Decimal]] = {}
    for one in rendered:
        name = one.post.about.channel
        cost = getattr(measures.get(name), "cost", None)
        if cost is not None:
            totals.setdefault(name, []).append(cost(one.post))
    for name, prices in totals.items():
        posts = "1 post costs" if len(prices) == 1 else f"{len(prices)} posts cost"
        yield f"{name}: {posts} ${sum(prices):.3f} by the network's list"


def _measured(sheet: Sheet, one: Rendered, measure: Measure) -> Iterator[Problem]:
    limit = getattr(measure.limits, "text", 0)
    channel, day = one.post.about.channel, one.post.about.day
    when = f" on {day}" if day else ""
    told = False
    for each in measure.check(one.post):
        code = "AS10" if each.code in TOO_LONG else OWN.get(each.code, "C1")
        told = told or code == "AS10"
        if each.code == "image-alt":
            continue
        severity = Severity.ERROR if code == "AS10" else each.severity
        message = f"{channel}{when}: {each.message[:1].lower()}{each.message[1:].rstrip('.')}"
        yield sheet.source.problem(code, message, one.where, hint=each.hint, severity=severity)
    length = measure.length(measure.words(one.post))
    if limit and length > limit and not told:
        unit = getattr(measure.limits, "unit", "characters")
        message = f"{channel}{when}: {length - limit} over the limit of {limit} {unit}"
        hint = f"Shorten it, or write text_for: {{{channel}: ...}}."
        yield sheet.error("AS10", message, one.where, hint)


def _kinds(sheet: Sheet, measures: Mapping[str, Measure]) -> Iterator[Problem]:
    for where, message in sheet.messages():
        post = where.startswith("posts.")
        names = message.channels if post else (message.channel,)  # type: ignore[union-attr]
        for name in names:
            measure = measures.get(name)
            if measure is None or (measure.carries is Post) == post:
                continue
            what = "carries no posts" if post else "carries no emails"
            key = f"{where}.channels" if post else f"{where}.channel"
            yield sheet.error("P7", f"{name} ({measure.title}) {what}", key, "Name a channel that does.")


def _twice(sheet: Sheet, rendered: Sequence[Rendered]) -> Iterator[Problem]:
    first: dict[tuple[str, str], Rendered] = {}
    for one in rendered:
        post = one.post
        key = (post.about.channel, post.whole)
        other = first.setdefault(key, one)
        if other.post.about == post.about or sheet.programme.posts[post.about.message].again:
            continue
        day = f" of {other.post.about.day}" if other.post.about.day else ""
        message = f"on {post.about.channel} it says the same as {other.post.about.message}{day}"
        yield sheet.warning("P3", message, one.where, "Networks refuse repeats. Reword it, or write again: true.")
