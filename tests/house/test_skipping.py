"""In CI nothing is skipped unseen: a test, or a module, that skips itself is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.files import ROOT

SKIPS_TEST = "import pytest\ndef test_a():\n    pytest.skip('no browser')\n"
SKIPS_MODULE = "import pytest\npytest.importorskip('no_such_module')\ndef test_a(): pass\n"


@pytest.mark.parametrize("ci", ["true", ""])
def test_skipping_fails_in_ci_alone(tmp_path: Path, ci: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_one.py").write_text(SKIPS_TEST)
    (tmp_path / "test_two.py").write_text(SKIPS_MODULE)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider",
         "--continue-on-collection-errors", "--rootdir", tmp_path, "-c", tmp_path / "pytest.ini", tmp_path],
        cwd=ROOT,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert run.returncode == (1 if ci else 0), run.stdout
    assert ("1 failed, 1 error" if ci else "2 skipped") in run.stdout
    assert ("skipped in CI" in run.stdout) == bool(ci)
