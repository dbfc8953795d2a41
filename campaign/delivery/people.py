"""What staff do about people on the lists: add with proof, move, take off at their wish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from campaign.address import KeyRing, parse
from campaign.delivery.importing import Vocabulary
from campaign.delivery.shelf import InForce
from campaign.store.bases import Evidence
from campaign.store.database import Database
from campaign.store.lists import all_lists
from campaign.store.lists_import import Importer, ImportRow, Judged
from campaign.store.log import record
from campaign.store.selection import lists_by_slug
from campaign.store.subscribers import Details, change_address, find_one, leave, leave_all, need_one
from campaign.store.suppressions import Reason, Scope, suppress


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

    Also where nobody here has it: then it is kept out for good.
    """
    key = parse(address).key
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
