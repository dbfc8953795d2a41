"""`campaign backup` and `restore`, as on the day the old machine is gone."""

from pathlib import Path

from click.testing import CliRunner

from campaign.cli import main
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
