"""A week without dates gets its Monday."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from campaign.errors import Problem, ProgrammeError
from campaign.model import Programme
from campaign.programme import whole
from campaign.programme.dates import long_date
from campaign.programme.reading import Source


def with_monday(programme: Programme, monday: date, source: Source | None = None) -> Programme:
    """The programme of a dateless week with the dates of the week that begins on `monday`.

    Raises ProgrammeError where the date is no Monday, the file has dates already, or there are no days.
    """
    source = source or Source()

    def refuse(message: str, hint: str) -> ProgrammeError:
        return ProgrammeError(source.problem("T2", message, "campaign.starts", hint=hint))

    if monday.weekday() != 0:
        near = monday - timedelta(days=monday.weekday())
        raise refuse(f"{long_date(monday)} is no Monday", f"That week's Monday is {long_date(near, weekday=False)}.")
    if not programme.days:
        raise refuse("the programme has no days", "A briefing gets its date by `at`.")
    if programme.campaign.starts or any(day.dates for day in programme.days):
        raise refuse("the programme has its dates already", "Change them in the file.")
    started = whole.with_dates(replace(programme, campaign=replace(programme.campaign, starts=monday)))
    dated = replace(started, campaign=replace(started.campaign, starts=started.days[0].dates[0]))
    problems: list[Problem] = list(whole.rules(dated, source))
    if problems:
        raise ProgrammeError(*problems)
    return dated
