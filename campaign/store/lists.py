"""Mailing lists: each with a lawful basis, a sender, its organisation, and the words people agree to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from campaign.clock import to_micros
from campaign.errors import RefusedError
from campaign.model import MailingList, Sender
from campaign.store.bases import Basis, check_list
from campaign.store.log import record
from campaign.store.selection import labels, lists_by_slug, mailing_list
from campaign.store.tables_lists import lists, senders, subscriptions, wordings

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewList:
    """What a list is made of. `audiences` are those of whoever has none of their own."""

    slug: str
    title: str
    sender: str
    basis: Basis
    organisation: str = ""
    description: str = ""
    audiences: tuple[str, ...] = ()
    public: bool = False
    double_opt_in: bool = True
    charity_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFigures:
    """How many people are on a list, by state."""

    list: MailingList
    confirmed: int = 0
    unconfirmed: int = 0
    unsubscribed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words a person is shown when they agree to a list: one of its numbered versions."""

    id: int
    list: int
    version: int
    text: str
    controllers: str = ""


def add_list(connection: Connection, new: NewList, *, who: str, now: datetime) -> int:
    """Make a list; its id. RefusedError where its name, basis or sender will not do."""
    if not _SLUG.fullmatch(new.slug):
        raise RefusedError("A list's name is of small letters, digits and hyphens, such as parents-iow.")
    if not new.title.strip():
        raise RefusedError("A list needs a title: people read it in every email.")
    check_list(new.basis, new.charity_number)
    if connection.scalar(select(lists.c.id).where(lists.c.slug == new.slug)) is not None:
        raise RefusedError(f"There is a list called {new.slug} already.")
    if connection.scalar(select(senders.c.id).where(senders.c.id == new.sender)) is None:
        there = ", ".join(connection.scalars(select(senders.c.id).order_by(senders.c.id))) or "none yet"
        raise RefusedError(f"There is no sender called {new.sender!r}. Senders (senders.yaml): {there}.")
    values = {**asdict(new), "audiences": labels(new.audiences), "made_at": to_micros(now)}
    made: int = connection.execute(insert(lists).values(values).returning(lists.c.id)).scalar_one()
    record(connection, who=who, act="add list", now=now, target=new.slug, detail={"basis": new.basis})
    return made


def all_lists(connection: Connection, *, public: bool = False) -> list[ListFigures]:
    """Every list (or the public ones) with its figures, by name."""
    counted: dict[int, dict[str, int]] = {}
    states = select(subscriptions.c.list, subscriptions.c.state, func.count().label("people")).group_by(
        subscriptions.c.list, subscriptions.c.state
    )
    for row in connection.execute(states):
        counted.setdefault(row.list, {})[row.state] = row.people
    query = select(lists).order_by(lists.c.slug)
    if public:
        query = query.where(lists.c.public.is_(True))
    return [ListFigures(list=mailing_list(row), **counted.get(row.id, {})) for row in connection.execute(query).all()]


def get_list(connection: Connection, slug: str) -> MailingList:
    """The list of that name; RefusedError naming those there are."""
    return lists_by_slug(connection, [slug])[slug]


def needs_confirmation(connection: Connection, ids: Iterable[int]) -> frozenset[int]:
    """Which of these lists ask each person to confirm."""
    found = select(lists.c.id).where(lists.c.id.in_(list(ids)), lists.c.double_opt_in.is_(True))
    return frozenset(connection.scalars(found))


def save_senders(connection: Connection, known: Iterable[Sender]) -> None:
    """Write the installation's senders into the store: new ones are added, changed ones changed, none removed."""
    there = set(connection.scalars(select(senders.c.id)))
    for each in known:
        values = asdict(each)
        if each.id in there:
            connection.execute(update(senders).where(senders.c.id == each.id).values(values))
        else:
            connection.execute(insert(senders).values(values))


def get_sender(connection: Connection, name: str) -> Sender:
    """The sender of that name; RefusedError where there is none."""
    row = connection.execute(select(senders).where(senders.c.id == name)).first()
    if row is None:
        raise RefusedError(f"There is no sender called {name!r}. Name it in senders.yaml.")
    return Sender(**row._mapping)


def wording(connection: Connection, list_id: int, text: str, *, controllers: str = "", now: datetime) -> Wording:
    """The version of a list's consent wording that says exactly this, made where it is new."""
    digest = hashlib.sha256(f"{text}\0{controllers}".encode()).hexdigest()
    match = select(wordings).where(wordings.c.list == list_id, wordings.c.digest == digest)
    row = connection.execute(match).first()
    if row is None:
        last = connection.scalar(select(func.max(wordings.c.version)).where(wordings.c.list == list_id)) or 0
        connection.execute(
            insert(wordings).values(
                list=list_id,
                version=last + 1,
                digest=digest,
                text=text,
                controllers=controllers,
                made_at=to_micros(now),
            )
        )
        row = connection.execute(match).one()
    return Wording(id=row.id, list=row.list, version=row.version, text=row.text, controllers=row.controllers)


def standard_wording(chosen: Sequence[MailingList], controllers: Sequence[str]) -> str:
    """The sentence a sign-up form shows for these lists, unless staff wrote their own."""
    titles = " and ".join(each.title for each in chosen)
    who = ", ".join(controllers) if controllers else "us"
    return f"I agree to get emails from {who} about {titles}. I can leave at any time, with one click in every email."
