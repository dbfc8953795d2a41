"""`campaign backup`, `restore` and `migrate`: keeping the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaign.cli.common import opened
from campaign.cli.progress import Working

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def backup(file: Path | None) -> None:
    """Write the ledger, the mail engine's journals and the installation's files to FILE, while the service runs.

    Without FILE it is named by its time, in the folder for backups; those too old to keep are deleted.
    """
    from campaign.store import ageing, backups

    with opened() as app:
        now, folder, days = app.clock.now(), app.settings.backup_folder, app.settings.keep_backups
        if file is None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = file or folder / ageing.name_of(now)
        with Working("Writing the backup"):
            found = backups.take(app.store.database, app.settings.home, target, key_id=app.key.id, now=now)
        gone = app.age_out(now)
    click.echo(f"{target}: {sum(found.rows.values()):,} rows of {len(found.rows)} tables.")
    click.echo(f"It does not hold the installation's key ({app.settings.key_file}): keep a copy of that elsewhere.")
    if gone:
        click.echo(f"Deleted, older than {days} days: {', '.join(gone)}.")
    if target.parent.resolve() != folder.resolve():
        click.echo(
            f"It is not in {folder}: delete it yourself after {days} days, for it holds whoever is erased since."
        )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--yes", is_flag=True, help="Do it. Without this, only say what will happen.")
@click.option("--as", "person", metavar="NAME", default="", help="Who does this.")
def restore(file: Path, yes: bool, person: str) -> None:
    """Put the backup FILE in place of the ledger. Everything starts paused, and what may have gone is in doubt."""
    from campaign.settings import load_key, load_settings, make_home
    from campaign.settings.environment import system_user
    from campaign.store import Database, backups, replacing

    settings = load_settings()
    key = load_key(settings.key_file)
    manifest = backups.need_fitting(file)
    _same_key(manifest.key_id, key.id)
    click.echo(f"The backup was taken at {manifest.taken_at:%Y-%m-%d %H:%M} UTC: {sum(manifest.rows.values()):,} rows.")
    click.echo(
        "All sending will be paused. What was open then, or due since, asks a person; who left since stays away."
    )
    if not yes:
        click.echo("Nothing is changed yet. To do it: add --yes")
        return
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database, author = Database(settings.database), person or f"cli:{system_user()}"
    try:
        with Working("Putting the backup back"):
            done = replacing.restore(database, settings.home, file, author=author, now=_now())
    finally:
        database.close()
    make_home(settings)  # only now: what it makes must not stand where the backup's own files belong
    click.echo(f"Restored. {done.suppressions} suppressions brought over, {done.doubt} deliveries in doubt.")
    if done.aside is not None:
        click.echo(f"What was replaced is in {done.aside}. See campaign status.")
    if not done.sure:
        click.echo("Who left since the backup cannot be known: keep mail paused until you are sure.", err=True)


def _same_key(backup: str, mine: str) -> None:
    from campaign.errors import RefusedError

    if backup != mine:
        raise RefusedError(
            f"The backup was made with the key {backup}, and this installation has the key {mine}. "
            "Put the right key back first: with another one, people who were erased could be imported again."
        )


def _now() -> datetime:
    from campaign.clock import SystemClock

    return SystemClock().now()


@click.command()
def migrate() -> None:
    """Bring the ledger to this program's version. A copy is made first; a newer ledger is refused."""
    from campaign.settings import load_settings
    from campaign.settings.installation import need_home
    from campaign.store import Database, migrations
    from campaign.store.workers import refuse_while_running

    settings = load_settings()
    need_home(settings)
    refuse_while_running(settings.home)
    database = Database(settings.database)
    with Working("Changing the ledger"):
        before, after, copy = migrations.migrate(database)
    database.close()
    if before == after:
        click.echo(f"The ledger is at version {after} already.")
        return
    click.echo(f"The ledger went from version {before or 'none'} to {after}." + (f" Copy: {copy}" if copy else ""))
