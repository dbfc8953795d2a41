"""Limits that networks tell of: kept, and obeyed before they are hit, by every network that sends them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels import _pace
from campaign.channels.base import Channel, MemoryNotes, Receipt, Tools
from campaign.channels.http import Answer, Reply, Sent
from campaign.channels.registry import Registry
from campaign.clock import SettableClock
from campaign.errors import TryLater
from campaign.model import Post
from campaign.testing import NOON, a_key, a_post, an_image, recording
from tests.networks import CHANNELS, Networks

RESET = NOON + timedelta(minutes=20)
EPOCH = str(int(RESET.timestamp()))
META = {"x-app-usage": json.dumps({"call_count": 97, "total_time": 25, "total_cputime": 25})}
BUSINESS = json.dumps({"1": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 20}]})
SAYS: Mapping[str, tuple[Mapping[str, str], timedelta]] = {
    "bluesky": ({"ratelimit-limit": "5000", "ratelimit-remaining": "0", "ratelimit-reset": EPOCH}, RESET - NOON),
    "discord": ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{EPOCH}.000"}, RESET - NOON),
    "facebook": ({"x-business-use-case-usage": BUSINESS}, RESET - NOON),
    "instagram": (META, timedelta(minutes=15)),
    "mastodon": ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET.isoformat()}, RESET - NOON),
    "threads": (META, timedelta(minutes=15)),
    "x": ({"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": EPOCH}, RESET - NOON),
}
POST = a_post(link=None, images=(an_image(width=640, height=480),))
OTHER = a_post(text="Another.", link=None, images=(an_image(width=640, height=480),))


class Room:
    """A channel whose network says that nothing is left."""

    def __init__(self, kind: str) -> None:
        self.kind, self.played = kind, Networks().of(kind)
        self.more: Mapping[str, Any] = {}
        self.clock, self.notes = SettableClock(NOON), MemoryNotes()
        self.record = recording(self.answer)
        self.headers: Mapping[str, str] = SAYS[kind][0]

    def answer(self, sent: Sent) -> Answer:
        """The answer that takes a post says how much is left."""
        self.played.now = self.clock.now()
        taken = len(self.played.accepted)
        answer: Answer = self.played(sent)
        more = self.headers if len(self.played.accepted) > taken else {}
        return replace(answer, headers={**(answer.headers or {}), **more})

    def post(self, post: Post, number: int) -> Receipt:
        """As a fresh process does it: what is kept is in the notes alone."""
        tools = Tools(
            name="it",
            now=self.clock.now,
            http=self.record.http,
            notes=self.notes,
            media_url="https://media.example.org/",
            publish_media=lambda data, media_type: "https://media.example.org/i.png",
            sleep=lambda seconds: None,
        )
        channel: Channel[Any] = Registry().make(self.kind, self.kind, {**CHANNELS[self.kind], **self.more}, tools)
        return channel.send(post, key=a_key(number), notes=channel.prepare(post, key=a_key(number), notes={}))


@pytest.mark.parametrize("kind", SAYS)
def test_nothing_is_asked_until_the_limit_begins_anew(kind: str) -> None:
    room = Room(kind)
    assert isinstance(room.post(POST, 1), Receipt)
    asked = len(room.record.sent)
    with pytest.raises(TryLater) as told:
        room.post(OTHER, 2)
    assert told.value.after == SAYS[kind][1].total_seconds()
    assert told.value.slow_all
    assert len(room.record.sent) == asked, "the network was asked"
    room.clock.advance(SAYS[kind][1] + timedelta(seconds=1))
    assert isinstance(room.post(OTHER, 2), Receipt)
    assert len(room.played.accepted) == 2
    assert not room.played.broken


@pytest.mark.parametrize("kind", ["bluesky", "mastodon", "x"])
def test_a_thread_stops_where_nothing_is_left_and_goes_on_afterwards(kind: str) -> None:
    room = Room(kind)
    room.more = {"thread": True}
    long = a_post(text=" ".join(f"This is sentence {n} of a rather long text." for n in range(24)), link=None)
    with pytest.raises(TryLater):
        room.post(long, 1)
    assert len(room.played.accepted) == 1
    room.clock.advance(timedelta(minutes=21))
    room.headers = {}
    assert isinstance(room.post(long, 1), Receipt)
    assert len(room.played.accepted) >= 2
    assert not room.played.broken


FIELDS = st.sampled_from(["call_count", "total_time", "estimated_time_to_regain_access", "1"])
PLAIN = st.none() | st.integers() | st.floats() | st.text()
USAGES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner)).map(json.dumps)


@given(st.text() | USAGES)
def test_any_header_of_usage_is_borne(header: str) -> None:
    reply = Reply(status=200, headers={"x-app-usage": header}, body=b"")
    pace = _pace.of_meta(reply, NOON)
    assert pace is None or NOON < pace.reset <= NOON + timedelta(days=1)


def test_a_limit_that_is_half_used_holds_nothing_up() -> None:
    half = json.dumps({"call_count": 50, "total_time": 94, "total_cputime": 0})
    pace = _pace.of_meta(Reply(status=200, headers={"x-app-usage": half}, body=b""), NOON)
    assert pace is not None
    assert pace.remaining == 1
    assert _pace.of_meta(Reply(status=200, headers={}, body=b""), NOON) is None
