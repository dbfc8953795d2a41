"""What every network refuses in its own measure: texts, images and alternative texts that are too long, or too many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from campaign.channels._images import Frame, trouble
from campaign.channels._text import graphemes, hashtags
from campaign.channels.base import Limits, Tools
from campaign.errors import Problem, Refused, Severity
from campaign.model import Post

LONGEST_LINK = 2048


def check_text(length: int, limits: Limits, network: str) -> Iterator[Problem]:
    """That a text of `length` (in the network's unit) fits; says how much is over."""
    if limits.text and length > limits.text:
        over = length - limits.text
        yield Problem(
            "text-long",
            f"{network} takes {limits.text} {limits.unit}; this text has {length}, {over} over.",
            where="text",
            hint="Shorten it, or give this channel a text of its own.",
        )


def check_images(post: Post, limits: Limits, frame: Frame, network: str) -> Iterator[Problem]:
    """That there are not too many images, each can be made to fit, and its alternative text is not too long."""
    if limits.needs_image and not post.images:
        yield Problem("image-needed", f"{network} takes no post without an image.", where="images")
    if len(post.images) > limits.images:
        yield Problem(
            "images-many", f"{network} takes {limits.images} images; this post has {len(post.images)}.", where="images"
        )
    for number, image in enumerate(post.images):
        where = f"images[{number}]"
        wrong = trouble(image, frame)
        if wrong:
            yield Problem("image-unfit", f"{image.name}: {wrong}.", where=where)
        alt = graphemes(image.alt)
        if limits.alt_text and alt > limits.alt_text:
            yield Problem(
                "alt-long",
                f"{image.name}: {network} takes {limits.alt_text} characters of alternative text; this has {alt}.",
                where=where,
                hint="Say in the post what the image adds, and describe it in a sentence or two.",
            )


def check_link(post: Post, network: str, most: int = LONGEST_LINK) -> Iterator[Problem]:
    """That the link is a web address of at most `most` characters."""
    url = post.link.url if post.link else ""
    if url and not url.lower().startswith(("https://", "http://")):
        yield Problem(
            "link-scheme", f"{network} makes no link of {url[:60]!r}: it must begin with https://", where="link"
        )
    if len(url) > most:
        yield Problem(
            "link-long",
            f"{network} takes links of {most:,} characters; this one has {len(url):,}.",
            where="link",
            hint="Link to the day's page, or to a shorter address.",
        )


def check_hashtags(post: Post, limits: Limits, network: str) -> Iterator[Problem]:
    """That the hashtags, those in the text too, are few enough, and that each becomes one on the network."""
    held = hashtags_of(post) if limits.hashtags else 0
    if held > limits.hashtags:
        yield Problem(
            "hashtags-many",
            f"{network} takes {limits.hashtags} hashtags; this post has {held}.",
            where="hashtags",
        )
    for tag in post.hashtags:
        if tag.isdecimal():
            yield Problem(
                "hashtag-digits",
                f"#{tag} is digits alone, which {network} does not make a hashtag.",
                severity=Severity.WARNING,
                where="hashtags",
                hint="Add a word to it.",
            )


def hashtags_of(post: Post) -> int:
    """How many hashtags a post has, in its text and besides."""
    return len(hashtags(post.text)) + len(post.hashtags)


def check_media_url(post: Post, tools: Tools, network: str) -> Iterator[Problem]:
    """That images have an address of their own, for a network that fetches them itself."""
    if post.images and not (tools.media_url and tools.publish_media):
        yield Problem(
            "media-url",
            f"{network} fetches images itself, and this installation has no public address for them.",
            where="images",
            hint="Set CAMPAIGN_MEDIA_URL to the https address that serves media/, or leave the images out here.",
        )


def refuse(problems: list[Problem]) -> None:
    """Raise Refused with the errors among `problems`, before anything is sent that the network would turn down."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise Refused(" ".join(problem.message for problem in errors), code=errors[0].code)


def check_sign_in(due: datetime, expires: datetime | None, name: str) -> Iterator[Problem]:
    """That the channel is still signed in when the post is due."""
    if expires is not None and expires <= due:
        yield Problem(
            "sign-in-ends",
            f"The sign-in of {name} ends on {expires:%d %B %Y}, before this post is due.",
            severity=Severity.WARNING,
            hint=f"Run `campaign channels connect {name}` shortly before the week.",
        )
