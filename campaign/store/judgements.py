"""What the checks last found of each campaign."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from sqlalchemy import delete, insert, select

from campaign.clock import from_micros, to_micros
from campaign.errors import Problem, Severity
from campaign.store.database import Database, dump
from campaign.store.tables_desk import judgements


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The problems of one revision, errors first, and when they were found (aware UTC)."""

    revision: int
    errors: int
    problems: tuple[Problem, ...] = field(repr=False)
    made_at: datetime

    @property
    def day(self) -> date:
        """The day on which it was judged: some rules look at how near a date is."""
        return self.made_at.date()


class Judgements:
    """One for each campaign that was checked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, campaign: str, revision: int, problems: Sequence[Problem], *, errors: int, now: datetime) -> None:
        """Keep what was found, in place of what was found before."""
        values = {"revision": revision, "errors": errors, "problems": dump([asdict(each) for each in problems])}
        with self._database.write() as connection:
            connection.execute(delete(judgements).where(judgements.c.campaign == campaign))
            connection.execute(insert(judgements).values(campaign=campaign, made_at=to_micros(now), **values))

    def all(self) -> dict[str, Judgement]:
        """By campaign."""
        with self._database.read() as connection:
            return {
                row.campaign: Judgement(
                    revision=row.revision,
                    errors=row.errors,
                    problems=tuple(_problem(each) for each in json.loads(row.problems)),
                    made_at=from_micros(row.made_at),
                )
                for row in connection.execute(select(judgements))
            }


def _problem(fields: dict[str, object]) -> Problem:
    return Problem(**{**fields, "severity": Severity(str(fields["severity"]))})  # type: ignore[arg-type]
