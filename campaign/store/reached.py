"""Whom a mailing still reaches when their turn comes, in plain rows or each as a mailing sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, Select, bindparam, func, select

from campaign.clock import to_micros
from campaign.model import MailingList, Recipient
from campaign.model.rows import Kind, Kinds, Person, recipient_of
from campaign.store.database import plainly
from campaign.store.selection import Choice, read_labels, selection
from campaign.store.tables_lists import subscribers

#: People's areas, their audiences, and the lists that chose them.
Labels = tuple[frozenset[str], frozenset[str], tuple[MailingList, ...]]
_ALIKE = itemgetter(6, 7, 8)


def people(
    connection: Connection,
    choice: Choice,
    among: Collection[int],
    *,
    now: datetime,
    kinds: Kinds,
    link: Callable[[str, Sequence[MailingList]], str] = lambda token, chosen: token,
) -> list[Person]:
    """Those of the subscribers `among` (at most some thousands) whom `choice` still reaches, as the driver gives them.

    What they are like is told in `kinds`. Whoever is not in the answer must not be mailed: `lapsed` says why. `link`
    makes the secret of a person's links from their own and the lists that chose them: it, and what is the same for all
    whom those lists chose.
    """
    query, values = _asking(choice, among, sqlite=connection.dialect.name == "sqlite")
    rows: list[Person] = plainly(connection.execute(query, {**values, "now": to_micros(now)}))
    for alike in set(map(_ALIKE, rows)) - kinds.keys():
        areas, audiences, chosen = _labelled(choice, *alike)
        kinds[alike] = Kind(areas, audiences, chosen, link("", chosen))
    return rows


def _asking(choice: Choice, among: Collection[int], *, sqlite: bool) -> tuple[Select[Any], dict[str, Any]]:
    """The statement of `people` and its values. A run of ids is looked up in two thirds of the time."""
    ids = set(among)
    if ids and (last := max(ids)) - (first := min(ids)) + 1 == len(ids):
        return _run_query(choice), {"before": first - 1, "last": last}
    return _query(choice, sqlite), {"ids": json.dumps(list(ids)) if sqlite else list(ids)}


@lru_cache(maxsize=64)
def _run_query(choice: Choice) -> Select[Any]:
    """As `_query`, of all ids above `before` up to `last`."""
    before, last = bindparam("before", type_=BigInteger), bindparam("last", type_=BigInteger)
    return _with_persons(selection(choice, now=bindparam("now", type_=BigInteger), after=before, upto=last))


@lru_cache(maxsize=64)
def _query(choice: Choice, sqlite: bool) -> Select[Any]:
    """The statement of `people`, built once a choice: building it takes as long as asking after a thousand people.

    The ids are one parameter on SQLite, where a thousand of them take longer than the look itself.
    """
    ids: BindParameter[Any] = bindparam("ids", expanding=not sqlite)
    among = select(func.json_each(ids).table_valued("value").c.value) if sqlite else ids
    return _with_persons(selection(choice, now=bindparam("now", type_=BigInteger), among=among))


def _with_persons(chosen: Select[tuple[int, int]]) -> Select[Any]:
    picked = chosen.order_by(None).subquery()
    s = subscribers.c
    columns = (s.id, s.address, s.first_name, s.organisation, s.language, s.token)
    return select(*columns, s.areas, s.audiences, picked.c.chosen).join(picked, picked.c.subscriber == s.id)


def recipients(
    connection: Connection,
    choice: Choice,
    among: Collection[int],
    *,
    now: datetime,
    link: Callable[[str, Sequence[MailingList]], str] = lambda token, chosen: token,
) -> dict[int, Recipient]:
    """As `people`, each as a mailing sees them."""
    kinds: Kinds = {}
    rows = people(connection, choice, among, now=now, kinds=kinds, link=link)
    return {person[0]: recipient_of(person, kinds) for person in rows}


def groups(connection: Connection, choice: Choice, *, now: datetime) -> list[tuple[Labels, int]]:
    """Everybody whom `choice` reaches now, by what they have in common, each group with how many people are of it."""
    picked = selection(choice, now=now).order_by(None).subquery()
    s = subscribers.c
    alike = (s.areas, s.audiences, picked.c.chosen)
    query = select(*alike, func.count()).join(picked, picked.c.subscriber == s.id).group_by(*alike)
    return [
        (_labelled(choice, areas, audiences, bits), number)
        for areas, audiences, bits, number in connection.execute(query)
    ]


def _labelled(choice: Choice, areas: str, audiences: str, bits: int) -> Labels:
    """A person's areas, audiences (their own, else those of the lists that chose them) and those lists."""
    chosen = choice.chosen(bits)
    own = read_labels(audiences)
    everyone = any(not each.audiences for each in chosen)
    of_lists = frozenset() if everyone else frozenset(name for each in chosen for name in each.audiences)
    return read_labels(areas), own or of_lists, chosen
