"""Facebook, Instagram and Threads against strict imitations: the shared contract, and what is their own."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from campaign.channels.base import UNKNOWN, Channel, MemoryNotes, Receipt, Tools
from campaign.channels.facebook import Facebook
from campaign.channels.http import Answer, Fault, Sent
from campaign.channels.instagram import Instagram
from campaign.channels.threads import Threads
from campaign.clock import SettableClock
from campaign.errors import ChannelDown, Refused, Severity, TryLater, Uncertain
from campaign.model import Post
from campaign.testing import NOON, ChannelContract, Imitation, a_key, a_post, an_about, an_image, json_answer, recording
from tests.channels.played_meta import (
    ACCOUNT,
    PAGE,
    TOKEN,
    USER,
    Meta,
    PlayedFacebook,
    PlayedInstagram,
    PlayedThreads,
    PlayedThreadsInParts,
    graph_error,
)

OPTIONS: dict[type[Channel[Any]], dict[str, Any]] = {
    Facebook: {"page": PAGE, "token": TOKEN},
    Instagram: {"account": ACCOUNT, "token": TOKEN},
    Threads: {"account": USER, "token": TOKEN},
}
PLAYED: dict[type[Channel[Any]], type[Meta]] = {
    Facebook: PlayedFacebook,
    Instagram: PlayedInstagram,
    Threads: PlayedThreads,
}


class TestFacebook(ChannelContract):
    channel = Facebook
    options = OPTIONS[Facebook]

    def imitation(self) -> Imitation:
        return PlayedFacebook()

    def message(self) -> Post:
        return a_post(images=(an_image(),))


class TestInstagram(ChannelContract):
    channel = Instagram
    options = OPTIONS[Instagram]

    def imitation(self) -> Imitation:
        return PlayedInstagram()

    def message(self) -> Post:
        return a_post(link=None, images=(an_image(),))


class TestThreads(ChannelContract):
    channel = Threads
    options = OPTIONS[Threads]

    def imitation(self) -> Imitation:
        return PlayedThreads()


class TestThreadsInParts(ChannelContract):
    """For those who kill it at every request: the contract's own tests know no message that is half there."""

    __test__ = False
    channel = Threads
    options = {**OPTIONS[Threads], "thread": True}

    def imitation(self) -> Imitation:
        return PlayedThreadsInParts()

    def message(self) -> Post:
        return a_post(text=" ".join(f"This is sentence number {number} of the announcement." for number in range(14)))


class World:
    """A channel in memory before an imitation."""

    def __init__(
        self, kind: type[Channel[Any]], played: Any = None, notes: MemoryNotes | None = None, **options: Any
    ) -> None:
        self.played: Any = played or PLAYED[kind]()
        self.clock = SettableClock(NOON)
        self.cut = ""
        self.media: dict[str, bytes] = {}
        given = kind.Options(**{**OPTIONS[kind], **options})
        self.channel: Any = kind(
            given,
            Tools(
                name="under-test",
                now=self.clock.now,
                http=recording(self.answer).http,
                notes=notes or MemoryNotes(),
                sleep=self.clock.sleep,
                media_url="https://media.example.org/",
                publish_media=self.publish,
            ),
        )

    def publish(self, data: bytes, media_type: str) -> str:
        address = f"https://media.example.org/{hashlib.sha256(data).hexdigest()[:16]}"
        self.media[address] = data
        return address

    def answer(self, sent: Sent) -> Answer:
        self.played.now = self.clock.now()
        answer: Answer = self.played(sent)
        if self.cut and sent.url.endswith(self.cut) and sent.method == "POST":
            raise Fault("cut")
        return answer

    def post(self, message: Post, key: str = a_key()) -> Receipt:
        notes = self.channel.prepare(message, key=key, notes={})
        receipt: Receipt = self.channel.send(message, key=key, notes=notes)
        assert not self.played.broken
        return receipt


def test_a_facebook_post_has_a_link_card_or_described_photos() -> None:
    world = World(Facebook)
    receipt = world.post(a_post())
    world.post(a_post(text="Two", images=(an_image(), an_image(decorative=True))), a_key(2))
    one, two = world.played.accepted
    assert one["link"] == "https://www.example.org/toolkit"
    assert "https://" not in one["message"]
    assert json.loads(two["attached_media[1]"]) == {"media_fbid": "501"}
    assert "https://www.example.org/toolkit" in two["message"]
    assert world.played.photos == {"500": "Two adults and a child talking at a table", "501": ""}
    assert receipt.url == f"https://www.facebook.com/{PAGE}_9000"


