"""`campaign subscribers`: the people on the lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaign.cli.common import actor, as_option, opened, table
from campaign.cli.progress import Working

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from campaign.model import MailingList
    from campaign.store.subscribers import Subscriber


@click.group()
def subscribers() -> None:
    """The people on the lists: find, add, move, export or erase."""


@subscribers.command()
@click.argument("address")
@click.option("--list", "names", multiple=True, required=True, help="The list; may be given again.")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--organisation", default="")
@click.option("--area", "areas", multiple=True)
@click.option("--audience", "audiences", multiple=True)
@click.option("--language", default="")
@click.option("--consent-source", default="", help="How they agreed: phone call, paper form.")
@click.option("--consent-wording", default="", help="The exact words they were shown or told.")
@click.option("--consent-date", default="", help="When, if not today: 09/10/2023.")
@as_option
def add(
    address: str,
    names: tuple[str, ...],
    areas: tuple[str, ...],
    audiences: tuple[str, ...],
    consent_source: str,
    consent_wording: str,
    consent_date: str,
    person: str,
    **details: str,
) -> None:
    """Add the person with ADDRESS to lists, with the proof of their consent. Nobody who left is brought back."""
    from campaign.cli.lists import given, vocabulary
    from campaign.delivery import people
    from campaign.delivery.importing import labelled
    from campaign.store.bases import Evidence
    from campaign.store.lists_import import WAITS, Verdict
    from campaign.store.subscribers import Details

    with opened() as app:
        now = app.clock.now()
        words = vocabulary(app)
        who = Details(areas=labelled(areas, words, "area"), audiences=labelled(audiences, words, "audience"), **details)
        said = Evidence(given_at=given(consent_date) or now, how=consent_source, wording=consent_wording)
        author = actor(app, person)
        judged = people.add(
            app.store.database, app.ring, address, names, details=who, evidence=said, who=author, now=now
        )
    for name, one in judged.items():
        why = f": {one.why}" if one.why else ""
        click.echo(f"{name}: {one.verdict}{why}" + (f". Look at this: {one.warning}" if one.warning else ""))
    if any(one.why == WAITS for one in judged.values()):
        click.echo("To mail a link to those who wait: campaign lists ask NAME")
    if any(one.verdict in (Verdict.REFUSED, Verdict.SUPPRESSED) for one in judged.values()):
        raise SystemExit(4)


@subscribers.command()
@click.argument("text", default="")
@click.option("--list", "name", default="", help="Only people of this list.")
@click.option("--limit", default=50, show_default=True)
def find(text: str, name: str, limit: int) -> None:
    """Find people by part of an address, a name or an organisation."""
    from campaign.store.subscribers import search

    with opened() as app, app.store.database.read() as connection:
        found = search(connection, text, list_slug=name, limit=limit)
    if not found:
        click.echo("Nobody.")
        return
    rows = [
        (each.address, f"{each.details.first_name} {each.details.last_name}".strip(), each.details.organisation)
        for each in found
    ]
    click.echo(table(rows, ("address", "name", "organisation")))
    if len(found) == limit:
        click.echo(f"The first {limit}. More: --limit")


@subscribers.command()
@click.argument("address")
def show(address: str) -> None:
    """Show the person with ADDRESS: lists, and what keeps mail from them."""
    from campaign.store.subscribers import need_one
    from campaign.store.suppressions import for_addresses

    with opened() as app, app.store.database.read() as connection:
        person = need_one(connection, address)
        key = _key(address)
        stopped = for_addresses(connection, app.ring, [key])[key]
    details = person.details
    for word, value in (
        ("address", person.address),
        ("name", f"{details.first_name} {details.last_name}".strip()),
        ("organisation", details.organisation),
        ("areas", ", ".join(sorted(details.areas)) or "all"),
        ("audiences", ", ".join(sorted(details.audiences)) or "those of their lists"),
        ("since", f"{person.made_at:%d/%m/%Y}"),
    ):
        click.echo(f"{word + ':':14}{value}")
    for each in person.subscriptions:
        pause = f", paused until {each.paused_until:%d/%m/%Y}" if each.paused_until else ""
        click.echo(f"{'list:':14}{each.list} ({each.state}{pause}, since {each.changed_at:%d/%m/%Y})")
    for block in stopped:
        where = f" {block.target}" if block.target else ""
        click.echo(f"{'suppressed:':14}{block.scope}{where}: {block.reason}, {block.made_at:%d/%m/%Y}")


@subscribers.command()
@click.argument("address")
@click.argument("new_address")
@as_option
def move(address: str, new_address: str, person: str) -> None:
    """The person with ADDRESS has a new one: NEW_ADDRESS. What they asked for goes with them."""
    from campaign.delivery import people

    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        people.move(app.store.database, app.ring, address, new_address, who=who, now=now)
    click.echo("Moved.")


@subscribers.command()
@click.argument("address")
@click.option("--list", "names", multiple=True, help="Only this list; may be given again. Without it: everything.")
@click.option("--reason", required=True, help="Why: asked by phone.")
@as_option
def leave(address: str, names: tuple[str, ...], reason: str, person: str) -> None:
    """Take ADDRESS off at their wish, at once. Also where nobody here has it: then it is kept out for good."""
    from campaign.delivery import people

    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        left = people.take_off(app.store.database, app.ring, address, names, who=who, reason=reason, now=now)
    click.echo(f"Left: {', '.join(left)}." if left else "They were on none of these lists, and are kept out of them.")


@subscribers.command()
@click.argument("address")
@click.option("--list", "names", multiple=True, help="Only mail to this list; may be given again.")
@click.option(
    "--organisation", "owners", multiple=True, help="Only mail to lists of this organisation; may be given again."
)
@click.option("--reason", required=True, help="Why: their manager asked.")
@as_option
def suppress(address: str, names: tuple[str, ...], owners: tuple[str, ...], reason: str, person: str) -> None:
    """Stop mail to ADDRESS, known here or not, at once: from everything, or from some lists or an organisation's."""
    from campaign.store.suppressions import Scope, stop_by_staff

    if names and owners:
        raise click.UsageError("Give --list or --organisation, not both.")
    scope = Scope.LIST if names else Scope.ORGANISATION if owners else Scope.ALL
    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        with app.store.database.write() as connection:
            made = stop_by_staff(
                connection,
                app.ring,
                _key(address),
                scope=scope,
                targets=names or owners,
                who=who,
                reason=reason,
                now=now,
            )
    what = ", ".join(names or owners) or "everything"
    click.echo(f"No more mail goes there from {what}." if made else f"It was stopped for {what} already.")


