"""Activity: who did what, when."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from campaign.sheets import neutralise
from campaign.web.desk import acts, times
from campaign.web.desk.door import Ask

PAGE = 50
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log as it is drawn."""

    id: int
    when: str
    iso: str
    who: str
    act: str
    target: str
    detail: str


def activity(ask: Ask) -> Response:
    """The log, newest first, filtered by person, act and campaign."""
    wanted = {name: ask.text(name) for name in ("who", "act", "campaign")}
    before = ask.text("before")
    lines = _lines(ask, wanted, int(before) if before.isdecimal() else 0, PAGE + 1)
    kept = {name: value for name, value in wanted.items() if value}
    older = f"/desk/activity?{urlencode({**kept, 'before': lines[PAGE - 1].id})}" if len(lines) > PAGE else ""
    newest = f"/desk/activity?{urlencode(kept)}" if before else ""
    table = f"/desk/activity.csv?{urlencode(kept)}"
    return ask.page(
        "desk/activity.html",
        here="activity",
        lines=lines[:PAGE],
        wanted=wanted,
        acts={"": ask.door.templates.words()("week.any"), **acts.choices(ask.door.templates.words())},
        older=older,
        newest=newest,
        table=table,
    )


def _lines(ask: Ask, wanted: dict[str, str], before: int, limit: int) -> list[Line]:
    words = ask.door.templates.words()
    zone = ask.door.zone()
    return [
        Line(
            entry.id,
            times.moment(entry.at, zone, ask.now, words.shared),
            entry.at.isoformat(),
            entry.who,
            acts.said(entry.act, words),
            entry.target or entry.campaign,
            ", ".join(f"{key}: {value}" for key, value in json.loads(entry.detail).items() if value not in ("", None)),
        )
        for entry in ask.work.store.log.entries(**wanted, before=before, limit=limit)
    ]


def as_table(ask: Ask) -> Response:
    """The log as a spreadsheet file, in cells that a spreadsheet will not run."""
    wanted = {name: ask.text(name) for name in ("who", "act", "campaign")}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("When (UTC)", "Who", "What", "About", "Detail"))
    for line in _lines(ask, wanted, 0, MOST):
        writer.writerow([neutralise(cell) for cell in (line.iso, line.who, line.act, line.target, line.detail)])
    kept = {"Content-Disposition": 'attachment; filename="activity.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + out.getvalue(), 200, kept, "text/csv; charset=utf-8")
