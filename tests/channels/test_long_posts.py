"""Threads of posts, broken at every request: every part goes once, in order, whatever was lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaign.channels.base import UNKNOWN, Channel, MemoryNotes, Receipt, ReplayKind, Tools
from campaign.channels.bluesky import Bluesky
from campaign.channels.http import Answer, Fault, Sent
from campaign.channels.mastodon import Mastodon
from campaign.channels.threads import Threads
from campaign.channels.x import X
from campaign.clock import SettableClock
from campaign.errors import ChannelError, Refused
from campaign.testing import NOON, Imitation, a_key, a_post, an_image, recording
from tests.channels.played_bluesky import PASSWORD, PlayedBluesky
from tests.channels.played_mastodon import TOKEN, PlayedMastodon, PlayedOther
from tests.channels.played_meta import TOKEN as META_TOKEN
from tests.channels.played_meta import USER, PlayedThreads
from tests.channels.played_x import SECRETS, PlayedX

TEXT = " ".join(f"This is sentence number {number} of an announcement that is rather long." for number in range(32))
MESSAGE = a_post(text=TEXT, images=(an_image(),))
CASES: dict[str, tuple[type[Channel[Any]], type[Imitation], dict[str, Any]]] = {
    "bluesky": (Bluesky, PlayedBluesky, {"handle": "hscp.example.org", "app_password": PASSWORD}),
    "mastodon": (Mastodon, PlayedMastodon, {"server": "social.example.org", "token": TOKEN}),
    "like mastodon": (Mastodon, PlayedOther, {"server": "social.example.org", "token": TOKEN}),
    "threads": (Threads, PlayedThreads, {"account": USER, "token": META_TOKEN}),
    "x": (X, PlayedX, {"api_key": "example-key", **SECRETS}),
}


class Broken:
    """A channel whose network fails at one request, before or after it was taken, and works from then on."""

    def __init__(self, case: str, number: int, when: str) -> None:
        kind, played, options = CASES[case]
        self.played: Any = played()
        self.number, self.when, self.seen = number, when, 0
        self.clock = SettableClock(NOON)
        self.notes = MemoryNotes()
        self.kind, self.options = kind, {**options, "thread": True}

    def channel(self) -> Any:
        """The channel as a fresh process makes it."""
        tools = Tools(
            name="under-test",
            now=self.clock.now,
            http=recording(self.answer).http,
            notes=self.notes,
            sleep=lambda seconds: None,
            media_url="https://media.example.org/",
            publish_media=lambda data, media_type: "https://media.example.org/i.png",
        )
        return self.kind(self.kind.Options(**self.options), tools)

    def answer(self, sent: Sent) -> Answer:
        self.played.now = self.clock.now()
        self.seen += 1
        if self.seen == self.number and self.when == "before":
            raise Fault("cut")
        answer: Answer = self.played(sent)
        if self.seen == self.number:
            raise Fault("cut")
        return answer

    def deliver(self) -> Receipt:
        """What the engine does: an attempt; where it may have gone, a question two minutes later; then another."""
        notes: dict[str, str] = {}
        for _ in range(3):
            channel, began = self.channel(), self.clock.now()
            try:
                notes = dict(channel.prepare(MESSAGE, key=a_key(), notes=notes))
                receipt: Receipt = channel.send(MESSAGE, key=a_key(), notes=notes)
                return receipt
            except ChannelError:
                self.clock.advance(timedelta(minutes=3))
            if channel.replay.kind is ReplayKind.ASK or self.played.__class__ is PlayedOther:
                found = self.channel().find(MESSAGE, key=a_key(), since=began)
                assert found is not UNKNOWN, "the listing had caught up"
                if isinstance(found, Receipt):
                    return found
        raise AssertionError("it never went")


def requests(case: str) -> int:
    calm = Broken(case, 0, "")
    calm.deliver()
    return calm.seen


def texts(played: Any) -> list[str]:
    return [str(one.get("text", one.get("status"))) for one in played.accepted]


@pytest.mark.parametrize("case", CASES)
def test_every_part_goes_once_and_in_order_wherever_it_broke(case: str) -> None:
    calm = Broken(case, 0, "")
    calm.deliver()
    wanted = texts(calm.played)
    assert len(wanted) > 2
    for number in range(1, requests(case) + 1):
        for when in ("before", "after"):
            broken = Broken(case, number, when)
            receipt = broken.deliver()
            assert texts(broken.played) == wanted, f"broken {when} request {number}"
            assert receipt.remote_id
            assert not broken.played.broken


def test_each_part_on_threads_answers_the_one_before() -> None:
    calm = Broken("threads", 0, "")
    receipt = calm.deliver()
    posts = list(reversed(calm.played.posts))
    assert [post.get("answers", "") for post in posts] == ["", *(post["id"] for post in posts[:-1])]
    assert receipt.remote_id == posts[0]["id"]
    assert [post["text"][-5:] for post in posts[:2]] == [f"(1/{len(posts)})", f"(2/{len(posts)})"]


@pytest.mark.parametrize("case", ["mastodon", "x"])
def test_a_part_that_is_refused_says_what_is_out(case: str) -> None:
    broken = Broken(case, 0, "")

    def answer(sent: Sent) -> Answer:
        if sent.method == "POST" and broken.played.accepted and sent.url.endswith(("/statuses", "/tweets")):
            return Answer(422 if case == "mastodon" else 400, {}, b"{}")
        return broken.answer(sent)

    channel = broken.channel()
    channel = broken.kind(channel.options, replace(channel.tools, http=recording(answer).http))
    notes = channel.prepare(MESSAGE, key=a_key(), notes={})
    with pytest.raises(Refused, match=r"Part 2 of \d was refused, and what stands before it is out"):
        channel.send(MESSAGE, key=a_key(), notes=notes)
    assert len(broken.played.accepted) == 1
