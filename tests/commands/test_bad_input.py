"""Bad input of every kind: a clear error each, a documented exit status, no trace, and nothing lost."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from campaign.cli import main
from tests.house.files import ROOT
from tests.unit.check_weeks import PICTURE, good


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The good week with one thing changed."""
    data = good()
    del data["mailings"]
    change(data)
    return json.dumps(data, indent=1).encode()


def with_text(before: str, after: str) -> bytes:
    """The good week with one text of it replaced as it stands in the file."""
    text = changed(lambda data: None).decode()
    assert before in text
    return text.replace(before, after).encode()


def vast() -> bytes:
    """A small picture whose head says that it is 10,000 pixels wide and high: a bomb of a few bytes."""
    whole = bytearray(PICTURE)
    whole[16:24] = struct.pack(">II", 10_000, 10_000)
    whole[29:33] = struct.pack(">I", zlib.crc32(whole[12:29]))
    return bytes(whole)


def ring(post: dict[str, Any]) -> None:
    """Its words come from a template that comes back to itself."""
    del post["text"]
    post["template"] = "ring-a"


def bomb() -> bytes:
    """Each level names the one below it nine times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines).encode()


def twice() -> bytes:
    text = changed(lambda data: None).decode()
    return text.replace('"posts": {', '"posts": {"walk": {"day": "mon", "time": "10:00", "text": "a"},', 1).encode()


NAMED = '"Road Safety Week"'
BAD: dict[str, tuple[bytes, str, str]] = {
    "an empty file": (b"", "F2", "is empty"),
    "nothing but a comment": (b"# later\n", "F2", "nothing but comments"),
    "fifty megabytes": (b"a: b\n" * 10_000_000, "F3", "larger than"),
    "a binary file": (bytes(range(256)) * 40, "F4", "UTF-8"),
    "a wrong encoding": (with_text(NAMED, '"Café Week"').decode().encode("cp1252"), "F4", "UTF-8"),
    "sixteen bits a character": (changed(lambda data: None).decode().encode("utf-16"), "F4", "UTF-8"),
    "a tab": (b"schema: 1\ncampaign:\n\tid: x\n", "Y1", "tab"),
    "a bomb of aliases": (bomb(), "Y3", "repeats another part"),
    "a bomb of brackets": (b"a: " + b"[" * 5_000, "Y6", "levels"),
    "a tag": (b"schema: !!python/object:os.system 1\n", "Y4", "tag"),
    "a key twice": (b"schema: 1\nschema: 1\n", "Y2", "twice"),
    "a zone that does not exist": (
        changed(lambda data: data["campaign"].update(timezone="Europe/Winchester")), "V6", "timezone",
    ),
    "30 February": (changed(lambda data: data["campaign"].update(starts="30 February 2024")), "V6", "Write a date as"),
    "a theme on a day outside the week": (
        changed(lambda data: data["days"][1].update(date="2024-03-19")), "V14", "week",
    ),
    "at: 12:30": (changed(lambda data: data["posts"].update(x={"at": "12:30", "text": "a"})), "V6", "date and a time"),
    "25:00": (changed(lambda data: data["posts"]["walk"].update(time="25:00")), "V6", "Hours go from 00 to 23"),
    "an id twice": (twice(), "Y2", "twice"),
    "a theme's id twice": (
        changed(lambda data: data["days"][1]["themes"].append({"id": "walk", "title": "x"})), "V8", "walk",
    ),
    "a CRLF in a name": (with_text(NAMED, '"Road\\r\\nBcc: a@example.org"'), "V9", "line"),
    "a missing image": (
        changed(lambda data: data["posts"]["walk"].update(images=[{"file": "gone.png", "alt": "A bike"}])),
        "M1", "gone.png",
    ),
    "an image of a hundred megapixels": (
        changed(lambda data: data["posts"]["walk"].update(images=[{"file": "vast.png", "alt": "A vast bike"}])),
        "M6", "million",
    ),
    "templates that include one another": (
        changed(lambda data: ring(data["posts"]["walk"])), "M4", "circle",
    ),
    "a template that does not end": (
        changed(lambda data: data["posts"]["walk"].update(text="{% for a in range(9999999) %}a{% endfor %}")),
        "M4", "",
    ),
}  # fmt: skip


class Installation:
    """An installation with the good week loaded, and beside it the files that the bad ones name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"CAMPAIGN_HOME": str(folder / "var"), "CAMPAIGN_KEY_FILE": str(folder / "key" / "key")}
        (folder / "images").mkdir()
        (folder / "images" / "bike.png").write_bytes(PICTURE)
        (folder / "images" / "vast.png").write_bytes(vast())
        posts = folder / "messages" / "posts"
        posts.mkdir(parents=True)
        (posts / "ring-a.txt").write_text("{% include 'messages/posts/ring-b.txt' %}")
        (posts / "ring-b.txt").write_text("{% include 'messages/posts/ring-a.txt' %}")
        (folder / "good.yaml").write_bytes(changed(lambda data: None))
        assert self.run("init", "--as", "Ada").exit_code == 0
        loaded = self.run("load", str(folder / "good.yaml"), "--apply")
        assert loaded.exit_code == 0, loaded.output

    def run(self, *words: str) -> Result:
        result = CliRunner(env=self.environment).invoke(main, list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def state(self) -> str:
        """All that the ledger says of the week, but for the time."""
        return self.run("status", "--json").output.partition('"paused"')[2]

    def as_anybody(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in a process of its own, to which permissions apply."""
        return subprocess.run(
            [sys.executable, "-m", "campaign", *words],
            cwd=self.folder,
            env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=humble if os.geteuid() == 0 else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def humble() -> None:
    """Permissions hold for root too (capabilities(7): CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH leave the bounding set)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):
        libc.prctl(24, capability, 0, 0, 0)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("bad"))


