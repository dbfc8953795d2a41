"""`campaign backup` and `restore`, as on the day the old machine is gone."""

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from campaign.cli import main
from campaign.settings import load_settings
from campaign.wiring import App
from tests.commands.conftest import Run


def test_a_backup_brings_the_installations_files_to_a_machine_that_has_none(run: Run, tmp_path: Path) -> None:
    files = {
        "channels.yaml": "mail:\n  kind: smtp\n  host: relay.example.org\n",
        "site.yaml": "name: Our partnership\n",
    }
    for name, text in files.items():
        (tmp_path / "home" / name).write_text(text, "utf-8")
    run("backup", str(tmp_path / "week.tar.gz"))
    elsewhere = {"CAMPAIGN_HOME": str(tmp_path / "new"), "CAMPAIGN_KEY_FILE": str(tmp_path / "keys" / "key")}
    words = ["restore", str(tmp_path / "week.tar.gz"), "--yes", "--as", "Jo"]
    shown = CliRunner().invoke(main, words, env=elsewhere)
    assert shown.exit_code == 0, shown.output
    for name, text in files.items():
        assert (tmp_path / "new" / name).read_text("utf-8") == text
    assert "hscp" in (tmp_path / "new" / "senders.yaml").read_text("utf-8")
    assert (tmp_path / "new" / "outbox").is_dir()


def test_a_backup_without_a_name_goes_to_the_folder_and_old_ones_go(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "backups"
    folder.mkdir()
    (folder / "campaign-2020-01-01.tar.gz").write_bytes(b"old")
    shown = run("backup").output
    [made] = folder.iterdir()
    assert f"{made}: " in shown
    assert "Deleted, older than 35 days: campaign-2020-01-01.tar.gz." in shown
    assert "delete old backups" in run("log").output
    elsewhere = run("backup", str(tmp_path / "week.tar.gz")).output
    assert "delete it yourself after 35 days" in elsewhere
    assert "delete it yourself" not in shown


def test_the_service_deletes_old_backups(tmp_path: Path) -> None:
    home, key = tmp_path / "home", tmp_path / "key"
    env = {"CAMPAIGN_HOME": str(home), "CAMPAIGN_KEY_FILE": str(key)}
    assert CliRunner().invoke(main, ["init"], env=env).exit_code == 0
    (tmp_path / "elsewhere").mkdir()
    old = tmp_path / "elsewhere" / "campaign-2024-01-01.tar.gz"
    old.write_bytes(b"old")
    settings = load_settings(_env_file=None, home=home, key_file=key, backups=tmp_path / "elsewhere", keep_backups=10)
    app = App(settings)
    try:
        forgetting = next(chore for chore in app.chores() if chore.name == "forgetting")
        forgetting.job(datetime(2024, 1, 10, tzinfo=UTC))
        assert old.exists()
        forgetting.job(datetime(2024, 1, 12, tzinfo=UTC))
        assert not old.exists()
    finally:
        app.close()
