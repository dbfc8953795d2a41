"""X against a strict imitation: the shared contract, and what is X's own."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaign.channels._oauth1 import Keys
from campaign.channels.base import UNKNOWN, MemoryNotes, Receipt, Tools
from campaign.channels.http import Answer, Fault, Sent
from campaign.channels.x import X, XOptions, cost
from campaign.clock import SettableClock
from campaign.errors import ChannelDown, Refused, TryLater, Uncertain
from campaign.model import Post
from campaign.testing import NOON, ChannelContract, Imitation, a_key, a_post, an_image, recording
from tests.channels.played_x import SECRETS, PlayedX, problem


class TestX(ChannelContract):
    channel = X
    options = {"api_key": "example-key", **SECRETS}

    def imitation(self) -> Imitation:
        return PlayedX()

    def message(self) -> Post:
        return a_post(images=(an_image(),))


class TestXSignedInByOAuth2(ChannelContract):
    channel = X
    options = {"api_key": "", "client_id": "example-client"}
    stored = {"token": json.dumps({"access": "access-0", "refresh": "refresh-0", "expires": NOON.timestamp() + 7200})}
    secrets = ("access-0", "refresh-0")

    def imitation(self) -> Imitation:
        return PlayedX()


class World:
    """A channel in memory before an imitation."""

    def __init__(self, played: PlayedX | None = None, notes: MemoryNotes | None = None, **options: Any) -> None:
        self.played = played or PlayedX()
        self.clock = SettableClock(NOON)
        self.cut = ""
        given = {"api_key": "example-key", **SECRETS, **options}
        http = recording(self.answer).http
        self.notes = notes or MemoryNotes()
        self.channel = X(XOptions(**given), Tools(name="x-hscp", now=self.clock.now, http=http, notes=self.notes))

    def answer(self, sent: Sent) -> Answer:
        self.played.now = self.clock.now()
        answer = self.played(sent)
        if self.cut and self.cut in sent.url and sent.method == "POST":
            raise Fault("cut")
        return answer

    def post(self, message: Post, key: str = a_key()) -> Receipt:
        notes = self.channel.prepare(message, key=key, notes={})
        receipt = self.channel.send(message, key=key, notes=notes)
        assert not self.played.broken
        return receipt


def test_the_signature_is_the_one_of_the_networks_own_example() -> None:
    keys = Keys(
        api_key="xvz1evFS4wEEPTGEFPHBog",
        api_secret="kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        access_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        access_secret="LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    header = keys.header(
        "POST",
        "https://api.twitter.com/1.1/statuses/update.json",
        params={"include_entities": "true", "status": "Hello Ladies + Gentlemen, a signed OAuth request!"},
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        timestamp=1318622958,
    )
    assert 'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"' in header
    assert "kAcSOqF21" not in repr(keys)


def test_a_post_says_everything_in_the_networks_own_fields() -> None:
    world = World()
    receipt = world.post(a_post(images=(an_image(), an_image(decorative=True))))
    [body] = world.played.accepted
    assert body == {"text": a_post().whole, "media": {"media_ids": ["900", "901"]}}
    assert world.played.media == {"900": "Two adults and a child talking at a table", "901": ""}
    assert receipt.url == "https://x.com/i/web/status/1000"
    assert receipt.pace is not None
    assert receipt.pace.remaining == 99


def test_an_answer_that_was_cut_off_is_found_by_reading_back() -> None:
    world = World()
    message = a_post(text="Tom & <you>: see example.com", images=(an_image(),))
    notes = world.channel.prepare(message, key=a_key(), notes={})
    world.cut = "/2/tweets"
    with pytest.raises(Uncertain):
        world.channel.send(message, key=a_key(), notes=notes)
    assert world.channel.find(a_post(text="Another"), key=a_key(), since=NOON) is UNKNOWN
    world.clock.advance(timedelta(minutes=3))
    found = world.channel.find(message, key=a_key(), since=NOON)
    assert isinstance(found, Receipt)
    assert found.remote_id == "1000"
    assert world.channel.find(a_post(text="Another"), key=a_key(), since=NOON) is None


def test_the_same_words_twice_are_ours_or_refused() -> None:
    world = World()
    first = world.post(a_post())
    again = world.post(a_post(), a_key(2))
    assert again.duplicate
    assert again.remote_id == first.remote_id
    world.played.lists_posts = False
    with pytest.raises(Uncertain, match="does not list it yet"):
        world.post(a_post(), a_key(3))
    world.clock.advance(timedelta(minutes=10))
    with pytest.raises(Refused, match="change the words"):
        world.post(a_post(), a_key(3))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(403, "You are not permitted to perform this action."), ChannelDown),
        (problem(402, "CreditsDepleted"), ChannelDown),
        (problem(429, "Usage cap exceeded", "https://api.x.com/2/problems/usage-capped"), ChannelDown),
        (problem(429, "Too Many Requests", headers={"x-rate-limit-reset": str(int(NOON.timestamp()) + 900)}), TryLater),
        (problem(400, "Your Tweet text is too long", "https://api.x.com/2/problems/invalid-request"), Refused),
        (problem(503, "Service Unavailable"), Uncertain),
        (Answer(200, {}, b'{"errors": [{"message": "x"}]}'), Uncertain),
    ],
)
def test_answers_mean_what_the_network_means(answer: Answer, error: type[Exception]) -> None:
    class Sour(PlayedX):
        def __call__(self, sent: Sent) -> Answer:
            return answer if sent.url.endswith("/2/tweets") else super().__call__(sent)

    with pytest.raises(error) as said:
        World(Sour()).post(a_post())
    if isinstance(said.value, TryLater):
        assert said.value.after == pytest.approx(900)


def test_what_a_post_costs_is_known_before_and_capped() -> None:
    channel = World().channel
    assert channel.cost(a_post()) == Decimal("0.20")
    assert channel.cost(a_post(link=None)) == Decimal("0.015")
    assert channel.cost(a_post(link=None, images=(an_image(), an_image(decorative=True)))) == Decimal("0.020")
    assert World(link=False).channel.cost(a_post()) == Decimal("0.015")
    world = World(cap=Decimal("0.41"))
    world.post(a_post(text="one"))
    world.post(a_post(text="two"), a_key(2))
    with pytest.raises(ChannelDown, match=r"\$0\.60 would be spent of \$0\.41"):
        world.post(a_post(text="three"), a_key(3))
    assert len(world.played.accepted) == 2
    assert cost.spent(world.notes, NOON) == Decimal("0.40")
    world.clock.advance(timedelta(days=31))
    world.post(a_post(text="three"), a_key(3))


def test_the_cap_holds_over_a_restart() -> None:
    first = World(cap=Decimal("0.30"))
    first.post(a_post(text="one"))
    again = World(played=first.played, notes=first.notes, cap=Decimal("0.30"))
    with pytest.raises(ChannelDown, match=r"\$0\.40 would be spent of \$0\.30"):
        again.post(a_post(text="two"), a_key(2))
    assert len(first.played.accepted) == 1


def test_what_was_refused_is_not_booked() -> None:
    world = World()
    world.played.posts = [world.played._written("1", {"text": a_post().whole})]
    assert world.post(a_post()).duplicate
    assert cost.spent(world.notes, NOON) == 0


def test_tokens_are_renewed_ahead_and_stored_before_they_are_used() -> None:
    kept = {"access": "access-0", "refresh": "refresh-0", "expires": NOON.timestamp() + 60}
    notes = MemoryNotes({"token": json.dumps(kept)})
    world = World(notes=notes, api_key="", client_id="example-client")
    seen: list[str] = []

    class Watching(PlayedX):
        def __call__(self, sent: Sent) -> Answer:
            if "oauth2" not in sent.url:
                stored = json.loads(str(notes.get("token")))
                assert sent.headers["authorization"] == f"Bearer {stored['access']}"
                seen.append(stored["refresh"])
            return super().__call__(sent)

    world.played = Watching()
    world.post(a_post())
    assert set(seen) == {"refresh-1"}
    assert world.played.refreshes == 1
    assert notes.get("token.lock") is None


def test_a_token_called_stale_is_renewed_once_and_a_dead_sign_in_pauses_the_channel() -> None:
    kept = {"access": "old", "refresh": "refresh-0", "expires": NOON.timestamp() + 6000}
    world = World(notes=MemoryNotes({"token": json.dumps(kept)}), api_key="", client_id="example-client")
    world.post(a_post())
    assert world.played.refreshes == 1
    dead = World(notes=MemoryNotes({"token": json.dumps({**kept, "refresh": "spent"})}), api_key="", client_id="c")
    with pytest.raises(ChannelDown, match="run out"):
        dead.channel.send(a_post(), key=a_key(), notes={})
    nobody = World(api_key="", client_id="c")
    with pytest.raises(ChannelDown, match="campaign channels connect x-hscp"):
        nobody.channel.send(a_post(), key=a_key(), notes={})


def test_a_limit_that_is_used_up_is_waited_for_before_it_is_hit() -> None:
    class Full(PlayedX):
        def post(self, sent: Sent) -> Answer:
            answer = super().post(sent)
            reset = str(int(NOON.timestamp()) + 600)
            return Answer(answer.status, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}, answer.body)

        post.__dict__.update(PlayedX.post.__dict__)

    world = World(Full())
    world.post(a_post(text="one"))
    asked = len(world.played.requests)
    with pytest.raises(TryLater, match="begins anew") as later:
        world.post(a_post(text="two"), a_key(2))
    assert later.value.after == pytest.approx(600)
    assert len(world.played.requests) == asked, "nothing was asked of the network"
    world.clock.advance(timedelta(minutes=11))
    world.post(a_post(text="two"), a_key(2))


def test_three_keys_of_four_are_not_enough() -> None:
    world = World(access_secret=None)
    with pytest.raises(ChannelDown, match="campaign channels connect x-hscp"):
        world.channel.verify()
    assert world.played.requests == []


def test_images_are_uploaded_anew_when_their_day_is_over() -> None:
    world = World()
    message = a_post(images=(an_image(),))
    notes = world.channel.prepare(message, key=a_key(), notes={})
    world.clock.advance(timedelta(hours=1))
    assert world.channel.prepare(message, key=a_key(), notes=notes) == notes
    world.clock.advance(timedelta(hours=20))
    assert world.channel.prepare(message, key=a_key(), notes=notes) != notes


def test_a_thread_goes_on_where_it_broke() -> None:
    text = " ".join(f"This is sentence number {number} of a long announcement." for number in range(12))
    world = World(thread=True)
    message = a_post(text=text)
    notes = world.channel.prepare(message, key=a_key(), notes={})
    world.cut = "/2/tweets"
    with pytest.raises(Uncertain):
        world.channel.send(message, key=a_key(), notes=notes)
    world.cut = ""
    world.clock.advance(timedelta(minutes=3))
    assert world.channel.find(message, key=a_key(), since=NOON) is None, "the rest of the thread is not there"
    receipt = world.channel.send(message, key=a_key(), notes=notes)
    assert receipt.remote_id == "1000"
    replies = [body.get("reply", {}).get("in_reply_to_tweet_id") for body in world.played.accepted]
    assert replies == [None, "1000", "1001"]


def test_what_the_network_would_refuse_is_said_before() -> None:
    channel = World().channel
    codes = [p.code for p in channel.check(a_post(text="x" * 281, images=(an_image(alt="y" * 1001),) * 5))]
    assert codes == ["text-long", "images-many", *["alt-long"] * 5]
    assert channel.check(a_post(text="👍" * 90, link=None, hashtags=())) == []
    assert [p.code for p in channel.check(a_post(hashtags=("2023",)))] == ["hashtag-digits"]


def test_figures_account_and_taking_back() -> None:
    world = World()
    receipt = world.post(a_post())
    assert world.channel.stats(receipt.remote_id) == {"likes": 5, "reposts": 4, "replies": 3, "views": 200}
    assert world.channel.verify().name == "@hscp"
    world.channel.delete(receipt.remote_id)
    assert world.played.posts == []


def test_rights_are_those_that_x_tells_and_no_others() -> None:
    world = World()
    assert world.channel.verify().rights == ()
    world.played.told = {"x-access-level": "read"}
    assert world.channel.verify().rights == ("read",)


def test_what_x_did_not_grant_is_said() -> None:
    granted = "tweet.read users.read offline.access media.write"
    kept = {"access": "access-0", "refresh": "refresh-0", "expires": NOON.timestamp() + 7200, "scope": granted}
    world = World(notes=MemoryNotes({"token": json.dumps(kept)}), api_key="", client_id="example-client")
    account = world.channel.verify()
    assert account.rights == tuple(granted.split())
    assert account.detail == "not granted: tweet.write"
