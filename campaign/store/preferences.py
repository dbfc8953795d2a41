"""What a person may change about themselves from the link in any email: lists, areas, audiences, a pause, leaving."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update

from campaign.address import KeyRing, mask, parse
from campaign.clock import to_micros
from campaign.errors import RefusedError
from campaign.model import MailingList
from campaign.store.database import Database, bump
from campaign.store.joining import SignUp, ask
from campaign.store.links import read_link
from campaign.store.selection import labels, mailing_list
from campaign.store.subscribers import SELF, State, Subscription, leave, set_state
from campaign.store.tables_lists import lists, subscribers

LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A list on the preferences page: one they are on, or a public one they could join."""

    list: MailingList
    description: str
    on: bool
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The page as its reader sees it. `address` is masked; `paused_until` aware UTC, None while mail comes."""

    address: str
    offered: tuple[Offered, ...]
    areas: frozenset[str]
    audiences: frozenset[str]
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the form said. `lists` are the slugs ticked; `wording` what the page shows beside them."""

    lists: frozenset[str]
    areas: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    paused_until: datetime | None = None
    wording: str = field(default="")
    controllers: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving came to: titles of lists left, and of those that a mailed link must confirm first."""

    left: tuple[str, ...] = ()
    to_confirm: tuple[str, ...] = ()


def read_preferences(database: Database, link: str, *, now: datetime) -> Preferences | None:
    """The preferences behind a link; None where it is nobody's. Changes nothing."""
    with database.read() as connection:
        reader = read_link(connection, link)
        if reader is None:
            return None
        standing = {each.list: each for each in reader.person.subscriptions}
        rows = connection.execute(select(lists).order_by(lists.c.title)).all()
    offered = tuple(
        Offered(
            list=mailing_list(row),
            description=row.description,
            on=_is(standing.get(row.slug), State.CONFIRMED),
            waiting=_is(standing.get(row.slug), State.UNCONFIRMED),
        )
        for row in rows
        if row.public or row.slug in standing
    )
    pauses = [each.paused_until for each in standing.values() if each.paused_until and each.paused_until > now]
    details = reader.person.details
    return Preferences(
        address=mask(reader.person.address),
        offered=offered,
        areas=details.areas,
        audiences=details.audiences,
        paused_until=max(pauses, default=None),
    )


def _is(standing: Subscription | None, state: State) -> bool:
    return standing is not None and standing.state is state


def save_preferences(database: Database, ring: KeyRing, link: str, wanted: Wanted, *, now: datetime) -> Saved | None:
    """Do what the form said, at once. A list newly ticked is joined by a mailed link, as in any sign-up.

    None where the link is nobody's. RefusedError for a pause in the past or over a year long, or a list not offered.
    """
    if wanted.paused_until and not now < wanted.paused_until <= now + LONGEST_PAUSE:
        raise RefusedError("A pause ends after today and within a year.")
    with database.write() as connection:
        reader = read_link(connection, link)
        if reader is None:
            return None
        known = {row.slug: mailing_list(row) for row in connection.execute(select(lists))}
        standing = {each.list: each for each in reader.person.subscriptions}
        on = {slug for slug, each in standing.items() if each.state is State.CONFIRMED}
        new = [known[slug] for slug in sorted(wanted.lists - on) if slug in known]
        if any(not each.public and each.slug not in standing for each in new):
            raise RefusedError("That list is not open for anybody to join.")
        gone = [known[slug] for slug in sorted(on - wanted.lists)]
        leave(connection, ring, reader.person, gone, who=SELF, how="preferences", now=now)
        for slug in on & wanted.lists:
            set_state(
                connection, reader.person.id, known[slug].id, State.CONFIRMED, who=SELF, how="preferences", now=now,
                paused_until=wanted.paused_until,
            )  # fmt: skip
        connection.execute(
            update(subscribers)
            .where(subscribers.c.id == reader.person.id)
            .values(areas=labels(wanted.areas), audiences=labels(wanted.audiences), changed_at=to_micros(now))
        )
        if new:
            asked = SignUp(
                address="",
                lists=(),
                wording=wanted.wording,
                controllers=wanted.controllers,
                how="preferences",
            )
            ask(connection, ring, parse(reader.person.address), asked, new, now=now)
        bump(connection)
    return Saved(left=tuple(each.title for each in gone), to_confirm=tuple(each.title for each in new))
