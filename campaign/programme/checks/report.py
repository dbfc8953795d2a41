"""What a check came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from campaign.errors import Problem, Severity
from campaign.model import CampaignStatus, Override, Programme
from campaign.programme.reading import Source

#: Errors that stand even in a draft: nothing more can be judged until they are mended.
BROKEN = frozenset({"M4", "M5", "M6"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every problem of one programme.

    `problems` count; `before_run` is what only keeps a draft from being ready; `accepted` are warnings that the file
    overrides, with the reason as their hint; `unjudged` says what could not be looked at, and why; `costs` what the
    posts of channels that are paid by the post will cost.
    """

    file: str
    title: str
    status: CampaignStatus
    problems: tuple[Problem, ...] = ()
    before_run: tuple[Problem, ...] = ()
    accepted: tuple[Problem, ...] = ()
    unjudged: tuple[str, ...] = ()
    posts: int = 0
    emails: int = 0
    costs: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Those that must be mended."""
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Those that can be accepted with a reason."""
        return tuple(each for each in self.problems if each.severity is Severity.WARNING)


def sort_out(
    programme: Programme,
    source: Source,
    found: Iterable[Problem],
    *,
    unjudged: Iterable[str] = (),
    posts: int = 0,
    emails: int = 0,
    costs: Iterable[str] = (),
) -> Report:
    """The report of the problems found: each once, in the file's order, overridden ones apart."""
    problems, before, accepted = [], [], []
    used: set[Override] = set()
    draft = programme.campaign.status is CampaignStatus.DRAFT
    for problem in sorted(dict.fromkeys(found), key=_order(source.file)):
        override = next((each for each in programme.campaign.overrides if _covers(each, problem)), None)
        if override is not None and problem.severity is Severity.WARNING:
            used.add(override)
            accepted.append(replace(problem, hint=override.reason))
        elif draft and problem.severity is Severity.ERROR and problem.code not in BROKEN:
            before.append(problem)
        else:
            problems.append(problem)
    problems.extend(_unused(programme, source, used))
    return Report(
        file=source.file,
        title=programme.campaign.title,
        status=programme.campaign.status,
        problems=tuple(problems),
        before_run=tuple(before),
        accepted=tuple(accepted),
        unjudged=tuple(dict.fromkeys(unjudged)),
        costs=tuple(costs),
        posts=posts,
        emails=emails,
    )


def _order(file: str) -> Callable[[Problem], tuple[bool, str, int, int, str, str]]:
    return lambda each: (each.file != file, each.file, each.line, each.column, each.code, each.message)


def _covers(override: Override, problem: Problem) -> bool:
    inside = problem.where == override.where or problem.where.startswith(f"{override.where}.")
    return override.code == problem.code and inside


def _unused(programme: Programme, source: Source, used: set[Override]) -> Iterable[Problem]:
    for index, override in enumerate(programme.campaign.overrides):
        if override not in used:
            message = f"this override accepts nothing: there is no warning {override.code} at {override.where}"
            where = f"campaign.overrides.{index}"
            yield source.problem("O1", message, where, hint="Take it out.", severity=Severity.WARNING)
