"""What staff do about people on the lists: add with proof, move, take off at their wish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from campaign.address import KeyRing, parse, redact
from campaign.delivery import exporting, rights
from campaign.delivery.importing import Opened, Vocabulary, rows
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce
from campaign.store.bases import Evidence
from campaign.store.database import Database
from campaign.store.desk_forms import OF_PEOPLE
from campaign.store.held import access
from campaign.store.lists import all_lists
from campaign.store.lists_import import Importer, ImportRow, Judged, Verdict
from campaign.store.log import record
from campaign.store.selection import lists_by_slug
from campaign.store.subscribers import Details, change_address, find_one, leave, leave_all, need_one
from campaign.store.suppressions import Listed, Reason, Scope, lift_by_staff, listed, stop_by_staff, suppress


def vocabulary(forces: Iterable[InForce]) -> Vocabulary:
    """Areas and audiences as the loaded programmes name them; anything goes where none is loaded."""
    areas: dict[str, str] = {}
    groups: dict[str, tuple[str, ...]] = {}
    audiences: dict[str, str] = {}
    for force in forces:
        areas |= dict(force.programme.areas)
        groups |= {name: tuple(members) for name, members in force.programme.area_groups.items()}
        audiences |= {name: each.name for name, each in force.programme.audiences.items()}
    return Vocabulary(areas=areas, groups=groups, audiences=audiences)


def add(
    database: Database,
    ring: KeyRing,
    address: str,
    lists: Sequence[str],
    *,
    details: Details,
    evidence: Evidence,
    who: str,
    now: datetime,
) -> dict[str, Judged]:
    """Put a person on lists, with the proof of their consent; the verdict of each list. Nobody who left comes back."""
    with database.read() as connection:
        known = [each.list for each in all_lists(connection)]
    rows = [
        ImportRow(number=number, address=address, list=name, details=details, evidence=evidence)
        for number, name in enumerate(lists, 1)
    ]
    importer = Importer(database, ring, known, now=now, who=who)
    return dict(zip(lists, importer.run(rows, apply=True), strict=True))


def move(database: Database, ring: KeyRing, address: str, new: str, *, who: str, now: datetime) -> None:
    """The person with `address` has a new one: what they asked for goes with them. RefusedError, AddressError."""
    with database.write() as connection:
        change_address(connection, ring, need_one(connection, address), parse(new), who=who, now=now)


def take_off(
    database: Database, ring: KeyRing, address: str, lists: Sequence[str], *, who: str, reason: str, now: datetime
) -> list[str]:
    """Take an address off these lists (none named: off everything) at the person's wish; the lists they were on.

    Also where nobody here has it: then it is kept out for good. The log keeps no address of `reason`.
    """
    key, reason = parse(address).key, redact(reason)
    with database.write() as connection:
        chosen = list(lists_by_slug(connection, lists).values()) if lists else []
        found = find_one(connection, address)
        left: list[str] = []
        if found is None:
            scope, targets = (Scope.LIST, tuple(lists)) if lists else (Scope.ALL, ("",))
            suppress(connection, ring, key, reason=Reason.LEFT, scope=scope, targets=targets, now=now)
        elif lists:
            left = leave(connection, ring, found, chosen, who=who, how="staff", reason=reason, now=now)
        else:
            left = leave_all(connection, ring, found, who=who, how="staff", reason=reason, now=now)
        detail: Mapping[str, object] = {"lists": left, "reason": reason}
        record(connection, who=who, act="leave", now=now, target=ring.hash(key)[:12], detail=detail)
    return left


def import_people(
    parts: Parts,
    opened: Opened,
    *,
    words: Vocabulary,
    evidence: Evidence,
    default: str,
    who: str,
    now: datetime,
    apply: bool,
) -> Iterator[Judged]:
    """Every row's verdict, in order, and with `apply` what they say written; rows without a list go on `default`."""
    with parts.store.database.read() as connection:
        known = [each.list for each in all_lists(connection)]
    importer = Importer(parts.store.database, KeyRing(parts.key), known, now=now, who=who, default=default)
    return importer.run(rows(opened, words=words, evidence=evidence), apply=apply)


def number_of(parts: Parts, address: str) -> int:
    """The id of the person with that address; 0 where there is none."""
    with parts.store.database.read() as connection:
        found = find_one(connection, address)
    return found.id if found else 0


def held(parts: Parts, address: str) -> dict[str, Any]:
    """Everything held about a person: part -> facts or rows."""
    return access(parts.store.database, KeyRing(parts.key), parse(address))


def copied(parts: Parts, address: str, *, outbox: Path | None, who: str, now: datetime) -> dict[str, Any]:
    """Everything held about a person, to be handed to them; the log says who took it."""
    found = rights.held(parts.store.database, KeyRing(parts.key), outbox, parse(address))
    mark = KeyRing(parts.key).hash(parse(address).key)[:12]
    with parts.store.database.write() as connection:
        record(connection, who=who, act="access", now=now, target=mark)
    return found


def exported(parts: Parts, list_slug: str, *, who: str, now: datetime) -> Iterator[str]:
    """Everybody (of one list, where named) as lines of a spreadsheet file; the log says who took it. RefusedError."""
    with parts.store.database.write() as connection:
        if list_slug:
            lists_by_slug(connection, [list_slug])
        record(connection, who=who, act="export", now=now, target=list_slug)
    return exporting.lines(parts.store.database, list_slug=list_slug)


def stopped(parts: Parts, reason: Reason | None, *, limit: int) -> list[Listed]:
    """Addresses that get no mail, newest first."""
    with parts.store.database.read() as connection:
        return listed(connection, reason=reason, limit=limit)


def stop(parts: Parts, address: str, *, who: str, reason: str, now: datetime) -> int:
    """Stop mail to an address, known here or not, by decision of staff; how many suppressions are new."""
    with parts.store.database.write() as connection:
        ring, key = KeyRing(parts.key), parse(address).key
        return stop_by_staff(connection, ring, key, scope=Scope.ALL, who=who, reason=reason, now=now)


def let_through(parts: Parts, address: str, *, who: str, reason: str, now: datetime) -> int:
    """Let mail go to an address again where staff may; how many suppressions were lifted. RefusedError."""
    with parts.store.database.write() as connection:
        return lift_by_staff(connection, KeyRing(parts.key), parse(address).key, who=who, reason=reason, now=now)


__all__ = [
    "OF_PEOPLE",
    "Details",
    "Evidence",
    "Judged",
    "Reason",
    "Verdict",
    "add",
    "copied",
    "exported",
    "held",
    "import_people",
    "let_through",
    "move",
    "number_of",
    "stop",
    "stopped",
    "take_off",
    "vocabulary",
]