@pytest.mark.parametrize("what", BAD)
def test_each_is_told_with_its_code_and_changes_nothing(installation: Installation, what: str) -> None:
    data, code, words = BAD[what]
    before, file = installation.state(), installation.folder / "week.yaml"
    file.write_bytes(data)
    checked = installation.run("check", "--alone", str(file))
    assert checked.exit_code == 1, checked.output
    assert f"error   {code} " in checked.output, checked.output
    assert words in checked.output
    loaded = installation.run("load", str(file), "--apply")
    assert loaded.exit_code == 1, loaded.output
    assert code in loaded.output
    if code not in {"M4", "M6"}:  # those of which the file itself can be read
        assert installation.run("diff", "road-week", str(file)).exit_code == 1
    assert installation.state() == before


def test_the_good_week_is_good(installation: Installation) -> None:
    """Else the table above would prove nothing."""
    assert installation.run("check", "--alone", str(installation.folder / "good.yaml")).exit_code == 0


def test_a_folder_that_may_not_be_written_is_named(installation: Installation) -> None:
    shut = installation.folder / "shut"
    shut.mkdir(mode=0o555)
    said = installation.as_anybody("new", "--monday", "2024-10-07", "-o", "shut/week.yaml")
    assert said.returncode == 1, said.stderr
    assert "Traceback" not in said.stderr
    assert "shut/week.yaml" in said.stderr
    assert list(shut.iterdir()) == []


def test_a_home_that_may_not_be_written_is_named_and_nothing_is_lost(installation: Installation) -> None:
    home = installation.folder / "var"
    before = installation.state()
    (home / "campaign.db").chmod(0o400)
    home.chmod(0o500)
    said = installation.as_anybody("pause")
    home.chmod(0o700)
    (home / "campaign.db").chmod(0o600)
    assert said.returncode == 3, (said.stdout, said.stderr)
    assert "Traceback" not in said.stderr
    assert "campaign.db cannot be" in said.stderr
    assert installation.state() == before
