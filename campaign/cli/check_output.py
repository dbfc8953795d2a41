"""What `campaign check` found, as people, programs and code hosts read it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from campaign import __version__
from campaign.errors import Problem, Severity
from campaign.programme.checks.report import Report

#: A checked file, or one that could not be read: its name and its problems.
Outcome = Report | tuple[str, tuple[Problem, ...]]
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def write(outcomes: Sequence[Outcome], form: str) -> str:
    """The outcomes in one of the forms: text, json, sarif or github. Ends with a line break."""
    writers = {"text": _text, "json": _json, "sarif": _sarif, "github": _github}
    return writers[form](outcomes).rstrip("\n") + "\n"


def errors_of(outcome: Outcome) -> tuple[Problem, ...]:
    """What must be mended."""
    return outcome.errors if isinstance(outcome, Report) else outcome[1]


def _problems(outcome: Outcome) -> tuple[Problem, ...]:
    return outcome.problems if isinstance(outcome, Report) else outcome[1]


# --- for people


def _text(outcomes: Sequence[Outcome]) -> str:
    return "\n".join(_one_text(each) for each in outcomes)


def _one_text(outcome: Outcome) -> str:
    if not isinstance(outcome, Report):
        name, problems = outcome
        lines = [click.style(name, bold=True), "It cannot be read as a programme yet.", ""]
        return "\n".join([*lines, *_lines(problems, name), "", _count(len(problems), "error"), ""])
    words = {"posts": outcome.posts, "emails": outcome.emails}
    rendered = " and ".join(_count(number, what.removesuffix("s")) for what, number in words.items())
    lines = [click.style(outcome.file, bold=True)]
    lines += [f"{outcome.title} ({outcome.status.value}): {rendered} rendered", ""]
    lines += _lines(outcome.problems, outcome.file)
    if outcome.before_run:
        lines += [*([""] if lines[-1] else []), click.style("Before this can run:", bold=True)]
        lines += _lines(outcome.before_run, outcome.file)
    accepted = f", {len(outcome.accepted)} accepted with a reason" if outcome.accepted else ""
    verdict = f"{_count(len(outcome.errors), 'error')}, {_count(len(outcome.warnings), 'warning')}{accepted}"
    lines += [*([""] if lines[-1] else []), click.style(verdict + ".", bold=True)]
    lines += [f"Cost: {each}." for each in outcome.costs]
    lines += [f"Not judged: {each}." for each in outcome.unjudged]
    return "\n".join([*lines, ""])


def _lines(problems: Sequence[Problem], file: str) -> list[str]:
    found = []
    for each in problems:
        place = f"{each.line}:{each.column}" if each.line else ""
        place = place if each.file in {file, ""} else f"{each.file}:{place}".rstrip(":")
        mark = click.style(f"{each.severity.value:7} {each.code:5}", fg=COLOURS[each.severity])
        found.append(f"  {place:8} {mark} {each.message.rstrip('.')}.")
        if each.hint:
            found.append(f"  {'':8} {'':13} {each.hint}")
    return found


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


# --- for programs


def _json(outcomes: Sequence[Outcome]) -> str:
    files = [_one_json(each) for each in outcomes]
    counts = Counter(problem.severity.value for each in outcomes for problem in _problems(each))
    whole = {"files": files, "errors": counts["error"], "warnings": counts["warning"]}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _one_json(outcome: Outcome) -> dict[str, Any]:
    if not isinstance(outcome, Report):
        return {"file": outcome[0], "loaded": False, "problems": [asdict(each) for each in outcome[1]]}
    return {
        "file": outcome.file,
        "loaded": True,
        "title": outcome.title,
        "status": outcome.status.value,
        "posts": outcome.posts,
        "emails": outcome.emails,
        "problems": [asdict(each) for each in outcome.problems],
        "before_run": [asdict(each) for each in outcome.before_run],
        "accepted": [asdict(each) for each in outcome.accepted],
        "costs": list(outcome.costs),
        "not_judged": list(outcome.unjudged),
    }


def _sarif(outcomes: Sequence[Outcome]) -> str:
    results = [_result(each, "error" if each.severity is Severity.ERROR else "warning", name)
               for name, each in _named(outcomes)]  # fmt: skip
    results += [
        _result(each, "note", one.file) for one in outcomes if isinstance(one, Report) for each in one.before_run
    ]
    codes = sorted({str(each["ruleId"]) for each in results})
    driver = {"name": "campaign check", "version": __version__, "rules": [{"id": code} for code in codes]}
    log = {"$schema": SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2, ensure_ascii=False)


def _named(outcomes: Sequence[Outcome]) -> list[tuple[str, Problem]]:
    return [(each.file if isinstance(each, Report) else each[0], one) for each in outcomes for one in _problems(each)]


def _result(problem: Problem, level: str, file: str) -> dict[str, Any]:
    region = {"startLine": max(problem.line, 1), "startColumn": max(problem.column, 1)}
    place = {"artifactLocation": {"uri": Path(problem.file or file).as_posix()}, "region": region}
    return {
        "ruleId": problem.code,
        "level": level,
        "message": {"text": f"{problem.message.rstrip('.')}. {problem.hint}".strip()},
        "locations": [{"physicalLocation": place}],
    }


def _github(outcomes: Sequence[Outcome]) -> str:
    lines = [_annotation(problem.severity.value, problem, name) for name, problem in _named(outcomes)]
    drafts = [(one.file, each) for one in outcomes if isinstance(one, Report) for each in one.before_run]
    return "\n".join([*lines, *(_annotation("notice", each, name) for name, each in drafts)])


def _annotation(level: str, problem: Problem, file: str) -> str:
    values = {"file": problem.file or file, "line": max(problem.line, 1), "col": max(problem.column, 1)}
    values["title"] = problem.code
    where = ",".join(f"{key}={_escape(str(value), ':,')}" for key, value in values.items())
    return f"::{level} {where}::{_escape(f'{problem.message.rstrip(chr(46))}. {problem.hint}'.strip())}"


def _escape(text: str, more: str = "") -> str:
    """As workflow commands ask: percent, line breaks, and in properties also colons and commas."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for sign in more:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
