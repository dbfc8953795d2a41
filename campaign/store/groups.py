"""Deliveries of a mailing in groups: taken by compare-and-set, settled many at a time. The hot statements of the store.

A row taken this way stays `taken` until it is settled; that it was begun stands in its worker's journal.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, text, update

from campaign.clock import to_micros
from campaign.model import BroadcastKind, BroadcastState, DeliveryState
from campaign.model.rows import Accepted, Settled, Taken
from campaign.store import progress, tallies
from campaign.store.database import Database, bump, plainly
from campaign.store.evidence import ALL, Which
from campaign.store.log import record
from campaign.store.tables import attempts, broadcasts, deliveries
from campaign.store.wordings import Wordings

#: Failed rows that one transaction has tried again.
RETRIED = 5_000


class Held(NamedTuple):
    """One row that a worker still holds: its broadcast, its subscriber, and its reason of before."""

    broadcast: int
    subscriber: int
    reason: str


class Groups:
    """Taking and settling many rows of one mailing at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wordings = Wordings(database)
        dialect = _SQLITE if database.sqlite else _POSTGRES
        self._take = text(dialect["take"])
        self._sent_alike = text(dialect["sent alike"])
        self._sent = text(dialect["sent"])
        self._back = text(dialect["back"])

    def take(self, broadcast: int, *, worker: int, now: datetime, limit: int) -> list[Taken]:
        """Take up to `limit` pending rows whose `not_before` has come, lowest id first; synced before it returns."""
        values = {"broadcast": broadcast, "worker": worker, "now": to_micros(now), "limit": limit}
        with self._database.write() as connection:
            rows: list[Taken] = plainly(connection.execute(self._take, values))
            if rows and self._database.sqlite:
                self._take_these(connection, rows, values)
        rows.sort()
        return rows

    def _take_these(self, connection: Connection, rows: list[Taken], values: dict[str, Any]) -> None:
        """Mark what was found, which on SQLite nobody else can have taken meanwhile: one transaction writes at a time.

        Mostly they are a run of ids, which is found in a quarter less time.
        """
        first, last = rows[0][0], rows[-1][0]
        if last - first + 1 == len(rows):
            connection.execute(_TAKE_RUN, {**values, "first": first, "last": last})
        else:
            connection.execute(_TAKE_SOME, {**values, "ids": self._list([row[0] for row in rows])})

    def settle(
        self,
        *,
        worker: int,
        began: datetime,
        now: datetime,
        broadcast: int = 0,
        sent: Sequence[Accepted] = (),
        others: Iterable[Settled] = (),
        back: Iterable[int] = (),
    ) -> int:
        """Write what came of a group, in one transaction; how many rows it moved.

        Only rows that this worker holds move. `sent` are rows of `broadcast` that were accepted, `others` are rows that
        were not, each kept with its attempt; `back` are rows of which nothing began. `began` and `now` are the bounds
        of the time in which the group was sent.
        """
        times = {"worker": worker, "began": to_micros(began), "now": to_micros(now)}
        found: Counter[tuple[int, DeliveryState]] = Counter()
        said = self._wordings.numbers({each.wording for each in sent})
        strange = [each for each in sent if each.wording and each.wording not in said]
        with self._database.write() as connection:
            for each in _merged(sent, said):
                of_these = {**times, "broadcast": broadcast, "said": said.get(each.wording, 0)}
                found[broadcast, DeliveryState.SENT] += self._settle_sent(connection, each, of_these)
            _keep_wordings(connection, strange, times)
            for one in others:
                found.update((of, one.state) for of in _settle_other(connection, one, times))
            moved = found.total()
            if ids := list(back):
                moved += connection.execute(self._back, {"worker": worker, "ids": self._list(ids)}).rowcount
            if found[broadcast, DeliveryState.SENT]:
                progress.left(connection, broadcast, now)
            tallies.move(connection, tallies.from_pending(found))
            if moved:
                bump(connection)
        return moved

    def held(self, worker: int, *, broadcast: int = 0) -> dict[int, Held]:
        """The rows of mailings (of one, where given) that a worker still holds, by id."""
        d = deliveries.c
        query = select(d.id, d.broadcast, d.subscriber, d.reason).where(_of_mailings(worker)).order_by(d.id)
        if broadcast:
            query = query.where(deliveries.c.broadcast == broadcast)
        with self._database.read() as connection:
            return {row.id: Held(row.broadcast, row.subscriber, row.reason) for row in connection.execute(query)}

    def retry(self, broadcast: int, *, author: str, now: datetime, which: Which = ALL) -> int:
        """A person has the failed rows of a mailing tried again (those of `which` alone), slice by slice; how many."""
        total, last = 0, 0
        failed = replace(which, states=(DeliveryState.FAILED,))
        while some := self._retry_slice(broadcast, failed, last):
            total, last = total + len(some), max(some)
        if total:
            with self._database.write() as connection:
                key = connection.execute(select(broadcasts.c.key).where(broadcasts.c.id == broadcast)).scalar_one()
                detail: dict[str, Any] = {"from": DeliveryState.FAILED, "to": DeliveryState.PENDING, "count": total}
                detail |= {name: said for name, said in (("code", which.code), ("domain", which.domain)) if said}
                record(connection, who=author, act="settle", now=now, target=key, detail=detail)
        return total

    def _retry_slice(self, broadcast: int, failed: Which, after: int) -> list[int]:
        """The next failed rows, by id. One that failed again meanwhile is behind `after`."""
        d = deliveries.c
        with self._database.write() as connection:
            some = select(d.id).where(d.broadcast == broadcast, d.id > after, *failed.where).order_by(d.id)
            ids = list(connection.scalars(some.limit(RETRIED)))
            values = {"state": DeliveryState.PENDING, "reason": "", "code": "", "not_before": None, "worker": 0}
            again = update(deliveries).where(d.id.in_(ids), d.state == DeliveryState.FAILED)
            count = int(connection.execute(again.values(**values, settled_at=None)).rowcount) if ids else 0
            if count:
                connection.execute(
                    update(broadcasts)
                    .where(broadcasts.c.id == broadcast, broadcasts.c.state == BroadcastState.DONE)
                    .values(state=BroadcastState.OPEN, finished_at=None)
                )
                tallies.move(
                    connection, {(broadcast, DeliveryState.FAILED): -count, (broadcast, DeliveryState.PENDING): count}
                )
                bump(connection)
        return ids

    def _settle_sent(self, connection: Connection, these: Accepted, times: dict[str, int]) -> int:
        """How many of the rows moved."""
        values = {**times, "code": these.code, "reason": these.reason}
        if not any(these.remotes):
            values["ids"] = self._list(these.ids)
            return int(connection.execute(self._sent_alike, values).rowcount)
        if self._database.sqlite:
            values["rows"] = json.dumps(list(zip(these.ids, these.remotes, strict=True)))
        else:
            values |= {"ids": these.ids, "remotes": these.remotes}
        return int(connection.execute(self._sent, values).rowcount)

    def _list(self, ids: list[int]) -> Any:
        return json.dumps(ids) if self._database.sqlite else ids


