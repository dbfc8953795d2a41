"""Broadcasts: each planned message over one channel, opened exactly once.

The unique key does the work: a second scheduler that opens the same broadcast inserts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, select, update

from campaign.clock import from_micros, to_micros
from campaign.errors import RefusedError
from campaign.model import (
    BROADCAST_MOVES,
    STAFF_BROADCAST_MOVES,
    Broadcast,
    BroadcastKey,
    BroadcastKind,
    BroadcastState,
    DeliveryState,
    InDoubt,
)
from campaign.store import tallies
from campaign.store.database import Database, bump
from campaign.store.log import SERVICE, record
from campaign.store.tables import broadcasts, campaigns, changes, deliveries
from campaign.store.upserts import insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A broadcast about to enter the ledger. `content` is what the channel will be given (posts), as JSON."""

    key: BroadcastKey
    kind: BroadcastKind
    planned_at: datetime
    late_until: datetime
    stop_at: datetime
    essential: bool
    in_doubt: InDoubt
    revision: int
    digest: str = ""
    content: str = ""


#: Fills one slice of a mailing's deliveries: (connection, broadcast id, cursor) -> (new cursor or None, rows by state).
Slice = Callable[[Connection, int, int], tuple[int | None, Mapping[DeliveryState, int]]]


#: Everything of a broadcast but its frozen content, which can be long and is asked for by itself.
ROW = tuple(column for column in broadcasts.c if column.name != "content")


