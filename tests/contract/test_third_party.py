"""A stranger's package: built and installed for real, found by its entry point, and held to the contract."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.house.files import ROOT

PACKAGE = ROOT / "tests" / "thirdparty" / "pigeon"
ASK = """
import json
from campaign.channels.base import Tools
from campaign.channels.registry import Registry
registry = Registry()
channel = registry.make("birds", "pigeon", {"loft": "north", "word": "w"}, Tools(name="birds"))
found = {kind.name: kind.package for kind in registry.kinds()}
print(json.dumps([found["pigeon"], channel.title, channel.limits.text, [kind.name for kind in registry.broken()]]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of a fresh environment into which pip installed the package, from a wheel built here, offline.

    It sees what this Python has installed as well, so that nothing need be downloaded.
    """
    folder = tmp_path_factory.mktemp("stranger")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=PACKAGE)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True, symlinks=True)
    mine = str(folder / "env" / "bin" / "python")
    run([mine, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", str(wheel)], cwd=folder)
    [site] = (folder / "env" / "lib").glob("python*/site-packages")
    (site / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return mine


def run(command: list[str], *, cwd: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_found_by_its_entry_point(python: str, tmp_path: Path) -> None:
    said = json.loads(run([python, "-c", ASK], cwd=tmp_path))
    assert said == ["campaign-pigeon", "Pigeon post", 300, []]


def test_it_is_listed_with_its_promise(python: str, tmp_path: Path) -> None:
    said = run([python, "-m", "campaign", "channels", "kinds"], cwd=tmp_path)
    assert "pigeon: Pigeon post, posts. At most once: only the receiver knows if a pigeon arrived." in said
    assert "options: loft, word (secret). From the package campaign-pigeon." in said
    assert "outbox: Outbox, posts." in said
    assert "cannot be used" not in said


def test_it_is_not_found_where_it_is_not_installed(tmp_path: Path) -> None:
    ask = "from campaign.channels.registry import Registry; print('pigeon' in Registry().names)"
    assert run([sys.executable, "-c", ask], cwd=tmp_path).strip() == "False"


def test_its_own_tests_pass(python: str, tmp_path: Path) -> None:
    (tmp_path / "test_pigeon.py").write_text((PACKAGE / "test_pigeon.py").read_text("utf-8"), "utf-8")
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_pigeon.py"]
    said = run(command, cwd=tmp_path)
    assert " passed" in said
    assert "failed" not in said
