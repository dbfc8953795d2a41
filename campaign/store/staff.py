"""People of the team: those whose names an act can bear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from campaign.clock import from_micros, to_micros
from campaign.errors import RefusedError
from campaign.store.log import record
from campaign.store.sessions import end_sessions
from campaign.store.tables_desk import accounts, challenges, identities, passkeys, recovery_codes, sign_in_links
from campaign.store.tables_lists import people


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of the team. `removed_at`: kept, because the log names them."""

    id: int
    name: str
    email: str
    role: str
    added_at: datetime
    removed_at: datetime | None = None


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        email=row.email,
        role=row.role,
        added_at=from_micros(row.added_at),
        removed_at=from_micros(row.removed_at) if row.removed_at is not None else None,
    )


def add_person(connection: Connection, name: str, *, email: str = "", role: str = "", who: str, now: datetime) -> None:
    """Add a person, or bring back one who was removed. RefusedError where they are there."""
    name = " ".join(name.split())
    if not name or len(name) > 200:
        raise RefusedError("A person needs a name of at most 200 characters.")
    row = connection.execute(select(people).where(people.c.name == name)).first()
    if row is not None and row.removed_at is None:
        raise RefusedError(f"{name} is there already.")
    if row is not None:
        connection.execute(update(people).where(people.c.id == row.id).values(removed_at=None, email=email, role=role))
    else:
        connection.execute(insert(people).values(name=name, email=email, role=role, added_at=to_micros(now)))
    record(connection, who=who, act="add person", now=now, target=name)


def remove_person(connection: Connection, name: str, *, who: str, now: datetime) -> None:
    """No act can bear this name from now on; what they did stays in the log. RefusedError where there is none.

    Their account goes with them, and all that they sign in with: who comes back is invited anew.
    """
    done = connection.execute(
        update(people)
        .where(people.c.name == name, people.c.removed_at.is_(None))
        .values(removed_at=to_micros(now), email="")
    )
    if not done.rowcount:
        raise RefusedError(f"There is nobody called {name!r}. Names are listed by: campaign people list.")
    person = connection.execute(select(people.c.id).where(people.c.name == name)).scalar_one()
    end_sessions(connection, person, now)
    for table in (recovery_codes, passkeys, identities, challenges, sign_in_links, accounts):
        connection.execute(delete(table).where(table.c.person == person))
    record(connection, who=who, act="remove person", now=now, target=name)


def all_people(connection: Connection, *, removed: bool = False) -> list[Person]:
    """The team by name; with those who were removed where asked."""
    query = select(people).order_by(people.c.name)
    if not removed:
        query = query.where(people.c.removed_at.is_(None))
    return [_person(row) for row in connection.execute(query)]


def need_person(connection: Connection, name: str) -> Person:
    """The person of that name; RefusedError saying how to add one."""
    row = connection.execute(select(people).where(people.c.name == name, people.c.removed_at.is_(None))).first()
    if row is None:
        raise RefusedError(
            f"This act needs the name of a person in the team, and {name or 'nobody'!r} is not in it. "
            f'Add them with: campaign people add "NAME", then repeat with --as "NAME".'
        )
    return _person(row)
