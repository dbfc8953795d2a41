"""`campaign channels`: what there is, what each promises, and which are live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaign.cli.common import actor, as_option, opened, table
from campaign.cli.connecting import connect, forget, stats, test, verify
from campaign.cli.rotating import rotate_key

if TYPE_CHECKING:
    from campaign.channels.registry import Registry
    from campaign.wiring import App


@click.group(invoke_without_command=True)
@click.pass_context
def channels(context: click.Context) -> None:
    """Which channels there are, what each promises, and which are live."""
    if context.invoked_subcommand is None:
        with opened() as app:
            click.echo(_table(app))


def _table(app: App) -> str:
    from campaign.channels.registry import Registry

    registry, states = Registry(), app.store.channels.all()
    rows = []
    for name, kind in sorted(app.channel_kinds().items()):
        state = states.get(name)
        way = "live" if state and state.live else "outbox"
        rows.append((name, kind, f"down: {state.down}" if state and state.down else way, _promise(registry, kind)))
    return (
        table(rows, ("channel", "kind", "state", "promise")) if rows else "No channel is named yet: see channels.yaml."
    )


def _promise(registry: Registry, kind: str) -> str:
    from campaign.errors import SettingsError

    try:
        return registry.get(kind).replay.promise
    except SettingsError as error:
        return str(error)


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
    with opened() as app:
        kind = _kind(app, name)
        if not off:
            app.ways.try_out(name)
            _mail_guard(app, kind)
        click.echo(_effect(app, name, off))
        if not yes:
            click.echo("Nothing is changed yet. To do it: add --yes")
            return
        app.store.channels.set_live(name, kind, not off, author=actor(app, person, named=True), now=app.clock.now())
        click.echo(f"{name} is {'back to the outbox' if off else 'live'}.")


def _mail_guard(app: App, kind: str) -> None:
    """Mail goes live only where people can leave; until then it reaches the guest list alone."""
    from campaign.channels.registry import Registry
    from campaign.errors import RefusedError
    from campaign.model import Email

    why = _no_way_to_leave(app) if Registry().get(kind).carries is Email else ""
    if why and not app.settings.guests:
        mend = "Start `campaign run` there, or set CAMPAIGN_GUEST_LIST to try it on guests."
        raise RefusedError(f"Mail cannot go live yet: {why}. {mend}")
    if why:
        click.echo(f"Mail reaches the guest list alone until this is mended: {why}.")


def _no_way_to_leave(app: App) -> str:
    """Why readers could not leave with one click ("" where they can): our own address has to answer our own probe."""
    from campaign.errors import ChannelError

    base = app.settings.base_url
    if not base.startswith("https://"):
        return "CAMPAIGN_BASE_URL is not an https address, and one-click unsubscribe needs one"
    try:
        answer = app.ways.fetch(f"{base}/unsubscribe/probe").decode("ascii", "replace").strip()
    except ChannelError as error:
        return f"{base}/unsubscribe cannot be reached: {error}"
    return "" if answer == app.probe else f"{base}/unsubscribe leads to something else than this installation"


def _effect(app: App, name: str, off: bool) -> str:
    if off:
        return f"From now on what goes over {name} is written to the outbox, and counts as sent for good."
    first = "" if app.store.channels.any_live() else " It is the first: every approval given by loading falls."
    return f"From now on what goes over {name} leaves this machine and reaches people.{first}"


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
