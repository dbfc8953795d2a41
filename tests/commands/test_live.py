"""`campaign channels live`: what will change first, and mail only where people can leave."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMPAIGN_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("CAMPAIGN_KEY_FILE", str(tmp_path / "key" / "key"))
    assert run("init", "--as", "Ada").exit_code == 0
    channels = "mail: {kind: smtp, host: relay.example.org}\nqueue: {kind: manual}\n"
    (tmp_path / "var" / "channels.yaml").write_text(channels)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_mail_without_a_way_to_leave_does_not_go_live(home: Path) -> None:
    refused = run("channels", "live", "mail", "--yes", "--as", "Ada")
    assert refused.exit_code == 4
    assert "https" in refused.output


def test_mail_may_be_tried_on_the_guest_list(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_GUEST_LIST", "ann@example.org")
    said = run("channels", "live", "mail", "--yes", "--as", "Ada")
    assert said.exit_code == 0
    assert "guest list alone" in said.output


def test_another_channel_goes_live_once_it_was_said_what_changes(home: Path) -> None:
    assert "Nothing is changed yet" in run("channels", "live", "queue", "--as", "Ada").output
    assert run("channels", "live", "queue", "--yes", "--as", "Ada").exit_code == 0
    assert "live" in run("channels").output


def test_a_channel_that_is_not_set_up_cannot_go_live(home: Path) -> None:
    assert run("channels", "live", "nowhere", "--yes", "--as", "Ada").exit_code == 4
