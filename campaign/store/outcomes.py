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

    def put_off(self, broadcast: int) -> list[tuple[str, int]]:
        """Why rows that were tried wait for another try: reason and how many, most first."""
        number = func.count().label("number")
        waits = (deliveries.c.state == DeliveryState.PENDING, deliveries.c.not_before.is_not(None))
        query = (
            select(deliveries.c.reason, number)
            .where(deliveries.c.broadcast == broadcast, *waits)
            .group_by(deliveries.c.reason)
            .order_by(number.desc(), deliveries.c.reason)
        )
        with self._database.read() as connection:
            return [(reason, count) for reason, count in connection.execute(query)]

    def for_people(self, broadcast: int, subscribers: Collection[int]) -> dict[int, Delivery]:
        """The rows of a broadcast for those subscribers, by subscriber."""
        query = select(deliveries).where(
            deliveries.c.broadcast == broadcast, deliveries.c.subscriber.in_(subscribers)
        )  # fmt: skip
        with self._database.read() as connection:
            return {row.subscriber: to_delivery(row) for row in connection.execute(query)}
