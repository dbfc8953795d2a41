"""The command line starts fast: nothing heavy is imported before a command is called."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from campaign.cli import COMMANDS, main
from campaign.cli.examples import EXAMPLES
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


def below(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that can be called, by its whole name."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from below(found, f"{name} {each}")
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield name, command


ALL = dict(below(main, "campaign"))


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_help_ends_with_examples_that_parse(name: str) -> None:
    shown = CliRunner().invoke(main, [*name.split()[1:], "--help"], terminal_width=200).output
    _, _, examples = shown.partition("Examples:")
    lines = [line.strip() for line in examples.strip().splitlines()]
    assert lines == list(EXAMPLES[name])
    for line in lines:
        words = shlex.split(re.split(" [<>] ", line)[0])[len(name.split()) :]
        command = ALL[name]
        parser = command.make_parser(click.Context(command))
        _, left, _ = parser.parse_args(words)
        assert not left, f"{line}: too many words"


def test_the_examples_of_the_page_are_those_of_the_help() -> None:
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    parts = re.split(r"^#{2,3} (campaign [a-z -]+)$", page, flags=re.M)
    found = {
        name: tuple(re.findall(r"^    (campaign\b.*)$", text, re.M))
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    assert {name: lines for name, lines in found.items() if lines} == EXAMPLES


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_told_how_to_complete(shell: str) -> None:
    """The lines that docs/commands.md gives, and a word begun."""
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    assert f"_CAMPAIGN_COMPLETE={shell}_source campaign" in page
    script = CliRunner(env={"_CAMPAIGN_COMPLETE": f"{shell}_source"}).invoke(main, prog_name="campaign")
    assert "_CAMPAIGN_COMPLETE" in script.output
    begun = {
        "_CAMPAIGN_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "campaign pau",
        "COMP_CWORD": "pau" if shell == "fish" else "1",
    }
    assert "pause" in CliRunner(env=begun).invoke(main, prog_name="campaign").output
