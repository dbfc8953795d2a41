"""`campaign report`: the week afterwards, for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.common import local, opened, table

if TYPE_CHECKING:
    from campaign.delivery.figures import Line, Report


@click.command()
@click.argument("campaign")
@click.option("--format", "form", type=click.Choice(("text", "csv", "json")), default="text", help="Who reads it.")
def report(campaign: str, form: str) -> None:
    """What of CAMPAIGN went out, how many people it reached, and the likes, reposts, replies and views of its posts.

    Figures are those that `campaign channels stats CAMPAIGN` read last; it asks no network.
    """
    from campaign.delivery import figures
    from campaign.delivery.shelf import Shelf

    with opened() as app:
        found = figures.report(app.parts, Shelf(app.store).get(campaign))
    writers = {"text": _text, "csv": _csv, "json": _json}
    click.echo(writers[form](found), nl=form != "csv")


def _text(found: Report) -> str:
    from campaign.delivery.figures import words

    if not found.lines:
        return f"{found.title}\nNothing has come to its time yet."
    head = ("when", "message", "channel", "what became of it", "figures", "where")
    rows = [_row(found, line) for line in found.lines]
    lines = [found.title, "", table(rows, head)]
    if found.totals:
        lines += ["", f"In all: {words(found.totals)}"]
        lines += [f"  {name}: {words(numbers)}" for name, numbers in found.by_channel.items()]
        read = [line.read_at for line in found.lines if line.read_at]
        lines.append(f"Read {local(min(read), found.timezone)} to {local(max(read), found.timezone)}.")
    else:
        lines += ["", f"No figures are kept yet. To read them: campaign channels stats {found.slug}"]
    return "\n".join(lines)


def _row(found: Report, line: Line) -> tuple[str, ...]:
    from campaign.delivery.figures import words

    when = local(line.sent_at or line.planned_at, found.timezone)
    return when, f"{line.message}/{line.day}", line.channel, _became(line), words(line.numbers), line.url


def _became(line: Line) -> str:
    """`sent`, or how many deliveries ended how: `412 sent, 3 failed`."""
    counts = [f"{count:,} {state.value}" for state, count in sorted(line.tally.items()) if count]
    if not counts:
        return line.state.value
    return next(iter(line.tally)).value if sum(line.tally.values()) == 1 else ", ".join(counts)


def _csv(found: Report) -> str:
    from campaign.delivery.figures import USUAL, ordered
    from campaign.model import DeliveryState
    from campaign.sheets import neutralise

    names = ordered({*USUAL, *found.names})
    out = io.StringIO()
    writer = csv.writer(out)
    states = [state.value for state in DeliveryState]
    writer.writerow(
        ["planned", "message", "day", "channel", "kind", "state", *states, *names, "sent at", "read at", "where"]
    )
    for line in found.lines:
        moments = [moment.isoformat() if moment else "" for moment in (line.sent_at, line.read_at)]
        cells = [line.planned_at.isoformat(), line.message, line.day, line.channel, line.kind.value, line.state.value]
        counts = [str(line.tally.get(state, 0)) for state in DeliveryState]
        numbers = [str(line.numbers.get(name, "")) for name in names]
        writer.writerow([neutralise(cell) for cell in (*cells, *counts, *numbers, *moments, line.url)])
    return out.getvalue()


def _json(found: Report) -> str:
    whole = {
        "campaign": found.slug,
        "title": found.title,
        "messages": [_one_json(line) for line in found.lines],
        "by_channel": found.by_channel,
        "totals": found.totals,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _one_json(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "kind": line.kind.value,
        "state": line.state.value,
        "planned_at": line.planned_at.isoformat(),
        "sent_at": line.sent_at.isoformat() if line.sent_at else None,
        "deliveries": {state.value: count for state, count in line.tally.items()},
        "url": line.url,
        "figures": dict(line.numbers),
        "read_at": line.read_at.isoformat() if line.read_at else None,
    }
