"""`campaign check` and `campaign schema` on the command line: output for people and programs, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from campaign.cli.checking import _rate
from campaign.settings.installation import ChannelEntry
from tests.unit.check_weeks import PICTURE, changed, good


@pytest.fixture
def week(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/bike.png").write_bytes(PICTURE)
    data = good()
    del data["mailings"]
    (tmp_path / "good.yaml").write_text(json.dumps(data, indent=1))
    data = changed("posts/walk/text", "WALKING, 50% off: now.")
    del data["mailings"]
    data["campaign"]["contact"] = {}
    (tmp_path / "wrong.yaml").write_text(json.dumps(data, indent=1))
    data["campaign"]["status"] = "draft"
    (tmp_path / "draft.yaml").write_text(json.dumps(data, indent=1))
    (tmp_path / "broken.yaml").write_text("schema: 1\ncampaign:\n  titel: x\n")
    return tmp_path


def run(week: Path, *arguments: str) -> Result:
    env = {"CAMPAIGN_HOME": str(week / "nowhere")}
    return CliRunner(env=env).invoke(main, ["check", *(str(week / a) if a.endswith(".yaml") else a for a in arguments)])


def test_a_good_week_is_fine_and_says_what_was_not_judged(week: Path) -> None:
    result = run(week, "good.yaml")
    assert result.exit_code == 0, result.output
    assert "Road Safety Week (ready): 3 posts and 0 emails rendered" in result.output
    assert "0 errors, 0 warnings." in result.output
    assert "Not judged: whether lists and channels are set up" in result.output


def test_errors_end_with_one_and_every_file_is_told(week: Path) -> None:
    result = run(week, "good.yaml", "wrong.yaml", "broken.yaml")
    assert result.exit_code == 1
    assert "error   P14" in result.output
    assert "warning AS8" in result.output
    assert "It cannot be read as a programme yet." in result.output
    assert "Did you mean 'title'?" in result.output


def test_a_draft_is_no_error(week: Path) -> None:
    result = run(week, "draft.yaml")
    assert result.exit_code == 0
    assert "Before this can run:" in result.output


def test_json_is_for_programs(week: Path) -> None:
    result = run(week, "--json", "wrong.yaml", "draft.yaml", "broken.yaml")
    assert result.exit_code == 1
    whole = json.loads(result.output)
    assert [each["loaded"] for each in whole["files"]] == [True, True, False]
    assert (whole["errors"], whole["warnings"]) == (4, 2)
    first = whole["files"][0]["problems"][0]
    assert {"code", "severity", "message", "hint", "where", "file", "line", "column"} == set(first)
    assert whole["files"][1]["before_run"][0]["code"] == "P14"


def test_sarif_names_rule_file_and_place(week: Path) -> None:
    result = run(week, "--format", "sarif", "wrong.yaml")
    (log,) = json.loads(result.output)["runs"]
    found = {each["ruleId"]: each for each in log["results"]}
    assert found["P14"]["level"] == "error"
    place = found["AS8"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("wrong.yaml")
    assert place["region"]["startLine"] > 1
    assert {each["id"] for each in log["tool"]["driver"]["rules"]} == set(found)


def test_annotations_escape_what_a_code_host_would_read(week: Path) -> None:
    lines = run(week, "--format", "github", "wrong.yaml", "draft.yaml").output.splitlines()
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines)
    assert any("title=P14::" in line and "Write contact: {name: ..., email: ...}." in line for line in lines)


def test_usage_is_two_and_a_missing_file_is_told(week: Path) -> None:
    assert run(week).exit_code == 2
    result = run(week, "none.yaml")
    assert result.exit_code == 1
    assert "cannot be read" in result.output


def test_the_schema_is_json_schema_and_the_keys_are_a_table() -> None:
    printed = CliRunner().invoke(main, ["schema"])
    jsonschema.Draft202012Validator.check_schema(json.loads(printed.output))
    assert "| `embargo_until` |" in CliRunner().invoke(main, ["schema", "--markdown"]).output


def test_an_installation_at_hand_is_looked_at(week: Path) -> None:
    home = week / "home"
    env = {"CAMPAIGN_HOME": str(home), "CAMPAIGN_KEY_FILE": str(week / "key" / "key")}
    assert CliRunner(env=env).invoke(main, ["init"]).exit_code == 0
    (home / "channels.yaml").write_text("mail: {kind: smtp, host: relay.example.org, rate: 7, relays: [{rate: 3}]}\n")
    (home / "senders.yaml").write_text("roads: {from_address: news@example.org}\n")
    data = good()
    (week / "good.yaml").write_text(json.dumps(data, indent=1))
    report = CliRunner(env=env).invoke(main, ["check", "--json", str(week / "good.yaml")])
    (one,) = json.loads(report.output)["files"]
    assert {each["code"]: each["severity"] for each in one["problems"]} == {
        "P7": "warning",
        "P10": "error",
        "D3": "warning",
    }
    assert not any("installation" in each for each in one["not_judged"])
    listed = ["lists", "add", "staff", "--title", "Staff", "--sender", "roads", "--basis", "public_task"]
    assert CliRunner(env=env).invoke(main, listed).exit_code == 0
    again = CliRunner(env=env).invoke(main, ["check", str(week / "good.yaml")])
    assert again.exit_code == 0, again.output
    assert "L4" in again.output
    alone = CliRunner(env=env).invoke(main, ["check", "--alone", str(week / "good.yaml")])
    assert "there is no installation at hand" in alone.output


def test_the_rate_of_a_channel_is_that_of_all_its_relays() -> None:
    relays = [{"host": "b.example.org", "rate": 3}]
    entry = ChannelEntry("mail", "smtp", {"host": "a.example.org", "rate": 7, "relays": relays})
    assert _rate(entry) == 10
    assert _rate(ChannelEntry("mail", "smtp", {"host": "a.example.org", "rate": 7, "relays": [{"rate": 0}]})) == 0
    assert _rate(ChannelEntry("mail", "smtp", {"hots": "a.example.org"})) == 0


def test_a_week_without_dates_is_looked_at_as_of_a_monday(week: Path) -> None:
    data = good()
    for key in ("starts", "ends"):
        del data["campaign"][key]
    for day, word in zip(data["days"], ("Mon", "Tues"), strict=True):
        day["weekday"] = word
        del day["date"]
    del data["mailings"]
    (week / "good.yaml").write_text(json.dumps(data))
    assert run(week, "good.yaml").exit_code == 1
    fine = run(week, "good.yaml", "--starts", "2024-03-04")
    assert fine.exit_code == 0, fine.output
    assert run(week, "good.yaml", "--starts", "2024-03-05").exit_code == 1


def test_a_file_of_fifty_megabytes_is_refused_without_being_read(week: Path) -> None:
    with (week / "huge.yaml").open("wb") as file:
        file.truncate(50_000_000)
    result = run(week, "huge.yaml")
    assert result.exit_code == 1
    assert "larger than 8,000,000 bytes" in result.output


def test_what_the_posts_on_x_will_cost_is_shown(week: Path) -> None:
    data = good()
    del data["mailings"]
    data["channels"] = {name: {"kind": "x"} for name in data["channels"]}
    (week / "paid.yaml").write_text(json.dumps(data, indent=1))
    shown = run(week, "paid.yaml")
    assert "Cost: " in shown.output
    assert "by the network's list." in shown.output
    as_json = json.loads(run(week, "paid.yaml", "--format", "json").output)
    assert "$" in as_json["files"][0]["costs"][0]
