"""Template, import, export, new and diff, as a person runs them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from openpyxl import load_workbook

from campaign.programme import load_file

Run = Callable[..., Result]
PLAN = (
    "Ref,Date,Time,Channel,Theme,Copy,Link,Image file\n"
    "a,09/10/2023,08:30,X,Online safety,First,https://example.org/a,ce.png\n"
    "b,10/10/2023,8.30am,X,Neglect,Second,,\n"
)
FIXTURES = Path(__file__).parents[1] / "fixtures" / "documents"


@pytest.fixture(name="plan")
def _plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.csv"
    path.write_text(PLAN, "utf-8")
    return path


def test_a_template_is_written_once_and_its_example_rows_are_no_schedule(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "week.xlsx"
    run("template", str(path))
    assert load_workbook(path).sheetnames == [
        "Week", "Days", "Resources", "Schedule", "Settings", "Subscribers", "Help",
    ]  # fmt: skip
    assert "there already" in run("template", str(path), code=4).output
    assert "no sheet looks like a schedule" in run("import", str(path), code=1).output


def test_an_import_first_shows_and_then_writes_what_the_loader_accepts(run: Run, plan: Path, tmp_path: Path) -> None:
    target = tmp_path / "schedules" / "week.yaml"
    shown = run("import", str(plan)).output
    assert "Nothing is written yet" in shown
    assert "+ Post a" in shown
    assert "put the image 'ce.png'" in shown
    run("import", str(plan), "-o", str(target))
    assert sorted(load_file(target).programme.posts) == ["a", "b"]


def test_a_refused_cell_is_named_and_fails(run: Run, plan: Path, tmp_path: Path) -> None:
    plan.write_text(PLAN.replace("8.30am", "25:00"), "utf-8")
    shown = run("import", str(plan), "-o", str(tmp_path / "week.yaml"), code=1).output
    assert "Row 3, Time: '25:00' is not a time; write 8:30am or 08:30" in shown
    assert (tmp_path / "week.yaml").exists()


def test_importing_again_keeps_an_edit_and_asks_before_it_removes(run: Run, plan: Path, tmp_path: Path) -> None:
    target = tmp_path / "week.yaml"
    run("import", str(plan), "-o", str(target))
    target.write_text(target.read_text("utf-8").replace("text: First", "text: By hand"), "utf-8")
    plan.write_text("\n".join(PLAN.splitlines()[:2]) + "\n", "utf-8")
    shown = run("import", str(plan), "-o", str(target)).output
    assert "Post b is no longer in the sheet" in shown
    assert "stays 'By hand'" in shown
    run("import", str(plan), "-o", str(target), "--remove", "b")
    programme = load_file(target).programme
    assert {name: post.text for name, post in programme.posts.items()} == {"a": "By hand"}


def test_an_emails_copy_follows_the_sheet_until_a_person_edits_it(run: Run, tmp_path: Path) -> None:
    plan, target, body = tmp_path / "plan.csv", tmp_path / "week.yaml", tmp_path / "messages" / "m.md"
    for copy, edit, wanted in (("One", "", "One"), ("Two", "", "Two"), ("Two", "Mine", "Mine"), ("Three", "", "Mine")):
        plan.write_text(f"Ref,Date,Time,Channel,Subject,Copy\nm,09/10/2023,08:00,Email,Today,{copy}\n", "utf-8")
        if edit:
            body.write_text(edit, "utf-8")
        run("import", str(plan), "-o", str(target))
        assert body.read_text("utf-8").strip() == wanted


def test_a_damaged_memory_is_told(run: Run, plan: Path, tmp_path: Path) -> None:
    target = tmp_path / "week.yaml"
    run("import", str(plan), "-o", str(target))
    (tmp_path / ".week.imported.json").write_text("[]", "utf-8")
    assert "cannot be read" in run("import", str(plan), "-o", str(target), code=1).output


def test_a_page_of_two_weeks_makes_two_files_and_a_briefing_its_body(run: Run, tmp_path: Path) -> None:
    run("import", str(FIXTURES / "practice-weeks.txt"), "-o", str(tmp_path))
    for name in ("safeguarding-children-week-2023.yaml", "learning-from-reviews-2024.yaml"):
        assert len(load_file(tmp_path / name).programme.days) == 5
    run("import", str(FIXTURES / "briefing.md"), "-o", str(tmp_path / "briefing.yaml"))
    loaded = load_file(tmp_path / "briefing.yaml")
    (mailing,) = loaded.programme.mailings.values()
    assert b"## System Learning" in loaded.files[f"messages/{mailing.body}"]


def test_a_folder_gets_no_import_into_a_file_that_none_made(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "learning-from-reviews-2024.yaml"
    other.write_text("schema: 1\ncampaign: {id: another, title: Another}\n", "utf-8")
    shown = run("import", str(FIXTURES / "practice-weeks.txt"), "-o", str(tmp_path), code=4).output
    assert "no import made it" in shown
    assert "another" in other.read_text("utf-8")


def test_an_export_imports_to_the_same_programme(run: Run, plan: Path, tmp_path: Path) -> None:
    first, book, second = tmp_path / "a.yaml", tmp_path / "a.xlsx", tmp_path / "b.yaml"
    run("import", str(plan), "-o", str(first))
    run("export", str(first), "-o", str(book))
    run("import", str(book), "-o", str(second))
    assert load_file(first).programme == load_file(second).programme
    assert run("diff", str(first), str(second)).output.strip() == "They are the same."
    assert "neither in .xlsx nor in .yaml" in run("export", str(first), "-o", str(tmp_path / "a.doc"), code=4).output


def test_a_new_week_from_an_old_one_and_what_differs(run: Run, plan: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    run("import", str(plan), "-o", str(old))
    run("new", "--monday", "07/10/2024", "--from", str(old), "-o", str(new))
    assert str(load_file(new).programme.posts["a"].when.at) == "2024-10-07 08:30:00"
    assert "2023-10-09 08:30" in run("diff", str(old), str(new)).output
    assert "is no Monday" in run("new", "--monday", "2024-10-08", code=1).output
    assert "ASK: what is the week called?" in run("new", "--monday", "2024-10-07").output


def test_files_go_where_the_programme_looks_for_them(run: Run, tmp_path: Path) -> None:
    shutil.copytree(Path("messages"), tmp_path / "messages")
    week, copy = tmp_path / "schedules" / "briefing.yaml", tmp_path / "schedules" / "copy.yaml"
    run("import", str(FIXTURES / "briefing.md"), "-o", str(week))
    run("export", str(week), "-o", str(copy))
    run("new", "--monday", "2024-10-07", "--from", str(week), "-o", str(tmp_path / "schedules" / "new.yaml"))
    assert not (tmp_path / "schedules" / "messages").exists()
    assert load_file(copy).programme == load_file(week).programme


def test_a_loaded_campaign_is_exported_with_its_states_and_compared_by_revision(run: Run, tmp_path: Path) -> None:
    week = tmp_path / "schedules" / "week.yaml"
    shutil.copytree(Path("messages"), tmp_path / "messages")
    week.parent.mkdir()
    run("init")
    run("new", "--monday", "2024-10-07", "--title", "Example Week 2024", "-o", str(week))
    run("load", str(week), "--apply")
    week.write_text(week.read_text("utf-8").replace('"09:00"', '"10:00"'), "utf-8")
    run("load", str(week), "--apply")
    assert "09:00" in run("diff", "example-week-2024@1", "example-week-2024@2").output
    run("export", "example-week-2024", "-o", str(tmp_path / "out.xlsx"))
    rows = list(load_workbook(io.BytesIO((tmp_path / "out.xlsx").read_bytes()))["Schedule"].iter_rows(values_only=True))
    assert rows[0][-2:] == ("State", "Sent at")
    assert [row[0] for row in rows if row[0]] == ["Ref", "daily-post", "daily-email"]
