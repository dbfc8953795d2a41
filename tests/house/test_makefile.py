"""The Makefile's help tells every target; the CI script is a program that bash accepts."""

import os
import re
import subprocess

from tests.house.files import ROOT


def test_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", text, re.M))
    phony = re.search(r"^\.PHONY: (.*)$", text, re.M)
    assert {"help", "run", "test", "check", "bench", "lock"} <= targets
    assert phony
    assert set(phony[1].split()) == targets
    shown = subprocess.run(["make", "-s"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert set(re.findall(r"^  make ([a-z]+) +\S", shown, re.M)) == targets


def test_the_ci_script_can_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
