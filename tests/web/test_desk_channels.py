"""Channels at the desk, over a real installation and an imitation of a network: connect, check, try, switch live."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from campaign.channels.http import Answer, Sent
from campaign.cli.pages import parts_of
from campaign.clock import SettableClock
from campaign.model import Role
from campaign.settings import load_settings, make_home
from campaign.testing import FakeNetwork
from campaign.wiring import App
from tests.channels.played_mastodon import TOKEN, PlayedMastodon
from tests.delivery.world import EIGHT
from tests.web.desks import BASE, DeskStand


class Here(PlayedMastodon):
    """The imitation, reached under its own loopback address."""

    def __call__(self, sent: Sent) -> Answer:
        return super().__call__(replace(sent, headers={**sent.headers, "x-first-host": "social.example.org"}))


class InstalledDesk(DeskStand):
    """The desk of a real installation with a Mastodon channel, a mail channel and one carried by hand."""

    def __init__(self, folder: Path, port: int) -> None:
        settings = load_settings(
            home=folder / "home", key_file=folder / "keys" / "key", allow_private=True, base_url=BASE
        )
        make_home(settings)
        self.home = settings.home
        (settings.home / "channels.yaml").write_text(
            f"social: {{kind: mastodon, server: 'http://127.0.0.1:{port}'}}\n"
            "mail: {kind: smtp, host: relay.example.org, rate: 20}\nqueue: {kind: manual}\n",
            "utf-8",
        )
        self.installed = App(settings, SettableClock(EIGHT), create=True)
        self.world = SimpleNamespace(  # type: ignore[assignment]
            store=self.installed.store, now=EIGHT, clock=self.installed.clock, close=self.installed.close
        )
        self.rebuild(parts_of(self.installed))


@pytest.fixture
def network() -> Iterator[FakeNetwork]:
    with FakeNetwork(Here()) as network:
        yield network


@pytest.fixture
def stand(tmp_path: Path, network: FakeNetwork) -> Iterator[InstalledDesk]:
    stand = InstalledDesk(tmp_path, network.port)
    stand.sign_in(Role.ADMINISTRATOR, "Ada")
    yield stand
    stand.close()


def connected(stand: InstalledDesk) -> str:
    """Connect the Mastodon channel as a person would; the page that says so."""
    page = stand.post("/desk/channels/social/connect", do="sign-in").text
    link = re.search(r'href="(http://127[^"]+)"', page)
    assert link, page
    asked = parse_qs(urlsplit(unescape(link[1])).query)
    assert asked["redirect_uri"] == [f"{BASE}/desk/channels/callback"]
    back = f"code=code-1&state={asked['state'][0]}"
    assert "have just begun" in stand.text(f"/desk/channels/callback?{back}")
    answer = stand.post("/desk/channels/callback", answer=back)
    assert answer.headers["location"] == "/desk/channels/social"
    return stand.text("/desk/channels/social")


def test_a_channel_is_connected_through_the_desks_own_address(stand: InstalledDesk) -> None:
    assert "Not asked yet" in stand.text("/desk/channels")
    page = connected(stand)
    assert "The network answered: @hscp@127.0.0.1" in page
    assert TOKEN not in page
    assert not [path for path in stand.home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    stand.post("/desk/channels/social/forget")
    assert "could not be asked" not in stand.text("/desk/channels/social")
    assert "campaign channels connect social" in stand.post("/desk/channels/social/verify").text


@pytest.mark.parametrize("answer", ["code=code-1&state=social.guessed", "code=code-1", "code=code-1&state=none.x"])
def test_an_answer_to_another_sign_in_is_refused(stand: InstalledDesk, answer: str) -> None:
    stand.post("/desk/channels/social/connect", do="sign-in")
    assert stand.post("/desk/channels/callback", answer=answer).status_code == 422
    assert "Not asked yet" in stand.text("/desk/channels")


def test_a_sign_in_that_took_too_long_is_begun_again(stand: InstalledDesk) -> None:
    page = stand.post("/desk/channels/social/connect", do="sign-in").text
    state = re.search(r"state=([^&\"]+)", unescape(page))
    assert state
    stand.installed.clock.set(EIGHT.replace(hour=9))  # type: ignore[attr-defined]
    stand.sign_in(Role.ADMINISTRATOR, "Ada")
    late = stand.post("/desk/channels/callback", answer=f"code=code-1&state={state[1]}")
    assert "too old" in late.text


def test_a_marked_message_is_posted_and_deleted(stand: InstalledDesk, network: FakeNetwork) -> None:
    connected(stand)
    page = stand.text("/desk/channels/social/test")
    assert "Test message," in page
    assert network.imitation.accepted == []
    posted = stand.post("/desk/channels/social/test").text
    assert "https://social.example.org/@hscp/1000" in posted
    assert stand.post("/desk/channels/social/test/delete").headers["location"] == "/desk/channels/social"
    assert stand.post("/desk/channels/social/test/delete").status_code == 422
    assert stand.client.get("/desk/channels/mail/test").status_code == 422


def test_switching_live_says_first_what_will_change(stand: InstalledDesk) -> None:
    page = stand.text("/desk/channels/queue/live")
    assert "every approval given by loading falls" in page
    stand.post("/desk/channels/queue/live", to="live")
    assert stand.installed.store.channels.all()["queue"].live
    assert "counts as sent for good" in stand.text("/desk/channels/queue/live?to=outbox")
    stand.post("/desk/channels/queue/live", to="outbox")
    assert not stand.installed.store.channels.all()["queue"].live


def test_mail_goes_live_only_where_people_can_leave(stand: InstalledDesk) -> None:
    assert "not an https address" in stand.text("/desk/channels/mail/live", 422)
    assert stand.post("/desk/channels/mail/live", to="live").status_code == 422
    assert "mail" not in stand.installed.store.channels.all()


def test_what_a_channel_may_still_take_is_shown(stand: InstalledDesk) -> None:
    assert "At most 20 a second" in stand.text("/desk/channels/mail")
    until = EIGHT.replace(hour=10)
    stand.installed.store.notes("social").swap("pace", old=None, new=until.isoformat())
    assert "takes nothing more until 11am" in stand.text("/desk/channels/social")


def test_only_administrators_connect_and_switch(stand: InstalledDesk) -> None:
    stand.sign_in(Role.APPROVER)
    page = stand.text("/desk/channels/social")
    assert "Switch it live" not in page
    assert "secret-" not in page
    for act in ("connect", "live", "forget"):
        assert stand.post(f"/desk/channels/social/{act}").status_code == 403
