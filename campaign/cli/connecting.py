"""`campaign channels connect, verify, test, stats, forget`: signing channels in, and looking at what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.common import actor, as_option, opened, table
from campaign.cli.progress import Working

if TYPE_CHECKING:
    from campaign.channels.base import Account, Channel
    from campaign.wiring import App


@click.command()
@click.argument("name")
@click.option("--paste", is_flag=True, help="No browser here: paste the address that you are sent to.")
@click.option("--port", default=8765, show_default=True, help="Port of 127.0.0.1 to which the browser comes back.")
@as_option
def connect(name: str, paste: bool, port: int, person: str) -> None:
    """Sign the channel NAME in. Secrets are kept encrypted, and never shown."""
    from campaign.channels.connect import SignsIn

    with opened() as app:
        actor(app, person)
        _ask_required(app, name)
        if app.ways.entry(name).options.get("client_id"):
            _ask_optional(app, name, ["client_secret"])
        channel = app.ways.real(name)
        try:
            if not (isinstance(channel, SignsIn) and _sign_in(channel, paste, port)):
                _ask_optional(app, name, app.ways.missing_secrets(name), channel)
                channel.close()
                channel = app.ways.real(name)
            click.echo(f"{name} is signed in. {_account(channel)}")
        finally:
            channel.close()
        app.store.log.add(who=actor(app, person), act="channel.connect", target=name, now=app.clock.now())


def _ask_required(app: App, name: str) -> None:
    model = app.ways.options_of(name)
    for field in app.ways.missing_secrets(name):
        if model.model_fields[field].is_required():
            _keep(app, name, field, click.prompt(_label(model, field), hide_input=True))


def _ask_optional(app: App, name: str, fields: Sequence[str], channel: Any = None) -> None:
    model = app.ways.options_of(name)
    for field in [each for each in app.ways.missing_secrets(name) if each in fields]:
        label = f"{_label(model, field)} (Enter: none)"
        value = click.prompt(label, hide_input=True, default="", show_default=False).strip()
        if value and field == "token" and hasattr(channel, "keep_token"):
            channel.keep_token(value)
        elif value:
            _keep(app, name, field, value)


def _label(model: Any, field: str) -> str:
    return f"{field}: {model.model_fields[field].description or ''}".rstrip(": .")


def _keep(app: App, name: str, field: str, value: str) -> None:
    from campaign.channels.connect import keep_secret

    keep_secret(app.store.notes(name), field, value.strip())


def _sign_in(channel: Any, paste: bool, port: int) -> bool:
    from campaign.channels.connect import Loopback, sign_in

    if paste:
        return sign_in(channel, f"http://127.0.0.1:{port}/callback", _pasted)
    loopback = Loopback(port)
    try:

        def visit(url: str) -> str:
            click.echo(f"Open this address in a browser on this machine, and sign in:\n\n{url}\n")
            click.launch(url)
            return loopback.wait()

        return sign_in(channel, loopback.redirect_uri, visit)
    finally:
        loopback.close()


def _pasted(url: str) -> str:
    click.echo(f"Open this address in any browser, and sign in:\n\n{url}\n")
    click.echo("The browser then cannot open a page of 127.0.0.1: copy that page's address.")
    answer: str = click.prompt("Paste it here", hide_input=True)
    return answer


def _account(channel: Channel[Any]) -> str:
    from campaign.channels.base import Verifies

    return _words(channel.verify()) if isinstance(channel, Verifies) else "It cannot be asked whose account it is."


def _words(account: Account) -> str:
    rights = f"; may: {', '.join(account.rights)}" if account.rights else ""
    until = f"; until {account.expires:%d %B %Y}" if account.expires else ""
    detail = f" ({account.detail})" if account.detail else ""
    return f"Account {account.name}{rights}{until}{detail}."


@click.command()
@click.argument("name")
def verify(name: str) -> None:
    """Ask the network whose account the channel NAME is, sending nothing."""
    with opened() as app:
        channel = app.ways.real(name)
        try:
            click.echo(_account(channel))
        finally:
            channel.close()


@click.command()
@click.argument("name")
@as_option
def forget(name: str, person: str) -> None:
    """Forget every secret that `connect` stored for the channel NAME."""
    from campaign.channels import connect as rules

    with opened() as app:
        who = actor(app, person)
        fields = app.ways.options_of(name).model_fields
        rules.forget(app.store.notes(name), fields)
        app.store.log.add(who=who, act="channel.forget", target=name, now=app.clock.now())
        click.echo(f"What was stored for {name} is gone. Tokens that the network gave still work: end them there too.")


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Post it. Without this, only show what would be posted.")
@click.option("--delete/--keep", default=None, help="Delete it afterwards, or leave it; asked where not said.")
@as_option
def test(name: str, yes: bool, delete: bool | None, person: str) -> None:
    """Post a marked test message over the channel NAME, live or not, and offer to delete it."""
    from campaign.channels.base import Deletes
    from campaign.channels.trial import trial_post, try_post
    from campaign.errors import RefusedError
    from campaign.model import Post

    with opened() as app:
        channel = app.ways.real(name)
        try:
            if channel.carries is not Post:
                raise RefusedError(f"{name} carries email. Try it with `campaign send-test`.")
            post = trial_post(name, app.clock.now(), picture=channel.limits.needs_image)
            if not yes:
                click.echo(f"This would be posted over {name}:\n\n{post.text}\n\nTo do it: add --yes")
                return
            app.store.log.add(who=actor(app, person), act="channel.test", target=name, now=app.clock.now())
            receipt = try_post(channel, post, app.key.token("trial-v1", name, str(app.clock.now())))
            click.echo(f"Posted: {receipt.url or receipt.remote_id or 'accepted, without an address'}")
            if not (isinstance(channel, Deletes) and receipt.remote_id):
                click.echo("It cannot be deleted from here: delete it on the network.")
            elif delete or (delete is None and click.confirm("Delete it?", default=True)):
                channel.delete(receipt.remote_id)
                click.echo("Deleted.")
        finally:
            channel.close()


@click.command()
@click.argument("campaign")
def stats(campaign: str) -> None:
    """Read likes, reposts, replies and views of every post of CAMPAIGN, where the network tells, and keep them."""
    from campaign.delivery import figures

    with opened() as app:
        app.store.campaigns.need(campaign)
        with Working("Asking the networks"):
            found = figures.read(app.parts, campaign, app.ways.real, app.clock.now())
        rows = [(each.key, figures.words(each.numbers) or each.why_not, each.url) for each in found]
        if not rows:
            click.echo(f"{campaign} has no post that is out over a live channel.")
            return
        click.echo(f"{table(rows, ('post', 'figures', 'where'))}\n\nKept. The whole week: campaign report {campaign}")
