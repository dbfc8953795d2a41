"""Everybody on the lists, row by row."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from campaign.clock import from_micros
from campaign.store.database import Database
from campaign.store.selection import read_labels
from campaign.store.tables_lists import consents, lists, subscribers, subscriptions, wordings


def export_rows(database: Database, *, list_slug: str = "") -> Iterator[tuple[str, ...]]:
    """Every subscription with its person and newest consent, by person, a thousand at a time: flat memory."""
    s, u, c, w = subscribers.c, subscriptions.c, consents.c, wordings.c
    newest = (
        select(func.max(c.id)).where(c.subscriber == u.subscriber, c.list == u.list).correlate(subscriptions)
    ).scalar_subquery()
    query = (
        select(
            u.id, s.address, s.first_name, s.last_name, s.organisation, s.areas, s.audiences, s.language, lists.c.slug,
            lists.c.basis, u.state, c.given_at, c.how, w.text, w.controllers,
        )
        .select_from(subscriptions)
        .join(subscribers, s.id == u.subscriber)
        .join(lists, lists.c.id == u.list)
        .outerjoin(consents, c.id == newest)
        .outerjoin(wordings, w.id == c.wording)
        .order_by(u.id)
        .limit(1000)
    )  # fmt: skip
    if list_slug:
        query = query.where(lists.c.slug == list_slug)
    after = 0
    while True:
        with database.read() as connection:
            found = connection.execute(query.where(u.id > after)).all()
        for row in found:
            given = f"{from_micros(row.given_at):%d/%m/%Y}" if row.given_at is not None else ""
            areas, audiences = (", ".join(sorted(read_labels(kept))) for kept in (row.areas, row.audiences))
            yield (
                row.address, row.first_name, row.last_name, row.organisation, areas, audiences, row.language, row.slug,
                row.basis, row.state, given, row.how or "", row.text or "", row.controllers or "",
            )  # fmt: skip
        if not found:
            return
        after = found[-1].id
