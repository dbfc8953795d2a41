"""What became of a mailing's emails, as staff ask for it: why some did not go, and what single people got."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from campaign.model import Delivery, DeliveryState
from campaign.store.database import Database
from campaign.store.deliveries import to_delivery
from campaign.store.tables import deliveries


class Outcomes:
    """Reading deliveries; nothing is changed here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reasons(self, broadcast: int, *states: DeliveryState) -> list[tuple[DeliveryState, str, int]]:
        """Why rows of a broadcast are in these states: state, reason and how many, most first."""
        number = func.count().label("number")
        query = (
            select(deliveries.c.state, deliveries.c.reason, number)
            .where(deliveries.c.broadcast == broadcast, deliveries.c.state.in_(states))
            .group_by(deliveries.c.state, deliveries.c.reason)
            .order_by(number.desc(), deliveries.c.reason)
        )
        with self._database.read() as connection:
            return [(DeliveryState(state), reason, count) for state, reason, count in connection.execute(query)]

    def put_off(self, broadcast: int, *, among: int) -> tuple[list[tuple[str, int]], bool]:
        """Why rows that were tried wait for another try: reason and how many, most first.

        Only the `among` that are due first are looked at, so that it takes no longer however many wait; True where
        there are more.
        """
        d = deliveries.c
        waits = (d.broadcast == broadcast, d.not_before.is_not(None), d.state == DeliveryState.PENDING)
        first = select(d.reason).where(*waits).order_by(d.not_before).limit(among + 1).subquery()
        number = func.count().label("number")
        query = select(first.c.reason, number).group_by(first.c.reason).order_by(number.desc(), first.c.reason)
        with self._database.read() as connection:
            found = [(reason, count) for reason, count in connection.execute(query)]
        return found, sum(count for _, count in found) > among

    def for_people(self, broadcast: int, subscribers: Collection[int]) -> dict[int, Delivery]:
        """The rows of a broadcast for those subscribers, by subscriber."""
        query = select(deliveries).where(
            deliveries.c.broadcast == broadcast, deliveries.c.subscriber.in_(subscribers)
        )  # fmt: skip
        with self._database.read() as connection:
            return {row.subscriber: to_delivery(row) for row in connection.execute(query)}
