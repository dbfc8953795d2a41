"""Bad input, by every network: each has a clear outcome, and what is refused is refused before anything is sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from PIL import Image as Pillow

from campaign.channels.base import Channel, MemoryNotes, Receipt, Tools
from campaign.channels.http import Answer, Fault, Sent
from campaign.channels.registry import Registry
from campaign.clock import SettableClock
from campaign.errors import ChannelError, Refused, Severity
from campaign.model import Image, Link, Post
from campaign.testing import NOON, a_key, a_post, an_image, recording
from tests.networks import CHANNELS, Networks

KINDS = pytest.mark.parametrize("kind", CHANNELS)
REGISTRY = Registry()


@cache
def moving() -> bytes:
    out = io.BytesIO()
    frames = [Pillow.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


@cache
def torn() -> bytes:
    out = io.BytesIO()
    Pillow.effect_noise((640, 480), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue()[:2000]


def with_image(**changes: Any) -> Callable[[], Post]:
    return lambda: a_post(link=None, hashtags=(), images=(an_image(**changes),))


def with_data(data: Callable[[], bytes]) -> Callable[[], Post]:
    return lambda: a_post(link=None, hashtags=(), images=(an_image(data=data()),))


def picture() -> Image:
    return an_image(width=640, height=480)


#: What is posted, and the code of the problem that `check` finds in it ("": none, it goes out).
POSTS: dict[str, tuple[Callable[[], Post], str]] = {
    "alternative text of 5,000 characters": (with_image(width=640, height=480, alt="word " * 1000), "alt-long"),
    "an image of 100 megapixels": (with_image(width=10_000, height=10_000), "image-unfit"),
    "an animated GIF": (with_data(moving), "image-unfit"),
    "a truncated JPEG": (with_data(torn), "image-unfit"),
    "text of only emoji": (lambda: a_post(text="\U0001f389\U0001f468‍\U0001f469‍\U0001f467" * 8, link=None, hashtags=(),
                                          images=(picture(),)), ""),
    "right-to-left text with a link": (lambda: a_post(text="שלום עולם https://www.example.org/he مرحبا", link=None,
                                                      hashtags=(), images=(picture(),)), ""),
    "a hashtag of only digits": (lambda: a_post(hashtags=("2023",), images=(picture(),)), "hashtag-digits"),
    "an address of 4,000 characters": (lambda: a_post(text="Short.", hashtags=(), images=(),
                                                      link=Link(url="https://www.example.org/".ljust(4000, "a"))),
                                       "link-long"),
}  # fmt: skip
#: Where a network's own answer to it is another one.
OTHERWISE = {
    ("alternative text of 5,000 characters", "facebook"): "",
    ("alternative text of 5,000 characters", "teams"): "",
    ("alternative text of 5,000 characters", "telegram"): "text-long",
    ("alternative text of 5,000 characters", "wordpress"): "",
    ("a hashtag of only digits", "wordpress"): "",
    ("an address of 4,000 characters", "bluesky"): "",
    ("an address of 4,000 characters", "instagram"): "image-needed",
    ("an address of 4,000 characters", "x"): "",
}


class Room:
    """One channel in memory before its imitation."""

    def __init__(self, kind: str, answer: Callable[[Sent], Answer] | None = None) -> None:
        self.played = Networks().of(kind)
        self.record = recording(answer or self.played)
        clock = SettableClock(NOON)
        tools = Tools(
            name="it",
            now=clock.now,
            http=self.record.http,
            notes=MemoryNotes(),
            media_url="https://media.example.org/",
            publish_media=lambda data, media_type: "https://media.example.org/i.png",
            sleep=clock.sleep,
        )
        self.channel: Channel[Any] = REGISTRY.make(kind, kind, CHANNELS[kind], tools)

    def send(self, post: Post) -> Receipt | ChannelError:
        try:
            notes = self.channel.prepare(post, key=a_key(), notes={})
            return self.channel.send(post, key=a_key(), notes=notes)
        except ChannelError as error:
            return error


@pytest.mark.parametrize("name", POSTS)
@KINDS
def test_it_is_found_before_or_goes_out_whole(kind: str, name: str) -> None:
    make, usual = POSTS[name]
    post, room = make(), Room(kind)
    wanted = OTHERWISE.get((name, kind), usual)
    problems = room.channel.check(post)
    assert (wanted in {problem.code for problem in problems}) is bool(wanted), [problem.code for problem in problems]
    assert all(problem.message.strip() for problem in problems)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    came = room.send(post)
    assert room.played.broken == []
    if errors:
        assert isinstance(came, Refused), came
        assert room.played.accepted == [], "refused before anything was sent"
    else:
        assert isinstance(came, Receipt), came
        assert len(room.played.accepted) == 1


def html(sent: Sent) -> Answer:
    return Answer(200, {"content-type": "text/html"}, b"<!doctype html><title>Back soon</title>")


def huge(sent: Sent) -> Answer:
    return Answer(200, {"content-type": "application/json"}, b"[" + b" " * (50 * 1024 * 1024) + b"]")


def never(sent: Sent) -> Answer:
    raise Fault("read")


@pytest.mark.parametrize("answer", [html, huge, never], ids=["HTML", "50 MB of JSON", "never"])
@KINDS
def test_a_server_that_answers_nonsense_or_never(kind: str, answer: Callable[[Sent], Answer]) -> None:
    """The contract suite tries this at every request of every channel; here, that the words say which server it was."""
    room = Room(kind, answer)
    came = room.send(a_post(link=None, images=(picture(),)))
    assert isinstance(came, ChannelError)
    hosts = {sent.url.split("/")[2].partition(":")[0] for sent in room.record.sent}
    assert str(came)
    assert [host for host in hosts if host in str(came)] or room.channel.title in str(came), str(came)
