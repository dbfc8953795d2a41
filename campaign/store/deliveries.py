"""Deliveries: taken by compare-and-set, marked before the irreversible byte, settled with their attempt."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from campaign.clock import from_micros, to_micros
from campaign.errors import Conflict, RefusedError
from campaign.model import (
    DELIVERY_MOVES,
    STAFF_DELIVERY_MOVES,
    BroadcastKind,
    BroadcastState,
    Delivery,
    DeliveryState,
)
from campaign.model.rows import Settled
from campaign.store import tallies
from campaign.store.database import Database, bump, dump
from campaign.store.log import record
from campaign.store.tables import attempts, broadcasts, deliveries, delivery_notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at one delivery, as kept."""

    number: int
    began_at: datetime | None
    ended_at: datetime
    outcome: str
    code: str
    reply: str


class Deliveries:
    """The rows that are sent, one message to one recipient each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, delivery: int) -> Delivery:
        """The delivery of that row id; RefusedError where there is none."""
        with self._database.read() as connection:
            row = connection.execute(select(deliveries).where(deliveries.c.id == delivery)).first()
        if row is None:
            raise RefusedError(f"There is no delivery {delivery}.")
        return to_delivery(row)

    def of(self, broadcast: int, *states: DeliveryState, limit: int = 1000) -> list[Delivery]:
        """Deliveries of one broadcast, in the given states (none given: all), by id."""
        query = select(deliveries).where(deliveries.c.broadcast == broadcast).order_by(deliveries.c.id).limit(limit)
        if states:
            query = query.where(deliveries.c.state.in_(states))
        with self._database.read() as connection:
            return [to_delivery(row) for row in connection.execute(query)]

    def of_posts(self, *states: DeliveryState) -> list[tuple[str, datetime, datetime, Delivery]]:
        """Every delivery of a post in these settled states, with its broadcast's key, planned time and `stop_at`."""
        found = (
            select(broadcasts.c.key, broadcasts.c.planned_at, broadcasts.c.stop_at, deliveries)
            .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
            .where(broadcasts.c.kind == BroadcastKind.POST, deliveries.c.state.in_(states))
            .order_by(deliveries.c.id)
        )
        with self._database.read() as connection:
            where = deliveries.c.broadcast.in_(tallies.in_state(connection, *states))
            return [
                (row.key, from_micros(row.planned_at), from_micros(row.stop_at), to_delivery(row))
                for row in connection.execute(found.where(where))
            ]

    def missed_of_mailings(self) -> list[tuple[int, int, str]]:
        """The mailings of which something was missed: (broadcast, how many, why). Those kept no longer are left out."""
        query = (
            select(broadcasts.c.id, func.min(deliveries.c.reason))
            .join(deliveries, deliveries.c.broadcast == broadcasts.c.id)
            .where(broadcasts.c.kind == BroadcastKind.MAILING, broadcasts.c.state == BroadcastState.DONE)
            .where(deliveries.c.state == DeliveryState.MISSED)
            .group_by(broadcasts.c.id)
            .order_by(broadcasts.c.id)
        )
        with self._database.read() as connection:
            counts = tallies.in_state(connection, DeliveryState.MISSED)
            rows = connection.execute(query.where(broadcasts.c.id.in_(counts))) if counts else ()
            return [(row[0], counts[row[0]], row[1]) for row in rows]

    def tally(self, *broadcast_ids: int) -> dict[int, dict[DeliveryState, int]]:
        """How many deliveries each broadcast has in each state; states with none are left out."""
        with self._database.read() as connection:
            return tallies.of(connection, broadcast_ids)

    def take(self, broadcast: int, *, worker: int, now: datetime, limit: int = 1) -> list[Delivery]:
        """Take up to `limit` pending rows whose `not_before` has come, for one living worker."""
        due = (
            select(deliveries.c.id)
            .where(deliveries.c.broadcast == broadcast, deliveries.c.state == DeliveryState.PENDING)
            .where(or_(deliveries.c.not_before.is_(None), deliveries.c.not_before <= to_micros(now)))
            .order_by(deliveries.c.id)
            .limit(limit)
        )
        if not self._database.sqlite:
            due = due.with_for_update(skip_locked=True)
        with self._database.write() as connection:
            rows = connection.execute(
                update(deliveries)
                .where(deliveries.c.id.in_(due), deliveries.c.state == DeliveryState.PENDING)
                .values(state=DeliveryState.TAKEN, worker=worker)
                .returning(deliveries)
            ).all()
        return sorted((to_delivery(row) for row in rows), key=lambda found: found.id)

    def begin(self, delivery: int, *, worker: int, now: datetime) -> bool:
        """Mark `taken -> sending`, durable before it returns. False where the row is not this worker's any more."""
        with self._database.write() as connection:
            done = connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.id == delivery,
                    deliveries.c.state == DeliveryState.TAKEN,
                    deliveries.c.worker == worker,
                )
                .values(state=DeliveryState.SENDING, began_at=to_micros(now), attempts=deliveries.c.attempts + 1)
            )
        return bool(done.rowcount)

    def settle(self, settled: Iterable[Settled], *, worker: int, now: datetime) -> None:
        """Write state and attempt together for each; Conflict where a row is not this worker's any more."""
        with self._database.write() as connection:
            found = Counter((_settle(connection, one, worker, now), one.state) for one in settled)
            tallies.move(connection, tallies.from_pending(found))
            bump(connection)

    def give_back(self, worker: int, *, now: datetime, but: Collection[int] = ()) -> int:
        """Put a dead worker's `taken` rows back to `pending` (nothing of them began), save those `but`; how many."""
        with self._database.write() as connection:
            done = connection.execute(
                update(deliveries)
                .where(deliveries.c.worker == worker, deliveries.c.state == DeliveryState.TAKEN)
                .where(deliveries.c.id.not_in(but))
                .values(state=DeliveryState.PENDING, worker=0)
            )
            if done.rowcount:
                bump(connection)
        return int(done.rowcount)

    def doubt(self, worker: int, *, reason: str, now: datetime, but: Collection[int] = ()) -> int:
        """Make every row that a dead worker may have sent `uncertain`, save those `but`; how many."""
        with self._database.write() as connection:
            found = list(
                connection.scalars(
                    update(deliveries)
                    .where(deliveries.c.worker == worker, deliveries.c.state.in_(tallies.LIVE))
                    .where(deliveries.c.id.not_in(but))
                    .values(state=DeliveryState.UNCERTAIN, reason=reason, settled_at=to_micros(now))
                    .returning(deliveries.c.broadcast)
                )
            )
            if found:
                tallies.settled(connection, found, DeliveryState.UNCERTAIN)
                bump(connection)
        return len(found)

    def begun_by(self, worker: int) -> list[Delivery]:
        """Rows that a worker left `sending`."""
        query = select(deliveries).where(deliveries.c.worker == worker, deliveries.c.state == DeliveryState.SENDING)
        with self._database.read() as connection:
            return [to_delivery(row) for row in connection.execute(query.order_by(deliveries.c.id))]

    def left_by(self) -> set[int]:
        """The workers that still have rows `taken` or `sending`."""
        query = select(deliveries.c.worker).where(deliveries.c.state.in_(tallies.LIVE)).distinct()
        with self._database.read() as connection:
            return {int(worker) for (worker,) in connection.execute(query)}

    def end(self, broadcast: int, state: DeliveryState, reason: str, *, now: datetime) -> int:
        """Move every pending row of a broadcast to `missed`, `skipped` or `uncertain`; how many."""
        with self._database.write() as connection:
            done = connection.execute(
                update(deliveries)
                .where(deliveries.c.broadcast == broadcast, deliveries.c.state == DeliveryState.PENDING)
                .values(state=state, reason=reason, settled_at=to_micros(now))
            )
            if done.rowcount:
                moves = {(broadcast, state): done.rowcount, (broadcast, DeliveryState.PENDING): -done.rowcount}
                tallies.move(connection, moves)
                bump(connection)
        return int(done.rowcount)

    def urls(self, *broadcast_ids: int) -> dict[int, str]:
        """Where each post can be seen, by its broadcast; those without an address are left out."""
        query = select(deliveries.c.broadcast, deliveries.c.url).where(
            deliveries.c.broadcast.in_(broadcast_ids), deliveries.c.subscriber == 0, deliveries.c.url != ""
        )
        with self._database.read() as connection:
            return {row.broadcast: row.url for row in connection.execute(query)}

    def in_doubt(self) -> dict[int, int]:
        """How many rows of each broadcast are `uncertain`; those with none are left out."""
        with self._database.read() as connection:
            return tallies.in_state(connection, DeliveryState.UNCERTAIN)

    def any_due(self, broadcast: int, now: datetime, *, beyond: int = 0) -> bool:
        """Whether a broadcast has more than `beyond` pending rows whose `not_before` has come."""
        query = (
            select(deliveries.c.id)
            .where(deliveries.c.broadcast == broadcast, deliveries.c.state == DeliveryState.PENDING)
            .where(or_(deliveries.c.not_before.is_(None), deliveries.c.not_before <= to_micros(now)))
            .limit(1)
            .offset(beyond)
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def next_due(self, now: datetime) -> datetime | None:
        """The next instant after `now` at which a pending row may be tried, or the day of an open broadcast is over."""
        is_open = broadcasts.c.state == BroadcastState.OPEN
        retry = (
            select(func.min(deliveries.c.not_before))
            .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
            .where(is_open, deliveries.c.state == DeliveryState.PENDING, deliveries.c.not_before > to_micros(now))
        )
        over = select(func.min(broadcasts.c.stop_at)).where(is_open, broadcasts.c.stop_at >= to_micros(now))
        with self._database.read() as connection:
            tried, ended = connection.execute(retry).scalar(), connection.execute(over).scalar()
        moments = [tried, None if ended is None else ended + 1]
        found = min((moment for moment in moments if moment is not None), default=None)
        return from_micros(found) if found is not None else None

    def judge(
        self, delivery: int, state: DeliveryState, *, author: str, now: datetime, reason: str = "", url: str = ""
    ) -> None:
        """A person settles one row: an uncertain one went out or did not, a failed one is tried again, or dropped.

        Raises RefusedError where the row's state does not allow it.
        """
        with self._database.write() as connection:
            row = connection.execute(select(deliveries).where(deliveries.c.id == delivery).with_for_update()).first()
            if row is None or state not in STAFF_DELIVERY_MOVES.get(DeliveryState(row.state), frozenset()):
                before = row.state if row else "unknown"
                raise RefusedError(f"Delivery {delivery} is {before}; it cannot become {state}.")
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery)
                .values(
                    state=state, reason=reason, url=url or row.url, settled_at=to_micros(now), not_before=None, worker=0
                )
            )
            if state is DeliveryState.PENDING:
                connection.execute(
                    update(broadcasts)
                    .where(broadcasts.c.id == row.broadcast, broadcasts.c.state == BroadcastState.DONE)
                    .values(state=BroadcastState.OPEN, finished_at=None)
                )
            detail = {"from": row.state, "to": state, "reason": reason}
            record(connection, who=author, act="settle", now=now, target=f"delivery {delivery}", detail=detail)
            before, after = tallies.counted(row.state), tallies.counted(state)
            if before is not after:
                tallies.move(connection, {(row.broadcast, before): -1, (row.broadcast, after): 1})
            bump(connection)

    def judge_missed(
        self, broadcast: int, *, author: str, now: datetime, again: tuple[datetime, datetime] | None, reason: str = ""
    ) -> int:
        """A person settles all that a mailing missed: it goes `again` (from, until), or never (None); how many."""
        state = DeliveryState.PENDING if again else DeliveryState.DROPPED
        later = to_micros(again[0]) if again else None
        with self._database.write() as connection:
            mine = (deliveries.c.broadcast == broadcast) & (deliveries.c.state == DeliveryState.MISSED)
            values = {"state": state, "reason": reason, "settled_at": to_micros(now), "not_before": later, "worker": 0}
            count = int(connection.execute(update(deliveries).where(mine).values(**values)).rowcount)
            if again and count:
                opened = {"state": BroadcastState.OPEN, "finished_at": None, "stop_at": to_micros(again[1])}
                connection.execute(update(broadcasts).where(broadcasts.c.id == broadcast).values(**opened))
            detail = {"from": DeliveryState.MISSED, "to": state, "count": count, "reason": reason}
            detail |= {"at": again[0].isoformat()} if again else {}
            key = connection.execute(select(broadcasts.c.key).where(broadcasts.c.id == broadcast)).scalar_one()
            record(connection, who=author, act="settle", now=now, target=key, detail=detail)
            tallies.move(connection, {(broadcast, DeliveryState.MISSED): -count, (broadcast, state): count})
            bump(connection)
        return count

    def notes(self, delivery: int) -> dict[str, str]:
        """What the adapter kept for this delivery."""
        query = select(delivery_notes.c.notes).where(delivery_notes.c.delivery == delivery)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return dict(json.loads(found)) if found else {}

    def keep_notes(self, delivery: int, notes: Mapping[str, str]) -> None:
        """Keep what the adapter wants to find again, before `send`."""
        with self._database.write() as connection:
            text = dump(dict(notes))
            done = connection.execute(
                update(delivery_notes).where(delivery_notes.c.delivery == delivery).values(notes=text)
            )
            if not done.rowcount:
                connection.execute(insert(delivery_notes).values(delivery=delivery, notes=text))

    def attempts(self, delivery: int) -> list[Attempt]:
        """Every attempt kept of one delivery, first to last."""
        query = select(attempts).where(attempts.c.delivery == delivery).order_by(attempts.c.id)
        with self._database.read() as connection:
            return [
                Attempt(
                    number=row.number,
                    began_at=from_micros(row.began_at) if row.began_at is not None else None,
                    ended_at=from_micros(row.ended_at),
                    outcome=row.outcome,
                    code=row.code,
                    reply=row.reply,
                )
                for row in connection.execute(query)
            ]