def _of_mailings(worker: int) -> ColumnElement[bool]:
    mailings = select(broadcasts.c.id).where(broadcasts.c.kind == BroadcastKind.MAILING)
    return and_(
        deliveries.c.worker == worker,
        deliveries.c.state == DeliveryState.TAKEN,
        deliveries.c.broadcast.in_(mailings),
    )


_DUE = """
    SELECT id, subscriber, attempts, reason FROM deliveries
    WHERE broadcast = :broadcast AND state = 'pending' AND (not_before IS NULL OR not_before <= :now)
    ORDER BY id LIMIT :limit
"""
#: Materialized, so that the rows are chosen once: PostgreSQL may ask a subquery again for each row it looks at; each
#: time it would skip what it has locked already and take more than the limit.
_TAKE_UNLOCKED = """
    WITH due AS MATERIALIZED (
        SELECT id FROM deliveries
        WHERE broadcast = :broadcast AND state = 'pending' AND (not_before IS NULL OR not_before <= :now)
        ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE deliveries SET state = 'taken', worker = :worker FROM due
    WHERE deliveries.id = due.id AND deliveries.state = 'pending'
    RETURNING deliveries.id, subscriber, attempts, reason
"""
_SENT = """
    UPDATE deliveries SET state = 'sent', settled_at = :now, began_at = :began, attempts = attempts + 1,
        not_before = NULL, code = :code, reason = :reason, said = :said{more}
    {source} AND deliveries.worker = :worker AND deliveries.state = 'taken' AND deliveries.broadcast = :broadcast
"""
_BACK = "UPDATE deliveries SET state = 'pending', worker = 0 WHERE worker = :worker AND state = 'taken' AND id {among}"

