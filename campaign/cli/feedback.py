"""`campaign feedback`: what came back."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from campaign.cli.common import opened, table
from campaign.cli.progress import Working


@click.group(invoke_without_command=True)
@click.pass_context
def feedback(context: click.Context) -> None:
    """Bounces, complaints and wishes to leave: how many of each, and what was done."""
    if context.invoked_subcommand is not None:
        return
    from campaign.store.feedback import counted

    with opened() as app:
        rows = [(kind, outcome, f"{many:,}") for (kind, outcome), many in sorted(counted(app.store.database).items())]
    click.echo(table(rows, ("came back", "what was done", "how many")) if rows else "Nothing came back yet.")


@feedback.command()
@click.option("--stdin", "piped", is_flag=True, help="One message on standard input: a mail server's pipe.")
@click.option("--maildir", "folder", type=click.Path(path_type=Path), help="The new messages of a Maildir.")
def read(piped: bool, folder: Path | None) -> None:
    """Read what came back. Without an option: the mailbox of CAMPAIGN_FEEDBACK_MAILBOX."""
    from campaign.delivery.feedback.reading import read_all
    from campaign.delivery.feedback.sources import maildir, standard_input

    with opened() as app:
        now = app.clock.now()
        if piped:
            items = standard_input(sys.stdin.buffer)
            counted = read_all(items, app.feedback_policy(), source="stdin", now=now)
        elif folder:
            counted = read_all(maildir(folder), app.feedback_policy(), source="maildir", now=now)
        else:
            with Working("Reading the mailbox"):
                counted = app.read_feedback(now)
    click.echo(_words(counted))


def _words(counted: Counter[str]) -> str:
    parts = ", ".join(f"{many:,} {outcome}" for outcome, many in sorted(counted.items()))
    return f"Read: {parts}." if parts else "Nothing new."
