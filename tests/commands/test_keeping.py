"""`campaign backup` and `restore`, as on the day the old machine is gone."""

import sqlite3
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
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


def _other(file: Path) -> None:
    file.write_text("hello", "utf-8")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-600])


def _changed(file: Path, name: str, old: bytes, new: bytes) -> None:
    folder = file.parent / "unpacked"
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    inner = folder / name
    assert old in inner.read_bytes()
    inner.write_bytes(inner.read_bytes().replace(old, new))
    with tarfile.open(file, "w:gz") as archive:
        for each in sorted(folder.iterdir()):
            archive.add(each, each.name)


MISFITS: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "no archive": (_other, 3, "is not a backup"),
    "cut": (_cut, 3, "is not a backup"),
    "another version": (lambda file: _changed(file, "manifest.json", b'"version":"', b'"version":"9'), 3, "version 9"),
    "another key": (lambda file: _changed(file, "manifest.json", b'"key_id":"', b'"key_id":"9'), 4, "the right key"),
    "a table spoilt": (lambda file: _changed(file, "tables/people.jsonl", b'"name"', b'"nome"'), 3, "is damaged"),
    "a table that is no JSON": (lambda file: _changed(file, "tables/meta.jsonl", b"{", b"["), 3, "is damaged"),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_backup_that_does_not_fit_changes_nothing(run: Run, tmp_path: Path, misfit: str) -> None:
    spoil, code, said = MISFITS[misfit]
    file, home = tmp_path / "week.tar.gz", tmp_path / "home"
    run("backup", str(file))
    spoil(file)
    before = {path.name: path.read_bytes() for path in home.glob("campaign.db*")}
    shown = run("restore", str(file), "--yes", "--as", "Jo", code=code)
    assert said in shown.output
    assert {path.name: path.read_bytes() for path in home.glob("campaign.db*")} == before
    assert "Jo" in run("people", "list").output


def test_a_restore_names_where_the_ledger_went_that_it_replaced(run: Run, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "week.tar.gz"))
    run("people", "add", "Kim", "--role", "editor")
    shown = run("restore", str(tmp_path / "week.tar.gz"), "--yes", "--as", "Jo").output
    (aside,) = (tmp_path / "home").glob("campaign.db.replaced-*")
    assert f"What was replaced is in {aside}" in shown
    assert "Kim" not in run("people", "list").output
    with sqlite3.connect(aside) as connection:
        assert ("Kim",) in connection.execute("SELECT name FROM people").fetchall()
    connection.close()
