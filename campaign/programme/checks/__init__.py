"""`campaign check`: every rule that can be judged before a campaign runs.

Rendering happens in a child process with limits on time and memory, so that a template that does not end is an error
and not a hang. What is judged by the networks' own rules is measured here, by the channels handed in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from campaign.errors import Problem, Severity
from campaign.programme.checks import images, installed, measured, ready
from campaign.programme.checks.child import request
from campaign.programme.checks.guard import Child, Ran, python
from campaign.programme.checks.measured import Measure, Rendered
from campaign.programme.checks.report import Report, sort_out
from campaign.programme.checks.sheet import Installation, ListFacts, Sheet, sheet
from campaign.programme.loader import Loaded

#: Seconds and bytes for rendering a whole programme.
SECONDS = 60
MEMORY = 2_000_000_000
MODULE = "campaign.programme.checks.child"


@dataclass(slots=True)
class Heard:
    """What the child said."""

    problems: list[Problem] = field(default_factory=list)
    posts: list[Rendered] = field(default_factory=list)
    emails: int = 0
    begun: str = ""
    ended: bool = False


def check(
    loaded: Loaded,
    *,
    today: date,
    measures: Callable[[], Mapping[str, Measure]] = dict,
    installation: Installation | None = None,
    more: Callable[[Sheet], list[Problem]] | None = None,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> Report:
    """The report on a loaded programme.

    `today` gives a week without dates a Monday to be looked at. `measures` makes the channels by name (called while
    the child works). `installation` is what is known of one; None: what needs it is listed as not judged. `more` adds
    problems of its own, such as links that do not answer.
    """
    whole = sheet(loaded, today=today, installation=installation)
    child = Child(python(MODULE, str(int(seconds) + 1), str(memory)), request(whole))
    problems = [*ready.rules(whole), *images.rules(whole), *installed.rules(whole)]
    known = measures()
    problems += more(whole) if more else []
    ran = child.finish(seconds)
    heard = _hear(whole, ran)
    problems += heard.problems
    problems += _interrupted(whole, ran, heard, seconds)
    problems += measured.rules(whole, heard.posts, known)
    return sort_out(
        loaded.programme,
        loaded.source,
        problems,
        unjudged=_unjudged(whole, known),
        posts=len(heard.posts),
        emails=heard.emails,
        costs=measured.costs(heard.posts, known),
    )


def _hear(whole: Sheet, ran: Ran) -> Heard:
    heard = Heard()
    for line in ran.output.decode("utf-8", "replace").splitlines():
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:  # the last line of a child that was stopped
            break
        if "problem" in event:
            fields = event["problem"]
            heard.problems.append(Problem(**{**fields, "severity": Severity(fields["severity"])}))
        elif "post" in event:
            heard.posts.append(measured.read_post(whole, event["post"]))
        elif "email" in event:
            heard.emails += 1
        elif "begin" in event:
            heard.begun = str(event["begin"])
        heard.ended = heard.ended or "end" in event
    return heard


def _interrupted(whole: Sheet, ran: Ran, heard: Heard, seconds: float) -> list[Problem]:
    if heard.ended:
        return []
    what = heard.begun or "the programme"
    died = f"took more memory than it may have, or failed{f' ({ran.last})' if ran.last else ''}"
    why = f"took more than {seconds:g} seconds" if ran.ended == "time" else died
    hint = "A template there does not end, or builds too much. What comes after it was not judged."
    parts = what.split()
    where = {"post": "posts", "mailing": "mailings"}.get(parts[1] if len(parts) > 2 else "", "")
    path = f"{where}.{parts[2]}" if where else "campaign"
    return [whole.error("M5", f"rendering {what} {why}", path, hint)]


def _unjudged(whole: Sheet, known: Mapping[str, Measure]) -> list[str]:
    used = {name for post in whole.programme.posts.values() for name in post.channels}
    missing = sorted(used - set(known))
    found = [installed.UNJUDGED] if whole.installation is None else []
    if whole.installation is None and not whole.programme.campaign.home_url and whole.programme.days:
        found.append("whether the pages of the days are served: there is no home_url")
    if missing:
        found.append(f"the length of posts on {', '.join(missing)}: no such kind of channel is installed")
    if whole.pretended:
        found.append("bank holidays and clock changes: there are no dates yet, and next week stood in for them")
    return found


__all__ = ["Installation", "ListFacts", "Measure", "Report", "Sheet", "check"]
