"""`campaign load` and `approve`: shown first, refused with errors, and nobody approves without a name."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main

WEEK = """schema: 1
campaign:
  id: small-week
  title: A small week
  status: ready
  starts: 2023-10-09
  ends: 2023-10-13
  contact: {{name: Team, email: team@hants.gov.uk}}
channels: {{outbox: {{kind: outbox}}}}
days:
  - {{date: 2023-10-09, themes: [{{id: one, title: One thing}}]}}
posts:
  hello: {{day: mon, time: "{time}", channels: [outbox], text: "{text}"}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMPAIGN_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("CAMPAIGN_KEY_FILE", str(tmp_path / "key" / "key"))
    monkeypatch.setenv("CAMPAIGN_APPROVALS", "required")
    assert run("init", "--as", "Ada").exit_code == 0
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def a_file(home: Path, *, time: str = "09:00", text: str = "Hello from the team.") -> str:
    path = home / "week.yaml"
    path.write_text(WEEK.format(time=time, text=text))
    return str(path)


def test_loading_is_a_dry_run_first(home: Path) -> None:
    shown = run("load", a_file(home))
    assert "1 added" in shown.output
    assert "Nothing is loaded yet" in shown.output
    assert "No campaign is loaded" in run("status").output


def test_a_message_whose_time_is_over_is_named_before_it_is_loaded(home: Path) -> None:
    shown = run("load", a_file(home)).output
    assert "its time is over: it would be missed" in shown
    assert "The time of 1 message is over: it would be missed" in shown
    path = Path(a_file(home))
    path.write_text(path.read_text().replace("2023-10-09", "2099-10-12").replace("2023-10-13", "2099-10-16"))
    assert "over" not in run("load", str(path)).output


def test_what_changed_is_shown_and_the_approval_falls(home: Path) -> None:
    assert run("load", a_file(home), "--apply").exit_code == 0
    assert run("approve", "small-week", "--all", "--as", "Ada").exit_code == 0
    assert "not approved" not in run("status").output
    assert "1 changed" in run("load", a_file(home, text="Other words from the team."), "--apply").output
    assert "not approved" in run("status").output


def test_a_ready_programme_with_an_error_is_not_loaded(home: Path) -> None:
    refused = run("load", a_file(home, time="21:00"), "--apply")
    assert refused.exit_code == 1
    assert "week.yaml:" in refused.output


def test_nobody_approves_without_a_name_in_people(home: Path) -> None:
    run("load", a_file(home), "--apply")
    assert run("approve", "small-week", "--all").exit_code == 4
    stranger = run("approve", "small-week", "--all", "--as", "Nobody")
    assert stranger.exit_code == 4
    assert "Traceback" not in stranger.output


def test_a_missing_home_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_HOME", str(tmp_path / "nowhere"))
    refused = run("status")
    assert refused.exit_code == 4
    assert str(tmp_path / "nowhere") in refused.output
