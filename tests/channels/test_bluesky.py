"""Bluesky against a strict imitation: the shared contract, and what is Bluesky's own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.base import UNKNOWN, MemoryNotes, Receipt, Tools
from campaign.channels.bluesky import Bluesky, BlueskyOptions, rkey
from campaign.channels.bluesky.richtext import LINK, MENTION, TAG, compose, read
from campaign.clock import SettableClock
from campaign.errors import ChannelDown, Refused, TryLater
from campaign.model import Link, Post
from campaign.testing import NOON, ChannelContract, Imitation, a_key, a_post, an_image, json_answer, recording
from tests.channels.played_bluesky import PASSWORD, PlayedBluesky, fail
from tests.channels.test_text import TEXTS


class TestBluesky(ChannelContract):
    channel = Bluesky
    options = {"handle": "hscp.example.org", "app_password": PASSWORD}

    def imitation(self) -> Imitation:
        return PlayedBluesky()

    def message(self) -> Post:
        return a_post(images=(an_image(), an_image(colour=10)), text="With @partner.example.org at example.org/week.")


class World:
    """A channel in memory before an imitation."""

    def __init__(self, played: PlayedBluesky | None = None, notes: MemoryNotes | None = None, **options: Any) -> None:
        self.played = played or PlayedBluesky()
        self.clock = SettableClock(NOON)
        self.notes = notes or MemoryNotes()
        given: dict[str, Any] = {"handle": "hscp.example.org", "app_password": PASSWORD, **options}
        http = recording(self.played).http
        self.channel = Bluesky(
            BlueskyOptions(**given), Tools(name="bluesky", now=self.clock.now, http=http, notes=self.notes)
        )

    def post(self, message: Post, key: str = a_key()) -> Receipt:
        notes = self.channel.prepare(message, key=key, notes={})
        receipt = self.channel.send(message, key=key, notes=notes)
        assert not self.played.broken
        return receipt


def test_a_post_says_everything_in_the_networks_own_fields() -> None:
    world = World()
    receipt = world.post(a_post(text="Hello @partner.example.org and @nobody.example.org, see example.com. #Week"))
    [record] = world.played.accepted
    text = record["text"]
    pieces = {
        text.encode()[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(): f["features"][0]
        for f in record["facets"]
    }
    assert pieces == {
        "@partner.example.org": {"$type": MENTION, "did": "did:plc:partner"},
        "example.com": {"$type": LINK, "uri": "https://example.com"},
        "#Week": {"$type": TAG, "tag": "Week"},
        "www.example.org/toolkit": {"$type": LINK, "uri": "https://www.example.org/toolkit"},
        "#ExampleWeek2023": {"$type": TAG, "tag": "ExampleWeek2023"},
        "#Toolkit": {"$type": TAG, "tag": "Toolkit"},
    }
    assert record["langs"] == ["en"]
    assert record["createdAt"] == "2023-10-10T12:00:00.000Z"
    thumb = record["embed"]["external"].pop("thumb")
    assert thumb["ref"]["$link"] in world.played.blobs
    assert record["embed"]["external"] == {
        "uri": "https://www.example.org/toolkit",
        "title": "The toolkit",
        "description": "For practitioners",
    }
    assert receipt.url == f"https://bsky.app/profile/did:plc:abcdefghijklmnop/post/{record['rkey']}"
    assert receipt.pace is not None
    assert receipt.pace.remaining == 4998


def test_images_take_the_place_of_the_card_with_alt_text_and_proportions() -> None:
    world = World()
    world.post(a_post(images=(an_image(), an_image(decorative=True, alt="x"))))
    images = world.played.accepted[0]["embed"]["images"]
    assert [image["alt"] for image in images] == ["Two adults and a child talking at a table", ""]
    assert images[0]["aspectRatio"] == {"width": 64, "height": 48}


def test_the_bytes_are_frozen_and_a_second_attempt_makes_no_second_post() -> None:
    world = World()
    message = a_post()
    notes = world.channel.prepare(message, key=a_key(), notes={})
    first = world.channel.send(message, key=a_key(), notes=notes)
    world.clock.advance(timedelta(hours=2))
    again = world.channel.send(message, key=a_key(), notes=notes)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.remote_id == again.remote_id
    assert len(world.played.accepted) == 1
    without_notes = world.channel.send(message, key=a_key(), notes={})
    assert without_notes.duplicate
    assert len(world.played.accepted) == 1


def test_images_that_the_server_forgot_are_uploaded_again() -> None:
    world = World()
    message = a_post(images=(an_image(),))
    notes = world.channel.prepare(message, key=a_key(), notes={})
    world.played.blobs.clear()
    assert world.channel.send(message, key=a_key(), notes=notes).url
    assert len(world.played.accepted) == 1


def test_two_posts_of_one_minute_have_two_keys_and_one_post_has_one() -> None:
    keys = {rkey(NOON, a_key(number), 0) for number in range(500)}
    assert len(keys) == 500
    assert rkey(NOON, a_key(), 0) == rkey(NOON, a_key(), 0) != rkey(NOON, a_key(), 1)
    assert sorted([rkey(NOON + timedelta(seconds=1), a_key(), 0), rkey(NOON, a_key(), 0)])[0] == rkey(NOON, a_key(), 0)


def test_one_session_serves_every_process_and_is_refreshed_when_it_runs_out() -> None:
    played, notes = PlayedBluesky(), MemoryNotes()
    for number in range(3):
        World(played, notes).post(a_post(), a_key(number))
    assert played.sign_ins == 1
    played.expired.add("access-1")
    World(played, notes).post(a_post(), a_key(9))
    assert (played.sign_ins, played.generation) == (1, 2)
    kept = json.loads(str(notes.get("session")))
    assert kept["refresh"] == "refresh-2"
    assert PASSWORD not in str(notes.get("session"))


def test_a_session_that_cannot_be_refreshed_is_made_anew() -> None:
    played, notes = PlayedBluesky(), MemoryNotes()
    World(played, notes).post(a_post())
    played.generation += 1
    World(played, notes).post(a_post(), a_key(2))
    assert played.sign_ins == 2


def test_a_wrong_password_pauses_the_channel_and_is_never_shown() -> None:
    world = World(app_password="wrong-wrong-wrong")
    with pytest.raises(ChannelDown, match="check the handle and the app password") as down:
        world.channel.verify()
    assert "wrong-wrong" not in f"{down.value} {down.value.raw} {world.channel.options!r}"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (fail("AccountTakedown", 400), ChannelDown),
        (fail("InvalidRequest", 400), Refused),
        (fail("RateLimitExceeded", 429, headers={"ratelimit-reset": str(int(NOON.timestamp()) + 60)}), TryLater),
    ],
)
def test_answers_mean_what_the_server_means(answer: Any, error: type[Exception]) -> None:
    class Sour(PlayedBluesky):
        def __call__(self, sent: Any) -> Any:
            return answer if "putRecord" in sent.url else super().__call__(sent)

    with pytest.raises(error) as said:
        World(Sour()).post(a_post())
    if isinstance(said.value, TryLater):
        assert said.value.after == pytest.approx(60)


def test_a_long_text_becomes_a_thread_and_goes_on_where_it_broke() -> None:
    text = " ".join(f"This is sentence number {number} of a long announcement." for number in range(12))
    message = a_post(text=text, link=Link(url="https://example.org/" + "path/" * 20))

    class Breaks(PlayedBluesky):
        puts = 0

        def __call__(self, sent: Any) -> Any:
            self.puts += "putRecord" in sent.url
            return json_answer({}, 429) if "putRecord" in sent.url and self.puts == 2 else super().__call__(sent)

    world = World(Breaks(), thread=True)
    assert world.channel.check(message) == []
    notes = world.channel.prepare(message, key=a_key(), notes={})
    with pytest.raises(TryLater):
        world.channel.send(message, key=a_key(), notes=notes)
    assert world.channel.find(message, key=a_key(), since=NOON - timedelta(hours=1)) is UNKNOWN
    receipt = world.channel.send(message, key=a_key(), notes=notes)
    first, second, third = world.played.accepted
    assert not world.played.broken
    assert receipt.remote_id.endswith(first["rkey"])
    assert first["text"].endswith("(1/3)")
    assert second["reply"]["root"] == second["reply"]["parent"] == third["reply"]["root"]
    assert third["reply"]["parent"]["uri"].endswith(second["rkey"])
    assert "embed" in first
    assert "embed" not in second
    assert any(f["features"][0].get("uri") == message.link.url for f in third["facets"] if message.link)
    assert isinstance(world.channel.find(message, key=a_key(), since=NOON), Receipt)


def test_what_the_network_would_refuse_is_said_before() -> None:
    channel = World().channel
    codes = [p.code for p in channel.check(a_post(text="x" * 301, images=(an_image(alt="y" * 5000),) * 5))]
    assert codes == ["text-long", "images-many", *["alt-long"] * 5]
    assert [p.code for p in channel.check(a_post(text="👨‍👩‍👧‍👦" * 140, link=None))] == ["text-bytes"]
    assert channel.check(a_post(link=Link(url="https://example.org/" + "a" * 4000))) == []
    with pytest.raises(Refused, match="301"):
        channel.prepare(a_post(text="x" * 301, link=None, hashtags=()), key=a_key(), notes={})


def test_a_post_can_be_looked_at_and_taken_back() -> None:
    world = World()
    receipt = world.post(a_post())
    assert world.channel.stats(receipt.remote_id) == {"likes": 3, "reposts": 2, "replies": 1, "quotes": 0}
    world.channel.delete(receipt.remote_id)
    assert world.played.records == {}
    account = world.channel.verify()
    assert account.name == "hscp.example.org"


@given(TEXTS, st.booleans())
def test_facets_lie_on_the_words_they_are_for(text: str, link: bool) -> None:
    text = "".join(c for c in text if not "\ud800" <= c <= "\udfff")
    whole = compose(a_post(text=text, link=Link(url="https://example.org/é" + "x" * 60) if link else None))
    raw, at = whole.text.encode(), 0
    for facet in whole.facets({}):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert at <= start < end <= len(raw)
        at = end
        shown, feature = raw[start:end].decode(), facet["features"][0]
        if feature["$type"] == TAG:
            assert shown.lstrip("#＃") == feature["tag"]
            assert not feature["tag"].isdecimal()
        elif shown.endswith("…"):
            assert feature["uri"].startswith("https://" + shown[:-1])
        else:
            assert feature["uri"].endswith(shown)


def test_mentions_in_addresses_are_no_mentions() -> None:
    assert read("me@partner.example.org https://example.org/@partner.example.org").handles == []
    assert read("(@Partner.example.org)").handles == ["partner.example.org"]
