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
    from campaign.store.evidence import Line
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
@click.option("--csv", "as_csv", is_flag=True, help="Every row as CSV, to keep as evidence.")
@click.option("--retry", is_flag=True, help="Try the failed ones of this mailing again, and nothing else.")
@as_option
def deliveries(
    who_or_what: str, states: tuple[str, ...], not_sent: bool, as_csv: bool, retry: bool, person: str
) -> None:
    """What an ADDRESS got, when, and what the relay said; or, for a message's KEY, who has it and who has not."""
    from campaign.model import DeliveryState

    unknown = [state for state in states if state not in list(DeliveryState)]
    if unknown:
        raise click.UsageError(f"There is no state {unknown[0]}. States are: {', '.join(DeliveryState)}.")
    with opened() as app:
        if retry:
            _retry(app, who_or_what, actor(app, person, named=True))
            return
        with _lines(app, who_or_what, states, not_sent) as lines:
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
def _lines(app: App, who_or_what: str, states: tuple[str, ...], not_sent: bool) -> Iterator[Iterator[Line]]:
    from campaign.store import evidence
    from campaign.store.subscribers import need_one

    wanted = states or (evidence.NOT_SENT if not_sent else ())
    with app.store.database.read() as connection:
        if "@" in who_or_what:
            subscriber = need_one(connection, who_or_what).id
            yield evidence.of_subscriber(connection, subscriber, wanted)
        else:
            yield evidence.of_broadcast(connection, who_or_what, wanted)


def _cells(line: Line) -> tuple[str, ...]:
    moment = f"{line.at:%Y-%m-%d %H:%M:%S}Z" if line.at else ""
    who = line.address or (f"erased (#{line.subscriber})" if line.subscriber else "")
    return moment, line.key, who, line.state, str(line.attempts), line.code, line.reason, line.reply


def _neutral(cells: tuple[str, ...]) -> list[str]:
    from campaign.sheets import neutralise

    return [neutralise(cell) for cell in cells]


def _retry(app: App, key: str, who: str) -> None:
    from campaign.delivery import settling
    from campaign.model import BroadcastKey

    count = settling.retry_failed(app.parts, BroadcastKey.parse(key), author=who, now=app.clock.now())
    click.echo(f"{count:,} will be tried again.")
