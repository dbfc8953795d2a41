"""`campaign preview`: any message as its readers would get it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from campaign.delivery.previewing import Previews, Wanted
    from campaign.model import Recipient
    from campaign.programme import Loaded


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("message", default="")
@click.option("--channel", default="", help="Only over this channel.")
@click.option("--day", default="", help="Only on this day: tue, or 2023-10-10.")
@click.option("--area", "areas", multiple=True, help="As somebody in this area; may be given again.")
@click.option("--audience", "audiences", multiple=True, help="As somebody of this audience; may be given again.")
@click.option("--subscriber", default="", metavar="ADDRESS", help="As this person of the installation's lists.")
@click.option(
    "--reach", is_flag=True, help="Only say how many people each mailing would reach now, and why not the others."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write pages to look at in this folder.")
def preview(
    file: Path,
    message: str,
    channel: str,
    day: str,
    areas: tuple[str, ...],
    audiences: tuple[str, ...],
    subscriber: str,
    reach: bool,
    out: Path | None,
) -> None:
    """Show the messages of programme FILE, or one MESSAGE of it, as their readers would get them.

    Without MESSAGE it lists what there is. Nothing is loaded, sent or kept. Resources show as the file states them.
    """
    from campaign.delivery.preview_page import safe, words, write
    from campaign.delivery.previewing import Wanted
    from campaign.programme.loader import load_file

    loaded = load_file(file)
    wanted = Wanted(message=message, day=day, channel=channel, areas=areas, audiences=audiences)
    _known(loaded, wanted)
    if reach:
        _reach(loaded, message)
        return
    shown = _made(loaded, wanted, subscriber)
    if not shown.found:
        raise click.UsageError("Nothing goes out then, that way. List all there is with `campaign preview FILE`.")
    if out is not None:
        click.echo(f"Open {write(out, shown)[0]}")
    elif message or day or channel:
        click.echo(safe("\n\n\n".join(words(each) for each in shown.found)))
    else:
        _list(shown)
    for note in shown.notes:
        click.echo(f"Note: {note}", err=True)
    if any(each.made is None and each.problems for each in shown.found):
        raise click.exceptions.Exit(1)


def _made(loaded: Loaded, wanted: Wanted, subscriber: str) -> Previews:
    from dataclasses import replace

    from campaign.cli.checking import measures
    from campaign.clock import SystemClock
    from campaign.delivery.previewing import previews

    who = None
    if subscriber:
        who = _person(loaded, wanted, subscriber)
    today = SystemClock().now().date()
    return previews(loaded, replace(wanted, subscriber=who), today=today, channels=measures(loaded))


def _known(loaded: Loaded, wanted: Wanted) -> None:
    """A usage error, with the nearest right word, for a name that the programme does not have."""
    programme = loaded.programme
    days = [day.id for day in programme.days] + [one.isoformat() for day in programme.days for one in day.dates]
    asked = [
        ("message", wanted.message, [*programme.posts, *programme.mailings]),
        ("channel", wanted.channel, list(programme.channels)),
        ("day", wanted.day, days),
        *(("area", name, [*programme.areas, *programme.area_groups]) for name in wanted.areas),
        *(("audience", name, list(programme.audiences)) for name in wanted.audiences),
    ]
    for what, name, known in asked:
        if name and name not in known:
            raise click.UsageError(f"There is no {what} {name!r} in the file. There is: {', '.join(known) or 'none'}.")


def _person(loaded: Loaded, wanted: Wanted, address: str) -> Recipient:
    """The person of that address on the installation's lists, as a reader of the mailing."""
    from campaign.cli.common import opened
    from campaign.model import Recipient as Reader
    from campaign.store.lists import get_list
    from campaign.store.subscribers import need_one

    with opened() as app, app.store.database.read() as connection:
        found = need_one(connection, address)
        lists = tuple(get_list(connection, one.list) for one in found.subscriptions)
    mailing = loaded.programme.mailings.get(wanted.message)
    chosen = tuple(one for one in lists if mailing is None or one.slug in mailing.lists)
    return Reader(
        subscriber=found.id,
        address=found.address,
        first_name=found.details.first_name,
        organisation=found.details.organisation,
        language=found.details.language or loaded.programme.campaign.language,
        areas=found.details.areas,
        audiences=found.details.audiences,
        lists=chosen,
        unsubscribe_token="0" * 22,
    )


def _reach(loaded: Loaded, message: str) -> None:
    """Of everybody on the lists of each mailing: how many it would reach now, and why not the others."""
    from campaign.cli.common import opened
    from campaign.delivery.mail.mailing import readers_of

    mailings = [each for name, each in loaded.programme.mailings.items() if message in ("", name)]
    if not mailings:
        raise click.UsageError("That is no mailing: posts go to whoever follows.")
    with opened() as app:
        for mailing in mailings:
            found = app.store.mailings.breakdown(readers_of(loaded.programme, mailing), now=app.clock.now())
            others = {why: people for why, people in found.items() if why != "reached"}
            click.echo(f"{mailing.id}: {found.get('reached', 0):,} of {sum(found.values()):,} people would get it now.")
            for why, people in others.items():
                click.echo(f"  {people:,}: {why}")


def _list(shown: Previews) -> None:
    from campaign.cli.common import table
    from campaign.delivery.preview_page import count
    from campaign.model import Email, Post

    rows = []
    for each in shown.found:
        says = each.made.subject if isinstance(each.made, Email) else ""
        says = each.made.text.split("\n")[0] if isinstance(each.made, Post) else says
        if each.problems:
            says = str(each.problems[0].message)
        rows.append((each.name, each.day, each.when, each.channel, count(each), says[:50]))
    click.echo(table(rows, ("message", "day", "when", "channel", "length", "says")))
