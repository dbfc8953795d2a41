"""What the channels of social networks share: the way to the network, fitted images, and threads that can go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from campaign.channels import _pace
from campaign.channels._images import Fitted, Frame, UnfitImage, fit
from campaign.channels._lasting import SIGN_IN
from campaign.channels._oauth import Tokens
from campaign.channels._reply import Reply
from campaign.channels._tokens import Keychain
from campaign.channels.base import Channel, Receipt, Tools
from campaign.errors import ChannelDown, Refused
from campaign.model import Image, Post

if TYPE_CHECKING:
    from campaign.channels.http import Http

MOST_PARTS = 10


class Social(Channel[Post]):
    """A channel that posts on a social network."""

    carries: ClassVar[type[Any]] = Post

    @property
    def http(self) -> Http:
        """The way to the network; ChannelDown where there is none."""
        return way(self.tools, self.title)

    def signed_out(self) -> ChannelDown:
        """The error of a channel that nobody has signed in."""
        name = self.tools.name
        return ChannelDown(f"{name} is not signed in to {self.title}: run `campaign channels connect {name}`.")

    def stored_token(self, given: Any) -> str:
        """The access token of the options (`given`, a SecretStr or None), else the one that `connect` stored."""
        token = given.get_secret_value() if given is not None else str(Keychain(self.tools).read().get("access", ""))
        if not token:
            raise self.signed_out()
        return str(token)

    def keep_token(self, token: str) -> None:
        """Store a token that a person typed in."""
        Keychain(self.tools).store({"access": token})

    def settle_tokens(self, tokens: dict[str, Any]) -> Mapping[str, Any]:
        """What to keep of freshly granted tokens: all of it, where a network has nothing better."""
        return tokens

    def stay_signed_in(self) -> None:
        """Renew a sign-in that would run out unused."""
        tokens = getattr(self, "_tokens", None)
        if isinstance(tokens, Tokens):
            tokens.stay()

    def ends(self) -> Mapping[str, datetime]:
        """When the sign-in runs out, where that is known."""
        tokens = getattr(self, "_tokens", None)
        until = tokens.expires if isinstance(tokens, Tokens) else None
        return {SIGN_IN: until} if until else {}

    def fitted(self, image: Image, frame: Frame) -> Fitted:
        """`image` within `frame`; Refused where it cannot be."""
        try:
            return fit(image, frame)
        except UnfitImage as error:
            raise Refused(f"{image.name}: {error}.", code="image-unfit") from None

    def mind_pace(self) -> None:
        """Raise TryLater while the network's own limit, as it last told, leaves nothing; before anything is sent."""
        _pace.mind(self.tools, self.title)

    def note_pace(self, receipt: Receipt) -> Receipt:
        """Keep what the network said of its limit, where it leaves nothing; `receipt` again."""
        _pace.note(self.tools, receipt.pace)
        return receipt

    def post_parts(self, key: str, parts: list[str], post: Callable[[int, str, str], Receipt]) -> Receipt:
        """Post each of `parts` by `post(number, text, id of the part before)`, going on where an earlier attempt broke.

        What is out is written down after each part of a thread, so that no part goes twice. The receipt is the first
        part's.
        """
        done = self.progress(key)
        receipt = sent(done[0]) if done else None
        for number in range(len(done), len(parts)):
            if number:
                self.mind_pace()
            with told_of_part(number, len(parts)):
                posted = self.note_pace(post(number, parts[number], done[-1]["id"] if done else ""))
            done = [*done, {"id": posted.remote_id, "url": posted.url}]
            if len(parts) > 1:
                self.keep_progress(key, done)
            receipt = receipt or posted
        if receipt is None:
            raise Refused("The post is empty.")
        return receipt

    def progress(self, key: str) -> list[dict[str, str]]:
        """The parts of the thread `key` that are out: id and url of each, in order."""
        kept: list[dict[str, str]] = json.loads(self.tools.notes.get(f"thread.{key}") or "[]")
        return kept

    def keep_progress(self, key: str, done: list[dict[str, str]]) -> None:
        """Write down which parts of the thread `key` are out."""
        name = f"thread.{key}"
        self.tools.notes.swap(name, old=self.tools.notes.get(name), new=json.dumps(done))


def way(tools: Tools, title: str) -> Http:
    """The way to the network; ChannelDown where there is none."""
    if tools.http is None:
        raise ChannelDown(f"{title} was given no way to the network.")
    return tools.http


@contextmanager
def told_of_part(number: int, total: int) -> Iterator[None]:
    """Where a later part of a thread is refused, say that what stands before it is out."""
    try:
        yield
    except Refused as error:
        if not number:
            raise
        words = f"Part {number + 1} of {total} was refused, and what stands before it is out: {error}"
        raise Refused(words, code=error.code, raw=error.raw) from None


def sent(part: Mapping[str, str]) -> Receipt:
    """The receipt of a part that is out already."""
    return Receipt(remote_id=part["id"], url=part["url"], duplicate=True)


def figures(reply: Reply, fields: Mapping[str, tuple[str | int, ...]]) -> dict[str, int]:
    """The whole numbers of a reply, each at its path; those that are there."""
    found = {name: reply.dig(*path) for name, path in fields.items()}
    return {name: value for name, value in found.items() if isinstance(value, int) and not isinstance(value, bool)}
