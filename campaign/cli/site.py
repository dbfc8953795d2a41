"""`campaign site`: the public pages as files."""

from __future__ import annotations

from pathlib import Path

import click

from campaign.cli.common import opened
from campaign.cli.progress import Working


@click.group()
def site() -> None:
    """The public pages of the weeks."""


@site.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--base-url", default="", help="Where the files will be read, such as https://www.example.org/week.")
def export(folder: Path, base_url: str) -> None:
    """Write the public pages into FOLDER, for a web server that can only host files.

    Files cannot unlock by themselves: run this again at each unlock, and after each change. What no longer shows is
    taken away. Forms to join, and the choice of area and audience, need the service and are left out.
    """
    from campaign.cli.pages import parts_of
    from campaign.web.export import export as write

    with opened() as app, Working("Writing the pages"):
        done = write(parts_of(app, base_url=base_url.rstrip("/")), folder)
    click.echo(f"{len(done.written)} files written to {folder}; {len(done.removed)} taken away.")
    if done.next_change is not None:
        click.echo(f"The pages next change at {done.next_change:%d %B %Y %H:%M} UTC: run this again then.")
