"""`check` and `doctor` say when a sign-in, or LinkedIn's API version, ends before the week's last post."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.clock import SystemClock
from campaign.settings import load_settings
from campaign.wiring import App
from tests.commands.conftest import Run

CHANNELS = """
li: {{kind: linkedin, organization: "1234567", client_id: example, client_secret: s3cret, version: "{version}"}}
th: {{kind: threads, account: "25000000000000000", client_id: example, client_secret: s3cret}}
ig: {{kind: instagram, account: "17841400000000000"}}
"""
WEEK = """schema: 1
campaign:
  id: far-week
  title: A week to come
  status: ready
  starts: {monday}
  ends: {friday}
  contact: {{name: Team, email: team@example.org}}
channels:
  li: {{kind: linkedin}}
  th: {{kind: threads}}
days:
  - date: {monday}
    themes: [{{id: t, title: Theme}}]
  - date: {friday}
    themes: [{{id: u, title: Theme}}]
posts:
  first: {{day: mon, time: "09:00", channels: [li, th], text: The first of the week}}
  last: {{day: fri, time: "09:00", channels: [li, th], text: The last of the week}}
"""
MONDAY = datetime(2031, 3, 3, tzinfo=UTC)
WEDNESDAY, SATURDAY = MONDAY + timedelta(days=2), MONDAY + timedelta(days=5)


class Installed:
    """An installation with a week to come, whose channels are signed in until told."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.week = folder / "week.yaml"
        self.week.write_text(WEEK.format(monday=MONDAY.date(), friday=(MONDAY + timedelta(days=4)).date()), "utf-8")

    def until(self, sign_in: datetime, version: str = "203101") -> None:
        (self.folder / "home" / "channels.yaml").write_text(CHANNELS.format(version=version), "utf-8")
        settings = load_settings(_env_file=None, home=self.folder / "home", key_file=self.folder / "keys" / "key")
        app = App(settings, SystemClock())
        for name in ("li", "th"):
            notes = app.store.notes(name)
            new = json.dumps({"access": "an-example", "expires": sign_in.timestamp()})
            notes.swap("token", old=notes.get("token"), new=new, secret=True)
        app.close()

    def checked(self) -> str:
        return str(self.run("check", str(self.week), "--json").output)

    def examined(self) -> str:
        self.run("load", str(self.week), "--apply", "--reason", "test")
        return str(self.run("doctor", "--offline", code=1).output)


@pytest.fixture
def installed(run: Run, tmp_path: Path) -> Installed:
    return Installed(run, tmp_path)


def test_a_sign_in_that_ends_on_wednesday_is_told_by_both(installed: Installed) -> None:
    installed.until(WEDNESDAY)
    found = json.loads(installed.checked())["files"][0]["problems"]
    assert {each["where"] for each in found if each["code"] == "C2"} == {"channels.li", "channels.th"}
    said = installed.examined()
    assert "✗ channel th: the sign-in ends on 05 March 2031, before last on 07 March 2031" in said
    assert "campaign channels connect th" in said


def test_one_that_lives_until_saturday_is_fine(installed: Installed) -> None:
    installed.until(SATURDAY)
    assert '"C2"' not in installed.checked()
    said = installed.examined()
    assert "✓ channel th: the sign-in ends on 08 March 2031, after its last post" in said
    assert "✓ channel li: LinkedIn's version 203101 ends on 01 January 2032" in said


def test_a_version_of_linkedin_that_is_sunset_by_then_is_told_by_both(installed: Installed) -> None:
    installed.until(SATURDAY, version="203003")
    assert "version 203003 of LinkedIn's API may be gone when this post is due" in installed.checked()
    assert "✗ channel li: LinkedIn's version 203003 ends on 01 March 2031, before last" in installed.examined()
