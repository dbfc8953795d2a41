"""`campaign init`: make the home, the key and the ledger."""

from __future__ import annotations

import click


@click.command()
@click.option("--as", "person", metavar="NAME", default="", help="Your name: the first of the people who may approve.")
def init(person: str) -> None:
    """Make this installation: its folders, its key and its ledger. What exists is kept."""
    from campaign.settings import load_settings, make_home
    from campaign.store.staff import add_person, all_people
    from campaign.wiring import App

    settings = load_settings()
    make_home(settings)
    app = App(settings, create=True)
    try:
        with app.store.database.write() as connection:
            if person and person not in {each.name for each in all_people(connection)}:
                add_person(connection, person, role="administrator", who=person, now=app.clock.now())
        link = app.store.sign_in_links.first(now=app.clock.now())
    finally:
        app.close()
    click.echo(f"Home:   {settings.home.resolve()}")
    click.echo(f"Key:    {settings.key_file} (keep a copy apart from your backups: they do not hold it)")
    click.echo("Ledger: ready. Every channel goes to the outbox until `campaign channels live NAME`.")
    if link:
        base = settings.base_url or f"http://{settings.web_host}:{settings.web_port}"
        click.echo(f"Desk:   {base}/desk/enter/{link}")
        click.echo("        makes the first administrator, once `campaign run` serves it. It works once, for a day;")
        click.echo("        `campaign init` gives a new one while there is none.")
    click.echo("Next:   campaign load schedules/YOUR-WEEK.yaml")
