"""Twelve channels due at once before networks that take 300 ms to answer, and 1,000 posts built and checked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import regex

from benchmarks import Figure, paired, seconds
from campaign.channels.base import Channel, MemoryNotes, Tools
from campaign.channels.registry import examples
from campaign.model import ChannelRef, PlannedImage, Post
from campaign.testing import ChannelContract, FakeNetwork, a_post, an_about, an_image
from tests.channels import test_bluesky, test_linkedin, test_mastodon, test_meta, test_x
from tests.contract import test_networks
from tests.delivery.world import EIGHT, World, a_week
from tests.delivery.world import a_post as a_planned_post

ANSWER = 0.3
POSTS = 1000
SUITES: Mapping[str, type[ChannelContract]] = {
    "bluesky": test_bluesky.TestBluesky,
    "mastodon": test_mastodon.TestMastodon,
    "x": test_x.TestX,
    "linkedin": test_linkedin.TestLinkedIn,
    "facebook": test_meta.TestFacebook,
    "instagram": test_meta.TestInstagram,
    "threads": test_meta.TestThreads,
    "telegram": test_networks.TestTelegram,
    "slack": test_networks.TestSlack,
    "teams": test_networks.TestTeams,
    "discord": test_networks.TestDiscord,
    "wordpress": test_networks.TestWordPress,
}


def measure() -> Iterable[Figure]:
    """Both figures."""
    yield _due_at_once()
    yield _built_and_checked()


def _due_at_once() -> Figure:
    """From the ring to the last line of the ledger, over the real engine and SQLite; the median of three runs."""
    runs = sorted(_one_run() for _ in range(3))
    taken, asked = runs[1]
    return Figure(
        f"12 channels due at once, each network answering in {ANSWER * 1000:.0f} ms",
        taken,
        "s",
        asked * ANSWER,
        f"the waits alone of the channel that asks most ({asked} requests, one after another)",
    )


def _one_run() -> tuple[float, int]:
    with TemporaryDirectory() as folder, ExitStack() as open_things:
        networks = {name: open_things.enter_context(FakeNetwork(suite().imitation())) for name, suite in SUITES.items()}
        world = World(f"sqlite:///{folder}/ledger.db", Path(folder))
        open_things.callback(world.close)
        world.store.database.create()
        world.ways.made.clear()
        for name, network in networks.items():
            network.on_request = _slowly
            world.ways.made[name] = _channel(name, tools=_tools(name, world, network))  # type: ignore[assignment]
        week = replace(
            a_week(
                a_planned_post("text", channels=tuple(name for name in SUITES if name != "instagram")),
                a_planned_post(
                    "picture", channels=("instagram",), images=(PlannedImage(file="a.png", alt="A picture"),)
                ),
            ),
            channels={name: ChannelRef(id=name, kind=name) for name in SUITES},
        )
        world.load(week, files={"images/a.png": an_image().data})
        service = world.start()
        world.clock.set(EIGHT + timedelta(hours=1))
        taken = seconds(service.settle)
        accepted = sum(len(network.imitation.accepted) for network in networks.values())
        if accepted != len(SUITES):
            raise RuntimeError(f"{accepted} posts went out, not {len(SUITES)}")
        return taken, max(network.seen for network in networks.values())


def _slowly(number: int, when: str) -> None:
    if when == "before":
        threading.Event().wait(ANSWER)


def _tools(name: str, world: World, network: FakeNetwork) -> Tools:
    return Tools(
        name=name,
        now=world.clock.now,
        http=network.http(),
        notes=MemoryNotes(SUITES[name].stored),
        media_url="https://media.example.org/",
        publish_media=lambda data, media_type: f"https://media.example.org/{len(data)}",
    )


def _channel(name: str, tools: Tools) -> Channel[Any]:
    suite = SUITES[name]
    options = {**examples(suite.channel.Options, required=True), **suite.options}
    return suite.channel(suite.channel.Options.model_validate(options), tools)


def _built_and_checked() -> Figure:
    channels = [
        _channel(
            name,
            Tools(
                name=name, media_url="https://media.example.org/", publish_media=lambda data, media_type: "https://x"
            ),
        )
        for name in SUITES
    ]
    picture = an_image()

    def build(number: int) -> Post:
        text = f"Post {number}: today we open the toolkit for families, see example.org/help. #Week{number} 👋"
        return a_post(text=text, about=an_about(message=f"m{number}"), images=(picture,) if number % 2 else ())

    def check_all() -> int:
        return sum(len(channel.check(build(number))) for number in range(POSTS) for channel in channels)

    def count_only() -> int:
        texts = [build(number).whole for number in range(POSTS)]
        return sum(len(regex.findall(r"\X", text)) for text in texts for _ in channels)

    taken, reference = paired(check_all, count_only, times=3)
    against = "counting the graphemes of the same texts"
    return Figure(f"{POSTS:,} posts built and checked for 12 channels", taken, "s", reference, against)
