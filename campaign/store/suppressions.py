"""Addresses that are not to be mailed. A suppression outlives the person's record, and no import lifts one.

`left` and `erased` are lifted only by the person's own confirmed sign-up; the others by staff, with a reason. Old keys
are asked for ever: what was suppressed under one is written again under the key in use when its address is seen, so
that a selection needs to compare one hash alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from campaign.address import KeyRing, redact
from campaign.clock import from_micros, to_micros
from campaign.errors import RefusedError
from campaign.store.database import bump, keep_apart
from campaign.store.log import record
from campaign.store.tables_lists import lists, subscribers, suppressions


class Scope(StrEnum):
    """How much a suppression stops; `list` and `organisation` have a target."""

    LIST = "list"
    ORGANISATION = "organisation"
    ALL = "all"


class Reason(StrEnum):
    """Why an address is suppressed."""

    LEFT = "left"
    HARD = "hard bounce"
    COMPLAINT = "complaint"
    ERASED = "erased"
    STAFF = "staff"


#: Only the person lifts these, by a confirmed sign-up of their own.
THEIRS = (Reason.LEFT, Reason.ERASED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A suppression in force. `made_at` is aware UTC."""

    id: int
    address_hash: str
    scope: Scope
    target: str
    reason: Reason
    detail: str
    made_at: datetime

    def stops(self, slug: str, organisation: str) -> bool:
        """Whether it stops mail to the list `slug` of `organisation`."""
        wanted = {Scope.LIST: slug, Scope.ORGANISATION: organisation}
        return self.scope is Scope.ALL or (bool(self.target) and wanted[self.scope] == self.target)


def _of(row: Row[tuple[object, ...]]) -> Suppression:
    return Suppression(
        id=row.id,
        address_hash=row.address_hash,
        scope=Scope(row.scope),
        target=row.target,
        reason=Reason(row.reason),
        detail=row.detail,
        made_at=from_micros(row.made_at),
    )


def suppress(
    connection: Connection,
    ring: KeyRing,
    key: str,
    *,
    reason: Reason,
    now: datetime,
    scope: Scope = Scope.ALL,
    targets: Iterable[str] = ("",),
    detail: str = "",
) -> int:
    """Stop mail to the address whose comparable form is `key`, for each of `targets`. How many are new.

    `detail` must hold no address. Saying the same twice changes nothing.
    """
    mark = ring.hash(key)
    person = connection.scalar(select(subscribers.c.id).where(subscribers.c.address_hash == mark)) or 0
    there = {(each.scope, each.target, each.reason) for each in in_force(connection, [mark])}
    rows = [
        {
            "address_hash": mark,
            "key_id": ring.current.id,
            "scope": scope,
            "target": target,
            "reason": reason,
            "detail": detail,
            "subscriber": person,
            "made_at": to_micros(now),
        }
        for target in dict.fromkeys(targets)
        if (scope, target, reason) not in there
    ]
    if rows:
        connection.execute(insert(suppressions), rows)
        keep_apart(connection, [{**row, "detail": ""} for row in rows])  # no words that outlive an erasure
        bump(connection)
    return len(rows)


def in_force(connection: Connection, hashes: Collection[str]) -> list[Suppression]:
    """Every suppression in force for one of `hashes`, oldest first."""
    found = connection.execute(
        select(suppressions)
        .where(suppressions.c.address_hash.in_(hashes), suppressions.c.lifted_at.is_(None))
        .order_by(suppressions.c.id)
    )
    return [_of(row) for row in found]


def for_addresses(
    connection: Connection, ring: KeyRing, keys: Sequence[str], *, marks: Sequence[str] | None = None
) -> Mapping[str, list[Suppression]]:
    """For each of `keys` (comparable addresses), what is in force, under whichever key of the ring.

    `marks`: their hashes under the key in use, where they are at hand.
    """
    if marks is None or ring.old:
        owner = {mark: key for key in keys for mark in ring.hashes(key)}
    else:
        owner = dict(zip(marks, keys, strict=True))
    found: dict[str, list[Suppression]] = {key: [] for key in keys}
    for each in in_force(connection, owner.keys()):
        found[owner[each.address_hash]].append(each)
    return found


