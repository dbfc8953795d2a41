"""`campaign send-test`: a marked test of one planned message, before a week depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from campaign.cli.common import actor, as_option, opened

if TYPE_CHECKING:
    from campaign.channels.base import Channel
    from campaign.model import Email, Post
    from campaign.wiring import App


@click.command(name="send-test")
@click.argument("key")
@click.option("--to", "address", default="", metavar="ADDRESS", help="Whom a mailing's test goes to: one address.")
@click.option("--over", default="", metavar="CHANNEL", help="Another channel of channels.yaml than the message's own.")
@click.option("--yes", is_flag=True, help="Send it. Without this, only show what would be sent.")
@as_option
def send_test(key: str, address: str, over: str, yes: bool, person: str) -> None:
    """Send a test of the message with KEY (campaign/message/day/channel), marked TEST, over the real channel.

    It goes out whether the channel is live or not, and counts as nothing: the message itself still goes at its time.
    """
    from campaign.channels.trial import try_post

    with opened() as app:
        now = app.clock.now()
        token = app.key.token("trial-v1", key, str(now))
        name, message = _made(app, key, address, token)
        name = over or name
        channel = app.ways.real(name)
        try:
            _fits(channel, message, name)
            for problem in channel.check(message):
                click.echo(f"Note: {problem.message}", err=True)
            if not yes:
                click.echo(f"{_shown(message)}\n\nThis would go over {name}. To do it: add --yes")
                return
            who, campaign = actor(app, person), key.split("/")[0]
            detail = {"channel": name}
            app.store.log.add(who=who, act="message.test", campaign=campaign, target=key, now=now, detail=detail)
            receipt = try_post(channel, message, token)
            click.echo(f"Accepted: {receipt.url or receipt.remote_id or 'without an address'}")
        finally:
            channel.close()


def _made(app: App, key: str, address: str, token: str) -> tuple[str, Post | Email]:
    """The channel that the programme names, and the marked message."""
    from campaign.delivery import trying
    from campaign.delivery.shelf import Shelf
    from campaign.model import BroadcastKind

    force, now = Shelf(app.store).get(key.split("/")[0]), app.clock.now()
    planned = trying.find(force, key)
    if planned.kind is BroadcastKind.MAILING:
        to = _reachable(app, address)
        return planned.key.channel, trying.trial_email(app.parts, force, planned, to, token, now)
    if address:
        raise click.UsageError("A post has no address: leave --to out.")
    return planned.key.channel, trying.trial_post(app.parts, force, planned, now)


def _reachable(app: App, text: str) -> str:
    """The address, as it goes on the wire; RefusedError where its owner left, or mail may not reach it."""
    from campaign.delivery import trying

    if not text:
        raise click.UsageError("Say whom the test goes to: --to ada@example.org")
    return trying.reachable(app.parts, app.ring, text)


def _fits(channel: Channel[Any], message: Post | Email, name: str) -> None:
    from campaign.errors import RefusedError

    if not isinstance(message, channel.carries):
        raise RefusedError(f"{name} carries {'posts' if channel.carries.__name__ == 'Post' else 'email'} alone.")


def _shown(message: Post | Email) -> str:
    from campaign.model import Post

    if isinstance(message, Post):
        return message.whole
    return f"To: {message.to}\nSubject: {message.subject}\n\n{message.body.text}"
