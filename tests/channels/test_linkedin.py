"""LinkedIn against a strict imitation: the shared contract, and what is LinkedIn's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaign.channels.base import UNKNOWN, MemoryNotes, Receipt, Tools
from campaign.channels.http import Answer, Sent
from campaign.channels.linkedin import LinkedIn, LinkedInOptions, version_ends
from campaign.clock import SettableClock
from campaign.errors import ChannelDown, Refused, TryLater, Uncertain
from campaign.model import Post
from campaign.testing import NOON, ChannelContract, Imitation, a_key, a_post, an_about, an_image, json_answer, recording
from tests.channels.played_linkedin import TOKEN, PlayedLinkedIn


class TestLinkedIn(ChannelContract):
    channel = LinkedIn
    options = {"token": TOKEN}

    def imitation(self) -> Imitation:
        return PlayedLinkedIn()

    def message(self) -> Post:
        return a_post(images=(an_image(),))


class World:
    """A channel in memory before an imitation."""

    def __init__(self, played: PlayedLinkedIn | None = None, notes: MemoryNotes | None = None, **options: Any) -> None:
        self.played = played or PlayedLinkedIn()
        self.clock = SettableClock(NOON)
        self.notes = notes or MemoryNotes()
        given = {"organization": "1234567", "token": TOKEN, **options}
        http = recording(self.answer).http
        tools = Tools(name="linkedin-hscp", now=self.clock.now, http=http, notes=self.notes, sleep=self.clock.sleep)
        self.channel = LinkedIn(LinkedInOptions(**given), tools)

    def answer(self, sent: Sent) -> Answer:
        self.played.now = self.clock.now()
        return self.played(sent)

    def post(self, message: Post, key: str = a_key()) -> Receipt:
        notes = self.channel.prepare(message, key=key, notes={})
        receipt = self.channel.send(message, key=key, notes=notes)
        assert not self.played.broken
        return receipt


def test_a_post_with_a_link_gets_a_card_and_its_signs_escaped() -> None:
    world = World()
    receipt = world.post(a_post(text="Join us (free) @ noon: <more> *here*"))
    [body] = world.played.accepted
    assert body["commentary"] == (
        "Join us \\(free\\) \\@ noon: \\<more\\> \\*here\\*\n\n{hashtag|\\#|ExampleWeek2023} {hashtag|\\#|Toolkit}"
    )
    assert body["content"] == {
        "article": {
            "source": "https://www.example.org/toolkit",
            "title": "The toolkit",
            "description": "For practitioners",
            "thumbnail": "urn:li:image:C0",
        }
    }
    assert receipt.remote_id == "urn:li:share:7000"
    assert receipt.url == "https://www.linkedin.com/feed/update/urn:li:share:7000"


def test_images_have_alternative_text_and_leave_the_link_in_the_text() -> None:
    world = World()
    world.post(a_post(images=(an_image(),)))
    world.post(a_post(text="two", images=(an_image(), an_image(decorative=True))), a_key(2))
    one, two = world.played.accepted
    assert one["content"]["media"] == {
        "id": "urn:li:image:C0",
        "altText": "Two adults and a child talking at a table",
    }
    assert "https://www.example.org/toolkit" in one["commentary"]
    assert [set(image) for image in two["content"]["multiImage"]["images"]] == [{"id", "altText"}, {"id"}]


def test_the_limit_is_of_the_words_before_they_are_escaped() -> None:
    channel = World().channel
    assert channel.check(a_post(text="(" * 3000, hashtags=(), link=None)) == []
    assert [p.code for p in channel.check(a_post(text="(" * 3001, hashtags=(), link=None))] == ["text-long"]


def test_the_same_words_twice_are_ours_or_refused() -> None:
    world = World()
    first = world.post(a_post())
    again = world.post(a_post(), a_key(2))
    assert again.duplicate
    assert again.remote_id == first.remote_id
    later = a_post(about=an_about(planned_at=NOON + timedelta(days=1)))
    with pytest.raises(Refused, match="change the words"):
        world.post(later, a_key(3))
    world.played.posts, world.played.ghosts = [], {world.played.accepted[0]["commentary"]: "urn:li:share:7000"}
    with pytest.raises(Refused, match="deleted post"):
        world.post(a_post(), a_key(4))


def test_reading_back_understands_little_text() -> None:
    world = World()
    message = a_post(text="Tom_and (Ann) #Week @ noon\\")
    world.post(message)
    assert world.channel.find(a_post(text="x"), key=a_key(), since=NOON) is UNKNOWN
    world.clock.advance(timedelta(minutes=3))
    found = world.channel.find(message, key=a_key(), since=NOON)
    assert isinstance(found, Receipt)
    assert found.remote_id == "urn:li:share:7000"
    assert world.channel.find(a_post(text="x"), key=a_key(), since=NOON) is None


def test_a_version_and_a_sign_in_that_end_before_the_post_are_said_before() -> None:
    assert version_ends("202604") == datetime(2027, 4, 1, tzinfo=UTC)
    kept = {"access": TOKEN, "expires": NOON.timestamp() + 86_400 * 3}
    world = World(notes=MemoryNotes({"token": json.dumps(kept)}), token=None, version="202211")
    late = a_post(about=an_about(planned_at=NOON + timedelta(days=40)))
    assert [p.code for p in world.channel.check(late)] == ["sign-in-ends", "version-ends"]
    assert world.channel.check(a_post()) == []
    account = world.channel.verify()
    assert account.name == "Example Partnership"
    assert account.expires == NOON + timedelta(days=3)
    assert "November 2023" in account.detail


def test_an_application_that_may_not_read_the_page_s_name_is_verified_all_the_same() -> None:
    world = World()
    world.played.names_pages = False
    account = world.channel.verify()
    assert (account.name, account.rights) == ("page 1234567", ())
    world.played.reads_posts = False
    with pytest.raises(ChannelDown, match="permissions"):
        world.channel.verify()


def test_what_was_not_granted_is_said() -> None:
    kept = {"access": TOKEN, "scope": "w_organization_social"}
    world = World(notes=MemoryNotes({"token": json.dumps(kept)}), token=None)
    account = world.channel.verify()
    assert account.rights == ("w_organization_social",)
    assert "not granted: r_organization_social" in account.detail


def test_a_token_is_renewed_a_day_ahead_where_the_application_may() -> None:
    kept = {"access": "old", "refresh": "refresh-0", "expires": NOON.timestamp() + 3600}
    notes = MemoryNotes({"token": json.dumps(kept)})
    world = World(notes=notes, token=None, client_id="c", client_secret="example-client-secret")
    world.post(a_post())
    assert json.loads(str(notes.get("token")))["access"] == TOKEN
    assert world.channel.verify().expires == NOON + timedelta(days=365)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (json_answer({"status": 426, "code": "NONEXISTENT_VERSION"}, 426), ChannelDown, "version 202604"),
        (json_answer({"status": 403, "message": "Not enough permissions"}, 403), ChannelDown, "permissions"),
        (json_answer({"status": 429}, 429), TryLater, "429"),
        (json_answer({"status": 422, "message": "Author invalid"}, 422), Refused, "Author invalid"),
        (json_answer({"status": 500}, 500), Uncertain, "500"),
        (Answer(201), Uncertain, "without the id"),
    ],
)
def test_answers_mean_what_the_network_means(answer: Answer, error: type[Exception], says: str) -> None:
    class Sour(PlayedLinkedIn):
        def __call__(self, sent: Sent) -> Answer:
            return answer if sent.url.endswith("/rest/posts") else super().__call__(sent)

    with pytest.raises(error, match=says):
        World(Sour()).post(a_post())


def test_an_upload_goes_to_linkedin_or_nowhere() -> None:
    class Elsewhere(PlayedLinkedIn):
        def __call__(self, sent: Sent) -> Answer:
            if "initializeUpload" in sent.url:
                return json_answer(
                    {"value": {"uploadUrl": "https://linkedin.example.net/x", "image": "urn:li:image:C0"}}
                )
            return super().__call__(sent)

    with pytest.raises(ChannelDown, match=r"outside linkedin\.com"):
        World(Elsewhere()).post(a_post(images=(an_image(),)))


def test_figures_and_taking_back() -> None:
    world = World()
    receipt = world.post(a_post())
    assert world.channel.stats(receipt.remote_id) == {"likes": 8, "replies": 2}
    world.channel.delete(receipt.remote_id)
    assert world.played.posts == []
