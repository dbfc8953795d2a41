"""What every channel must hold to, as tests that any channel's author runs: subclass, say which channel, done.

    class TestPigeon(ChannelContract):
        channel = Pigeon
        options = {"loft": "north"}

        def imitation(self):
            return Pigeons()

The law at its heart: what a channel says came of an attempt is compared with what the network took. "Not sent" is only
said where nothing was taken, and a receipt only where exactly one message was.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.channels.base import (
    UNKNOWN,
    Deletes,
    Finds,
    Limits,
    OpensLane,
    Options,
    Receipt,
    Replay,
    ReplayKind,
    Stats,
    Verifies,
)
from campaign.channels.registry import examples
from campaign.errors import ChannelDown, ChannelError, Severity, TryLater
from campaign.model import Email, Post
from campaign.testing._ground import TEXTS, Ground, World, attempt, changed, errors, told
from campaign.testing.factories import a_key, an_email, an_image
from campaign.testing.network import MISHAPS, Mishap


class ChannelContract(Ground):
    """Subclass it in a test module, name it `Test...`, and set `channel`."""

    def test_shape(self) -> None:
        kind = self.channel
        assert kind.kind == kind.kind.lower().strip() != "", "kind is one lower-case word"
        assert kind.title.strip(), "title is its name in words"
        assert kind.carries in (Post, Email), "carries is Post or Email"
        assert isinstance(kind.replay, Replay)
        assert kind.replay.promise.strip().endswith("."), "the promise is a sentence for users"
        assert list(inspect.signature(kind).parameters) == ["options", "tools"], "made from (options, tools)"
        assert issubclass(kind.Options, Options)
        if kind.replay.kind is ReplayKind.SAFE:
            assert kind.replay.window > timedelta(0), "SAFE says for how long"
        if kind.replay.kind is ReplayKind.ASK:
            assert callable(getattr(kind, "find", None)), "ASK needs find()"

    def test_what_it_promises_as_it_is_set_up(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            promise = world.channel.promise()
            assert promise.promise.strip().endswith("."), "the promise is a sentence for users"
            if promise.kind is ReplayKind.SAFE:
                assert promise.window > timedelta(0), "SAFE says for how long"
            if promise.kind is ReplayKind.ASK:
                assert isinstance(world.channel, Finds), "ASK needs find()"
            assert world.network.seen == 0, "it asked the network"

    def test_options_have_examples_and_refuse_unknown_keys(self) -> None:
        fields = self.channel.Options.model_fields
        known = examples(self.channel.Options)
        assert not [name for name, field in fields.items() if field.is_required() and name not in known]
        with pytest.raises(ValueError, match="no_such_option"):
            self.channel.Options.model_validate({**known, "no_such_option": 1})

    def test_limits(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            assert isinstance(world.channel.limits, Limits)
            assert min(world.channel.limits.text, world.channel.limits.images, world.channel.limits.alt_text) >= 0

    def test_length_is_a_measure(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            length = world.channel.length
            assert length("") == 0
            for text in TEXTS:
                assert 0 <= length(text) == length(text)
            one = length("a")
            assert one > 0
            for count in (2, 10, 300):
                assert length("a" * count) == one * count, "plain letters all count alike"
            assert world.network.seen == 0, "it asked the network"

    def test_check_accepts_a_good_message_without_the_network(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            problems = world.channel.check(self.message())
            assert [problem for problem in problems if problem.severity is Severity.ERROR] == [], "a good message"
            assert world.network.seen == 0, "it asked the network"

    def test_check_bears_anything(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            for message in self._awkward():
                problems = world.channel.check(message)
                assert all(problem.message and problem.code for problem in problems)
                assert isinstance(world.channel.words(message), str)
            assert world.network.seen == 0, "it asked the network"

    def test_check_finds_what_is_over_the_limits(self, tmp_path: Path) -> None:
        if self.channel.carries is not Post:
            return
        with self.world(tmp_path) as world:
            limits = world.channel.limits
            good = self.message()
            if limits.text:
                assert errors(world.channel, changed(good, text="a" * (limits.text + 1))), "one letter too many"
            if limits.images:
                many = tuple(an_image(colour=number % 200) for number in range(limits.images + 1))
                assert errors(world.channel, changed(good, images=many)), "one image too many"

    def test_prepare_is_repeatable(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            message = self.message()
            first = dict(world.channel.prepare(message, key=a_key(), notes={}))
            again = dict(world.channel.prepare(message, key=a_key(), notes=first))
            assert again == first
            assert json.loads(json.dumps(first)) == first, "notes are plain text, which can be kept"
            assert {type(value) for value in first.values()} <= {str}
            assert self.accepted(world) == 0, "preparing publishes nothing"

    def test_send_gives_a_receipt(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            receipt = self._deliver(world)
            assert isinstance(receipt, Receipt), f"the network took it, and the channel said {receipt!r}"
            assert self.accepted(world) == 1
            assert (world.network.seen > 0) is self.speaks_http
            self._hides_secrets(repr(receipt))
            assert world.imitation.broken == [], "the network would not have understood the request"

    @pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: str(mishap.name))
    def test_send_tells_the_truth_whatever_the_network_does(self, mishap: Mishap, tmp_path: Path) -> None:
        for number in range(self._requests(tmp_path, self._only_send)):
            with self.world(tmp_path / f"{number}") as world:
                notes = world.channel.prepare(self.message(), key=a_key(), notes={})
                world.network.next(mishap, skip=number)
                self._is_true(world, self._send(world, notes), f"request {number + 1} of send")

    @pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: str(mishap.name))
    def test_prepare_can_be_done_again_after_any_mishap(self, mishap: Mishap, tmp_path: Path) -> None:
        for number in range(self._requests(tmp_path, self._only_prepare)):
            with self.world(tmp_path / f"{number}") as world:
                world.network.next(mishap, skip=number)
                self._prepare(world)
                assert self.accepted(world) == 0
                world.clock.advance(timedelta(seconds=120))
                outcome = self._deliver(world)
                assert isinstance(outcome, Receipt), f"after a mishap in prepare: {outcome!r}"
                assert self.accepted(world) == 1

    def test_too_many_requests_waits_as_long_as_asked(self, tmp_path: Path) -> None:
        outcome = self._last_request(tmp_path, "429")
        if outcome is not None and not isinstance(outcome, Receipt):  # a receipt: the last request came after it went
            assert isinstance(outcome, TryLater), f"nothing was sent: {outcome!r}"
            assert outcome.after >= 7, "the network asked for 7 seconds"

    def test_signed_out_pauses_the_channel(self, tmp_path: Path) -> None:
        outcome = self._last_request(tmp_path, "401")
        if outcome is not None:
            assert isinstance(outcome, ChannelDown | Receipt), f"signed out: {outcome!r}"

    def test_no_connection_can_be_tried_again(self, tmp_path: Path) -> None:
        outcome = self._last_request(tmp_path, "connection refused")
        if outcome is not None:
            assert isinstance(outcome, TryLater | Receipt), f"nothing was sent: {outcome!r}"

    def test_secrets_are_not_shown(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            self._hides_secrets(f"{world.channel!r} {world.channel} {world.channel.options!r} {world.channel.options}")

    def test_the_same_key_twice(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            if world.channel.promise().kind is not ReplayKind.SAFE:
                return
            first, second = self._deliver(world), self._deliver(world)
            assert isinstance(first, Receipt)
            assert isinstance(second, Receipt)
            assert self.accepted(world) == 1
            assert second.remote_id == first.remote_id
            assert second.duplicate or not self._tells_duplicates()

    def test_another_key_is_another_message(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            assert isinstance(self._deliver(world, a_key(1)), Receipt)
            notes = world.channel.prepare(self._another(), key=a_key(2), notes={})
            assert isinstance(attempt(lambda: world.channel.send(self._another(), key=a_key(2), notes=notes)), Receipt)
            assert self.accepted(world) == 2

    def test_find_says_none_only_when_it_is_sure(self, tmp_path: Path) -> None:
        if not issubclass(self.channel, Finds):
            return
        with self.world(tmp_path) as world:
            since = world.clock.now()
            assert self._find(world, since) is UNKNOWN, "asked at once, it may still be on its way"
            world.clock.advance(timedelta(minutes=10))
            assert self._find(world, since) is None, "asked later, it is surely not there"
            assert self.accepted(world) == 0, "find() only reads"

    def test_find_finds_what_was_taken_without_an_answer(self, tmp_path: Path) -> None:
        if not issubclass(self.channel, Finds):
            return
        with self.world(tmp_path) as world:
            since = world.clock.now()
            sent = self._deliver(world)
            assert isinstance(sent, Receipt)
            world.clock.advance(timedelta(minutes=10))
            found = self._find(world, since)
            assert isinstance(found, Receipt)
            assert found.remote_id == sent.remote_id
            assert self.accepted(world) == 1

    @pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: str(mishap.name))
    def test_find_never_says_none_after_a_mishap(self, mishap: Mishap, tmp_path: Path) -> None:
        if not issubclass(self.channel, Finds):
            return
        with self.world(tmp_path) as world:
            since = world.clock.now()
            assert isinstance(self._deliver(world), Receipt)
            world.clock.advance(timedelta(minutes=10))
            world.network.next(mishap, times=100)
            found = attempt(lambda: self._find(world, since))
            self._hides_secrets(told(found))
            assert found is not None
            assert self.accepted(world) == 1

    @pytest.mark.parametrize("mishap", [None, *MISHAPS], ids=lambda mishap: mishap.name if mishap else "all is well")
    def test_the_extras_fail_only_by_the_four_errors(self, mishap: Mishap | None, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            sent = self._deliver(world)
            assert isinstance(sent, Receipt)
            channel = world.channel
            extras: list[Callable[[], Any]] = []
            extras += [channel.verify] if isinstance(channel, Verifies) else []
            extras += [lambda: channel.stats(sent.remote_id)] if isinstance(channel, Stats) else []
            extras += [lambda: channel.delete(sent.remote_id)] if isinstance(channel, Deletes) else []
            for extra in extras:
                if mishap is not None:
                    world.network.next(mishap)
                came = attempt(extra)
                self._hides_secrets(told(came))
                assert mishap is not None or not isinstance(came, ChannelError), f"nothing was wrong: {came!r}"

    def test_a_lane_answers_each_key_once(self, tmp_path: Path) -> None:
        if not issubclass(self.channel, OpensLane):
            return
        keys = [a_key(number) for number in range(1, 13)]
        refused = set(keys[3::4])
        with self.world(tmp_path) as world:
            assert isinstance(world.channel, OpensLane)
            lane = world.channel.open_lane()
            asked: list[str] = []

            def begun(key: str) -> bool:
                assert key in keys
                asked.append(key)
                return key not in refused

            answers = list(lane.send(iter([(key, an_email(number)) for number, key in enumerate(keys)]), begun))
            lane.close()
            assert sorted(key for key, _ in answers) == sorted(keys), "each key is answered exactly once"
            assert sorted(asked) == sorted(keys), "begun() is asked once for each"
            outcomes = dict(answers)
            for key in keys:
                wanted = TryLater if key in refused else Receipt
                assert isinstance(outcomes[key], wanted), f"{key}: {outcomes[key]!r}"
            assert self.accepted(world) == len(keys) - len(refused), "what begun() refuses does not leave"


__all__ = ["ChannelContract", "World"]