def _settle(connection: Connection, one: Settled, worker: int, now: datetime) -> int:
    """Settle one; its broadcast."""
    allowed = [before for before, after in DELIVERY_MOVES.items() if one.state in after]
    final = one.state is not DeliveryState.PENDING
    row = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == one.delivery, deliveries.c.worker == worker, deliveries.c.state.in_(allowed))
        .values(
            state=one.state,
            reason=one.reason,
            code=one.code,
            remote_id=one.remote_id,
            url=one.url,
            not_before=to_micros(one.not_before) if one.not_before else None,
            settled_at=to_micros(now) if final else None,
            worker=worker if final else 0,
        )
        .returning(deliveries.c.attempts, deliveries.c.began_at, deliveries.c.broadcast)
    ).first()
    if row is None:
        raise Conflict(f"Delivery {one.delivery} is not this worker's any more.")
    if one.outcome:
        connection.execute(
            insert(attempts).values(
                delivery=one.delivery,
                number=row.attempts,
                began_at=row.began_at,
                ended_at=to_micros(now),
                outcome=one.outcome,
                code=one.code,
                reply=one.reply,
            )
        )
    return int(row.broadcast)


def to_delivery(row: Row[Any]) -> Delivery:
    """A row of the table as a value."""
    return Delivery(
        id=row.id,
        broadcast=row.broadcast,
        subscriber=row.subscriber,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        reason=row.reason,
        code=row.code,
        not_before=_moment(row.not_before),
        began_at=_moment(row.began_at),
        settled_at=_moment(row.settled_at),
        remote_id=row.remote_id,
        url=row.url,
        worker=row.worker,
        lists=row.lists,
    )


def _moment(micros: int | None) -> datetime | None:
    return from_micros(micros) if micros is not None else None
