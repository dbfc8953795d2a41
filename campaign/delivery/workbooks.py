"""A loaded programme out to a workbook, and in again from whatever people keep theirs in: a sheet, a Word file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from campaign.delivery import views
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce
from campaign.programme import Loaded, load_bytes
from campaign.programme.importing.door import import_bytes, without_missing_images
from campaign.programme.importing.draft import Draft
from campaign.programme.importing.merge import merge
from campaign.programme.workbook import SentState, export
from campaign.programme.writing import to_tree


@dataclass(frozen=True, slots=True)
class Brought:
    """A programme made of a file: what is left to a person to answer, and what of the file could not be used."""

    loaded: Loaded
    questions: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A campaign that is loaded already, as far as an import needs it."""

    force: InForce = field(repr=False)
    sent: frozenset[str] = frozenset()


def opened(parts: Parts, slug: str) -> frozenset[str]:
    """The ids of a campaign's messages that have opened: nothing of them changes any more."""
    return frozenset(row.key.message for row in parts.store.ledger.of(slug).values() if row.opened_at is not None)


def bring(data: bytes, name: str, known: Mapping[str, Known]) -> list[Brought]:
    """The programmes that a file makes, those loaded already (`known`, by id) brought up to date.

    Raises FileError where it cannot be read, and ProgrammeError where what it makes is no programme.
    """
    return [_brought(draft, known) for draft in import_bytes(data, name)]


def _brought(draft: Draft, known: Mapping[str, Known]) -> Brought:
    there = known.get(str(draft.tree["campaign"]["id"]))
    files = dict(there.force.files) if there else {}
    without_missing_images(draft, lambda image: f"images/{image}" in files)
    if there is not None:
        draft = merge(draft, to_tree(there.force.programme), None, sent=there.sent).draft
    name = f"{draft.tree['campaign']['id']}.yaml"
    made = load_bytes(draft.yaml().encode(), name=name, files={**files, **draft.files})
    questions = tuple(draft.asked())
    return Brought(made, questions, tuple(each.message for each in draft.refused))


def workbook(parts: Parts, force: InForce, now: datetime) -> bytes:
    """The programme as .xlsx, each message with its state: importing it again changes nothing."""
    return export(force.programme, files=force.files, states=sent_states(parts, force, now))


def sent_states(parts: Parts, force: InForce, now: datetime) -> dict[str, SentState]:
    """Each message's state and time of sending; of one that goes over several channels, what is the same of all."""
    zone = ZoneInfo(force.programme.campaign.timezone)
    found: dict[str, list[views.Item]] = {}
    for item in views.week(parts, force, now).items:
        found.setdefault(item.message, []).append(item)
    rows = {row.id: row for row in parts.store.ledger.of(force.slug).values()}
    made: dict[str, SentState] = {}
    for message, items in found.items():
        said = {item.state.value for item in items}
        state = said.pop() if len(said) == 1 else ", ".join(f"{item.channel}: {item.state.value}" for item in items)
        opened_at = [rows[item.broadcast].opened_at for item in items if item.broadcast in rows]
        times = [moment for moment in opened_at if moment is not None]
        local = max(times).astimezone(zone).replace(tzinfo=None, microsecond=0) if times else None
        made[message] = SentState(state, local)
    return made
