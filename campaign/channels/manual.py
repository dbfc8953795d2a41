"""A queue of ready-to-paste posts, for networks that a person posts to by hand.

`send` makes one folder a post: the words to paste, what to do, and the images. Its broadcast stays `waiting` until a
person marks it as posted.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from campaign.channels._files import EXTENSIONS, post_record, slug, write_new
from campaign.channels.base import Channel, Limits, Notes, Options, Receipt, Replay, ReplayKind, Tools
from campaign.errors import ChannelDown, Problem, Severity, TryLater
from campaign.model import Post


class ManualOptions(Options):
    """Which network the person posts to, and what it allows."""

    network: str = Field(default="", description="The network's name in words.", examples=["Nextdoor"])
    limit: int = Field(default=0, ge=0, description="The longest text it takes, in characters; 0 for none.")
    images: int = Field(default=10, ge=0, description="The most images a post may have.")
    address: str = Field(default="", description="Where to post.", examples=["https://www.example.org/our-page"])


class Manual(Channel[Post]):
    """Posts that a person pastes."""

    kind: ClassVar[str] = "manual"
    title: ClassVar[str] = "By hand"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(
        ReplayKind.SAFE, "Once in the queue; posted when a person posts it and says so.", window=timedelta(days=36500)
    )
    harmless: ClassVar[bool] = True
    by_hand: ClassVar[bool] = True
    Options: ClassVar[type[Options]] = ManualOptions

    def __init__(self, options: ManualOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self.limits = Limits(text=options.limit, images=options.images)

    def check(self, message: Post) -> list[Problem]:
        """Length, and the number of images."""
        problems = []
        length, limits = self.length(self.words(message)), self.limits
        if limits.text and length > limits.text:
            words = f"The post is {length - limits.text} characters too long for {self.network}."
            problems.append(Problem("post-long", words, hint=f"It may have {limits.text}."))
        if len(message.images) > limits.images:
            words = f"{self.network} takes {limits.images} images; the post has {len(message.images)}."
            problems.append(Problem("post-images", words))
        problems += [
            Problem("image-alt", f"The image {image.name} has no description.", Severity.WARNING)
            for image in message.images
            if not image.alt and not image.decorative
        ]
        return problems

    @property
    def network(self) -> str:
        """The network's name in words."""
        return self.options.network or self.tools.name

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Put the post in the queue. Raises TryLater or ChannelDown where it cannot be written."""
        folder = self.tools.folder
        if folder is None:
            raise ChannelDown("The queue of posts to paste was given no folder to write in.")
        about = message.about
        home = folder / slug(about.channel) / f"{about.planned_at:%Y-%m-%d-%H%MZ}-{slug(about.message)}-{slug(key)}"
        try:
            new = self._write(home, message, key)
        except OSError as error:
            raise TryLater(f"The queue could not be written in {folder}: {error.strerror}.", after=60) from error
        return Receipt(remote_id=home.name, url=home.as_uri(), duplicate=not new, parked=True)

    def _write(self, home: Path, post: Post, key: str) -> bool:
        """The images, then the record, and last the words: where they are, the rest is."""
        for number, image in enumerate(post.images, 1):
            write_new(home / f"image-{number}.{EXTENSIONS.get(image.media_type, 'bin')}", image.data)
        record = post_record(home, post, key=key, at=self.tools.now(), network=self.network, kind=self.kind)
        for number, image in enumerate(record["images"], 1):
            image["file"] = f"image-{number}.{EXTENSIONS.get(image['media_type'], 'bin')}"
        write_new(home / "post.json", json.dumps(record, ensure_ascii=False, indent=1).encode())
        write_new(home / "what-to-do.txt", self._steps(post).encode())
        return write_new(home / "paste.txt", f"{post.whole}\n".encode())

    def _steps(self, post: Post) -> str:
        """What the person does, in order."""
        where = f" at {self.options.address}" if self.options.address else ""
        steps = [f"Open {self.network}{where}.", "Paste the words of paste.txt."]
        for number, image in enumerate(post.images, 1):
            name = f"image-{number}.{EXTENSIONS.get(image.media_type, 'bin')}"
            described = "decorative: no description" if image.decorative else f"its description: {image.alt}"
            steps.append(f"Add {name} ({described}).")
        steps += [f"Post it at {post.about.planned_at:%H:%M} UTC on {post.about.planned_at:%d %B %Y}, or soon after."]
        about = post.about
        message = f"{about.campaign}/{about.message}/{about.day}/{about.channel}"
        steps += [f"Say that you did: on the desk, or `campaign settle {message} --it-went-out --url ITS-ADDRESS`."]
        return "".join(f"{number}. {step}\n" for number, step in enumerate(steps, 1))


__all__ = ["Manual", "ManualOptions"]
