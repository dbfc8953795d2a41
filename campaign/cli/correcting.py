"""`campaign resource`, `edit` and `delete`: correcting what is loaded, and what is out."""

from __future__ import annotations

import click

from campaign.cli.common import actor, as_option, opened

EVENTS = ("tbc", "open", "full", "closed", "cancelled")


@click.command()
@click.argument("campaign")
@click.argument("resource")
@click.option("--approve", "approved_by", metavar="BODY", help="Its owners (BODY) have approved it.")
@click.option("--withdraw", is_flag=True, help="Its owners took it back: open messages that use it are held.")
@click.option("--release", is_flag=True, help="Lift its embargo, or what held it.")
@click.option("--event", type=click.Choice(EVENTS), help="Whether people can still book.")
@click.option("--booking", metavar="URL", help="Where to book.")
@click.option("--recording", metavar="URL", help="The recording, for after the event.")
@as_option
def resource(
    campaign: str,
    resource: str,
    approved_by: str | None,
    withdraw: bool,
    release: bool,
    event: str | None,
    booking: str | None,
    recording: str | None,
    person: str,
) -> None:
    """Say what became of RESOURCE of CAMPAIGN: approved, withdrawn, full, recorded. No message's approval falls."""
    from campaign.delivery import correcting
    from campaign.delivery.shelf import Shelf

    facts = [
        ("approved_by", approved_by),
        ("approval", "approved" if approved_by else "withdrawn" if withdraw else None),
        ("embargo_until", "released" if release else None),
        ("event.state", event),
        ("event.booking", booking),
        ("event.recording", recording),
    ]
    wanted = [(field, value) for field, value in facts if value]
    if not wanted or (approved_by and withdraw):
        raise click.UsageError("Say what became of it: one of the options above.")
    with opened() as app:
        force = Shelf(app.store).get(campaign)
        who, now = actor(app, person, named=True), app.clock.now()
        held = sum(
            correcting.change_resource(app.parts, force, resource, field, value, author=who, now=now)
            for field, value in wanted
        )
        click.echo(f"{resource}: {', '.join(f'{field} is {value}' for field, value in wanted)}.")
        if held:
            click.echo(f"{held} open messages that use it are held.")


@click.command()
@click.argument("campaign")
@click.argument("message")
@click.option("--text", help="Other words for a post.")
@click.option("--text-for", nargs=2, multiple=True, metavar="CHANNEL TEXT", help="Other words for one channel.")
@click.option("--subject", help="Another subject for a mailing.")
@click.option("--link", help="Another link for a post: a resource, an address, or day.")
@click.option("--stop-at", "stop", help="Nothing of it begins after this time of its day.")
@as_option
def edit(
    campaign: str,
    message: str,
    text: str | None,
    text_for: tuple[tuple[str, str], ...],
    subject: str | None,
    link: str | None,
    stop: str | None,
    person: str,
) -> None:
    """Change MESSAGE of CAMPAIGN before it opens. It becomes a new revision, and its approval falls."""
    from campaign.delivery import correcting
    from campaign.delivery.shelf import Shelf
    from campaign.programme import dates

    given = {"text": text, "subject": subject, "link": link, "stop_at": dates.parse_time(stop) if stop else None}
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes and not text_for:
        raise click.UsageError("Say what to change: one of the options above.")
    with opened() as app:
        number = correcting.edit(
            app.parts,
            Shelf(app.store).get(campaign),
            message,
            changes,
            text_for=dict(text_for),
            author=actor(app, person),
            now=app.clock.now(),
        )
        click.echo(f"{campaign} is at revision {number}; {message} has to be approved again where approvals are on.")


@click.command()
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do it.")
@as_option
def delete(key: str, yes: bool, person: str) -> None:
    """Take the sent post KEY (campaign/message/day/channel) back from its network, where that is allowed."""
    from campaign.delivery import correcting
    from campaign.delivery.shelf import Shelf

    with opened() as app:
        who = actor(app, person, named=True)
        if not yes:
            click.echo(f"{key} would be deleted where it was posted; people may have seen it. To do it: add --yes")
            return
        force = Shelf(app.store).get(key.split("/")[0])
        correcting.delete_post(app.parts, force, key, author=who, now=app.clock.now())
        click.echo(f"{key} is deleted there. The ledger keeps that it was sent, and that {who} deleted it.")
