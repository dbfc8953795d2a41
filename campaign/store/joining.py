"""Joining and leaving, by the person themselves. What the public pages call; every function is safe to repeat.

A sign-up changes nothing until the link mailed to the address is followed and its button pressed: so nobody can sign up
somebody else, and pages that answer the same for everybody tell nothing about who is on a list.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from campaign.address import Address, KeyRing, mask, parse, tidy
from campaign.clock import from_micros, to_micros
from campaign.errors import BusyError, RefusedError
from campaign.model import MailingList
from campaign.store.bases import Evidence
from campaign.store.database import Database
from campaign.store.letters import LetterKind, post_letter
from campaign.store.limits import allow, network_of
from campaign.store.links import Reader, could_be_secret, read_link
from campaign.store.selection import labels, lists_by_slug, mailing_list, read_labels
from campaign.store.subscribers import SELF, Details, State, keep_consent, leave, leave_all, save, set_state
from campaign.store.suppressions import THEIRS, Suppression, for_addresses, lift_own
from campaign.store.tables_lists import lists, requests
from campaign.tokens import random_token

#: One confirmation mail an address in this time, whatever is asked.
ONE_LETTER = timedelta(hours=1)
#: Sign-ups one network may begin in an hour: a whole office may sit behind it.
FROM_A_NETWORK = 30
#: How long the link in a confirmation mail works.
WORKS_FOR = timedelta(days=7)


class RequestKind(StrEnum):
    """What a person can ask for by email."""

    JOIN = "join"
    ERASE = "erase"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """What somebody typed into a sign-up form. `wording` and `controllers` are exactly what the form showed."""

    address: str = field(repr=False)
    lists: tuple[str, ...]
    wording: str
    controllers: str = ""
    details: Details = field(default_factory=Details, repr=False)
    how: str = "sign-up form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request waiting for its button, as the page behind the mailed link shows it."""

    kind: RequestKind
    address: str
    lists: tuple[MailingList, ...]
    asked_at: datetime
    done: bool = False
    wording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A confirmed sign-up. `still_stopped`: what keeps mail away all the same, which only staff can lift."""

    subscriber: int
    address: str
    lists: tuple[MailingList, ...]
    still_stopped: tuple[Suppression, ...] = ()


def sign_up(database: Database, ring: KeyRing, asked: SignUp, *, client: str, now: datetime) -> None:
    """Take a sign-up, and mail a link to confirm it. Says nothing about whether the address is known.

    `client` is the IP address it came from. Raises AddressError, RefusedError for a list that is not public, and
    BusyError when too many came from one network.
    """
    address = parse(tidy(asked.address))
    with database.write() as connection:
        within = allow(connection, ring, "signup", network_of(client), most=FROM_A_NETWORK, window=ONE_LETTER, now=now)
    if not within:
        raise BusyError("Too many people have signed up from your network in the last hour. Try again later.")
    with database.write() as connection:
        chosen = _public(connection, asked.lists)
        ask(connection, ring, address, asked, chosen, now=now)


def ask(
    connection: Connection,
    ring: KeyRing,
    address: Address,
    asked: SignUp,
    chosen: Sequence[MailingList],
    *,
    now: datetime,
    kind: LetterKind = LetterKind.CONFIRM,
) -> bool:
    """Keep a sign-up and queue its confirmation mail, unless one went within the hour or the mailbox refuses mail.

    Whether one is queued. `kind`: ASK where it was not the person who began it.
    """
    if not _may_write_to(connection, ring, address, now):
        return False
    token = random_token()
    connection.execute(
        insert(requests).values(
            token=token,
            kind=RequestKind.JOIN,
            address=address.wire,
            address_hash=ring.hash(address.key),
            first_name=asked.details.first_name,
            language=asked.details.language,
            areas=labels(asked.details.areas),
            audiences=labels(asked.details.audiences),
            lists=labels(each.slug for each in chosen),
            wording=asked.wording,
            controllers=asked.controllers,
            how=asked.how,
            asked_at=to_micros(now),
        )
    )
    post_letter(
        connection,
        ring,
        kind,
        address,
        sender=chosen[0].sender,
        values={"token": token, "lists": [each.title for each in chosen], "language": asked.details.language},
        now=now,
    )
    return True


def ask_about_self(database: Database, ring: KeyRing, link: str, kind: RequestKind, *, now: datetime) -> str | None:
    """Somebody asks, from their preferences, for their data or to be erased: a link to confirm is mailed.

    Answers the masked address it went to; None where the link is nobody's.
    """
    with database.write() as connection:
        reader = read_link(connection, link)
        if reader is None:
            return None
        address = parse(reader.person.address)
        sender = _sender_for(connection, reader)
        allowed = allow(connection, ring, str(kind), address.key, most=1, window=ONE_LETTER, now=now)
        if sender and allowed:
            token = random_token()
            connection.execute(
                insert(requests).values(
                    token=token,
                    kind=kind,
                    address=address.wire,
                    address_hash=ring.hash(address.key),
                    subscriber=reader.person.id,
                    asked_at=to_micros(now),
                )
            )
            letter = LetterKind.ERASE if kind is RequestKind.ERASE else LetterKind.EXPORT
            post_letter(connection, ring, letter, address, sender=sender, values={"token": token}, now=now)
        return mask(reader.person.address)


def open_lists(database: Database) -> list[tuple[MailingList, str]]:
    """The lists that anybody may join, by title, each with its description."""
    query = select(lists).where(lists.c.public.is_(True)).order_by(lists.c.title)
    with database.read() as connection:
        return [(mailing_list(row), row.description) for row in connection.execute(query)]


def who_asked(database: Database, token: str, kind: RequestKind, *, now: datetime) -> Address | None:
    """The address to which the mailed link went, for the button behind it; None where it is unknown or a week old."""
    with database.read() as connection:
        row = _request(connection, token, now, kind=kind)
    return parse(row.address) if row is not None and row.address else None


def asked_for(database: Database, token: str, *, now: datetime) -> Asked | None:
    """What the mailed link asks to confirm; None where it is unknown or a week old. Changes nothing."""
    with database.read() as connection:
        row = _request(connection, token, now)
        if row is None:
            return None
        return Asked(
            kind=RequestKind(row.kind),
            address=mask(row.address) if row.address else "",
            lists=_lists(connection, row.lists),
            asked_at=from_micros(row.asked_at),
            done=row.done_at is not None,
            wording=row.wording,
        )


def confirm(database: Database, ring: KeyRing, token: str, *, now: datetime) -> Joined | None:
    """The button behind a mailed sign-up link was pressed. None where the link is unknown or a week old.

    The person's own leaving and erasure are lifted for these lists; bounces and complaints are not.
    """
    with database.write() as connection:
        row = _request(connection, token, now, kind=RequestKind.JOIN)
        if row is None:
            return None
        chosen = _lists(connection, row.lists)
        if row.done_at is not None:
            return Joined(subscriber=row.subscriber, address="", lists=chosen)
        return _join(connection, ring, row, chosen, now)


def _join(
    connection: Connection, ring: KeyRing, row: Row[Any], chosen: tuple[MailingList, ...], now: datetime
) -> Joined:
    address = parse(row.address)
    details = Details(
        first_name=row.first_name,
        language=row.language,
        areas=read_labels(row.areas),
        audiences=read_labels(row.audiences),
    )
    number = save(connection, ring, address, details, now=now)
    evidence = Evidence(given_at=now, how=row.how, wording=row.wording, controllers=row.controllers)
    left = lift_own(connection, ring, address.key, {each.slug: each.organisation for each in chosen}, now=now)
    for each in chosen:
        set_state(connection, number, each.id, State.CONFIRMED, who=SELF, how=row.how, now=now)
        keep_consent(connection, number, each.id, evidence, who=SELF, now=now)
    emptied = dict.fromkeys(("address", "first_name", "language", "areas", "audiences", "wording"), "")
    match = requests.c.id == row.id
    connection.execute(update(requests).where(match).values(**emptied, subscriber=number, done_at=to_micros(now)))
    return Joined(subscriber=number, address=mask(address.wire), lists=chosen, still_stopped=tuple(left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What leaving came to. `address` is masked; `lists` are titles of what they were on until now."""

    address: str
    lists: tuple[str, ...]


