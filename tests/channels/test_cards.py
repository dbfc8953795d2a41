"""Pictures of link cards: from the linked page, before anything is sent; whatever is wrong with it, the post goes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels._card import named, picture_of
from campaign.channels._images import Frame
from campaign.channels.base import Channel, MemoryNotes, Receipt, Tools
from campaign.channels.bluesky import Bluesky
from campaign.channels.http import Answer, Fault, Sent
from campaign.channels.linkedin import LinkedIn
from campaign.clock import SettableClock
from campaign.testing import NOON, ChannelContract, Imitation, a_key, a_post, an_image, recording
from tests.channels.linked_page import PAGE
from tests.channels.played_bluesky import PASSWORD, PlayedBluesky
from tests.channels.played_linkedin import TOKEN, PlayedLinkedIn

OPTIONS: dict[type[Channel[Any]], dict[str, Any]] = {
    Bluesky: {"handle": "hscp.example.org", "app_password": PASSWORD},
    LinkedIn: {"organization": "1234567", "token": TOKEN},
}
KINDS = pytest.mark.parametrize("kind", OPTIONS, ids=lambda kind: str(kind.kind))
HTML = {"content-type": "text/html"}


class TestBlueskyCard(ChannelContract):
    channel = Bluesky
    options = OPTIONS[Bluesky]

    def imitation(self) -> Imitation:
        return PlayedBluesky()


class TestLinkedInCard(ChannelContract):
    """For those who kill it at every request; the other suite of LinkedIn holds it to the rest."""

    __test__ = False
    channel = LinkedIn
    options = {"token": TOKEN}

    def imitation(self) -> Imitation:
        return PlayedLinkedIn()


class World:
    """A channel whose linked page is as it is told, and which may fail at one path."""

    def __init__(self, kind: type[Channel[Any]], page: Answer | None = None, picture: Answer | None = None) -> None:
        self.played: Any = PlayedBluesky() if kind is Bluesky else PlayedLinkedIn()
        self.played.page, self.played.picture = page or self.played.page, picture or self.played.picture
        self.fault = ""
        self.record = recording(self.answer)
        clock = SettableClock(NOON)
        tools = Tools(name="it", now=clock.now, http=self.record.http, notes=MemoryNotes(), sleep=clock.sleep)
        self.channel: Any = kind(kind.Options.model_validate(OPTIONS[kind]), tools)

    def answer(self, sent: Sent) -> Answer:
        if self.fault and self.fault in sent.url:
            raise Fault("read")
        answer: Answer = self.played(sent)
        return answer

    def card(self) -> dict[str, Any]:
        """Send a post with a link; the card that the network then has."""
        notes = self.channel.prepare(a_post(), key=a_key(), notes={})
        asked = len(self.record.sent)
        assert isinstance(self.channel.send(a_post(), key=a_key(), notes=notes), Receipt)
        assert not self.played.broken
        assert not [sent.url for sent in self.record.sent[asked:] if "www.example.org" in sent.url], "asked at the send"
        [body] = self.played.accepted
        card: dict[str, Any] = body["embed"]["external"] if "embed" in body else body["content"]["article"]
        return card


def picture(card: dict[str, Any]) -> Any:
    return card.get("thumb") or card.get("thumbnail")


@KINDS
def test_the_card_has_the_pages_picture(kind: type[Channel[Any]]) -> None:
    assert picture(World(kind).card())
    assert picture(World(kind, Answer(200, HTML, b"<meta name='twitter:image' content='/card.png'>")).card())


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (Answer(200, HTML, b"<title>No picture</title>"), None),
        (Answer(404, HTML, PAGE), None),
        (Answer(302, {"location": "https://www.example.org/card.png"}), None),
        (Answer(200, HTML, b'<meta property=og:image content="javascript:alert(1)">'), None),
        (Answer(200, HTML, b'<meta property=og:image content="https://[half">'), None),
        (Answer(200, HTML, b'<meta property=og:image content="http://user:word@www.example.org/card.png">'), None),
        (Answer(200, HTML, b"\xff\xfe" * 50_000), None),
        (Answer(200, {}, PAGE), Answer(404)),
        (Answer(200, {}, PAGE), Answer(200, {}, b"<svg xmlns='http://www.w3.org/2000/svg'/>")),
        (Answer(200, {}, PAGE), Answer(200, {}, an_image(width=12_000, height=9_000).data)),
        (Answer(200, {}, PAGE), Answer(200, {}, an_image(width=400, height=300).data[:-30])),
        (Answer(200, {}, PAGE), Answer(200, {}, b"x" * 6_000_000)),
    ],
)
@KINDS
def test_without_a_picture_that_is_fit_the_post_goes_all_the_same(
    kind: type[Channel[Any]], page: Answer, shown: Answer | None
) -> None:
    assert picture(World(kind, page, shown).card()) is None


@pytest.mark.parametrize("fault", ["www.example.org/toolkit", "card.png", "uploadBlob", "initializeUpload"])
@KINDS
def test_nothing_that_fails_on_the_way_to_the_picture_keeps_the_post(kind: type[Channel[Any]], fault: str) -> None:
    world = World(kind)
    world.fault = fault
    elsewhere = {"uploadBlob": LinkedIn, "initializeUpload": Bluesky}.get(fault)
    assert bool(picture(world.card())) is (kind is elsewhere)


def test_a_picture_that_the_server_has_forgotten_and_the_page_has_changed() -> None:
    world = World(Bluesky)
    notes = world.channel.prepare(a_post(), key=a_key(), notes={})
    world.played.blobs.clear()
    world.played.picture = Answer(200, {}, an_image(width=90, height=50, colour=3).data)
    receipt = world.channel.send(a_post(), key=a_key(), notes=notes)
    [record] = world.played.accepted
    assert "thumb" not in record["embed"]["external"]
    again = world.channel.send(a_post(), key=a_key(), notes=notes)
    assert (again.remote_id, again.duplicate) == (receipt.remote_id, True)
    assert len(world.played.accepted) == 1


def test_no_picture_is_fetched_from_a_private_address() -> None:
    from campaign.channels.http import Http
    from campaign.clock import SystemClock

    http = Http(monotonic=SystemClock().monotonic, resolve=lambda host, port: ["10.0.0.7"])
    assert picture_of(http, "https://intranet.example.org/", Frame(bytes=1000)) is None
    http.close()


@given(st.text() | st.builds('<meta property="og:image" content="{}">'.format, st.text()))
def test_any_page_names_a_web_address_or_none(page: str) -> None:
    found = named(page, "https://www.example.org/toolkit")
    assert found == "" or found.startswith(("https://", "http://"))