class Ledger:
    """The broadcasts of every campaign."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def changes(self) -> int:
        """The number that every write which can make work raises."""
        with self._database.read() as connection:
            return int(connection.execute(select(changes.c.count)).scalar_one())

    def get(self, key: BroadcastKey) -> Broadcast | None:
        """The broadcast of that key, or None while it has no row."""
        found = self._select(select(*ROW).where(broadcasts.c.key == str(key)))
        return found[0] if found else None

    def by_id(self, broadcast: int) -> Broadcast:
        """The broadcast of that row id."""
        return self._select(select(*ROW).where(broadcasts.c.id == broadcast))[0]

    def of(self, campaign: str) -> dict[str, Broadcast]:
        """Every row of one campaign, by key."""
        query = (
            select(*ROW).join(campaigns, campaigns.c.id == broadcasts.c.campaign).where(campaigns.c.slug == campaign)
        )
        return {str(found.key): found for found in self._select(query)}

    def unsettled(self, campaign: str, settled: Collection[BroadcastState]) -> tuple[dict[str, Broadcast], set[str]]:
        """The rows of one campaign in any other state, by key; and the keys of those in a state of `settled`.

        A late week has many settled rows, of which a ring needs no more than the key.
        """
        mine = select(campaigns.c.id).where(campaigns.c.slug == campaign).scalar_subquery()
        with self._database.read() as connection:
            over = select(broadcasts.c.key).where(broadcasts.c.campaign == mine, broadcasts.c.state.in_(settled))
            keys = set(connection.execute(over).scalars())
            rest = select(*ROW).where(broadcasts.c.campaign == mine, broadcasts.c.state.not_in(settled))
            rows = [_broadcast(row) for row in connection.execute(rest)]
        return {str(row.key): row for row in rows if str(row.key) not in keys}, keys

    def in_state(self, *states: BroadcastState) -> list[Broadcast]:
        """Every row in one of `states`, by planned time."""
        return self._select(
            select(*ROW).where(broadcasts.c.state.in_(states)).order_by(broadcasts.c.planned_at, broadcasts.c.id)
        )

    def content(self, broadcast: int) -> str:
        """The frozen content of a broadcast, as JSON."""
        with self._database.read() as connection:
            return str(
                connection.execute(select(broadcasts.c.content).where(broadcasts.c.id == broadcast)).scalar_one()
            )

    def last_opened(self) -> dict[str, datetime]:
        """When each channel last opened a post."""
        query = (
            select(broadcasts.c.channel, func.max(broadcasts.c.opened_at))
            .where(broadcasts.c.kind == BroadcastKind.POST, broadcasts.c.opened_at.is_not(None))
            .group_by(broadcasts.c.channel)
        )
        with self._database.read() as connection:
            return {channel: from_micros(at) for channel, at in connection.execute(query)}

    def sent_digests(self, campaign: str) -> dict[str, str]:
        """Content digest -> key of what one campaign has opened."""
        query = (
            select(broadcasts.c.digest, broadcasts.c.key)
            .join(campaigns, campaigns.c.id == broadcasts.c.campaign)
            .where(campaigns.c.slug == campaign, broadcasts.c.opened_at.is_not(None), broadcasts.c.digest != "")
        )
        with self._database.read() as connection:
            return {row.digest: row.key for row in connection.execute(query)}

    def note(self, opening: Opening, state: BroadcastState, reason: str, now: datetime) -> bool:
        """Write that a broadcast waits, is held or was missed. False where another process moved it first."""
        with self._database.write() as connection:
            moved = _enter(connection, opening, state, reason, now)
            if moved:
                record(
                    connection,
                    who=SERVICE,
                    act=state.value,
                    now=now,
                    campaign=opening.key.campaign,
                    target=str(opening.key),
                    detail={"reason": reason},
                )
                bump(connection)
        return moved

    def open_post(self, opening: Opening, now: datetime) -> int | None:
        """Open a post with its one delivery, in one transaction. None where it was opened before."""
        with self._database.write() as connection:
            if not _enter(connection, opening, BroadcastState.OPENING, "", now):
                return None
            broadcast = _id_of(connection, opening.key)
            connection.execute(
                deliveries.insert().values(broadcast=broadcast, subscriber=0, state=DeliveryState.PENDING)
            )
            tallies.move(connection, {(broadcast, DeliveryState.PENDING): 1})
            _set(connection, broadcast, state=BroadcastState.OPEN, now=now)
            bump(connection)
        return broadcast

    def open_mailing(self, opening: Opening, now: datetime) -> int | None:
        """Begin to open a mailing: state `opening`, no deliveries yet. None where it was opened before."""
        with self._database.write() as connection:
            if not _enter(connection, opening, BroadcastState.OPENING, "", now):
                return None
            bump(connection)
            return _id_of(connection, opening.key)

    def fill(self, broadcast: int, fill_slice: Slice, now: datetime) -> bool:
        """Insert the next slice of a mailing's deliveries in one transaction; True once it is `open`.

        Safe to repeat after a kill: the cursor moves in the same transaction as the rows.
        """
        with self._database.write() as connection:
            row = connection.execute(
                select(broadcasts.c.state, broadcasts.c.cursor).where(broadcasts.c.id == broadcast).with_for_update()
            ).one()
            if row.state != BroadcastState.OPENING:
                return True
            cursor, filled = fill_slice(connection, broadcast, row.cursor)
            if cursor is None:
                _set(connection, broadcast, state=BroadcastState.OPEN, now=now)
                bump(connection)
                return True
            connection.execute(update(broadcasts).where(broadcasts.c.id == broadcast).values(cursor=cursor))
            tallies.move(connection, {(broadcast, state): count for state, count in filled.items()})
        return False

    def explain(self, broadcast: int, reason: str, now: datetime) -> None:
        """Say why an open broadcast stands still, "" where it does not."""
        with self._database.write() as connection:
            connection.execute(
                update(broadcasts)
                .where(broadcasts.c.id == broadcast, broadcasts.c.state == BroadcastState.OPEN)
                .values(reason=reason, changed_at=to_micros(now))
            )
            bump(connection)

    def finish(self, broadcast: int, now: datetime) -> bool:
        """Move an open broadcast to `done` when no delivery can still go. False while one can."""
        left = (DeliveryState.PENDING, DeliveryState.TAKEN, DeliveryState.SENDING)
        with self._database.write() as connection:
            some = select(deliveries.c.id).where(deliveries.c.broadcast == broadcast, deliveries.c.state.in_(left))
            if connection.execute(some.limit(1)).first() is not None:
                return False
            done = connection.execute(
                update(broadcasts)
                .where(broadcasts.c.id == broadcast, broadcasts.c.state == BroadcastState.OPEN)
                .values(state=BroadcastState.DONE, finished_at=to_micros(now), changed_at=to_micros(now))
            )
            bump(connection)
        return bool(done.rowcount)

    def reopen(self, connection: Connection, broadcast: int, now: datetime) -> None:
        """Part of a staff act: a settled broadcast has work again."""
        connection.execute(
            update(broadcasts)
            .where(broadcasts.c.id == broadcast, broadcasts.c.state == BroadcastState.DONE)
            .values(state=BroadcastState.OPEN, finished_at=None, changed_at=to_micros(now))
        )

    def move(
        self,
        opening: Opening,
        *,
        author: str,
        now: datetime,
        state: BroadcastState = BroadcastState.PLANNED,
        reason: str = "",
    ) -> None:
        """A person gives a broadcast a new time (`planned`), drops or cancels it.

        Raises RefusedError where it has been opened, or was dropped or cancelled before.
        """
        with self._database.write() as connection:
            row = connection.execute(
                select(broadcasts.c.id, broadcasts.c.state)
                .where(broadcasts.c.key == str(opening.key))
                .with_for_update()
            ).first()
            before = BroadcastState(row.state) if row else None
            if state not in STAFF_BROADCAST_MOVES.get(before, frozenset()):
                raise RefusedError(f"{opening.key} is {before or 'planned'}; it cannot become {state}.")
            if row is None:
                _insert(connection, opening, state, reason, now)
            else:
                connection.execute(
                    update(broadcasts)
                    .where(broadcasts.c.id == row.id)
                    .values(state=state, reason=reason, changed_at=to_micros(now), **_times(opening))
                )
            moved = state is BroadcastState.PLANNED
            connection.execute(update(broadcasts).where(broadcasts.c.key == str(opening.key)).values(moved=moved))
            act = "move" if moved else state.value
            detail = {"to": opening.planned_at.isoformat(), "reason": reason}
            record(
                connection,
                who=author,
                act=act,
                now=now,
                campaign=opening.key.campaign,
                target=str(opening.key),
                detail=detail,
            )
            bump(connection)

    def paste(self, opening: Opening, *, url: str, author: str, now: datetime) -> None:
        """A person carried a waiting post: it is open, sent and done in one transaction."""
        with self._database.write() as connection:
            if not _enter(connection, opening, BroadcastState.OPENING, "", now):
                raise RefusedError(f"{opening.key} was settled before.")
            broadcast = _id_of(connection, opening.key)
            sent = {
                "state": DeliveryState.SENT,
                "settled_at": to_micros(now),
                "reason": f"pasted by {author}",
                "url": url,
            }
            connection.execute(deliveries.insert().values(broadcast=broadcast, subscriber=0, **sent))
            tallies.move(connection, {(broadcast, DeliveryState.SENT): 1})
            connection.execute(
                update(broadcasts)
                .where(broadcasts.c.id == broadcast)
                .values(state=BroadcastState.DONE, finished_at=to_micros(now))
            )
            target = str(opening.key)
            record(connection, who=author, act="pasted", now=now, campaign=opening.key.campaign, target=target)
            bump(connection)

    def withdraw_row(self, key: BroadcastKey, *, reason: str, author: str, now: datetime) -> None:
        """Cancel a row whose message left the programme before it opened; one that opened meanwhile stays."""
        unopened = [
            state for state, after in STAFF_BROADCAST_MOVES.items() if state and BroadcastState.DROPPED in after
        ]
        with self._database.write() as connection:
            connection.execute(
                update(broadcasts)
                .where(broadcasts.c.key == str(key), broadcasts.c.state.in_(unopened))
                .values(state=BroadcastState.CANCELLED, reason=reason, changed_at=to_micros(now))
            )
            record(connection, who=author, act="cancel", now=now, campaign=key.campaign, target=str(key), detail={})
            bump(connection)

    def _select(self, query: Select[Any]) -> list[Broadcast]:
        with self._database.read() as connection:
            return [_broadcast(row) for row in connection.execute(query)]


def _enter(connection: Connection, opening: Opening, state: BroadcastState, reason: str, now: datetime) -> bool:
    """Insert the row in `state`, or move the one that is there, where that is a legal move; whether it was done."""
    if _insert(connection, opening, state, reason, now):
        return True
    allowed = [before for before, after in BROADCAST_MOVES.items() if before is not None and state in after]
    values: dict[str, Any] = {"state": state, "reason": reason, "changed_at": to_micros(now)}
    if state is BroadcastState.OPENING:
        values |= {"opened_at": to_micros(now), "content": opening.content, **_frozen(opening)}
    done = connection.execute(
        update(broadcasts)
        .where(broadcasts.c.key == str(opening.key), broadcasts.c.state.in_(allowed))
        .where((broadcasts.c.state != state) | (broadcasts.c.reason != reason))
        .values(**values)
    )
    return bool(done.rowcount)


def _frozen(opening: Opening) -> dict[str, Any]:
    return {"revision": opening.revision, "digest": opening.digest, **_times(opening)}


def _times(opening: Opening) -> dict[str, Any]:
    return {
        "planned_at": to_micros(opening.planned_at),
        "late_until": to_micros(opening.late_until),
        "stop_at": to_micros(opening.stop_at),
        "essential": opening.essential,
        "in_doubt": opening.in_doubt,
    }


def _insert(connection: Connection, opening: Opening, state: BroadcastState, reason: str, now: datetime) -> bool:
    campaign = connection.execute(select(campaigns.c.id).where(campaigns.c.slug == opening.key.campaign)).scalar_one()
    opened = to_micros(now) if state is BroadcastState.OPENING else None
    values = {
        "campaign": campaign,
        "key": str(opening.key),
        "kind": opening.kind,
        "channel": opening.key.channel,
        "state": state,
        "reason": reason,
        "content": opening.content,
        "opened_at": opened,
        "changed_at": to_micros(now),
        **_frozen(opening),
    }
    return insert_new(connection, broadcasts, values)


def insert_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert `row` unless its unique key is taken; whether it went in."""
    statement = insert_into(table, connection.dialect.name).values(row).on_conflict_do_nothing().returning(table.c.id)
    return connection.execute(statement).first() is not None


def _set(connection: Connection, broadcast: int, *, state: BroadcastState, now: datetime) -> None:
    connection.execute(
        update(broadcasts).where(broadcasts.c.id == broadcast).values(state=state, changed_at=to_micros(now))
    )


def _id_of(connection: Connection, key: BroadcastKey) -> int:
    return int(connection.execute(select(broadcasts.c.id).where(broadcasts.c.key == str(key))).scalar_one())


def _broadcast(row: Row[Any]) -> Broadcast:
    return Broadcast(
        id=row.id,
        key=BroadcastKey.parse(row.key),
        kind=BroadcastKind(row.kind),
        state=BroadcastState(row.state),
        reason=row.reason,
        planned_at=from_micros(row.planned_at),
        late_until=from_micros(row.late_until),
        stop_at=from_micros(row.stop_at),
        essential=bool(row.essential),
        in_doubt=InDoubt(row.in_doubt),
        revision=row.revision,
        moved=bool(row.moved),
        opened_at=from_micros(row.opened_at) if row.opened_at is not None else None,
        finished_at=from_micros(row.finished_at) if row.finished_at is not None else None,
    )