def one_click_leave(
    database: Database, ring: KeyRing, link: str, *, now: datetime, how: str = "one-click", everything: bool = False
) -> Left | None:
    """Leave every list that the link names (RFC 8058), or everything. At once, and safe to repeat.

    None where the link is nobody's any more: a page answers as if it had worked, for there is nobody left to mail.
    """
    with database.write() as connection:
        reader = read_link(connection, link)
        if reader is None:
            return None
        titles = {each.list: each.title for each in reader.person.subscriptions}
        if everything or not reader.lists:
            gone = leave_all(connection, ring, reader.person, who=SELF, how=how, now=now)
        else:
            gone = leave(connection, ring, reader.person, reader.lists, who=SELF, how=how, now=now)
        return Left(address=mask(reader.person.address), lists=tuple(titles.get(slug, slug) for slug in gone))


def rejoin(database: Database, ring: KeyRing, link: str, *, wording: str, now: datetime) -> str | None:
    """Leaving was a mistake: mail them a link to join those lists again. The masked address; None for nobody's link."""
    with database.write() as connection:
        reader = read_link(connection, link)
        if reader is None:
            return None
        if reader.lists:
            asked = SignUp(address="", lists=(), wording=wording, how="joined again")
            ask(connection, ring, parse(reader.person.address), asked, reader.lists, now=now)
        return mask(reader.person.address)


def _may_write_to(connection: Connection, ring: KeyRing, address: Address, now: datetime) -> bool:
    stopped = for_addresses(connection, ring, [address.key])[address.key]
    if any(each.reason not in THEIRS for each in stopped):
        return False
    return allow(connection, ring, "confirmation", address.key, most=1, window=ONE_LETTER, now=now)


def _public(connection: Connection, slugs: Collection[str]) -> tuple[MailingList, ...]:
    if not slugs:
        raise RefusedError("Choose at least one list.")
    known = lists_by_slug(connection, slugs)
    chosen = tuple(known[slug] for slug in dict.fromkeys(slugs))
    if not all(each.public for each in chosen):
        raise RefusedError("That list is not open for anybody to join.")
    return chosen


def _lists(connection: Connection, kept: str) -> tuple[MailingList, ...]:
    slugs = read_labels(kept)
    known = lists_by_slug(connection, slugs) if slugs else {}
    return tuple(known[slug] for slug in sorted(known))


def _request(connection: Connection, token: str, now: datetime, kind: RequestKind | None = None) -> Row[Any] | None:
    if not could_be_secret(token):
        return None
    since = to_micros(now - WORKS_FOR)
    match = select(requests).where(requests.c.token == token, requests.c.asked_at >= since)
    if kind is not None:
        match = match.where(requests.c.kind == kind)
    return connection.execute(match.with_for_update()).first()


def _sender_for(connection: Connection, reader: Reader) -> str:
    slugs = [each.slug for each in reader.lists] or [each.list for each in reader.person.subscriptions]
    query = select(lists.c.sender).order_by(lists.c.id).limit(1)
    return connection.scalar(query.where(lists.c.slug.in_(slugs)) if slugs else query) or ""
