"""`campaign channels connect, verify, test, stats, forget`, against a server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign.channels.http import Answer, Sent
from campaign.cli import main
from campaign.testing import FakeNetwork, json_answer
from tests.channels.played_mastodon import TOKEN, PlayedMastodon


class Here(PlayedMastodon):
    """The imitation, reached under its own loopback address."""

    def __call__(self, sent: Sent) -> Answer:
        if sent.url.endswith("/.well-known/nodeinfo"):
            return json_answer({"links": [{"href": f"http://{sent.headers['host']}/nodeinfo/2.0"}]})
        return super().__call__(replace(sent, headers={**sent.headers, "x-first-host": "social.example.org"}))


class Desk:
    """An installation with one Mastodon channel, and somebody who types."""

    def __init__(self, folder: Path, network: FakeNetwork) -> None:
        self.folder, self.network = folder, network
        self.env = {
            "CAMPAIGN_HOME": str(folder / "home"),
            "CAMPAIGN_KEY_FILE": str(folder / "keys" / "key"),
            "CAMPAIGN_ALLOW_PRIVATE": "true",
        }
        self.run("init")
        channels = folder / "home" / "channels.yaml"
        channels.write_text(f"social:\n  kind: mastodon\n  server: http://127.0.0.1:{network.port}\n", "utf-8")

    def run(self, *words: str, code: int = 0, typed: str = "") -> Result:
        shown = CliRunner().invoke(main, list(words), env=self.env, input=typed)
        assert shown.exit_code == code, shown.output
        return shown


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with FakeNetwork(Here()) as network:
        yield Desk(tmp_path, network)


def test_signing_in_with_a_pasted_code_then_asking_who_it_is(desk: Desk) -> None:
    shown = desk.run("channels", "connect", "social", "--paste", typed="code-1\n")
    assert "/oauth/authorize?" in shown.output
    assert "social is signed in. Account @hscp@127.0.0.1" in shown.output
    assert TOKEN not in shown.output
    assert "code-1" not in shown.output
    assert "@hscp@127.0.0.1" in desk.run("channels", "verify", "social").output
    home = desk.folder / "home"
    assert not [path for path in home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_a_token_is_typed_in_where_the_channel_goes_by_one(desk: Desk) -> None:
    channels = desk.folder / "home" / "channels.yaml"
    channels.write_text("page:\n  kind: facebook\n  page: '1'\n", "utf-8")
    desk.env["CAMPAIGN_PROXY"] = f"http://127.0.0.1:{desk.network.port}"  # the test goes no further than this machine
    shown = desk.run("channels", "connect", "page", typed="typed-secret-token\n", code=1)
    assert "token: A page access token" in shown.output
    assert "the proxy made no connection to graph.facebook.com" in shown.output
    assert "typed-secret-token" not in shown.output
    home = desk.folder / "home"
    assert not [path for path in home.rglob("*") if path.is_file() and b"typed-secret-token" in path.read_bytes()]


def test_a_marked_message_is_posted_and_deleted(desk: Desk) -> None:
    desk.run("channels", "connect", "social", "--paste", typed="code-1\n")
    assert "To do it: add --yes" in desk.run("channels", "test", "social").output
    assert desk.network.imitation.accepted == []
    shown = desk.run("channels", "test", "social", "--yes", typed="y\n")
    assert "Posted: https://social.example.org/@hscp/1000" in shown.output
    assert "Deleted." in shown.output
    assert [body["status"][:13] for body in desk.network.imitation.accepted] == ["Test message,"]


def test_what_was_stored_can_be_forgotten(desk: Desk) -> None:
    desk.run("channels", "connect", "social", "--paste", typed="code-1\n")
    desk.run("channels", "forget", "social")
    shown = desk.run("channels", "verify", "social", code=1)
    assert "campaign channels connect social" in shown.output


def test_a_channel_that_is_not_in_the_file_is_refused(desk: Desk) -> None:
    assert "not in channels.yaml" in desk.run("channels", "verify", "nowhere", code=4).output


def test_what_is_listed_is_the_promise_of_the_account_not_of_its_kind(desk: Desk) -> None:
    assert "and on servers that are not Mastodon, by reading back." in desk.run("channels").output
    desk.run("channels", "connect", "social", "--paste", typed="code-1\n")
    assert "Once within the hour, by Idempotency-Key, which mastodon keeps;" in desk.run("channels").output


def test_each_webhook_shows_its_own_promise(desk: Desk) -> None:
    channels = desk.folder / "home" / "channels.yaml"
    channels.write_text(
        "keeps: {kind: webhook, url: https://hooks.example.org/in, keeps_keys: true}\n"
        "plain: {kind: webhook, url: https://hooks.example.org/in}\n",
        "utf-8",
    )
    lines = {line.split()[0]: line for line in desk.run("channels").output.splitlines() if line.strip()}
    assert "Once: an attempt without an answer is made again with the same key" in lines["keeps"]
    assert "At most once: an attempt without an answer waits for a person" in lines["plain"]
