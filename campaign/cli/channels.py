"""`campaign channels`: what there is, what each promises, and which are live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaign.cli.common import actor, as_option, opened, table
from campaign.cli.connecting import connect, forget, stats, test, verify
from campaign.cli.rotating import rotate_key

if TYPE_CHECKING:
    from campaign.wiring import App


@click.group(invoke_without_command=True)
@click.pass_context
def channels(context: click.Context) -> None:
    """Which channels there are, what each promises as it is set up, and which are live."""
    if context.invoked_subcommand is None:
        with opened() as app:
            click.echo(_table(app))


def _table(app: App) -> str:
    states = app.store.channels.all()
    rows = []
    for name, kind in sorted(app.channel_kinds().items()):
        state = states.get(name)
        way = "live" if state and state.live else "outbox"
        rows.append((name, kind, f"down: {state.down}" if state and state.down else way, app.ways.promise(name, kind)))
    return (
        table(rows, ("channel", "kind", "state", "promise")) if rows else "No channel is named yet: see channels.yaml."
    )


@channels.command()
def kinds() -> None:
    """Which kinds of channel there are, what each promises and asks for, and which cannot be used."""
    from campaign.channels.registry import Registry, secret_fields

    registry = Registry()
    for kind in registry.kinds():
        carries = "posts" if kind.type.carries.__name__ == "Post" else "emails"
        click.echo(f"{kind.name}: {kind.type.title}, {carries}. {kind.type.replay.promise}")
        secrets = secret_fields(kind.type.Options)
        options = [f"{name} (secret)" if name in secrets else name for name in kind.type.Options.model_fields]
        click.echo(f"  options: {', '.join(options) or 'none'}. From the package {kind.package}.")
    for broken in registry.broken():
        click.echo(f"{broken.name}: cannot be used, from the package {broken.package}: {broken.error}.")


@channels.command()
@click.argument("name")
@click.option("--off", is_flag=True, help="Back to the outbox.")
@click.option("--yes", is_flag=True, help="Do it. Without this, only say what will change.")
@as_option
def live(name: str, off: bool, yes: bool, person: str) -> None:
    """Switch the channel NAME live: from then on its messages reach people."""
    from campaign.wiring.switchboard import Switchboard

    with opened() as app:
        kind = _kind(app, name)
        for said in Switchboard(app).effect(name, live=not off):
            click.echo(said)
        if not yes:
            click.echo("Nothing is changed yet. To do it: add --yes")
            return
        app.store.channels.set_live(name, kind, not off, author=actor(app, person, named=True), now=app.clock.now())
        click.echo(f"{name} is {'back to the outbox' if off else 'live'}.")


@channels.command()
@click.argument("name")
@as_option
def up(name: str, person: str) -> None:
    """Say that the channel NAME works again: what waits for it goes on."""
    with opened() as app:
        app.store.channels.set_down(name, _kind(app, name), "", now=app.clock.now(), author=actor(app, person))
        click.echo(f"{name} is up again.")


def _kind(app: App, name: str) -> str:
    from campaign.errors import RefusedError

    kinds = app.channel_kinds()
    if name not in kinds:
        raise RefusedError(f"There is no channel {name}. There are: {', '.join(sorted(kinds)) or 'none yet'}.")
    return kinds[name]


for command in (connect, verify, test, stats, forget, rotate_key):
    channels.add_command(command)
