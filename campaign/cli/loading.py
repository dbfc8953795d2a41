"""`campaign load` and `campaign approve`: a programme enters the ledger, and a person says yes to its messages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaign.cli.common import actor, as_option, local, opened, table
from campaign.cli.progress import Working

if TYPE_CHECKING:
    from campaign.delivery.loading import Preview, Row
    from campaign.programme import Loaded
    from campaign.wiring import App


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--starts", type=click.DateTime(["%Y-%m-%d"]), help="Give a week without dates its Monday.")
@click.option("--apply", "wanted", is_flag=True, help="Load it. Without this, only show what loading would do.")
@click.option("--reason", default="", help="Why, for the log.")
@as_option
def load(file: Path, starts: datetime | None, wanted: bool, reason: str, person: str) -> None:
    """Load a programme FILE. Shows what is added, changed, unchanged and refused; --apply does it."""
    from campaign.cli.checking import read
    from campaign.delivery import loading
    from campaign.delivery.shelf import Shelf

    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        loaded = read(file, starts)
        with Working(f"Checking {file.name}"):
            _refuse_errors(loaded)
        known = app.store.campaigns.get(loaded.programme.campaign.id)
        old = Shelf(app.store).get(known.slug) if known else None
        with Working("Comparing"):
            shown = loading.preview(app.parts, loaded.programme, loaded.files, old, now)
        _show(shown, loaded.programme.campaign.timezone)
        if not wanted:
            click.echo("Nothing is loaded yet. To load it: add --apply")
            return
        with Working("Loading"):
            number = loading.apply(app.parts, shown, author=who, reason=reason or f"load {file.name}", now=now)
            _approve_by_loading(app, shown.slug, who)
        click.echo(f"Loaded {shown.slug}, revision {number}.")


def _refuse_errors(loaded: Loaded) -> None:
    """A ready programme with errors is not loaded; a draft may have them, for it sends nothing."""
    from campaign.cli.checking import judged
    from campaign.errors import ProgrammeError
    from campaign.model import CampaignStatus

    if loaded.programme.campaign.status is CampaignStatus.READY:
        errors = judged(loaded).errors
        if errors:
            raise ProgrammeError(*errors)


def _show(shown: Preview, zone: str) -> None:
    from campaign.delivery.loading import Change

    rows = [
        (row.change.value, local(row.at, zone) if row.at else "", row.key, row.reason or _note(row))
        for row in shown.rows
        if row.change is not Change.UNCHANGED
    ]
    if rows:
        click.echo(table(rows, ("", "when", "message", "why")))
    counts = ", ".join(f"{shown.count(change)} {change}" for change in Change if shown.count(change))
    click.echo(f"{shown.slug}: {counts or 'no messages yet (a draft is not scheduled)'}.")
    late = sum(row.late for row in shown.rows)
    if late:
        whose = "The time of 1 message is over: it" if late == 1 else f"The times of {late} messages are over: they"
        click.echo(f"{whose} would be missed, and wait in `campaign status` for you to decide.")


def _note(row: Row) -> str:
    return "its time is over: it would be missed" if row.late else ""


def _approve_by_loading(app: App, slug: str, who: str) -> None:
    """While approvals are off, loading approves; the log says so, and switching a channel live voids it."""
    from campaign.delivery import approving
    from campaign.delivery.shelf import Shelf

    if not app.parts.approving():
        force = Shelf(app.store).get(slug)
        approving.approve(app.parts, force, force.planned, author=who, now=app.clock.now(), by_loading=True)


@click.command()
@click.argument("campaign")
@click.argument("messages", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every message that is not approved yet.")
@click.option("--withdraw", is_flag=True, help="Take the approval back: what is open is held, what is ahead waits.")
@click.option("--comment", default="", help="For the log, and for whoever wrote it.")
@as_option
def approve(
    campaign: str, messages: tuple[str, ...], everything: bool, withdraw: bool, comment: str, person: str
) -> None:
    """Approve MESSAGES of CAMPAIGN (their ids, or keys as `campaign status` shows them), or --all of them."""
    from campaign.delivery import approving
    from campaign.delivery.shelf import Shelf
    from campaign.settings import Approving

    with opened() as app:
        force = Shelf(app.store).get(campaign)
        who, now = actor(app, person, named=True), app.clock.now()
        chosen = approving.choose(force, messages, everything=everything)
        if withdraw:
            approving.withdraw(app.parts, force, chosen, author=who, now=now, comment=comment)
            click.echo(f"Withdrew {len(chosen)} approvals.")
            return
        other = app.settings.approvals is Approving.REQUIRED_OTHER
        count = approving.approve(app.parts, force, chosen, author=who, now=now, comment=comment, other=other)
        click.echo(f"Approved {count} of {len(chosen)}, as {who}; the others were approved as they stand.")
