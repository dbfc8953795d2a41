"""`campaign lists`: what there is, adding one, importing people."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.common import actor, as_option, opened, table
from campaign.cli.progress import Working

if TYPE_CHECKING:
    from datetime import datetime

    from campaign.delivery.importing import Vocabulary
    from campaign.store.bases import Evidence
    from campaign.store.lists_import import Judged
    from campaign.wiring import App

#: Rows shown of each verdict that needs a look; the rest is in the report.
SHOWN = 20


@click.group(invoke_without_command=True)
@click.pass_context
def lists(context: click.Context) -> None:
    """Mailing lists: what there is, add one, import people."""
    if context.invoked_subcommand is None:
        with opened() as app:
            click.echo(_table(app))


def _table(app: App) -> str:
    from campaign.store.lists import all_lists

    with app.store.database.read() as connection:
        found = all_lists(connection)
    if not found:
        return "No list yet. Add the first: campaign lists add NAME --title TITLE --sender SENDER --basis consent"
    rows = [
        (
            each.list.slug,
            each.list.title,
            each.list.sender,
            each.list.basis,
            "public" if each.list.public else "private",
            f"{each.confirmed:,}",
            f"{each.unconfirmed:,}",
            f"{each.unsubscribed:,}",
        )
        for each in found
    ]
    return table(rows, ("list", "title", "sender", "basis", "who can join", "confirmed", "waiting", "left"))


@lists.command()
@click.argument("name")
@click.option("--title", required=True, help="What people read: Parents and carers, Isle of Wight.")
@click.option("--sender", required=True, help="Who it comes from: a name in senders.yaml.")
@click.option("--basis", required=True, help="consent, public_task, corporate or charity_soft_opt_in.")
@click.option("--organisation", default="", help="Whose list it is.")
@click.option("--description", default="", help="One sentence for the sign-up page.")
@click.option("--audience", "audiences", multiple=True, help="Whom it is for, where a person does not say.")
@click.option("--public", is_flag=True, help="Anybody may sign up.")
@click.option("--single-opt-in", is_flag=True, help="No confirmation is asked of people that staff add or import.")
@click.option("--charity-number", default="", help="For the charitable-purpose soft opt-in.")
@as_option
def add(name: str, basis: str, single_opt_in: bool, person: str, audiences: tuple[str, ...], **rest: Any) -> None:
    """Add the list NAME."""
    from campaign.store.bases import MEANING, read_basis
    from campaign.store.lists import NewList, add_list

    found = read_basis(basis)
    with opened() as app:
        who, now = actor(app, person), app.clock.now()
        new = NewList(slug=name, basis=found, double_opt_in=not single_opt_in, audiences=audiences, **rest)
        with app.store.database.write() as connection:
            add_list(connection, new, who=who, now=now)
    click.echo(f"The list {name} is there. Its basis is {found}: {MEANING[found]}.")


@lists.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do it. Without this, only say how many it would be.")
@as_option
def ask(name: str, yes: bool, person: str) -> None:
    """Mail a link to everybody who waits on the list NAME for their confirmation, once each."""
    from campaign.store.lists import get_list
    from campaign.store.waiting import ask_waiting, not_asked

    with opened() as app:
        with app.store.database.read() as connection:
            target = get_list(connection, name)
            many = not_asked(connection, target)
        if not yes:
            click.echo(f"{many:,} on {name} wait and were not asked yet.")
            click.echo("Nothing is sent yet. To mail each a link: add --yes")
            return
        who, now = actor(app, person), app.clock.now()
        asked = ask_waiting(app.store.database, app.ring, target, who=who, now=now)
    click.echo(f"{asked:,} are asked, by letters that go out while `campaign run` runs. {many - asked:,} may not be.")


@lists.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--list", "name", default="", help="The list of rows that name none.")
@click.option("--apply", is_flag=True, help="Do it. Without this, only say what each row would do.")
@click.option("--consent-date", default="", help="When, for rows that do not say: 09/10/2023.")
@click.option("--consent-source", default="", help="How, for rows that do not say: 2023 event form.")
@click.option("--consent-wording", default="", help="The exact words shown, for rows that do not say.")
@click.option("--controllers", default="", help="The organisations that the words named.")
@click.option("--smtputf8", is_flag=True, help="The relay takes addresses outside ASCII before the @.")
@click.option("--report", type=click.Path(path_type=Path), help="Write every row's verdict to this .csv.")
@as_option
def import_(
    file: Path,
    name: str,
    apply: bool,
    consent_date: str,
    consent_source: str,
    consent_wording: str,
    controllers: str,
    smtputf8: bool,
    report: Path | None,
    person: str,
) -> None:
    """Import people from FILE (.csv or .xlsx): first a dry run, row by row; with --apply it is done.

    Nobody who left, was erased, bounced or complained comes back by a file.
    """
    from campaign.delivery.importing import open_people, rows
    from campaign.store.lists import all_lists
    from campaign.store.lists_import import Importer

    gc.set_threshold(10_000, 20, 50)  # rows go by themselves: looking for rings among them is a tenth of the time
    said = _evidence(consent_date, consent_source, consent_wording, controllers)
    with opened() as app:
        people = open_people(file)
        for note in people.notes:
            click.echo(note)
        with app.store.database.read() as connection:
            known = [each.list for each in all_lists(connection)]
        importer = Importer(
            app.store.database, app.ring, known, now=app.clock.now(), who=actor(app, person), default=name,
            smtputf8=smtputf8,
        )  # fmt: skip
        judged = importer.run(rows(people, words=vocabulary(app), evidence=said), apply=apply)
        with _reported(judged, report) as each:
            refused = _summary(each, apply)
    if refused:
        raise SystemExit(1)


def _evidence(day: str, source: str, wording: str, controllers: str) -> Evidence:
    from campaign.store.bases import Evidence

    return Evidence(given_at=given(day), how=source, wording=wording, controllers=controllers)


def given(day: str) -> datetime | None:
    """`--consent-date` as the start of that day in UTC; None where it was not given."""
    from datetime import UTC, datetime, time

    from campaign.programme.dates import WordsError, parse_date

    try:
        return datetime.combine(parse_date(day), time(), UTC) if day else None
    except WordsError as error:
        raise click.BadParameter(str(error), param_hint="--consent-date") from None


def vocabulary(app: App) -> Vocabulary:
    """Areas and audiences as the loaded programmes name them; anything goes where none is loaded."""
    from campaign.delivery import people
    from campaign.delivery.shelf import Shelf

    return people.vocabulary(Shelf(app.store).all())


@contextmanager
def _reported(judged: Iterable[Judged], report: Path | None) -> Iterator[Iterator[Judged]]:
    """The verdicts, each written to the report as it passes."""
    if report is None:
        yield iter(judged)
        return
    import csv

    from campaign.sheets import neutralise

    with report.open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.writer(file)
        out.writerow(("Row", "Verdict", "Why", "Look at"))

        def each() -> Iterator[Judged]:
            for one in judged:
                out.writerow((one.number, one.verdict, neutralise(one.why), neutralise(one.warning)))
                yield one

        yield each()


def _summary(judged: Iterator[Judged], apply: bool) -> int:
    """Say what each row comes to; how many were refused."""
    from campaign.store.lists_import import WAITS, Verdict

    counted: Counter[str] = Counter()
    warned, waiting = 0, 0
    lines: list[str] = []
    with Working("Importing" if apply else "Reading") as working:
        for one in judged:
            working.step()
            counted[one.verdict] += 1
            if one.verdict in (Verdict.REFUSED, Verdict.SUPPRESSED) and counted[one.verdict] <= SHOWN:
                lines.append(f"row {one.number}: {one.verdict}: {one.why}")
            waiting += one.why == WAITS
            if one.warning:
                warned += 1
                if warned <= SHOWN:
                    lines.append(f"row {one.number}: look at this: {one.warning}")
    for line in lines:
        click.echo(line)
    total = sum(counted.values())
    parts = ", ".join(f"{counted[verdict]:,} {verdict}" for verdict in Verdict if counted[verdict]) or "no rows"
    click.echo(f"{total:,} rows: {parts}." + (f" {warned:,} to look at." if warned else ""))
    if max(counted[Verdict.REFUSED], counted[Verdict.SUPPRESSED], warned) > SHOWN:
        click.echo(f"Only the first {SHOWN} of a kind are shown; --report FILE writes them all.")
    if waiting:
        click.echo(f"{waiting:,} wait for their confirmation. To mail each a link: campaign lists ask NAME")
    click.echo("Done." if apply else "Nothing is changed yet. To do it: add --apply")
    return counted[Verdict.REFUSED]