def test_facebook_is_read_back_and_its_duplicates_are_looked_at() -> None:
    world = World(Facebook)
    notes = world.channel.prepare(a_post(), key=a_key(), notes={})
    world.cut = "/feed"
    with pytest.raises(Uncertain):
        world.channel.send(a_post(), key=a_key(), notes=notes)
    assert world.channel.find(a_post(text="x"), key=a_key(), since=NOON) is UNKNOWN
    world.clock.advance(timedelta(minutes=3))
    found = world.channel.find(a_post(), key=a_key(), since=NOON)
    assert isinstance(found, Receipt)
    assert found.remote_id == f"{PAGE}_9000"
    assert world.channel.find(a_post(text="x"), key=a_key(), since=NOON) is None
    world.cut, world.played.refuses_twice = "", True
    assert world.post(a_post()).duplicate
    world.clock.advance(timedelta(days=3))
    with pytest.raises(Refused, match="change the words"):
        world.post(a_post(about=an_about(planned_at=world.clock.now() - timedelta(minutes=5))), a_key(3))


def test_a_page_token_of_another_page_is_found_out() -> None:
    account = World(Facebook).channel.verify()
    assert (account.name, account.rights) == ("Example Partnership", ("post",))
    reader = World(Facebook)
    reader.played.may_post = False
    assert reader.channel.verify().rights == ()
    with pytest.raises(ChannelDown, match="not to page 99"):
        World(Facebook, page="99").channel.verify()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (graph_error(400, 190, 463), ChannelDown),
        (graph_error(403, 200), ChannelDown),
        (graph_error(400, 368), ChannelDown),
        (graph_error(400, 4), TryLater),
        (graph_error(400, 32), TryLater),
        (graph_error(400, 1, 1390008), TryLater),
        (graph_error(400, 100, 1609008), Refused),
        (graph_error(400, 100), Refused),
        (graph_error(500, 2), Uncertain),
        (graph_error(400, 1), Uncertain),
        (graph_error(400, 4, 2207051), Uncertain),
        (graph_error(400, -1, 2207001), Uncertain),
        (graph_error(400, 9, 2207042), TryLater),
        (graph_error(400, -2, 2207020), TryLater),
        (graph_error(400, 36003, 2207009), Refused),
        (graph_error(400, 100, 2207051), Uncertain),
        (json_answer({}), Uncertain),
        (Answer(200, {}, b"<html>"), Uncertain),
    ],
)
@pytest.mark.parametrize("kind", [Facebook, Threads])
def test_answers_mean_what_meta_means(kind: type[Channel[Any]], answer: Answer, error: type[Exception]) -> None:
    world = World(kind)
    tail = "/feed" if kind is Facebook else "/threads_publish"
    calls = world.played

    class Sour(PLAYED[kind]):  # type: ignore[misc,valid-type]
        def __call__(self, sent: Sent) -> Answer:
            taken: Answer = calls(sent) if not sent.url.endswith(tail) else answer
            return taken

    world.played = Sour()
    with pytest.raises(error):
        world.post(a_post())


@pytest.mark.parametrize("kind", [Instagram, Threads])
def test_one_prepared_post_is_published_by_every_attempt(kind: type[Channel[Any]]) -> None:
    world = World(kind)
    message = a_post(link=None, images=(an_image(alt="First"), an_image(alt="Second", colour=9)))
    notes = world.channel.prepare(message, key=a_key(), notes={})
    assert world.channel.prepare(message, key=a_key(), notes={}) == notes, "the notes were lost, the container was not"
    world.cut = "publish"
    with pytest.raises(Uncertain):
        world.channel.send(message, key=a_key(), notes=notes)
    world.cut = ""
    world.clock.advance(timedelta(minutes=5))
    found = world.channel.find(message, key=a_key(), since=NOON)
    again = world.channel.send(message, key=a_key(), notes=notes)
    assert isinstance(found, Receipt)
    assert found.remote_id == again.remote_id == "8000"
    assert again.duplicate
    assert again.url == "https://example.org/p/8000"
    assert len(world.played.accepted) == 1
    children = [kept["form"] for kept in world.played.containers.values() if "is_carousel_item" in kept["form"]]
    assert [child["alt_text"] for child in children] == ["First", "Second"]
    assert all(child["image_url"] in world.media for child in children)


@pytest.mark.parametrize("kind", [Instagram, Threads])
def test_a_container_that_expired_is_made_anew(kind: type[Channel[Any]]) -> None:
    world = World(kind)
    message = a_post(link=None, images=(an_image(),))
    notes = world.channel.prepare(message, key=a_key(), notes={})
    world.clock.advance(timedelta(hours=25))
    with pytest.raises(TryLater, match="not ready"):
        world.channel.send(message, key=a_key(), notes=notes)
    with pytest.raises(TryLater, match="made anew"):
        world.channel.send(message, key=a_key(), notes=notes)
    fresh = world.channel.prepare(message, key=a_key(), notes=notes)
    assert fresh["container"] != notes["container"]
    assert isinstance(world.channel.send(message, key=a_key(), notes=fresh), Receipt)
    assert len(world.played.accepted) == 1


