"""`campaign feedback`, and the service's chores that read and answer mail."""

from __future__ import annotations

import mailbox
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from campaign.cli import main
from campaign.errors import ChannelDown, SettingsError
from campaign.settings import load_settings
from campaign.store.joining import SignUp, sign_up
from campaign.wiring import App
from tests.commands.conftest import Run
from tests.feedback.test_messages import report

NOW = datetime(2026, 10, 12, 9, tzinfo=UTC)
LEAVE = b"From: ann@example.org\r\nTo: leave@example.org\r\nSubject: unsubscribe\r\n\r\n"


@pytest.fixture
def listed(run: Run) -> Run:
    """With Ann on a list called parents."""
    run("lists", "add", "parents", "--title", "Parents", "--sender", "hscp", "--basis", "consent", "--public")
    words = ("--consent-source", "phone", "--consent-wording", "I agree.")
    run("subscribers", "add", "ann@example.org", "--list", "parents", *words)
    return run


def app_of(tmp_path: Path, **settings: str) -> App:
    return App(load_settings(home=tmp_path / "home", key_file=tmp_path / "keys" / "key", _env_file=None, **settings))


def test_nothing_yet_then_what_came_and_what_was_done(listed: Run, tmp_path: Path) -> None:
    assert "Nothing came back yet" in listed("feedback").output
    box = mailbox.Maildir(str(tmp_path / "box"))
    box.add(LEAVE)
    box.add(report("failed", "5.1.1").encode())
    assert "Read: 1 left, 1 unmatched." in listed("feedback", "read", "--maildir", str(tmp_path / "box")).output
    assert "Nothing new." in listed("feedback", "read", "--maildir", str(tmp_path / "box")).output
    shown = listed("feedback").output
    assert "unsubscribe" in shown
    assert "unmatched" in shown
    assert "unsubscribed" in listed("subscribers", "show", "ann@example.org").output


def test_a_message_piped_in_by_a_mail_server(listed: Run, tmp_path: Path) -> None:
    env = {"CAMPAIGN_HOME": str(tmp_path / "home"), "CAMPAIGN_KEY_FILE": str(tmp_path / "keys" / "key")}
    shown = CliRunner().invoke(main, ["feedback", "read", "--stdin"], env=env, input=LEAVE)
    assert "Read: 1 left." in shown.output


def test_a_mailbox_that_is_not_set_is_said_so(listed: Run) -> None:
    assert "imaps://user@host/INBOX" in listed("feedback", "read", code=3).output


def test_the_service_reads_the_mailbox_of_its_settings(listed: Run, tmp_path: Path) -> None:
    mailbox.Maildir(str(tmp_path / "box")).add(LEAVE)
    app = app_of(tmp_path, feedback_mailbox=f"maildir:{tmp_path / 'box'}")
    chores = {chore.name: chore for chore in app.chores()}
    chores["feedback mailbox"].job(NOW)
    chores["forgetting"].job(NOW)
    app.close()
    assert "unsubscribed" in listed("subscribers", "show", "ann@example.org").output


def test_letters_go_over_the_only_email_channel_and_wait_where_there_is_none(listed: Run, tmp_path: Path) -> None:
    app = app_of(tmp_path, base_url="https://week.example.org")
    asked = SignUp(address="bob@example.org", lists=("parents",), wording="I agree.")
    sign_up(app.store.database, app.ring, asked, client="192.0.2.1", now=NOW)
    letters = next(chore for chore in app.chores() if chore.name == "letters")
    with pytest.raises(ChannelDown, match="one email channel"):
        app.letters_channel()
    letters.job(NOW)
    app.close()
    (tmp_path / "home" / "channels.yaml").write_text("mail: {kind: smtp, host: 127.0.0.1}\n", encoding="utf-8")
    app = app_of(tmp_path, base_url="https://week.example.org")
    letters = next(chore for chore in app.chores() if chore.name == "letters")
    letters.job(NOW.replace(hour=10))
    app.close()
    found = [path.read_bytes() for path in (tmp_path / "home" / "outbox").rglob("*.eml")]
    assert len(found) == 1
    assert b"https://week.example.org/confirm/" in found[0].replace(b"=\r\n", b"")


def test_callbacks_are_served_where_the_settings_name_them(listed: Run, tmp_path: Path) -> None:
    app = app_of(tmp_path, notify_hook="token", sns_topics="arn:aws:sns:eu-west-2:1:x, arn:aws:sns:eu-west-2:1:y")
    assert set(app.hooks()) == {"notify", "sns"}
    app.close()
    bare = app_of(tmp_path)
    assert not bare.hooks()
    with pytest.raises(SettingsError):
        bare.read_feedback(NOW)
    bare.close()
