"""How the contract suite makes a channel's world, tries things in it, and compares what is said with what is true."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SecretStr

from campaign.channels.base import (
    Channel,
    ChannelType,
    Finds,
    Limits,
    MemoryNotes,
    Notes,
    Options,
    Receipt,
    ReplayKind,
    Tools,
)
from campaign.channels.registry import examples, secret_fields
from campaign.clock import SettableClock
from campaign.errors import ChannelDown, ChannelError, Problem, Refused, Severity, TryLater, Uncertain
from campaign.model import Email, Post
from campaign.testing.clients import PATIENCE
from campaign.testing.factories import NOON, a_key, a_post, an_about, an_email, an_image
from campaign.testing.imitation import Agreeable, Imitation
from campaign.testing.network import MISHAPS, FakeNetwork

Outcome = Receipt | ChannelError
#: Texts that counting and checking must bear.
TEXTS = (
    "",
    " ",
    "plain words",
    "é and e\u0301, a family \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466, a flag \U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # noqa: E501
    "\U0001f600" * 400,
    "שלום עולם https://www.example.org/\u202eabc مرحبا",
    "https://www.example.org/" + "a" * 4000,
    "#2023 #١٢٣ #a_b #Ünïcode @someone@example.org",
    "<b>&amp; *stars* _lines_ [a](b) {c} ~d~ `e` \\ | # >",
    "\x00\x07\u200b\ufeff\u2028",
    "word " * 20_000,
)


@dataclass(slots=True)
class World:
    """A channel, the network around it, and the clock both live by."""

    channel: Channel[Any]
    network: FakeNetwork
    imitation: Imitation
    clock: SettableClock
    folder: Path


class Ground:
    """What a subclass says of its channel, and what the tests are made with."""

    #: The class under test.
    channel: ClassVar[ChannelType]
    #: Its options; what is missing is filled in from the options' own examples.
    options: ClassVar[Mapping[str, Any]] = {}
    #: What the channel's notes hold before the test, such as tokens.
    stored: ClassVar[Mapping[str, str]] = {}
    #: Other words that must never be seen, besides the secrets among the options.
    secrets: ClassVar[tuple[str, ...]] = ()
    #: Whether it reaches its network by `tools.http`.
    speaks_http: ClassVar[bool] = True
    #: How long it waits for an answer in these tests, in seconds (0.2 where none will come).
    patience: ClassVar[float] = PATIENCE

    # What a subclass may answer otherwise.

    def imitation(self) -> Imitation:
        """The network. Its `accepted` must hold exactly the messages it took for good."""
        return Agreeable()

    def message(self) -> Any:
        """A message that the network takes. Asked twice, it is the same."""
        if self.channel.carries is Email:
            return an_email()
        return a_post(images=(an_image(),) if self._limits().needs_image else ())

    def accepted(self, world: World) -> int:
        """How many messages the network holds."""
        return len(world.imitation.accepted)

    @contextmanager
    def world(self, folder: Path) -> Iterator[World]:
        """A fresh channel and a fresh network."""
        clock = SettableClock(NOON)
        imitation = self.imitation()
        with FakeNetwork(imitation) as network:
            tools = Tools(
                name="under-test",
                now=clock.now,
                http=network.http(patience=self.patience),
                notes=MemoryNotes(self.stored),
                folder=folder,
                media_url="https://media.example.org/",
                publish_media=lambda data, media_type: f"https://media.example.org/{len(data)}",
                sleep=clock.sleep,
            )
            channel = self.channel(self._options(), tools)
            try:
                yield World(channel, network, imitation, clock, folder)
            finally:
                channel.close()

    # Below: how the tests do it.

    def _options(self) -> Options:
        given = {**examples(self.channel.Options, required=True), **self.options}
        return self.channel.Options.model_validate(given)

    def _limits(self) -> Limits:
        return self.channel(self._options(), Tools(name="under-test")).limits

    def _tells_duplicates(self) -> bool:
        return not self.speaks_http

    def _another(self) -> Any:
        message = self.message()
        return an_email(2) if isinstance(message, Email) else changed(message, text="Something else entirely.")

    def _awkward(self) -> Iterator[Any]:
        if self.channel.carries is Email:
            for number, text in enumerate(TEXTS):
                yield an_email(number, subject=" ".join(text.replace("\x00", "").split())[:500] or "x")
            return
        good = self.message()
        for text in TEXTS:
            yield changed(good, text=text)
        yield changed(good, hashtags=("2023", "١٢٣", "A" * 500, ""))
        yield changed(good, images=(an_image(alt="x" * 5000),))
        yield changed(good, images=(an_image(data=b"\xff\xd8\xff\xe0 cut short", media_type="image/jpeg"),))
        yield changed(good, images=(an_image(data=b"", alt=""),))
        yield changed(good, about=an_about(title=""))

    def _prepare(self, world: World) -> Notes | ChannelError:
        came: Notes | ChannelError = attempt(
            lambda: world.channel.prepare(self.message(), key=a_key(), notes={}), what="prepare()"
        )
        return came

    def _send(self, world: World, notes: Notes, key: str = "") -> Outcome:
        outcome: Outcome = attempt(
            lambda: world.channel.send(self.message(), key=key or a_key(), notes=notes), what="send()"
        )
        assert isinstance(outcome, Receipt | ChannelError), f"send() gave back {outcome!r}"
        return outcome

    def _deliver(self, world: World, key: str = "") -> Outcome:
        notes = world.channel.prepare(self.message(), key=key or a_key(), notes={})
        return self._send(world, notes, key)

    def _only_send(self, world: World) -> int:
        notes = world.channel.prepare(self.message(), key=a_key(), notes={})
        before = world.network.seen
        assert isinstance(self._send(world, notes), Receipt)
        return world.network.seen - before

    def _only_prepare(self, world: World) -> int:
        world.channel.prepare(self.message(), key=a_key(), notes={})
        return world.network.seen

    def _requests(self, folder: Path, step: Callable[[World], int]) -> int:
        with self.world(folder / "counting") as world:
            return step(world)

    def _last_request(self, folder: Path, name: str) -> Outcome | None:
        """What comes of a mishap in the last request of send; None where send asks no network."""
        requests = self._requests(folder, self._only_send)
        if not requests:
            return None
        [mishap] = [each for each in MISHAPS if each.name == name]
        with self.world(folder / "last") as world:
            notes = world.channel.prepare(self.message(), key=a_key(), notes={})
            world.network.next(mishap, skip=requests - 1)
            outcome = self._send(world, notes)
            self._is_true(world, outcome, "the last request of send")
            return outcome

    def _is_true(self, world: World, outcome: Outcome, where: str) -> None:
        """Compare what the channel says with what the network holds."""
        taken = self.accepted(world)
        safe = world.channel.promise().kind is ReplayKind.SAFE
        self._hides_secrets(told(outcome))
        assert world.imitation.broken == [], "the network would not have understood the request"
        assert taken <= 1, f"{where}: one attempt left {taken} messages"
        if isinstance(outcome, Receipt):
            assert taken == 1, f"{where}: a receipt, and the network holds nothing"
        elif isinstance(outcome, TryLater):
            assert taken == 0 or safe, f"{where}: 'try later', and the network holds it: it would go twice"
        elif isinstance(outcome, Refused | ChannelDown):
            assert taken == 0, f"{where}: {outcome!r}, and the network holds it"
        else:
            assert isinstance(outcome, Uncertain)

    def _find(self, world: World, since: Any) -> Any:
        assert isinstance(world.channel, Finds)
        return world.channel.find(self.message(), key=a_key(), since=since)

    def _hides_secrets(self, told: str) -> None:
        options = self._options()
        values = [getattr(options, name) for name in secret_fields(self.channel.Options)]
        words = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        for word in (*words, *self.secrets, *self.stored.values()):
            assert len(word) < 4 or word not in told, "a secret is shown"


def changed(post: Post, **changes: Any) -> Post:
    fields = {name: getattr(post, name) for name in post.__dataclass_fields__}
    return Post(**{**fields, **changes})


def errors(channel: Channel[Any], message: Any) -> list[Problem]:
    return [problem for problem in channel.check(message) if problem.severity is Severity.ERROR]


def attempt(act: Callable[[], Any], *, what: str = "it") -> Any:
    """What came of `act`: its value, or the ChannelError it raised. Anything else that escapes is a failure."""
    try:
        return act()
    except ChannelError as error:
        return error
    except Exception as error:
        raise AssertionError(f"{what} let {type(error).__name__} escape; only the four errors may") from error


def told(outcome: Any) -> str:
    """All that a log could show of an outcome."""
    if not isinstance(outcome, ChannelError):
        return repr(outcome)
    return "\n".join([repr(outcome), str(outcome), outcome.raw, outcome.code, *traceback.format_exception(outcome)])