_AMONG = "IN (SELECT value FROM json_each(:ids))"
#: A plus keeps SQLite from the index of what it tells: it goes by the ids.
_MARK = "UPDATE deliveries SET state = 'taken', worker = :worker WHERE +state = 'pending' AND id {among}"
_TAKE_RUN = text(_MARK.format(among="BETWEEN :first AND :last"))
_TAKE_SOME = text(_MARK.format(among=_AMONG))
_PAIRS = (
    "FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS remote FROM json_each(:rows)) AS j"
)
_SQLITE = {
    "take": _DUE,
    "sent alike": _SENT.format(more="", source=f"WHERE id {_AMONG}"),
    "sent": _SENT.format(more=", remote_id = j.remote", source=f"{_PAIRS} WHERE deliveries.id = j.id"),
    "back": _BACK.format(among=_AMONG),
}
_UNNEST = "FROM unnest(CAST(:ids AS bigint[]), CAST(:remotes AS text[])) AS j(id, remote)"
_ANY = "= ANY(CAST(:ids AS bigint[]))"
_POSTGRES = {
    "take": _TAKE_UNLOCKED,
    "sent alike": _SENT.format(more="", source=f"WHERE id {_ANY}"),
    "sent": _SENT.format(more=", remote_id = j.remote", source=f"{_UNNEST} WHERE deliveries.id = j.id"),
    "back": _BACK.format(among=_ANY),
}

_OTHER = text(
    """
    UPDATE deliveries SET state = :state, settled_at = :settled, began_at = :began, attempts = attempts + :tried,
        not_before = :not_before, code = :code, reason = :reason, worker = :keeps,
        remote_id = :remote
    WHERE id = :id AND worker = :worker AND state = 'taken' RETURNING attempts, broadcast
    """
).bindparams(bindparam("not_before"), bindparam("settled"))


def _merged(sent: Sequence[Accepted], said: Mapping[str, int]) -> list[Accepted]:
    """Those whose wording is kept with each attempt as one, so that a strange relay costs no statement a row."""
    found: dict[tuple[str, str, str, bool], Accepted] = {}
    for each in sent:
        wording = each.wording if each.wording in said else ""
        key = each.code, each.reason, wording, bool(each.remotes)
        if key in found:
            found[key].ids.extend(each.ids)
            found[key].remotes.extend(each.remotes)
        else:
            found[key] = each._replace(wording=wording, ids=list(each.ids), remotes=list(each.remotes))
    return list(found.values())


def _keep_wordings(connection: Connection, strange: list[Accepted], times: dict[str, int]) -> None:
    """Keep what was said of rows whose wording is like no other's, each with its attempt."""
    if not strange:
        return
    found = connection.execute(
        select(deliveries.c.id, deliveries.c.attempts).where(
            deliveries.c.id.in_([id_ for each in strange for id_ in each.ids]), deliveries.c.worker == times["worker"]
        )
    )
    tries = {row.id: row.attempts for row in found}
    rows = [
        {
            "delivery": id_, "number": tries[id_], "began_at": times["began"], "ended_at": times["now"],
            "outcome": "accepted", "code": each.code, "reply": each.wording.replace("{}", remote, 1),
        }
        for each in strange
        for id_, remote in zip(each.ids, each.remotes or [""] * len(each.ids), strict=True)
        if id_ in tries
    ]  # fmt: skip
    if rows:
        connection.execute(insert(attempts), rows)


def _settle_other(connection: Connection, one: Settled, times: dict[str, int]) -> tuple[int, ...]:
    """The broadcast of the row, where it moved."""
    tried = bool(one.outcome)
    final = one.state not in (DeliveryState.PENDING, DeliveryState.SENDING)
    row = connection.execute(
        _OTHER,
        {
            "id": one.delivery,
            "worker": times["worker"],
            "state": one.state.value,
            "settled": times["now"] if final else None,
            "began": times["began"] if tried else None,
            "tried": int(tried),
            "not_before": to_micros(one.not_before) if one.not_before else None,
            "code": one.code,
            "reason": one.reason,
            "remote": one.remote_id,
            "keeps": 0 if one.state is DeliveryState.PENDING else times["worker"],
        },
    ).first()
    if row is None:
        return ()
    if tried:
        connection.execute(
            insert(attempts).values(
                delivery=one.delivery,
                number=row.attempts,
                began_at=times["began"],
                ended_at=times["now"],
                outcome=one.outcome,
                code=one.code,
                reply=one.reply,
            )
        )
    return (row.broadcast,)
