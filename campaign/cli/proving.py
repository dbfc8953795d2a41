"""`campaign deliveries`: what a person got, and who has not got a mailing and why. The evidence afterwards."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import click

from campaign.cli.common import actor, as_option, opened, table
from campaign.cli.progress import Working

if TYPE_CHECKING:
    from campaign.store.evidence import Line, Which
    from campaign.wiring import App

HEAD = ("when", "message", "who", "state", "tries", "code", "why", "relay said")
#: Lines shown on a terminal; `--csv` writes them all.
SHOWN = 200


@click.command()
@click.argument("who_or_what")
@click.option(
    "--state", "states", multiple=True, help="Only these states (failed, skipped, uncertain, ...); may be repeated."
)
@click.option("--not-sent", is_flag=True, help="Everyone who has not got it, whatever the reason.")
@click.option("--code", default="", help="Only those with this code of the relay's, such as 5.2.2.")
@click.option("--domain", default="", help="Only addresses at this domain, such as example.org.")
@click.option("--csv", "as_csv", is_flag=True, help="Every row as CSV, to keep as evidence.")
@click.option("--retry", is_flag=True, help="Try the failed ones among these again, and nothing else.")
@as_option
def deliveries(
    who_or_what: str,
    states: tuple[str, ...],
    not_sent: bool,
    code: str,
    domain: str,
    as_csv: bool,
    retry: bool,
    person: str,
) -> None:
    """What an ADDRESS got, when, and what the relay said; or, for a message's KEY, who has it and who has not."""
    from campaign.model import DeliveryState
    from campaign.store.evidence import NOT_SENT, Which

    unknown = [state for state in states if state not in list(DeliveryState)]
    if unknown:
        raise click.UsageError(f"There is no state {unknown[0]}. States are: {', '.join(DeliveryState)}.")
    which = Which(states=states or (NOT_SENT if not_sent else ()), code=code, domain=domain)
    with opened() as app:
        if retry:
            _retry(app, who_or_what, which, actor(app, person, named=True))
            return
        with _lines(app, who_or_what, which) as lines:
            if as_csv:
                writer = csv.writer(sys.stdout)
                writer.writerow(HEAD)
                writer.writerows(_neutral(_cells(line)) for line in lines)
                return
            with Working("Reading the rows"):
                shown = list(islice(lines, SHOWN))
                more = next(lines, None) is not None
    if not shown:
        click.echo("Nothing was, or is to be, delivered there." if "@" in who_or_what else "Nobody.")
        return
    click.echo(table([_cells(line) for line in shown], HEAD))
    if more:
        click.echo(f"The first {SHOWN}. All of them: --csv")


@contextmanager
def _lines(app: App, who_or_what: str, which: Which) -> Iterator[Iterator[Line]]:
    from campaign.store import evidence

    number = _subscriber(app, who_or_what) if "@" in who_or_what else 0
    with app.store.database.read() as connection:
        if number:
            yield evidence.of_subscriber(connection, number, which)
        else:
            yield evidence.of_broadcast(connection, who_or_what, which)


def _subscriber(app: App, address: str) -> int:
    """The person of an address, and on the error output what stands against mail to it; RefusedError: nobody."""
    from campaign.address import parse
    from campaign.errors import RefusedError
    from campaign.store.subscribers import find_one, need_one
    from campaign.store.suppressions import for_addresses

    key = parse(address).key
    with app.store.database.read() as connection:
        against = for_addresses(connection, app.ring, [key])[key]
        said = "; ".join(f"{each.reason.value} on {each.made_at:%-d %B %Y}" for each in against)
        if against and find_one(connection, address) is None:
            raise RefusedError(
                f"There is nobody with that address here, and no mail may go to it ({said}). "
                "What somebody got who was erased is kept without their address."
            )
        if against:
            click.echo(f"Mail to this address is stopped: {said}.", err=True)
        return need_one(connection, address).id


def _cells(line: Line) -> tuple[str, ...]:
    moment = f"{line.at:%Y-%m-%d %H:%M:%S}Z" if line.at else ""
    who = line.address or (f"erased (#{line.subscriber})" if line.subscriber else "")
    return moment, line.key, who, line.state, str(line.attempts), line.code, line.reason, line.reply


def _neutral(cells: tuple[str, ...]) -> list[str]:
    from campaign.sheets import neutralise

    return [neutralise(cell) for cell in cells]


def _retry(app: App, who_or_what: str, which: Which, who: str) -> None:
    from campaign.delivery import settling
    from campaign.model import BroadcastKey

    if which.states and "failed" not in which.states:
        raise click.UsageError("Only what failed can be tried again: leave --state out.")
    now = app.clock.now()
    if "@" in who_or_what:
        number = _subscriber(app, who_or_what)
        count, late = settling.retry_person(app.parts, number, author=who, now=now, which=which)
        if late:
            click.echo(f"{late:,} will not: their time of day is over, and they would go out after their day.")
    else:
        count = settling.retry_failed(app.parts, BroadcastKey.parse(who_or_what), author=who, now=now, which=which)
    click.echo(f"{count:,} will be tried again.")
