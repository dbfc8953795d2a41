"""`campaign check` beside an installation: its networks' own limits, its country's bank holidays, its closures."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from campaign.cli.common import opened
from tests.unit.check_weeks import good


class AtHand:
    """An installation, and a week beside it whose only channel is on a Mastodon server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"CAMPAIGN_HOME": str(folder / "var"), "CAMPAIGN_KEY_FILE": str(folder / "key" / "key")}
        assert self.run("init").exit_code == 0
        channel = "masto-roads: {kind: mastodon, server: 'https://social.example.org'}\n"
        (folder / "var" / "channels.yaml").write_text(channel)

    def run(self, *words: str, **more: str) -> Result:
        return CliRunner(env={**self.environment, **more}).invoke(main, list(words))

    def codes(self, data: object, *words: str, **more: str) -> dict[str, str]:
        """Code -> message of what is wrong with a week."""
        (self.folder / "week.yaml").write_text(json.dumps(data, indent=1))
        said = self.run("check", "--json", *words, str(self.folder / "week.yaml"), **more)
        (one,) = json.loads(said.output)["files"]
        return {each["code"]: each["message"] for each in one["problems"]}


@pytest.fixture
def at_hand(tmp_path: Path) -> AtHand:
    return AtHand(tmp_path)


def week(text: str = "Walk to school today.") -> dict[str, object]:
    data = good()
    del data["mailings"]
    data["channels"] = {"masto-roads": {"kind": "mastodon"}}
    data["posts"] = {"walk": {"day": "mon", "time": "09:00", "channels": ["masto-roads"], "text": text}}
    return data


def test_posts_are_measured_by_what_the_server_once_said(at_hand: AtHand, monkeypatch: pytest.MonkeyPatch) -> None:
    long = week("We walk. " * 78)
    assert "AS10" in at_hand.codes(long)
    for name, value in at_hand.environment.items():
        monkeypatch.setenv(name, value)
    with opened() as app:
        said = json.dumps({"asked": 1.0, "software": "mastodon", "characters": 1000})
        assert app.store.notes("masto-roads").swap("instance", old=None, new=said)
        assert app.store.notes("masto-roads").swap("token", old=None, new="hidden", secret=True)
        assert app.store.notes("masto-roads").plain() == {"instance": said}
    assert "AS10" not in at_hand.codes(long)
    assert "AS10" in at_hand.codes(long, "--alone")


def test_bank_holidays_are_those_of_the_country_and_closures_are_added(at_hand: AtHand) -> None:
    text = json.dumps(week())
    for before, after in (("2024-03-04", "2024-12-02"), ("2024-03-05", "2024-12-03"), ("2024-03-08", "2024-12-06")):
        text = text.replace(before, after)
    moved = json.loads(text)
    assert "T3" not in at_hand.codes(moved)
    assert "Saint Andrew's Day" in at_hand.codes(moved, CAMPAIGN_BANK_HOLIDAYS="scotland")["T3"]
    assert "Office move" in at_hand.codes(moved, CAMPAIGN_CLOSURES="2024-12-02 Office move, 2024-12-24")["T3"]


def test_a_wrong_day_or_country_is_a_wrong_setting(at_hand: AtHand) -> None:
    for name, value in (("CAMPAIGN_CLOSURES", "24 December"), ("CAMPAIGN_BANK_HOLIDAYS", "wales")):
        said = at_hand.run("status", **{name: value})
        assert said.exit_code == 3
        assert name in said.output
