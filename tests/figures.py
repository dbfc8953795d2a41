"""The figures that pages read are those that the rows themselves give."""

from __future__ import annotations

from sqlalchemy import select

from campaign.store import tallies
from campaign.store.database import Database
from campaign.store.tables import broadcasts


def agree(database: Database) -> None:
    """Every figure equals a recount of the rows, whatever happened before. No detail has been forgotten meanwhile."""
    with database.read() as connection:
        every = list(connection.scalars(select(broadcasts.c.id)))
        said = {broadcast: figures for broadcast, figures in tallies.of(connection, every).items() if figures}
        counted = tallies.recount(connection)
    assert said == counted, (said, counted)
