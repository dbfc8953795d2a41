"""A planned post becomes the post that a channel sends."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from campaign.model import About, ChannelRef, Day, Image, Link, PlannedPost, Post, Programme
from campaign.render import visible
from campaign.render.context import NAMES, Scene, library, reader_for, scene, text_sandbox
from campaign.render.pages import Pages
from campaign.render.sandbox import Library, Sandbox, error, missing, render
from campaign.render.slots import strip_marks
from campaign.render.views import Tags, first_sentence

DAY_LINK = "day"
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def post(
    programme: Programme,
    planned: PlannedPost,
    day: Day | None,
    channel: ChannelRef,
    *,
    planned_at: datetime,
    now: datetime,
    pages: Pages,
    files: Mapping[str, bytes],
) -> Post:
    """The post as it would be sent at `now`.

    `programme` has the ledger's resource states applied; `planned_at` and `now` are aware UTC; `files` are the frozen
    revision's, by relative name (`messages/posts/launch.txt`, `images/ce.png`). Raises TemplateError, with file and
    line, for a template that cannot be rendered or a file that is not there.
    """
    place = scene(programme, planned, day, now=now, reader=reader_for(programme, planned, channel), pages=pages)
    source = library(files)
    link = _link(place, planned, pages)
    tags = hashtags(programme.campaign.hashtags, planned.hashtags)
    variables = place.variables(channel.organisation)
    variables |= {"link": link.url if link else "", "hashtags": Tags(tags)}
    sandbox = text_sandbox(source)
    about = About(
        campaign=programme.campaign.id,
        message=planned.id,
        day=day.id if day else "",
        channel=channel.id,
        planned_at=planned_at,
        title=programme.campaign.title,
    )
    text = _written(sandbox, source, planned, channel, variables)
    title = _inline(sandbox, source, f"posts.{planned.id}.title", planned.title, variables) if planned.title else ""
    return Post(
        about=about,
        text=text,
        title=" ".join(title.split()),
        link=link,
        hashtags=tags,
        images=tuple(image(name.file, files, alt=name.alt, decorative=name.decorative) for name in planned.images),
        language=programme.campaign.language,
    )


def template_name(planned: PlannedPost) -> str:
    """The file of a post's template: `messages/posts/NAME.txt`."""
    name = planned.template
    return f"messages/posts/{name}" if name.endswith(".txt") else f"messages/posts/{name}.txt"


def _written(
    sandbox: Sandbox, source: Library, planned: PlannedPost, channel: ChannelRef, variables: Mapping[str, object]
) -> str:
    """The words: the channel's own, else the post's, else its template's. Lines keep their breaks, ends are trimmed."""
    own = planned.text_for.get(channel.id, "")
    text = own or planned.text
    if text:
        where = f"posts.{planned.id}.text_for.{channel.id}" if own else f"posts.{planned.id}.text"
        return _inline(sandbox, source, where, text, variables)
    if not planned.template:
        return ""
    return _trim(render(sandbox, template_name(planned), variables, NAMES))


def _inline(sandbox: Sandbox, source: Library, where: str, text: str, variables: Mapping[str, object]) -> str:
    """A template that stands in the programme file itself; errors name its place there."""
    if "{" not in text:
        return _trim(strip_marks(text))
    source.inline[where] = text
    return _trim(render(sandbox, where, variables, NAMES))


def _trim(text: str) -> str:
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return "\n".join(line for index, line in enumerate(lines) if line or (index and lines[index - 1]))


def _link(place: Scene, planned: PlannedPost, pages: Pages) -> Link | None:
    """The post's link: a resource's while it may be shown, the day's page, or an address."""
    target = planned.link
    if not target:
        return None
    if target == DAY_LINK:
        url = pages.day(place.day)
        if not url:
            return None
        view = place.stage.day(place.day, place.themes) if place.day else None
        head = place.stage.programme.campaign
        title, words = (view.title, view.first_sentence) if view else ("", "")
        return Link(url=url, title=title or head.title, description=words or head.summary)
    resource = place.stage.programme.resources.get(target)
    if resource is None:
        return Link(url=target)
    seen = visible.seen(place.stage.programme, resource, place.stage.now)
    if not seen.link:
        return None
    return Link(url=seen.link, title=resource.title, description=first_sentence(resource.text))


def hashtags(campaign: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    """The campaign's hashtags, then the post's, without '#', each once (their case aside)."""
    found: dict[str, str] = {}
    for tag in (*campaign, *own):
        bare = tag.strip().lstrip("#")
        if bare:
            found.setdefault(bare.casefold(), bare)
    return tuple(found.values())


def image(name: str, files: Mapping[str, bytes], *, alt: str = "", decorative: bool = False) -> Image:
    """An image of the revision, `images/NAME`, its type told from its first bytes. TemplateError where it is absent."""
    path = name if name.startswith("images/") else f"images/{name}"
    data = files.get(path)
    if data is None:
        raise missing(path, files)
    return Image(
        name=path.removeprefix("images/"),
        media_type=media_type(data, path),
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        alt="" if decorative else alt,
        decorative=decorative,
    )


def media_type(data: bytes, name: str) -> str:
    """The media type of an image by its signature. TemplateError for what is no PNG, JPEG, GIF, WebP or SVG."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    if b"<svg" in data[:1000]:
        return "image/svg+xml"
    raise error("image-type", "This is not a picture that can be posted.", name, 0, "Use a PNG or JPEG file.")
