"""How many deliveries each broadcast has in each state, moved in the same transaction as the rows themselves.

A page reads some rows here instead of counting a million. Rows that are not settled count as `pending`; which of them
are `taken` or `sending` is few enough to be asked of the rows. Detail that is kept no longer leaves its figures here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from sqlalchemy import Connection, Executable, func, select

from campaign.model import DeliveryState
from campaign.store.tables import deliveries, tallies
from campaign.store.upserts import insert_into

LIVE = (DeliveryState.TAKEN, DeliveryState.SENDING)
UNSETTLED = (DeliveryState.PENDING, *LIVE)

#: (broadcast, state) -> by how much its figure moves.
Moves = Mapping[tuple[int, DeliveryState], int]


def counted(state: DeliveryState | str) -> DeliveryState:
    """The state under which a row counts: `pending` while it is not settled."""
    return DeliveryState.PENDING if state in UNSETTLED else DeliveryState(state)


def move(connection: Connection, moves: Moves) -> None:
    """Add `moves` to the figures: the last statement of a transaction that moved those rows, so that none waits long.

    In one order everywhere, so that two transactions cannot wait for each other.
    """
    rows = [
        {"broadcast": broadcast, "state": state.value, "count": by}
        for (broadcast, state), by in sorted(moves.items())
        if by
    ]
    if not rows:
        return
    connection.execute(_adding(connection.dialect.name), rows)


@cache
def _adding(dialect: str) -> Executable:
    """The statement of `move`, built once: a mailing runs it several times a second."""
    added = insert_into(tallies, dialect)
    return added.on_conflict_do_update(
        index_elements=[tallies.c.broadcast, tallies.c.state],
        set_={"count": tallies.c["count"] + added.excluded["count"]},
    )


def from_pending(found: Moves) -> dict[tuple[int, DeliveryState], int]:
    """The moves of rows that were not settled and went to the state named, so many each."""
    moves: dict[tuple[int, DeliveryState], int] = {}
    for (broadcast, state), rows in found.items():
        if counted(state) is not DeliveryState.PENDING:
            moves[broadcast, state] = rows
            before = broadcast, DeliveryState.PENDING
            moves[before] = moves.get(before, 0) - rows
    return moves


def settled(connection: Connection, broadcasts: Iterable[int], state: DeliveryState) -> None:
    """Rows of these broadcasts, one for each time it is named, left the unsettled for `state`."""
    move(connection, from_pending(Counter((broadcast, state) for broadcast in broadcasts)))


def of(connection: Connection, broadcasts: Iterable[int]) -> dict[int, dict[DeliveryState, int]]:
    """The figures of each broadcast, states with none left out."""
    wanted = list(broadcasts)
    found: dict[int, dict[DeliveryState, int]] = {broadcast: {} for broadcast in wanted}
    query = select(tallies.c.broadcast, tallies.c.state, tallies.c["count"])
    for broadcast, state, count in connection.execute(
        query.where(tallies.c.broadcast.in_(wanted), tallies.c["count"] != 0)
    ):
        found[broadcast][DeliveryState(state)] = count
    waiting = [broadcast for broadcast, figures in found.items() if DeliveryState.PENDING in figures]
    if waiting:
        _show_live(connection, waiting, found)
    return found


def _show_live(connection: Connection, waiting: list[int], found: dict[int, dict[DeliveryState, int]]) -> None:
    d = deliveries.c
    query = (
        select(d.broadcast, d.state, func.count())
        .where(d.broadcast.in_(waiting), d.state.in_(LIVE))
        .group_by(d.broadcast, d.state)
    )
    for broadcast, state, count in connection.execute(query):
        figures = found[broadcast]
        # Two statements may see two moments on PostgreSQL: never more live rows than there are unsettled ones.
        live = min(count, figures.get(DeliveryState.PENDING, 0))
        figures[DeliveryState(state)] = live
        figures[DeliveryState.PENDING] -= live
    for broadcast in waiting:
        found[broadcast] = {state: count for state, count in found[broadcast].items() if count}


def in_state(connection: Connection, *states: DeliveryState) -> dict[int, int]:
    """Broadcast -> how many of its rows are in one of these settled states; those with none are left out."""
    total = func.sum(tallies.c["count"])
    query = select(tallies.c.broadcast, total).where(tallies.c.state.in_(states)).group_by(tallies.c.broadcast)
    return {int(broadcast): int(count) for broadcast, count in connection.execute(query) if count}


def recount(connection: Connection) -> dict[int, dict[DeliveryState, int]]:
    """The figures that the rows themselves give: slow, to compare with `of`."""
    found: dict[int, dict[DeliveryState, int]] = {}
    query = select(deliveries.c.broadcast, deliveries.c.state, func.count())
    for broadcast, state, count in connection.execute(query.group_by(deliveries.c.broadcast, deliveries.c.state)):
        found.setdefault(broadcast, {})[DeliveryState(state)] = count
    return found