def carry(connection: Connection, ring: KeyRing, keys: Sequence[str], *, now: datetime) -> int:
    """Write again, under the key in use, what old keys suppressed for these addresses. How many were written."""
    if not ring.old:
        return 0
    rows = []
    for key, known in for_addresses(connection, ring, keys).items():
        mark = ring.hash(key)
        there = {(each.scope, each.target, each.reason) for each in known if each.address_hash == mark}
        rows += [
            {
                "address_hash": mark,
                "key_id": ring.current.id,
                "scope": each.scope,
                "target": each.target,
                "reason": each.reason,
                "detail": each.detail,
                "made_at": to_micros(each.made_at),
            }
            for each in known
            if each.address_hash != mark and (each.scope, each.target, each.reason) not in there
        ]
    if rows:
        connection.execute(insert(suppressions), rows)
        keep_apart(connection, [{**row, "detail": ""} for row in rows])  # no words that outlive an erasure
        bump(connection)
    return len(rows)


def stop_by_staff(
    connection: Connection,
    ring: KeyRing,
    key: str,
    *,
    scope: Scope,
    targets: Sequence[str] = (),
    who: str,
    reason: str,
    now: datetime,
) -> int:
    """Staff stop mail to an address, known here or not: from everything, or from the `targets` of the scope.

    How many suppressions are new. Raises RefusedError without a reason, and for a list or an organisation that no list
    of this installation is, or is of.
    """
    if not reason.strip():
        raise RefusedError("Say why: --reason. It is kept in the log.")
    if scope is not Scope.ALL:
        column = lists.c.slug if scope is Scope.LIST else lists.c.organisation
        there = sorted(set(connection.scalars(select(column))) - {""})
        unknown = [target for target in targets if target not in there]
        if unknown or not targets:
            what = "list" if scope is Scope.LIST else "organisation with lists"
            raise RefusedError(
                f"There is no {what} called {', '.join(unknown)}. There is: {', '.join(there) or 'none'}."
            )
    words = redact(reason)
    made = suppress(
        connection, ring, key, reason=Reason.STAFF, scope=scope, targets=targets or ("",), detail=words, now=now
    )
    detail = {"scope": scope.value, "targets": list(targets), "reason": words}
    record(connection, who=who, act="suppress", now=now, target=ring.hash(key)[:12], detail=detail)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A suppression in force, with the address where the person is still on record here; "" where they are not."""

    suppression: Suppression
    address: str = field(repr=False)


def listed(
    connection: Connection, *, scope: Scope | None = None, reason: Reason | None = None, limit: int = 100
) -> list[Listed]:
    """Suppressions in force, newest first."""
    x = suppressions.c
    query = (
        select(suppressions, subscribers.c.address)
        .outerjoin(subscribers, subscribers.c.address_hash == x.address_hash)
        .where(x.lifted_at.is_(None))
        .order_by(x.id.desc())
        .limit(limit)
    )
    if scope is not None:
        query = query.where(x.scope == scope)
    if reason is not None:
        query = query.where(x.reason == reason)
    return [Listed(suppression=_of(row), address=row.address or "") for row in connection.execute(query)]


def lift_own(
    connection: Connection, ring: KeyRing, key: str, joined: Mapping[str, str], *, now: datetime
) -> list[Suppression]:
    """The person confirmed their own sign-up to `joined` (list slug -> its organisation): what stood against it goes.

    Answers what still stops those lists (bounces, complaints, staff), which only staff lift.
    """
    known = in_force(connection, ring.hashes(key))
    against = [each for each in known if any(each.stops(slug, owner) for slug, owner in joined.items())]
    _lift(connection, [each.id for each in against if each.reason in THEIRS], "self", now)
    return [each for each in against if each.reason not in THEIRS]


def lift_by_staff(connection: Connection, ring: KeyRing, key: str, *, who: str, reason: str, now: datetime) -> int:
    """Lift what bounces, complaints or staff suppressed. How many.

    Raises RefusedError without a reason, and where only what the person alone can lift is in force.
    """
    if not reason.strip():
        raise RefusedError("Say why: --reason. It is kept in the log.")
    known = in_force(connection, ring.hashes(key))
    ours = [each.id for each in known if each.reason not in THEIRS]
    if not ours and known:
        raise RefusedError(
            "This person left or was erased at their own wish. Only their own confirmed sign-up lifts that: "
            "send them to the sign-up page."
        )
    if not ours:
        raise RefusedError("Nothing is suppressed for that address.")
    _lift(connection, ours, who, now)
    detail = {"reason": redact(reason), "suppressions": ours}
    record(connection, who=who, act="lift suppression", now=now, target=ring.hash(key)[:12], detail=detail)
    return len(ours)


def _lift(connection: Connection, ids: Sequence[int], who: str, now: datetime) -> None:
    if ids:
        match: ColumnElement[bool] = suppressions.c.id.in_(ids)
        connection.execute(update(suppressions).where(match).values(lifted_at=to_micros(now), lifted_by=who))
        bump(connection)
