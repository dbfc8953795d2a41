"""Editing one message: tried on a copy, judged by the rules of `campaign check`, saved as a revision of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from campaign import plan
from campaign.delivery import approving, loading
from campaign.delivery.judging import read_anew, report
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import Problem, ProgrammeError, RefusedError, Severity
from campaign.model import BroadcastState, PlannedMailing, PlannedPost, Programme
from campaign.programme import Loaded, states
from campaign.programme.checks import Installation
from campaign.programme.checks.report import BROKEN
from campaign.programme.writing import to_tree

#: A message may be edited while something of it stands so.
OPEN_TO_EDIT = frozenset(
    {BroadcastState.PLANNED, BroadcastState.WAITING, BroadcastState.HELD, BroadcastState.MISSED}
)  # fmt: skip
#: The rule that says that rendering was cut off: what came after was not judged.
CUT_OFF = "M5"
#: Seconds for rendering a programme while somebody waits for the page.
SECONDS = 15


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit that is not saved: the whole programme and its files as they would be."""

    force: InForce
    message: PlannedPost | PlannedMailing
    programme: Programme
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def where(self) -> str:
        """The dotted path of the message: `posts.tue-launch`."""
        return f"{'posts' if isinstance(self.message, PlannedPost) else 'mailings'}.{self.message.id}"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is wrong with a draft. `loaded` is None where it cannot even be read, or not be rendered."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    loaded: Loaded | None = None


def planned_message(force: InForce, message: str) -> PlannedPost | PlannedMailing:
    """The message of that id as the programme has it; RefusedError where there is none."""
    found = force.programme.posts.get(message) or force.programme.mailings.get(message)
    if found is None:
        known = ", ".join([*force.programme.posts, *force.programme.mailings])
        raise RefusedError(f"{force.slug} has no message {message}. It has: {known}.")
    return found


def draft(force: InForce, message: PlannedPost | PlannedMailing, files: Mapping[str, bytes]) -> Draft:
    """The programme with `message` in the place of the one of its id, and these files added or changed."""
    programme = force.programme
    if isinstance(message, PlannedPost):
        posts = MappingProxyType({**programme.posts, message.id: message})
        programme = replace(programme, posts=posts)
    else:
        mailings = MappingProxyType({**programme.mailings, message.id: message})
        programme = replace(programme, mailings=mailings)
    return Draft(force, message, programme, {**force.files, **files})


def judge(
    parts: Parts,
    edited: Draft,
    *,
    now: datetime,
    facts: Callable[[], Installation] | None = None,
    seconds: float = SECONDS,
) -> Judged:
    """Every problem of the message as it would be, and those that its edit brings to others.

    The programme is written down and read back as a file would be, then checked by the rules of `campaign check`;
    rendering it may take so many `seconds`.
    """
    try:
        loaded = read_anew(edited.programme, edited.files)
    except ProgrammeError as error:
        return Judged(errors=tuple(_near(edited, error.problems) or error.problems))
    found = _report(parts, loaded, now, facts, seconds)
    mine = _near(edited, found)
    lead = edited.where
    others = [
        each
        for each in found
        if each.severity is Severity.ERROR and each.where != lead and not each.where.startswith(f"{lead}.")
    ]
    mine += [each for each in others if each.code == CUT_OFF]
    if others:
        known = {_same(each) for each in _report(parts, _read_now(edited.force), now, facts, seconds)}
        mine += [each for each in others if _same(each) not in known and each.code != CUT_OFF]
    errors = tuple(each for each in mine if each.severity is Severity.ERROR)
    broken = any(each.code in BROKEN for each in errors)
    warnings = tuple(each for each in mine if each.severity is Severity.WARNING)
    return Judged(errors, warnings, None if broken else loaded)


def _read_now(force: InForce) -> Loaded:
    try:
        return read_anew(force.programme, force.files)
    except ProgrammeError as error:
        raise RefusedError(f"The programme as it stands cannot be read: {error}") from error


def _report(
    parts: Parts, loaded: Loaded, now: datetime, facts: Callable[[], Installation] | None, seconds: float
) -> tuple[Problem, ...]:
    return report(parts, loaded, now, facts, seconds=seconds).problems


def _near(edited: Draft, problems: tuple[Problem, ...]) -> list[Problem]:
    """Those of the message itself, their places told from the message on (`text`, `images.0`)."""
    lead = f"{edited.where}."
    return [
        replace(each, where=each.where.removeprefix(edited.where).removeprefix("."))
        for each in problems
        if each.where == edited.where or each.where.startswith(lead)
    ]


def _same(problem: Problem) -> tuple[str, str, str]:
    return problem.code, problem.where, problem.message


def in_force(parts: Parts, edited: Draft) -> InForce:
    """The draft as if it were loaded, with the ledger's facts: to draw it."""
    changes = parts.store.campaigns.resource_changes(edited.force.slug)
    return InForce(
        slug=edited.force.slug,
        number=edited.force.number + 1,
        programme=edited.programme,
        now_says=states.apply(edited.programme, changes),
        files=edited.files,
        planned=plan.broadcasts(edited.programme),
        unlocks=plan.unlocks(edited.programme),
    )


def refuse_opened(parts: Parts, force: InForce, message: str, day: str) -> None:
    """RefusedError where everything of the message on that day has opened, or was decided about."""
    rows = parts.store.ledger.of(force.slug)
    mine = [each for each in force.planned if each.key.message == message and each.key.day == day]
    ahead = [each for each in mine if str(each.key) not in rows or rows[str(each.key)].state in OPEN_TO_EDIT]
    if not ahead:
        raise RefusedError("It has gone on its way: what is out stays as it was. A new message can correct it.")


def time_may_change(parts: Parts, force: InForce, message: str) -> bool:
    """Whether the programme still decides when it goes: nothing of it has opened, was held, missed or moved."""
    rows = [row for row in parts.store.ledger.of(force.slug).values() if row.key.message == message]
    plain = {BroadcastState.PLANNED, BroadcastState.WAITING}
    return all(row.state in plain and not row.moved and row.opened_at is None for row in rows)


def save(parts: Parts, edited: Draft, judged: Judged, *, author: str, now: datetime) -> int:
    """Store the draft as a new revision, made from the one it began with; its number.

    Raises RefusedError for what has errors or would move what has opened, Conflict where somebody saved meanwhile.
    """
    if judged.errors or judged.loaded is None:
        raise RefusedError(f"Nothing was saved: {judged.errors[0].message}.")
    shown = loading.preview(parts, edited.programme, judged.loaded.files, edited.force, now)
    number = loading.apply(parts, shown, author=author, reason=f"edit {edited.message.id}", now=now)
    if not parts.approving():
        force = Shelf(parts.store).get(edited.force.slug)
        approving.approve(parts, force, force.planned, author=author, now=now, by_loading=True)
    return number


def as_tree(force: InForce, message: str) -> Mapping[str, Any]:
    """The message as the file says it: nested text. RefusedError where there is none."""
    found = planned_message(force, message)
    tree = to_tree(force.programme)
    part: Mapping[str, Any] = tree["posts" if isinstance(found, PlannedPost) else "mailings"][message]
    return part
