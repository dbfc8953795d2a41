"""One thread goes the rounds of many lanes, and gives each back to its own thread for whatever may block."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from campaign.channels.base import Receipt, Step
from campaign.channels.bulk import LATER
from campaign.clock import SettableClock, SystemClock
from campaign.delivery.mail.lookout import SILENT
from campaign.delivery.mail.rounds import Rounds
from tests.waiting import until

WENT = Receipt(code="250")


class Relay:
    """A relay as a pair of sockets; `steps` is a lane that hears it answer, byte by byte."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.driver = ""
        self.goes_on = threading.Event()
        self.journey: list[str] = []

    def answer(self, word: bytes) -> None:
        self.theirs.sendall(word)

    def steps(self) -> Iterator[Step]:
        """`.`: fine; `?`: something that may block; `!`: breaks; `x`: closes its socket, and breaks; `$`: the end.

        `~`: busy until it `goes_on`; `&`: what follows can wait.
        """
        while True:
            yield self.ours.fileno()
            word = self.ours.recv(1)
            self.driver = threading.current_thread().name
            if word == b"?":
                yield None
                self.driver = threading.current_thread().name
            elif word == b"~":
                self.goes_on.wait(300)
            elif word == b"&":
                self.journey.append("wrote")
                yield LATER
                self.journey.append(f"made by {threading.current_thread().name}")
            elif word == b"$":
                return
            elif word in (b"!", b"x"):
                if word == b"x":
                    self.ours.close()
                raise RuntimeError("broken")
            yield word.decode(), WENT


Make = Callable[[], Relay]


class Lane:
    """A lane's own thread, as a flow has it."""

    def __init__(self, relay: Relay, rounds: Rounds, name: str = "own") -> None:
        self.relay, self.rounds = relay, rounds
        self.heard: list[str] = []
        self.trips = 0
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._go, name=name, daemon=True)
        self.thread.start()

    def hear(self, key: str, outcome: object) -> None:
        self.heard.append(key)

    def _go(self) -> None:
        try:
            steps = self.relay.steps()
            for step in steps:
                if isinstance(step, tuple):
                    self.hear(*step)
                elif step not in (None, LATER):
                    self.trips += 1
                    self.rounds.drive(steps, step, self.hear)
        except RuntimeError as error:
            self.error = error

    def ends(self) -> bool:
        self.thread.join(300)
        return not self.thread.is_alive()


@pytest.fixture
def rounds() -> Iterator[Rounds]:
    made = Rounds(SystemClock())
    yield made
    made.close()


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes relays."""
    made: list[Relay] = []

    def one() -> Relay:
        made.append(Relay())
        return made[-1]

    yield one
    for relay in made:
        relay.ours.close()
        relay.theirs.close()


def test_one_thread_drives_many_lanes(rounds: Rounds, make: Make) -> None:
    relays = [make() for _ in range(5)]
    lanes = [Lane(relay, rounds) for relay in relays]
    for _ in range(20):
        for relay in relays:
            relay.answer(b".")
    for relay in relays:
        relay.answer(b"$")
    assert all(lane.ends() for lane in lanes)
    assert [lane.heard for lane in lanes] == [["."] * 20] * 5
    assert {relay.driver for relay in relays} == {"rounds"}
    assert [lane.trips for lane in lanes] == [1] * 5


def test_what_may_block_is_done_by_the_lanes_own_thread_and_it_comes_back(rounds: Rounds, make: Make) -> None:
    relay = make()
    lane = Lane(relay, rounds)
    relay.answer(b"?")
    until(lambda: lane.heard == ["?"], "the step in its own thread")
    assert relay.driver == "own"
    relay.answer(b".")
    until(lambda: lane.heard == ["?", "."], "the next answer")
    assert relay.driver == "rounds"
    relay.answer(b"$")
    assert lane.ends()


def test_what_nobody_waits_for_is_done_after_all_have_written(rounds: Rounds, make: Make) -> None:
    busy, first, second = make(), make(), make()
    journey: list[str] = []
    first.journey = second.journey = journey
    lanes = [Lane(relay, rounds) for relay in (busy, first, second)]
    until(lambda: len(rounds._visits) == 3, "all on the rounds")
    busy.answer(b"~")
    first.answer(b"&")
    second.answer(b"&")
    busy.goes_on.set()
    until(lambda: len(journey) == 4, "both made")
    for relay, lane in zip((busy, first, second), lanes, strict=True):
        relay.answer(b"$")
        assert lane.ends()
    assert (lanes[1].heard, lanes[2].heard) == (["&"], ["&"])
    assert journey == ["wrote", "wrote", "made by rounds", "made by rounds"]


@pytest.mark.parametrize("word", [b"!", b"x"])
def test_an_error_is_raised_in_the_lanes_own_thread_alone(rounds: Rounds, word: bytes, make: Make) -> None:
    first, second = make(), make()
    broken, sound = Lane(first, rounds), Lane(second, rounds)
    first.answer(word)
    assert broken.ends()
    assert str(broken.error) == "broken"
    second.answer(b".$")
    assert sound.ends()
    assert (sound.heard, sound.error) == (["."], None)


def test_a_silent_relay_is_waited_for_in_the_lanes_own_thread(make: Make) -> None:
    clock = SettableClock(SystemClock().now())
    rounds = Rounds(clock)
    quiet, lively = make(), make()
    waits, goes = Lane(quiet, rounds), Lane(lively, rounds)
    until(lambda: len(rounds._visits) == 2, "both lanes on the rounds")

    def prodded() -> bool:
        clock.advance(timedelta(seconds=SILENT + 0.1))
        lively.answer(b".")
        return quiet.ours.fileno() not in rounds._visits

    until(prodded, "the silent lane back in its own thread")
    quiet.answer(b".")
    until(lambda: waits.heard == ["."], "what it said at last")
    assert quiet.driver == "own"
    for relay, lane in ((quiet, waits), (lively, goes)):
        relay.answer(b"$")
        assert lane.ends()
    rounds.close()


def test_its_thread_ends_with_the_last_lane_and_later_ones_go_on_by_themselves(make: Make) -> None:
    rounds, relay = Rounds(SystemClock()), make()
    lane = Lane(relay, rounds)
    relay.answer(b".")
    until(lambda: lane.heard, "an answer")
    rounds.close()
    relay.answer(b".$")
    assert lane.ends()
    assert lane.heard == [".", "."]
    thread = rounds._thread
    assert thread is not None
    until(lambda: not thread.is_alive(), "the end of the rounds")
    late = make()
    lane = Lane(late, rounds)
    late.answer(b".$")
    assert lane.ends()
    assert (lane.heard, late.driver) == (["."], "own")
