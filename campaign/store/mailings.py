"""A mailing in the ledger: whom it opens for, and who is still to be reached when their turn comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, String, and_, case, exists, insert, literal, select

from campaign.model import NOBODY_LEFT_OUT, BroadcastKind, DeliveryState, Exclusion, Recipient
from campaign.model.rows import Kinds, Person
from campaign.store import reached, selection
from campaign.store.database import Database
from campaign.store.ledger import Slice
from campaign.store.links import ListSets
from campaign.store.reached import Labels
from campaign.store.selection import Choice
from campaign.store.tables import broadcasts, deliveries

T = TypeVar("T")

#: Why somebody is passed over who has had, or may have had, another of the day's mailings.
HAD_TODAYS = "had today's"

#: An INSERT's count of rows is otherwise lost on PostgreSQL.
COUNTED = {"preserve_rowcount": True}

#: For how long a count of people holds where only their details may have changed.
COUNTED_FOR = timedelta(seconds=60)

GONE_OUT = (
    DeliveryState.PENDING,
    DeliveryState.TAKEN,
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.UNCERTAIN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom a mailing asks for, by names. `siblings` are prefixes of keys of the same day's other mailings.

    `without` is left out, its groups of areas opened.
    """

    lists: tuple[str, ...]
    areas: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    without: Exclusion = NOBODY_LEFT_OUT
    siblings: tuple[str, ...] = ()


class _Counted(Generic[T]):
    """What was counted of audiences, kept while nobody joined, left, or was suppressed, and at most `COUNTED_FOR`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[Audience, tuple[datetime, object, T]] = {}

    def get(self, audience: Audience, now: datetime, counting: Callable[..., T]) -> T:
        """What stands of it, else counted anew. RefusedError where a list is missing."""
        with self._database.read() as connection:
            choice, people = _choose(connection, audience), selection.people_mark(connection)
            kept = self._kept.get(audience)
            if kept is None or kept[1] != people or not timedelta() <= now - kept[0] < COUNTED_FOR:
                kept = now, people, counting(connection, choice, now=now)
                self._kept[audience] = kept
        return kept[2]


class Mailings:
    """Opening and asking after the people of a mailing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sets = ListSets(database)
        self._counted: _Counted[dict[str, int]] = _Counted(database)
        self._groups: _Counted[list[tuple[Labels, int]]] = _Counted(database)

    def choice(self, audience: Audience) -> Choice:
        """The mailing's lists by name; RefusedError where one is missing or their senders differ."""
        with self._database.read() as connection:
            return _choose(connection, audience)

    def count(self, audience: Audience, *, now: datetime) -> int:
        """How many people it would reach now."""
        with self._database.read() as connection:
            return selection.count(connection, _choose(connection, audience), now=now)

    def breakdown(self, audience: Audience, *, now: datetime) -> dict[str, int]:
        """Everybody on its lists, each once: reached, or why not.

        Counted again when somebody joined or left, was suppressed or let in again, and after `COUNTED_FOR`.
        """
        return dict(self._counted.get(audience, now, selection.breakdown))

    def groups(self, audience: Audience, *, now: datetime) -> list[tuple[Labels, int]]:
        """Everybody it would reach now, by what they have in common, with how many of each; counted as `breakdown`."""
        return list(self._groups.get(audience, now, reached.groups))

    def first(self, audience: Audience, *, now: datetime) -> Recipient | None:
        """The first of the first slice whom it would reach now; None where that has nobody. Writes nothing.

        For a look at the message: what follows the secret of their links is left out.
        """
        with self._database.read() as connection:
            choice = _choose(connection, audience)
            if (window := selection.next_slice(connection, choice, 0)) is None:
                return None
            found = connection.execute(selection.selection(choice, now=now, after=window[0], upto=window[1]).limit(1))
            ids = [row.subscriber for row in found]
            people = reached.recipients(connection, choice, ids, now=now)
        return next(iter(people.values()), None)

    def slicer(self, audience: Audience, *, now: datetime, width: int = selection.SLICE) -> Slice:
        """What `Ledger.fill` calls: inserts one row a person chosen, window by window of subscriber ids.

        No window is wider than `width`.
        """

        def fill(connection: Connection, broadcast: int, cursor: int) -> tuple[int | None, Mapping[DeliveryState, int]]:
            choice = _choose(connection, audience)
            window = selection.next_slice(connection, choice, cursor, width)
            if window is None:
                return None, {}
            return window[1], _insert(connection, choice, broadcast, window, _siblings(connection, audience), now)

        return fill

    def people(self, audience: Audience, among: Collection[int], *, now: datetime, kinds: Kinds) -> list[Person]:
        """As `recipients`, in plain rows of no order; what they are like is told in `kinds`."""
        with self._database.read() as connection:
            choice = _choose(connection, audience)
            return reached.people(connection, choice, among, now=now, kinds=kinds, link=self._sets.link)

    def recipients(self, audience: Audience, among: Collection[int], *, now: datetime) -> dict[int, Recipient]:
        """Those of `among` (subscriber ids) who are still to be reached, each with the secret of their own links."""
        with self._database.read() as connection:
            choice = _choose(connection, audience)
            return reached.recipients(connection, choice, among, now=now, link=self._sets.link)

    def lapsed(self, audience: Audience, among: Collection[int], *, now: datetime) -> Mapping[int, str]:
        """Why each of the others is not: left, suppressed, paused, excluded, erased."""
        with self._database.read() as connection:
            return selection.lapsed(connection, _choose(connection, audience), among, now=now)


def _choose(connection: Connection, audience: Audience) -> Choice:
    return selection.choose(
        connection, audience.lists, areas=audience.areas, audiences=audience.audiences, without=audience.without
    )


def _siblings(connection: Connection, audience: Audience) -> Sequence[int]:
    if not audience.siblings:
        return ()
    query = select(broadcasts.c.id).where(
        broadcasts.c.key.in_(audience.siblings), broadcasts.c.kind == BroadcastKind.MAILING
    )
    return list(connection.scalars(query))


def _insert(
    connection: Connection,
    choice: Choice,
    broadcast: int,
    window: tuple[int, int],
    siblings: Sequence[int],
    now: datetime,
) -> Mapping[DeliveryState, int]:
    chosen = selection.selection(choice, now=now, after=window[0], upto=window[1]).order_by(None).subquery()
    state, reason = literal(DeliveryState.PENDING.value, String), literal("", String)
    columns: list[ColumnElement[Any]] = [literal(broadcast), chosen.c.subscriber, chosen.c.chosen, state, reason]
    if siblings:
        other = deliveries.alias("other")
        had = exists().where(
            and_(
                other.c.broadcast.in_(siblings),
                other.c.subscriber == chosen.c.subscriber,
                other.c.state.in_(GONE_OUT),
            )
        )
        columns[3:] = [case((had, DeliveryState.SKIPPED.value), else_=state), case((had, HAD_TODAYS), else_=reason)]
    statement = insert(deliveries).from_select(
        ["broadcast", "subscriber", "lists", "state", "reason"], select(*columns).select_from(chosen)
    )
    if not siblings:
        return {DeliveryState.PENDING: connection.execute(statement, execution_options=COUNTED).rowcount}
    return Counter(map(DeliveryState, connection.scalars(statement.returning(deliveries.c.state))))
