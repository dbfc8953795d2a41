"""`campaign channels rotate-key`: another key for the sign-ins that are kept."""

from __future__ import annotations

import click


@click.command("rotate-key")
@click.option("--yes", is_flag=True, help="Do it. Without this, only say what will happen.")
@click.option("--as", "person", metavar="NAME", default="", help="Who does this: a name in `campaign people`.")
def rotate_key(yes: bool, person: str) -> None:
    """Encrypt every stored sign-in and second factor anew, under a new key in the key file.

    Stop the service first. Tokens themselves stay as they are: after a theft end them on the networks too.
    """
    from campaign.cli.common import actor, opened
    from campaign.wiring.rotating import rotate

    with opened() as app:
        who, settings, clock = actor(app, person), app.settings, app.clock
    if not yes:
        click.echo(f"A new key for sign-ins will stand in {settings.key_file}, and the one in use will be gone.")
        click.echo("Nothing is changed yet. To do it: add --yes")
        return
    done = rotate(settings, who=who, now=clock.now())
    if done.resumed:
        click.echo("A change that was cut short is finished.")
    click.echo(f"{done.secrets} secrets are under the new key, and the old key is gone from {settings.key_file}.")
    click.echo("Copy the key file to its safe place again. Keep the old copy as long as backups from before today:")
    click.echo("without it their sign-ins cannot be read, and the channels have to be connected again.")
