"""Mastodon against a strict imitation, and against a server that only resembles it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaign.channels.base import UNKNOWN, MemoryNotes, Receipt, Tools
from campaign.channels.http import Answer, Fault, Sent
from campaign.channels.mastodon import Mastodon, MastodonOptions
from campaign.clock import SettableClock
from campaign.errors import ChannelDown, Refused, TryLater, Uncertain
from campaign.model import Post
from campaign.testing import NOON, ChannelContract, Imitation, a_key, a_post, an_image, json_answer, recording
from tests.channels.played_mastodon import TOKEN, PlayedMastodon, PlayedOther, PlayedRest


class TestMastodon(ChannelContract):
    channel = Mastodon
    options = {"token": TOKEN}

    def imitation(self) -> Imitation:
        return PlayedMastodon()

    def message(self) -> Post:
        return a_post(images=(an_image(),))


class TestSomethingLikeMastodon(ChannelContract):
    channel = Mastodon
    options = {"token": TOKEN}

    def imitation(self) -> Imitation:
        return PlayedOther()


class World:
    """A channel in memory before an imitation."""

    def __init__(self, played: PlayedMastodon | None = None, **options: Any) -> None:
        self.played = played or PlayedMastodon()
        self.clock = SettableClock(NOON)
        self.cut = ""
        given = {"server": "social.example.org", "token": TOKEN, **options}
        tools = Tools(
            name="mastodon",
            now=self.clock.now,
            http=recording(self.answer).http,
            notes=MemoryNotes(),
            sleep=self.clock.sleep,
        )
        self.channel = Mastodon(MastodonOptions(**given), tools)

    def answer(self, sent: Sent) -> Answer:
        self.played.now = self.clock.now()
        answer = self.played(sent)
        if self.cut and self.cut in sent.url and sent.method == "POST":
            self.cut = ""
            raise Fault("cut")
        return answer

    def post(self, message: Post, key: str = a_key()) -> Receipt:
        notes = self.channel.prepare(message, key=key, notes={})
        receipt = self.channel.send(message, key=key, notes=notes)
        assert not self.played.broken
        return receipt


def test_a_post_says_everything_in_the_networks_own_fields() -> None:
    world = World(content_warning="Abuse is discussed")
    receipt = world.post(a_post(images=(an_image(), an_image(decorative=True))))
    [body] = world.played.accepted
    assert body == {
        "status": a_post().whole,
        "visibility": "public",
        "language": "en",
        "media_ids": ["1", "2"],
        "spoiler_text": "Abuse is discussed",
    }
    assert [media["alt"] for media in world.played.media.values()] == ["Two adults and a child talking at a table", ""]
    assert receipt.url == "https://social.example.org/@hscp/1000"
    assert receipt.pace is not None
    assert (receipt.pace.remaining, receipt.pace.reset) == (298, NOON + timedelta(minutes=5))


def test_images_are_waited_for_while_the_server_works_on_them() -> None:
    class Slow(PlayedMastodon):
        ready_after = 3

    world = World(Slow())
    world.post(a_post(images=(an_image(),)))
    assert world.clock.now() == NOON + timedelta(seconds=3)

    class Stuck(PlayedMastodon):
        ready_after = 10_000

    with pytest.raises(TryLater, match="working on an image"):
        World(Stuck()).post(a_post(images=(an_image(),)))


def test_an_answer_that_was_cut_off_makes_no_second_post_within_the_hour() -> None:
    world = World()
    notes = world.channel.prepare(a_post(), key=a_key(), notes={})
    world.cut = "/statuses"
    with pytest.raises(Uncertain):
        world.channel.send(a_post(), key=a_key(), notes=notes)
    world.clock.advance(timedelta(minutes=54))
    receipt = world.channel.send(a_post(), key=a_key(), notes=notes)
    assert receipt.remote_id == "1000"
    assert len(world.played.statuses) == 1


@pytest.mark.parametrize("played", [PlayedOther, PlayedRest], ids=["other software", "unknown software"])
def test_a_server_that_keeps_no_keys_is_read_back_before_a_post(played: type[PlayedMastodon]) -> None:
    world = World(played())
    notes = world.channel.prepare(a_post(), key=a_key(), notes={})
    world.cut = "/statuses"
    with pytest.raises(Uncertain):
        world.channel.send(a_post(), key=a_key(), notes=notes)
    world.clock.advance(timedelta(minutes=5))
    receipt = world.channel.send(a_post(), key=a_key(), notes=notes)
    assert receipt.duplicate
    assert receipt.remote_id == "1000"
    assert len(world.played.accepted) == 1


def test_reading_back_finds_a_post_by_its_words_and_its_time() -> None:
    world = World()
    message = a_post(text="Hello @partner@example.net & <you>: “quotes”, 50% off\nand a line")
    world.post(message)
    since = NOON - timedelta(seconds=30)
    world.clock.advance(timedelta(minutes=3))
    found = world.channel.find(message, key=a_key(), since=since)
    assert isinstance(found, Receipt)
    assert found.url == "https://social.example.org/@hscp/1000"
    assert world.channel.find(a_post(text="Something else"), key=a_key(), since=since) is None
    assert world.channel.find(message, key=a_key(), since=NOON + timedelta(days=1)) is UNKNOWN
    late = NOON + timedelta(minutes=2, seconds=1)
    world.clock.advance(timedelta(minutes=3))
    assert world.channel.find(message, key=a_key(), since=late) is None, "yesterday's post with the same words"


def test_a_listing_that_does_not_reach_back_cannot_tell() -> None:
    world = World()
    for number in range(300):
        world.played._written({"status": "x"})
        world.played.statuses.insert(0, {**world.played._written({"status": f"number {number}"})})
    world.clock.advance(timedelta(minutes=10))
    assert world.channel.find(a_post(), key=a_key(), since=NOON) is UNKNOWN


def test_a_thread_goes_on_where_it_broke() -> None:
    text = " ".join(f"This is sentence number {number} of a long announcement." for number in range(30))

    class Full(PlayedMastodon):
        full = True

        def post(self, sent: Sent) -> Answer:
            if self.full and len(self.accepted) == 1:
                return json_answer({"error": "Too many requests"}, 429, {"x-ratelimit-reset": "2023-10-10T12:05:00Z"})
            return super().post(sent)

        post.__dict__.update(PlayedMastodon.post.__dict__)

    played = Full()
    world = World(played, thread=True)
    message = a_post(text=text)
    notes = world.channel.prepare(message, key=a_key(), notes={})
    with pytest.raises(TryLater) as later:
        world.channel.send(message, key=a_key(), notes=notes)
    assert later.value.after == pytest.approx(300)
    played.full = False
    receipt = world.channel.send(message, key=a_key(), notes=notes)
    assert receipt.remote_id == "1000"
    assert [one.get("in_reply_to_id") for one in played.accepted] == [None, "1000", "1001"]
    assert not played.broken
    world.clock.advance(timedelta(minutes=5))
    assert isinstance(world.channel.find(message, key=a_key(2), since=NOON), Receipt)


def test_half_a_thread_counts_as_not_sent_and_send_goes_on_with_it() -> None:
    text = " ".join(f"This is sentence number {number} of a long announcement." for number in range(15))
    world = World(PlayedOther(), thread=True)
    message = a_post(text=text, hashtags=())
    world.post(message)
    lost = world.played.statuses.pop(0)
    assert lost["in_reply_to_id"]
    world.clock.advance(timedelta(minutes=5))
    assert world.channel.find(message, key=a_key(5), since=NOON) is None
    world.channel.send(message, key=a_key(5), notes={"media": "[]"})
    assert len(world.played.accepted) == len(world.played.statuses) + 1 == 3


def test_the_servers_own_limits_are_used_once_they_are_known() -> None:
    world = World()
    assert world.channel.limits.text == 500
    account = world.channel.verify()
    assert (account.name, account.detail) == ("@hscp@social.example.org", "mastodon, 600 characters, 4 images")
    assert (world.channel.limits.text, world.channel.limits.alt_text) == (600, 1400)
    again = Mastodon(world.channel.options, world.channel.tools)
    assert again.limits.text == 600
    codes = [p.code for p in again.check(a_post(text="x" * 601, images=(an_image(alt="y" * 1401),)))]
    assert codes == ["text-long", "alt-long"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_answer({"error": "This action is outside the authorized scopes"}, 403), ChannelDown),
        (json_answer({"error": "Validation failed: Text character limit of 500 exceeded"}, 422), Refused),
        (json_answer({"error": "Cannot attach files that have not finished processing. Try again!"}, 422), TryLater),
        (Answer(400, {}, b"Bad Request: token not known"), ChannelDown),
        (json_answer({"error": "Remote data could not be fetched"}, 503), Uncertain),
        (Answer(200, {"content-type": "text/html"}, b"<html>"), Uncertain),
    ],
)
def test_answers_mean_what_the_server_means(answer: Answer, error: type[Exception]) -> None:
    class Sour(PlayedMastodon):
        def __call__(self, sent: Sent) -> Answer:
            return answer if sent.method == "POST" else super().__call__(sent)

    with pytest.raises(error):
        World(Sour()).post(a_post())


def test_figures_and_taking_back() -> None:
    world = World()
    receipt = world.post(a_post())
    assert world.channel.stats(receipt.remote_id) == {"likes": 4, "reposts": 2, "replies": 1}
    world.channel.delete(receipt.remote_id)
    assert world.played.statuses == []


def test_a_channel_that_nobody_signed_in_says_what_to_do() -> None:
    with pytest.raises(ChannelDown, match="campaign channels connect mastodon"):
        World(token=None).post(a_post(images=(an_image(),)))


@pytest.mark.parametrize("server", ["", "https://", "https://a:b@example.org", "ftp://example.org"])
def test_a_server_needs_an_address(server: str) -> None:
    with pytest.raises(ValueError, match="address of a server"):
        MastodonOptions(server=server)
