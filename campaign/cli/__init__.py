"""The command line: quick to start, because a subcommand is imported only when it is called."""

from errno import EPIPE
from importlib import import_module
from typing import Any

import click

from campaign import __version__
from campaign.errors import CampaignError

COMMANDS: dict[str, tuple[str, str]] = {
    "approve": ("campaign.cli.loading:approve", "Say yes to messages, or take it back"),
    "backup": ("campaign.cli.keeping:backup", "Write the ledger and its files to an archive"),
    "channels": ("campaign.cli.channels:channels", "What channels there are, and which are live"),
    "check": ("campaign.cli.checking:check", "Find what is wrong in a programme before it runs"),
    "delete": ("campaign.cli.correcting:delete", "Take a sent post back, where its network allows"),
    "deliveries": ("campaign.cli.proving:deliveries", "What a person got; who has not got a mailing, and why"),
    "diff": ("campaign.cli.importing:diff", "What differs between two programmes"),
    "doctor": ("campaign.cli.doctoring:doctor", "Is this installation fit to be left alone?"),
    "edit": ("campaign.cli.correcting:edit", "Change a message before it opens"),
    "export": ("campaign.cli.importing:export", "Write a campaign as a workbook or YAML"),
    "feedback": ("campaign.cli.feedback:feedback", "Bounces, complaints and wishes to leave: read them, count them"),
    "import": ("campaign.cli.importing:import_", "Make a programme of a spreadsheet or document"),
    "init": ("campaign.cli.installing:init", "Make this installation"),
    "lists": ("campaign.cli.lists:lists", "Mailing lists: what there is, add one, import people"),
    "load": ("campaign.cli.loading:load", "Load a programme; first a dry run"),
    "log": ("campaign.cli.showing:show_log", "Who did what, when"),
    "migrate": ("campaign.cli.keeping:migrate", "Bring the ledger to this program's version"),
    "new": ("campaign.cli.importing:new", "Start a week: empty, or from last year's"),
    "pause": ("campaign.cli.control:pause", "Stop everything, a campaign or a channel"),
    "people": ("campaign.cli.people:people", "The team: whose names an act can bear"),
    "preview": ("campaign.cli.previewing:preview", "Show a message as its readers would get it"),
    "rehearse": ("campaign.cli.rehearsing:rehearse", "Play a week in seconds; nothing leaves the machine"),
    "report": ("campaign.cli.reporting:report", "What went out, and what became of it"),
    "resource": ("campaign.cli.correcting:resource", "A document was approved, withdrawn, released; an event is full"),
    "restore": ("campaign.cli.keeping:restore", "Put a backup in place of the ledger; all is paused"),
    "resume": ("campaign.cli.control:resume", "Lift a pause"),
    "run": ("campaign.cli.running:run", "Run the service"),
    "schema": ("campaign.cli.checking:schema", "The JSON Schema of programme files, for editors"),
    "send-test": ("campaign.cli.trying:send_test", "Send a marked test of one message to yourself"),
    "settle": ("campaign.cli.control:settle", "Decide what needs you"),
    "site": ("campaign.cli.site:site", "The public pages as files"),
    "status": ("campaign.cli.showing:status", "The week, and what needs you"),
    "subscribers": ("campaign.cli.subscribers:subscribers", "Find, add, move, export or erase people on lists"),
    "template": ("campaign.cli.importing:template", "Write a workbook to fill in"),
}
"""Name of a command -> ("campaign.cli.module:function", its one line in `--help`)."""

EXIT_CODES = """\b
Exit codes:
  0  fine (warnings too)
  1  errors found
  2  wrong usage
  3  wrong settings
  4  refused
  5  busy"""


class LazyGroup(click.Group):
    """A group whose commands are named by strings and imported on their first use."""

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy if lazy is not None else {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of every command, sorted."""
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None where there is none."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, function = self.lazy[cmd_name][0].partition(":")
        command = getattr(import_module(module), function)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.lazy[cmd_name][0]} is not a click command")
        return _with_examples(command, f"campaign {cmd_name}")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that the product can explain is a sentence and an exit code, never a traceback."""
        try:
            return super().invoke(ctx)
        except CampaignError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.errno == EPIPE or not error.strerror:
                raise
            place = f"{error.filename}: " if error.filename else ""
            click.echo(f"{place}{error.strerror}. Look at the place, its permissions and its room.", err=True)
            ctx.exit(1)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        rows = [
            (name, self.lazy[name][1] if name in self.lazy else self.commands[name].get_short_help_str())
            for name in self.list_commands(ctx)
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def _with_examples(command: click.Command, name: str) -> click.Command:
    """The command, and those below it, with what they look like in use at the end of their help."""
    from campaign.cli.examples import EXAMPLES

    if name in EXAMPLES:
        command.epilog = "\n".join(["\b", "Examples:", *(f"  {line}" for line in EXAMPLES[name])])
    for below, each in command.commands.items() if isinstance(command, click.Group) else ():
        _with_examples(each, f"{name} {below}")
    return command


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="campaign")
@click.option("--no-colour", is_flag=True, help="No colours; NO_COLOR in the environment says the same.")
@click.option("--no-colour-if", "wish", envvar="NO_COLOR", default="", hidden=True, help="Anything (no-color.org).")
@click.pass_context
def main(context: click.Context, no_colour: bool, wish: str) -> None:
    """Unlock the pages, mail the lists and post to every channel of an awareness week, day by day."""
    if no_colour or wish:
        context.color = False
