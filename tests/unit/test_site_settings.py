"""`site.yaml`: read strictly, every problem at once."""

from pathlib import Path

import pytest

from campaign.errors import SettingsError
from campaign.settings import load_settings
from campaign.settings.site import SiteFile, load_site


def read(home: Path, text: str | None) -> SiteFile:
    if text is not None:
        (home / "site.yaml").write_text(text, encoding="utf-8")
    return load_site(load_settings(_env_file=None, home=home))


def codes(home: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(home, text)
    assert all(problem.code == "S10" for problem in caught.value.problems)
    return [f"{problem.message} {problem.hint}".strip() for problem in caught.value.problems]


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert read(tmp_path, None) == SiteFile()
    assert read(tmp_path, "") == SiteFile()


def test_settings_lists_and_the_logo_are_read(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    found = read(
        tmp_path, "name: Our council\nlogo: logo.png\nframes: [https://a.example.org]\nhosts: b.example.org\nofficer:\n"
    )
    assert found == SiteFile(
        name="Our council", logo=b"\x89PNG", frames=("https://a.example.org",), hosts=("b.example.org",)
    )


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    found = codes(tmp_path, "nmae: Our council\ncolour: red\nlogo: none.png\n")
    assert len(found) == 3
    assert "Did you mean name?" in found[0]
    assert "Known: name" in found[1]
    assert "cannot be read" in found[2]


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "just words"])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    assert len(codes(tmp_path, text)) == 1


def test_a_huge_logo_is_refused_and_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"x" * (2 * 1024 * 1024))
    assert "over 1 MB" in codes(tmp_path, "logo: logo.png")[0]
