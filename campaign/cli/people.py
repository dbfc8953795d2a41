"""`campaign people`: the team."""

from __future__ import annotations

import click

from campaign.cli.common import actor, as_option, opened, table


@click.group()
def people() -> None:
    """The team: those whose names an act can bear."""


@people.command("list")
@click.option("--removed", is_flag=True, help="Also those who were removed.")
def list_people(removed: bool) -> None:
    """Who is in the team."""
    from campaign.store.staff import all_people

    with opened() as app, app.store.database.read() as connection:
        found = all_people(connection, removed=removed)
    if not found:
        click.echo('Nobody yet. Add the first: campaign people add "NAME"')
        return
    rows = [
        (each.name, each.role, each.email, f"{each.removed_at:%d/%m/%Y}" if each.removed_at else "") for each in found
    ]
    click.echo(table(rows, ("name", "role", "email", "removed")))


@people.command()
@click.argument("name")
@click.option("--email", default="", help="Where alerts and sign-in links for them go.")
@click.option("--role", default="", help="What they do, in a word or two.")
@as_option
def add(name: str, email: str, role: str, person: str) -> None:
    """Add NAME to the team."""
    from campaign.address import parse
    from campaign.store.staff import add_person

    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        mailbox = parse(email).wire if email else ""
        with app.store.database.write() as connection:
            add_person(connection, name, email=mailbox, role=role, who=who, now=now)
    click.echo(f"{name} is in the team.")


@people.command()
@click.argument("name")
@as_option
def remove(name: str, person: str) -> None:
    """Remove NAME: no new act can bear it. What they did stays in the log."""
    from campaign.store.staff import remove_person

    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        with app.store.database.write() as connection:
            remove_person(connection, name, who=who, now=now)
    click.echo(f"{name} is no longer in the team.")


@people.command()
@click.argument("name")
@click.option("--no-codes", is_flag=True, help="Ask them for no code of an app any more: the phone is lost.")
@as_option
def link(name: str, no_codes: bool, person: str) -> None:
    """Print a link by which NAME chooses another password for the desk. It works once, for three days."""
    from campaign.errors import RefusedError

    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        account = next((each for each in app.store.accounts.all() if each.name == name), None)
        if account is None:
            raise RefusedError(f"{name} has no account at the desk. Invite them there, under Users.")
        if no_codes:
            app.store.seconds.switch_off(account.person, who=who, now=now)
        token = app.store.sign_in_links.reset(account.person, who=who, now=now)
        base = app.settings.base_url or f"http://{app.settings.web_host}:{app.settings.web_port}"
    click.echo(f"{base}/desk/enter/{token}")
