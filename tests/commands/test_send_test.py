"""`campaign send-test`: one marked message to a named address or channel, and nobody else."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from tests.commands.conftest import Run
from tests.house.files import ROOT

WEEK = str(ROOT / "schedules" / "safeguarding-childrens-week-2023.yaml")
MAIL = "hiow-scw-2023/daily/tue/mail"
POST = "hiow-scw-2023/mon-welcome/mon/mastodon-hscp"


@pytest.fixture
def loaded(run: Run, tmp_path: Path) -> Run:
    """The 2023 week with its lists; both channels lead to files."""
    channels = "mail:\n  kind: outbox-mail\nmastodon-hscp:\n  kind: outbox\n"
    (tmp_path / "home" / "channels.yaml").write_text(channels, "utf-8")
    for name in ("practitioners", "vcs", "parents"):
        run("lists", "add", name, "--title", name, "--sender", "hscp", "--basis", "public_task", "--as", "Jo")
    run("load", WEEK, "--apply", "--as", "Jo")
    return run


def at(tmp_path: Path, *words: str) -> Result:
    """The command with the address of the pages set."""
    env = {
        "CAMPAIGN_HOME": str(tmp_path / "home"),
        "CAMPAIGN_KEY_FILE": str(tmp_path / "keys" / "key"),
        "CAMPAIGN_BASE_URL": "https://week.example.org",
    }
    return CliRunner().invoke(main, ["send-test", *words], env=env)


def emails(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "home" / "outbox").rglob("*.eml"))


def test_a_mailing_goes_to_the_named_address_alone_and_is_marked(loaded: Run, tmp_path: Path) -> None:
    shown = at(tmp_path, MAIL, "--to", "ada@example.org")
    assert shown.exit_code == 0, shown.output
    assert "Subject: TEST: " in shown.output
    assert not emails(tmp_path)
    assert at(tmp_path, MAIL, "--to", "ada@example.org", "--yes", "--as", "Jo").exit_code == 0
    (made,) = emails(tmp_path)
    raw = made.read_text("utf-8")
    assert "\nTo: ada@example.org" in raw
    assert "\nSubject: TEST: " in raw
    assert "message.test" in loaded("log").output


def test_a_post_is_marked_and_the_real_one_still_goes_at_its_time(loaded: Run, tmp_path: Path) -> None:
    shown = at(tmp_path, POST, "--yes", "--as", "Jo")
    assert shown.exit_code == 0, shown.output
    assert any("TEST: " in path.read_text("utf-8") for path in (tmp_path / "home" / "outbox").rglob("*.json"))
    assert "planned" in loaded("status").output


def test_nobody_who_left_gets_a_test(loaded: Run, tmp_path: Path) -> None:
    loaded("subscribers", "leave", "sam@example.org", "--reason", "asked", "--as", "Jo")
    shown = at(tmp_path, MAIL, "--to", "sam@example.org", "--yes", "--as", "Jo")
    assert (shown.exit_code, "No mail goes to that address" in shown.output) == (4, True)
    assert not emails(tmp_path)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((MAIL,), 2, "--to"),
        ((POST, "--to", "ada@example.org"), 2, "has no address"),
        ((MAIL, "--to", "ada@example.org", "--over", "mastodon-hscp"), 4, "carries posts"),
        (("hiow-scw-2023/mon-welcome/mon/mail",), 4, "There are: hiow-scw-2023/mon-welcome/mon/bluesky-hscp"),
    ],
)
def test_what_cannot_be_is_said(loaded: Run, tmp_path: Path, words: tuple[str, ...], code: int, says: str) -> None:
    shown = at(tmp_path, *words)
    assert shown.exit_code == code, shown.output
    assert says in shown.output


def test_without_the_address_of_the_pages_nothing_is_made(loaded: Run) -> None:
    assert "CAMPAIGN_BASE_URL" in loaded("send-test", MAIL, "--to", "ada@example.org", code=4).output