@subscribers.command()
@click.option("--scope", type=click.Choice(["list", "organisation", "all"]), help="Only of this scope.")
@click.option("--reason", help="Only for this reason: left, hard bounce, complaint, erased or staff.")
@click.option("--limit", default=50, show_default=True)
def suppressed(scope: str | None, reason: str | None, limit: int) -> None:
    """Whom no mail goes to, newest first. Where the person is not on record here, only a keyed hash is known."""
    from campaign.store.suppressions import Reason, Scope, listed

    reasons = [each.value for each in Reason]
    if reason is not None and reason not in reasons:
        raise click.UsageError(f"A reason is one of: {', '.join(reasons)}.")
    with opened() as app, app.store.database.read() as connection:
        found = listed(
            connection,
            scope=Scope(scope) if scope else None,
            reason=Reason(reason) if reason else None,
            limit=limit,
        )
    rows = []
    for each in found:
        block = each.suppression
        where = f"{block.scope} {block.target}".strip()
        rows.append(
            (
                each.address or f"#{block.address_hash[:12]}",
                where,
                block.reason,
                f"{block.made_at:%d/%m/%Y}",
                block.detail,
            )
        )
    click.echo(table(rows, ("address", "stops", "reason", "since", "why")) if rows else "Nobody.")
    if len(found) == limit:
        click.echo(f"The newest {limit}. More: --limit")


