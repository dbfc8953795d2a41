"""The contract suite catches what it is there to catch: channels with one thing wrong each."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field, SecretStr

from campaign.channels.base import Channel, Limits, Notes, Options, Receipt, Replay, ReplayKind
from campaign.channels.http import Reply
from campaign.errors import ChannelDown, Problem, Refused, TryLater, Uncertain
from campaign.model import Post
from campaign.testing import MISHAPS, ChannelContract


class DoorOptions(Options):
    token: SecretStr = Field(examples=["open-sesame"])


class Door(Channel[Post]):
    """A channel without a fault."""

    kind: ClassVar[str] = "door"
    title: ClassVar[str] = "The door"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(ReplayKind.NEVER, "Somebody has to look.")
    Options: ClassVar[type[Options]] = DoorOptions
    limits: Limits = Limits(text=300)

    def check(self, message: Post) -> list[Problem]:
        over = self.length(self.words(message)) > self.limits.text
        return [Problem("post-long", "It is too long.")] if over else []

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        return self.judge(self.knock(message))

    def knock(self, message: Post) -> Reply:
        assert self.tools.http is not None
        return self.tools.http.request("POST", "https://door.example.org/", json={"text": message.whole})

    def judge(self, reply: Reply) -> Receipt:
        if reply.status == 200 and reply.dig() == {}:
            return Receipt()
        if reply.status in (429, 502):
            raise TryLater("busy", after=reply.retry_after(self.tools.now()))
        if reply.status in (401, 403):
            raise ChannelDown("signed out")
        raise Refused("no") if 400 <= reply.status < 500 else Uncertain("who knows")


class Retries(Door):
    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        try:
            return self.judge(self.knock(message))
        except Uncertain:
            return self.judge(self.knock(message))


class Hopes(Door):
    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        try:
            return super().send(message, key=key, notes=notes)
        except Uncertain as error:
            raise TryLater("let us try again") from error


class Trusts(Door):
    def judge(self, reply: Reply) -> Receipt:
        return Receipt() if reply.ok else super().judge(reply)


class Stumbles(Door):
    def judge(self, reply: Reply) -> Receipt:
        return (
            Receipt(remote_id=reply.json()["id"]) if reply.status == 200 and reply.dig() != {} else super().judge(reply)
        )


class Talks(Door):
    def judge(self, reply: Reply) -> Receipt:
        if not reply.ok:
            raise Refused(f"the token {self.options.token.get_secret_value()} was not liked")
        return super().judge(reply)


class Impatient(Door):
    def judge(self, reply: Reply) -> Receipt:
        if reply.status == 429:
            raise TryLater("busy", after=1)
        return super().judge(reply)


class Careless(Door):
    def check(self, message: Post) -> list[Problem]:
        return []


class Peeps(Door):
    def check(self, message: Post) -> list[Problem]:
        self.knock(message)
        return super().check(message)


class Mute(Door):
    replay: ClassVar[Replay] = Replay(ReplayKind.ASK, "It can be asked.")


def suite(door: type[Door]) -> ChannelContract:
    class Suite(ChannelContract):
        channel = door

    return Suite()


TRUTH = "test_send_tells_the_truth_whatever_the_network_does"


def run(door: type[Door], name: str, folder: Path) -> None:
    if name == "test_shape":
        suite(door).test_shape()
    elif name == TRUTH:
        for number, mishap in enumerate(MISHAPS):
            suite(door).test_send_tells_the_truth_whatever_the_network_does(mishap, folder / str(number))
    else:
        getattr(suite(door), name)(folder)


@pytest.mark.parametrize(
    ("door", "test", "words"),
    [
        (Retries, TRUTH, "left 2 messages"),
        (Hopes, TRUTH, "it would go twice"),
        (Trusts, TRUTH, "a receipt, and the network holds nothing"),
        (Stumbles, TRUTH, "let (KeyError|TypeError) escape"),
        (Talks, TRUTH, "a secret is shown"),
        (Impatient, "test_too_many_requests_waits_as_long_as_asked", "7 seconds"),
        (Careless, "test_check_finds_what_is_over_the_limits", "one letter too many"),
        (Peeps, "test_check_accepts_a_good_message_without_the_network", "asked the network"),
        (Mute, "test_shape", "find"),
    ],
)
def test_a_fault_is_found(door: type[Door], test: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=words):
        run(door, test, tmp_path)
    run(Door, test, tmp_path / "without it")


class TestDoor(ChannelContract):
    """And a channel without a fault passes."""

    channel = Door