@pytest.mark.parametrize("kind", [Instagram, Threads])
def test_slow_work_on_an_image_is_waited_for(kind: type[Channel[Any]]) -> None:
    world = World(kind)
    world.played.slow = 4
    world.post(a_post(link=None, images=(an_image(),)))
    assert world.clock.now() == NOON + timedelta(seconds=8)
    stuck = World(kind)
    stuck.played.slow = 10_000
    with pytest.raises(TryLater, match="still working"):
        stuck.post(a_post(link=None, images=(an_image(),)))


@pytest.mark.parametrize("kind", [Instagram, Threads])
def test_images_need_an_address_of_their_own(kind: type[Channel[Any]]) -> None:
    channel = kind(kind.Options(**OPTIONS[kind]), Tools(name="t"))
    assert "media-url" in [p.code for p in channel.check(a_post(images=(an_image(),)))]


def test_instagram_says_what_it_cannot_show() -> None:
    channel = World(Instagram).channel
    assert [p.code for p in channel.check(a_post())] == ["image-needed", "link-dead"]
    wide = a_post(link=None, images=(an_image(width=300, height=100),), hashtags=tuple(f"T{n}" for n in range(31)))
    assert [p.code for p in channel.check(wide)] == ["image-unfit", "hashtags-many"]


def test_threads_counts_emoji_by_their_bytes_and_has_one_topic() -> None:
    channel = World(Threads).channel
    assert channel.length("abc é") == 5
    assert channel.length("👍") == 4
    assert channel.length("👍🏽") == 8
    assert [p.code for p in channel.check(a_post())] == ["hashtags-dead"]


def test_a_text_on_threads_has_a_link_card() -> None:
    world = World(Threads)
    world.post(a_post())
    assert world.played.accepted[0]["link_attachment"] == "https://www.example.org/toolkit"


def test_a_threads_token_is_renewed_a_week_ahead() -> None:
    kept = {"access": TOKEN, "expires": NOON.timestamp() + 6 * 86_400}
    notes = MemoryNotes({"token": json.dumps(kept)})
    world = World(Threads, notes=notes, token=None)
    world.post(a_post())
    assert world.played.renewed_at == NOON
    assert world.channel.verify().expires == NOON + timedelta(days=60)


def test_a_token_that_was_typed_in_is_renewed_after_a_day_which_tells_its_end() -> None:
    world = World(Threads, token=None)
    world.channel.keep_token(TOKEN)
    world.post(a_post())
    assert world.played.renewed_at is None
    world.clock.advance(timedelta(hours=25))
    world.post(a_post(text="two"), a_key(2))
    assert world.played.renewed_at == world.clock.now()
    plain = World(Facebook, token=None)
    plain.channel.keep_token(TOKEN)
    plain.clock.advance(timedelta(days=300))
    plain.post(a_post())


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        (Facebook, {"likes": 7, "reposts": 3, "replies": 2}),
        (Instagram, {"likes": 6, "replies": 1}),
        (Threads, {"likes": 9, "reposts": 1, "replies": 2, "views": 300}),
    ],
)
def test_figures_and_taking_back(kind: type[Channel[Any]], figures: dict[str, int]) -> None:
    world = World(kind)
    receipt = world.post(a_post(link=None, images=(an_image(),)))
    assert world.channel.stats(receipt.remote_id) == figures
    if kind is not Instagram:
        world.channel.delete(receipt.remote_id)
        assert world.played.posts == []


def test_threads_takes_five_links_and_no_more() -> None:
    world = World(Threads)
    five = " ".join(f"https://example.org/{number}" for number in range(5))
    assert "links-many" not in {problem.code for problem in world.channel.check(a_post(text=five, link=None))}
    assert "links-many" in {problem.code for problem in world.channel.check(a_post(text=five))}


def test_hashtags_in_the_text_count_too() -> None:
    ten = " ".join(f"#Word{number}a" for number in range(10))
    instagram = World(Instagram).channel
    image = (an_image(),)
    assert "hashtags-few" not in [p.code for p in instagram.check(a_post(text="#One and #Two", images=image))]
    [few] = [p for p in instagram.check(a_post(text=ten, images=image)) if p.code.startswith("hashtags")]
    assert (few.code, few.severity) == ("hashtags-few", Severity.WARNING)
    assert "this one has 12" in few.message
    thirty = " ".join(f"#Word{number}a" for number in range(29))
    [many] = [p for p in instagram.check(a_post(text=thirty, images=image)) if p.code.startswith("hashtags")]
    assert (many.code, many.severity) == ("hashtags-many", Severity.ERROR)
    threads = World(Threads).channel
    assert "hashtags-dead" in [p.code for p in threads.check(a_post(text="#One and #Two", hashtags=()))]
    assert "hashtags-dead" not in [p.code for p in threads.check(a_post(text="#One", hashtags=()))]