@subscribers.command()
@click.argument("address")
@click.option("--reason", required=True, help="Why mail may go there again: mailbox mended.")
@as_option
def lift(address: str, reason: str, person: str) -> None:
    """Let mail go to ADDRESS again after bounces, a complaint or a stop by staff. Not after they left."""
    from campaign.store.suppressions import lift_by_staff

    with opened() as app:
        who, now = actor(app, person, named=True), app.clock.now()
        with app.store.database.write() as connection:
            lifted = lift_by_staff(connection, app.ring, _key(address), who=who, reason=reason, now=now)
    click.echo(f"Lifted: {lifted}.")


@subscribers.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do it. Without this, only say what will go.")
@as_option
def erase(address: str, yes: bool, person: str) -> None:
    """Erase the person with ADDRESS: record, history, copies. A keyed hash stays, so that no file brings them back."""
    from campaign.address import parse
    from campaign.delivery.rights import erase as erase_everywhere
    from campaign.store.subscribers import find_one

    with opened() as app:
        who = actor(app, person, named=True)
        with app.store.database.read() as connection:
            found = find_one(connection, address)
        if not yes:
            click.echo(_effect(found))
            click.echo("Nothing is changed yet. To do it: add --yes")
            return
        outbox = app.settings.home / "outbox"
        copies = erase_everywhere(
            app.store.database, app.ring, app.key, outbox, parse(address), who=who, now=app.clock.now()
        )
    days = app.settings.keep_backups
    click.echo(
        f"Erased, with {copies} copies of emails in the outbox. "
        f"Backups made before now hold them for {days} days at most."
    )


def _effect(found: Subscriber | None) -> str:
    if found is None:
        return "Nobody here has that address. It would be kept out for good."
    on = ", ".join(each.list for each in found.subscriptions) or "no list"
    return f"This erases one person (on {on}), their history, consents, and copies of emails in the outbox."


@subscribers.command()
@click.argument("address")
@click.option("--page", type=click.Path(path_type=Path), help="Write a page to read to this .html.")
@click.option("--json", "data", type=click.Path(path_type=Path), help="Write the data to this .json.")
@as_option
def access(address: str, page: Path | None, data: Path | None, person: str) -> None:
    """Everything held about the person with ADDRESS, as JSON and as a page."""
    from campaign.address import parse
    from campaign.delivery.rights import as_json, as_page
    from campaign.delivery.rights import held as everything
    from campaign.store.log import record

    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        outbox = app.settings.home / "outbox"
        held = everything(app.store.database, app.ring, outbox, parse(address))
        with app.store.database.write() as connection:
            record(connection, who=who, act="access", now=now, target=app.ring.hash(_key(address))[:12])
    if page:
        page.write_text(as_page(held), encoding="utf-8")
    if data:
        data.write_text(as_json(held), encoding="utf-8")
    if not page and not data:
        click.echo(as_json(held), nl=False)


@subscribers.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--list", "name", default="", help="Only people of this list.")
@as_option
def export(file: Path, name: str, person: str) -> None:
    """Write everybody to FILE (.csv), one row a subscription, in the columns that import reads."""
    from campaign.delivery.exporting import export_people
    from campaign.store.log import record

    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        with app.store.database.read() as connection:
            _lists(connection, (name,) if name else ())
        with Working("Writing the people"):
            count = export_people(app.store.database, file, list_slug=name)
        with app.store.database.write() as connection:
            record(connection, who=who, act="export", now=now, target=name, detail={"rows": count})
    click.echo(f"{count:,} rows are in {file}. It holds people's addresses: keep it safe, and delete it after use.")


def _key(address: str) -> str:
    from campaign.address import parse

    return parse(address).key


def _lists(connection: Connection, names: tuple[str, ...]) -> list[MailingList]:
    from campaign.store.selection import lists_by_slug

    return list(lists_by_slug(connection, names).values()) if names else []
