"""Files beside a programme: what is taken, and everything that is not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from campaign.errors import ProgrammeError
from campaign.programme import load_bytes, load_file
from campaign.programme.shelf import MAX_TEXT
from tests.unit.programmes import small


def programme(image: str = "a.png", body: str = "daily.md") -> bytes:
    data = small()
    data |= {
        "channels": {"x-demo": {"kind": "x"}, "mail": {"kind": "smtp"}},
        "resources": {"kit": {"type": "toolkit", "title": "Kit", "no_link": "none"}},
        "posts": {"one": {"channels": ["x-demo"], "text": "Hello", "images": [{"file": image, "alt": "A"}]}},
        "mailings": {"daily": {"channel": "mail", "body": body}},
    }
    return json.dumps(data).encode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("week/images", "week/messages/emails", "week/messages/posts"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "week/images/a.png").write_bytes(b"png")
    (tmp_path / "week/messages/daily.md").write_text("See [the kit](resource:kit).")
    (tmp_path / "week/messages/emails/day.md").write_text("# {{ day.title }}")
    (tmp_path / "week/messages/posts/.hidden").write_text("no")
    return tmp_path / "week"


def problems(home: Path, **names: str) -> list[str]:
    (home / "p.yaml").write_bytes(programme(**names))
    with pytest.raises(ProgrammeError) as caught:
        load_file(home / "p.yaml")
    return [problem.code for problem in caught.value.problems]


def test_every_file_in_use_is_taken_by_its_name(home: Path) -> None:
    (home / "p.yaml").write_bytes(programme())
    loaded = load_file(home / "p.yaml")
    assert dict(loaded.files) == {
        "images/a.png": b"png",
        "messages/daily.md": b"See [the kit](resource:kit).",
        "messages/emails/day.md": b"# {{ day.title }}",
    }
    again = load_bytes(loaded.data, files=loaded.files)
    assert (again.programme, again.files) == (loaded.programme, loaded.files)


def test_messages_may_stand_beside_the_programmes_folder(home: Path) -> None:
    (home / "schedules").mkdir()
    (home / "images").rename(home / "schedules/images")
    (home / "schedules/p.yaml").write_bytes(programme())
    assert "messages/daily.md" in load_file(home / "schedules/p.yaml").files


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing.png", "M1"),
        ("/etc/passwd", "M2"),
        ("../week/images/a.png", "M2"),
        ("..\\\\a.png", "M2"),
        ("C:a.png", "M2"),
        (".a.png", "M2"),
        ("folder", "M2"),
        ("pipe", "M2"),
        ("out.png", "M2"),
        ("loop", "M1"),
        ("a.png/b", "M1"),
        ("a\\u0000b", "V9"),
        ("x" * 299, "M1"),
    ],
)
def test_what_leads_out_or_is_no_file_is_refused(home: Path, name: str, code: str) -> None:
    images = home / "images"
    (images / "folder").mkdir()
    os.mkfifo(images / "pipe")
    (home.parent / "secret.png").write_bytes(b"secret")
    (images / "out.png").symlink_to(home.parent / "secret.png")
    (images / "loop").symlink_to(images / "loop")
    assert problems(home, image=json.loads(f'"{name}"')) == [code]


def test_a_folder_that_is_itself_a_link_leading_out_is_refused(home: Path) -> None:
    (home / "images").rename(home.parent / "elsewhere")
    (home / "images").symlink_to(home.parent / "elsewhere")
    assert problems(home) == ["M2"]


def test_a_file_too_large_is_refused(home: Path) -> None:
    (home / "messages/daily.md").write_bytes(b"x" * (MAX_TEXT + 1))
    assert problems(home) == ["M3"]


def test_a_body_that_names_no_resource_of_the_file_says_where(home: Path) -> None:
    (home / "messages/daily.md").write_text("One\n\n[two](resource:kitt)")
    (home / "p.yaml").write_bytes(programme())
    with pytest.raises(ProgrammeError) as caught:
        load_file(home / "p.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.line) == ("R1", "messages/daily.md", 3)
    assert "kit" in problem.hint


def test_a_near_name_is_offered(home: Path) -> None:
    (home / "p.yaml").write_bytes(programme(image="b.png"))
    with pytest.raises(ProgrammeError, match=r"Did you mean 'a\.png'\?"):
        load_file(home / "p.yaml")


def test_a_programme_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path, tmp_path / "none.yaml", tmp_path / "pipe.yaml", tmp_path / "a\0b"):
        with pytest.raises(ProgrammeError) as caught:
            load_file(path)
        assert [problem.code for problem in caught.value.problems] == ["F1"]
