"""The rules of `campaign check`, asked of a programme in force; and the checks that fail, kept so that a page need not
render a whole week to tell of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from campaign.channels.base import Channel
from campaign.delivery import views
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import Problem, ProgrammeError, RefusedError, SettingsError
from campaign.model import Programme
from campaign.programme import Loaded, load_bytes
from campaign.programme.checks import Installation, Report, check
from campaign.programme.writing import write

#: A programme's rendering for its checks may take so many seconds.
SECONDS = 30.0

#: What an installation knows that a programme file does not.
Facts = Callable[[], Installation]


def read_anew(programme: Programme, files: Mapping[str, bytes]) -> Loaded:
    """The programme written down and read back as a file would be; ProgrammeError."""
    return load_bytes(write(programme).encode(), name=f"{programme.campaign.id}.yaml", files=files)


def report(parts: Parts, loaded: Loaded, now: datetime, facts: Facts | None, *, seconds: float = SECONDS) -> Report:
    """Every rule that can be judged of a programme; rendering it may take so many `seconds`."""
    return check(
        loaded,
        today=now.date(),
        measures=lambda: measures(parts, loaded.programme),
        installation=facts() if facts else None,
        seconds=seconds,
    )


def measures(parts: Parts, programme: Programme) -> Mapping[str, Channel[Any]]:
    """The channels of its posts as they are set up, or as they stand in, to measure with."""
    found = {}
    for name in dict.fromkeys(name for post in programme.posts.values() for name in post.channels):
        try:
            found[name] = parts.ways.channel(programme.channels[name])
        except SettingsError:  # a channel that is not set up is told of where its state is shown
            continue
    return found


def judge(parts: Parts, force: InForce, now: datetime, facts: Facts | None) -> tuple[Problem, ...]:
    """Check a programme in force, with the ledger's facts, and keep what was found; errors first."""
    try:
        loaded = read_anew(force.now_says, force.files)
    except ProgrammeError as error:
        raise RefusedError(f"The programme as it stands cannot be read: {error}") from error
    found = report(parts, loaded, now, facts)
    problems = (*found.errors, *found.warnings, *found.before_run)
    parts.store.judgements.keep(force.slug, force.number, problems, errors=len(found.errors), now=now)
    return problems


def judge_ahead(parts: Parts, shelf: Shelf, now: datetime, facts: Facts | None) -> int:
    """Check every week that is still ahead and was not checked since it changed; how many were."""
    known = parts.store.judgements.all()
    done = 0
    for force in views.ahead(parts, shelf.all(), now):
        kept = known.get(force.slug)
        fresh = kept is not None and kept.revision == force.number and kept.day == now.date()
        if not fresh:
            judge(parts, force, now, facts)
            done += 1
    return done
