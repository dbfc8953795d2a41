"""The command line starts fast: nothing heavy is imported before a command is called."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from campaign.cli import COMMANDS, main
from tests.house.files import ROOT

HEAVY = ("sqlalchemy", "pydantic", "httpx", "jinja2", "starlette", "apscheduler", "yaml", "cryptography", "email")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from campaign.cli import main; main(['--help'], standalone_mode=False); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert run.stderr.strip() == "[]"


def test_help_tells_the_exit_codes_and_every_command() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    assert "Exit codes" in shown.output
    for name, (_, line) in COMMANDS.items():
        assert name in shown.output
        assert line
    assert CliRunner().invoke(main, ["no-such-command"]).exit_code == 2


@pytest.mark.parametrize("name", sorted(COMMANDS) or ["--version"])
def test_each_command_exists_and_tells_its_use(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"] if name in COMMANDS else [name])
    assert shown.exit_code == 0
    if name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert command.help
