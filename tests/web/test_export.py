"""The pages as files: what a server would show at that moment, and no more of what no longer shows."""

import re
from pathlib import Path

import pytest

from campaign.delivery.forms import Published
from campaign.errors import RefusedError
from campaign.web.export import MANIFEST, export
from tests.web.weeks import Stand, at, programme


def everything(folder: Path) -> str:
    return "\n".join(
        path.read_bytes().decode("utf-8", "replace") for path in sorted(folder.rglob("*")) if path.is_file()
    )


def test_files_hold_what_shows_now(tmp_path: Path) -> None:
    stand = Stand("10 08:00", base="https://www.example.org/week")
    done = export(stand.parts, tmp_path)
    assert "week-2023/tue/index.html" in done.written
    assert "week-2023/wed/index.html" not in done.written
    assert done.next_change == at("10 10:00")
    text = everything(tmp_path)
    assert "zztuesdaytext" in text
    assert "zzwednesdaytext" not in text
    assert "These pages were made Tuesday 10 October 2023, 8am." in text
    assert "<form" not in text


def test_every_link_of_ours_leads_to_a_file(tmp_path: Path) -> None:
    export(Stand("13 08:00", base="https://www.example.org/week").parts, tmp_path)
    for page in tmp_path.rglob("*.html"):
        for found in re.findall(r'(?:href|src)="/week(/[^"#]*)', page.read_text("utf-8")):
            name = found.strip("/")
            assert (tmp_path / name).is_file() or (tmp_path / name / "index.html").is_file(), found


def test_what_no_longer_shows_is_taken_away(tmp_path: Path) -> None:
    stand = Stand("13 08:00")
    export(stand.parts, tmp_path)
    stand.clock.set(at("10 08:00"))
    done = export(stand.parts, tmp_path)
    assert "week-2023/fri/index.html" in done.removed
    assert "zzfridaytext" not in everything(tmp_path)
    stand.weeks.put(Published(programme(id="other")))
    export(stand.parts, tmp_path)
    assert not (tmp_path / "week-2023" / "index.html").exists()


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("theirs")
    with pytest.raises(RefusedError):
        export(Stand("10 08:00").parts, tmp_path)
    assert (tmp_path / "index.html").read_text() == "theirs"


def test_a_forged_list_of_files_takes_nothing_away_outside(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    folder = tmp_path / "site"
    folder.mkdir()
    (tmp_path / "whole").write_text("kept")
    (folder / MANIFEST).write_text(f"../kept\n{tmp_path / 'whole'}\n")
    export(Stand("10 08:00").parts, folder)
    assert (tmp_path / "kept").read_text() == "kept"
    assert (tmp_path / "whole").read_text() == "kept"


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("kept")
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / MANIFEST).write_text("out/kept\n")
    export(Stand("10 08:00").parts, folder)
    assert (tmp_path / "outside" / "kept").read_text() == "kept"
