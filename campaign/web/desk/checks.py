"""The checks of a programme: what they last found, each problem with a link to its place."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from campaign.delivery import judging
from campaign.delivery.shelf import InForce
from campaign.errors import Problem, Severity
from campaign.web.desk import programme, times
from campaign.web.desk.door import Ask


@dataclass(frozen=True, slots=True)
class Found:
    """A problem as it is drawn: where it is mended, and what the link says."""

    problem: Problem
    path: str
    name: str


def page(ask: Ask) -> Response:
    """What the checks last found of a campaign."""
    force = programme.need(ask)
    words, kept = ask.door.templates.words(), ask.work.store.judgements.all().get(force.slug)
    zone = force.programme.campaign.timezone
    found = [_found(force, problem) for problem in (kept.problems if kept else ())]
    return ask.page(
        "desk/checks.html",
        here="programme",
        week=force.now_says.campaign.title,
        force=force,
        kept=kept,
        when=times.moment(kept.made_at, zone, ask.now, words.shared) if kept else "",
        groups={
            "errors": [each for each in found if each.problem.severity is Severity.ERROR],
            "warnings": [each for each in found if each.problem.severity is not Severity.ERROR],
        },
    )


def again(ask: Ask) -> Response:
    """Check it now, and keep what is found."""
    force = programme.need(ask)
    judging.judge(ask.work, force, ask.now, ask.door.desk.facts)
    return ask.back(f"/desk/programme/{force.slug}/checks", "checks.done")


def _found(force: InForce, problem: Problem) -> Found:
    section, _, rest = problem.where.partition(".")
    name = rest.partition(".")[0]
    if section in {"posts", "mailings"}:
        planned = next((each for each in force.planned if each.key.message == name), None)
        if planned is not None:
            return Found(problem, f"/desk/message/{force.slug}/{name}/{planned.key.day}", name)
    if section == "resources" and name in force.programme.resources:
        return Found(problem, f"/desk/programme/{force.slug}/resources/{name}", force.now_says.resources[name].title)
    whole = f"/desk/programme?week={force.slug}"
    if section == "days" and name.isdecimal() and int(name) < len(force.programme.days):
        day = force.programme.days[int(name)].id
        return Found(problem, f"{whole}#day-{day}", day)
    return Found(problem, whole, force.now_says.campaign.title)
