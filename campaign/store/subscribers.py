"""Subscribers: who they are, what they are subscribed to, and every change of it with who made it and how."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from campaign.address import Address, KeyRing, parse
from campaign.clock import from_micros, to_micros
from campaign.errors import RefusedError
from campaign.model import MailingList
from campaign.store.bases import Basis, Evidence, check_evidence
from campaign.store.database import bump
from campaign.store.lists import wording
from campaign.store.log import record
from campaign.store.selection import labels, read_labels
from campaign.store.suppressions import Reason, Scope, Suppression, carry, for_addresses, suppress
from campaign.store.tables_lists import consents, lists, subscribers, subscription_events, subscriptions
from campaign.tokens import random_token

#: Names longer than this are cut: nobody's is, and a cell may hold anything.
LONGEST_NAME = 200
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")

#: Who acts when a person acts for themselves.
SELF = "self"
#: What the log calls a new address.
CHANGED_ADDRESS = "change address"


class State(StrEnum):
    """Where a subscription stands. A pause is a confirmed one with a time in `paused_until`."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"


def one_line(text: str) -> str:
    """A name as one line of at most 200 characters: no control, no line end, nothing that turns the reading order."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST_NAME:
        return text.strip()
    kept = "".join(sign for sign in unicodedata.normalize("NFC", text) if sign.isspace() or _seen(sign))
    return " ".join(kept.split())[:LONGEST_NAME]


def _seen(sign: str) -> bool:
    return unicodedata.category(sign) not in {"Cc", "Cs"} and sign not in _TURNS


_kept = lru_cache(maxsize=1024)(labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is kept of a person besides the address. Empty means not said. Texts are made one line of at most 200."""

    first_name: str = ""
    last_name: str = ""
    organisation: str = ""
    language: str = ""
    areas: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("first_name", "last_name", "organisation", "language"):
            said = getattr(self, name)
            if said and (kept := one_line(said)) is not said:
                object.__setattr__(self, name, kept)

    def values(self) -> dict[str, str]:
        """The columns of `subscribers` that it fills."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "organisation": self.organisation,
            "language": self.language,
            "areas": _kept(self.areas),
            "audiences": _kept(self.audiences),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A person on a list."""

    list: str
    title: str
    state: State
    paused_until: datetime | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person, as staff with the right and they themselves may see them."""

    id: int
    address: str = field(repr=False)
    address_hash: str
    details: Details = field(repr=False)
    token: str = field(repr=False)
    made_at: datetime
    changed_at: datetime
    subscriptions: tuple[Subscription, ...] = ()


def find_one(connection: Connection, address: str) -> Subscriber | None:
    """The person with that written address (whatever its case), with their subscriptions; None where there is none."""
    return _one(connection, subscribers.c.address_key == parse(address).key)


def by_id(connection: Connection, number: int) -> Subscriber | None:
    """The person with that id."""
    return _one(connection, subscribers.c.id == number)


def by_token(connection: Connection, token: str) -> Subscriber | None:
    """The person whose own links carry `token`."""
    return _one(connection, subscribers.c.token == token) if token else None


def need_one(connection: Connection, address: str) -> Subscriber:
    """The person with that address; RefusedError, which does not repeat it, where there is none."""
    found = find_one(connection, address)
    if found is None:
        raise RefusedError(
            "There is nobody with that address here. Part of it can be searched: campaign subscribers find"
        )
    return found


def search(
    connection: Connection, text: str, *, list_slug: str = "", limit: int = 50, skip: int = 0
) -> list[Subscriber]:
    """People with every word of `text` in their address, name or organisation (any case), by address."""
    s = subscribers.c
    query = select(subscribers).order_by(s.address_key).limit(limit).offset(skip)
    for word in text.casefold().split():
        places = (s.first_name, s.last_name, s.organisation)
        named = [_holds(connection, place, word) for place in places]
        query = query.where(or_(s.address_key.contains(word, autoescape=True), *named))
    if list_slug:
        on = select(subscriptions.c.subscriber).join(lists, lists.c.id == subscriptions.c.list)
        query = query.where(s.id.in_(on.where(lists.c.slug == list_slug)))
    return [_subscriber(row) for row in connection.execute(query)]


def _holds(connection: Connection, place: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Whether a text contains `word` in any case. SQLite's LIKE looks at no case by itself."""
    if connection.dialect.name == "sqlite":
        return place.contains(word, autoescape=True)
    return place.icontains(word, autoescape=True)


def _one(connection: Connection, match: object) -> Subscriber | None:
    row = connection.execute(select(subscribers).where(match)).first()  # type: ignore[arg-type]
    if row is None:
        return None
    u = subscriptions.c
    rows = connection.execute(
        select(lists.c.slug, lists.c.title, u.state, u.paused_until, u.changed_at)
        .join(lists, lists.c.id == u.list)
        .where(u.subscriber == row.id)
        .order_by(lists.c.slug)
    )
    on = tuple(
        Subscription(
            list=each.slug,
            title=each.title,
            state=State(each.state),
            paused_until=from_micros(each.paused_until) if each.paused_until is not None else None,
            changed_at=from_micros(each.changed_at),
        )
        for each in rows
    )
    return replace(_subscriber(row), subscriptions=on)


def _subscriber(row: Row[tuple[object, ...]]) -> Subscriber:
    return Subscriber(
        id=row.id,
        address=row.address,
        address_hash=row.address_hash,
        details=Details(
            first_name=row.first_name,
            last_name=row.last_name,
            organisation=row.organisation,
            language=row.language,
            areas=read_labels(row.areas),
            audiences=read_labels(row.audiences),
        ),
        token=row.token,
        made_at=from_micros(row.made_at),
        changed_at=from_micros(row.changed_at),
    )


def blocked_by(connection: Connection, ring: KeyRing, address: Address, target: MailingList) -> Suppression | None:
    """What stops mail to this address from this list, if anything does."""
    known = for_addresses(connection, ring, [address.key])[address.key]
    return next((each for each in known if each.stops(target.slug, target.organisation)), None)


def save(connection: Connection, ring: KeyRing, address: Address, details: Details, *, now: datetime) -> int:
    """Keep a person: new, or with what `details` says changed (what it does not say stays). Their id."""
    row = connection.execute(select(subscribers).where(subscribers.c.address_key == address.key)).first()
    values = {name: value for name, value in details.values().items() if value}
    if row is None:
        return _insert(connection, ring, address, values, now)
    changed = {name: value for name, value in values.items() if row._mapping[name] != value}
    if changed:
        match = subscribers.c.id == row.id
        connection.execute(update(subscribers).where(match).values(**changed, changed_at=to_micros(now)))
    return int(row.id)


def _insert(connection: Connection, ring: KeyRing, address: Address, values: dict[str, str], now: datetime) -> int:
    carry(connection, ring, [address.key], now=now)
    made: int = connection.execute(
        insert(subscribers)
        .values(
            address=address.wire,
            address_key=address.key,
            address_hash=ring.hash(address.key),
            token=random_token(),
            made_at=to_micros(now),
            changed_at=to_micros(now),
            **values,
        )
        .returning(subscribers.c.id)
    ).scalar_one()
    return made


def subscribe(
    connection: Connection,
    subscriber: int,
    target: MailingList,
    *,
    evidence: Evidence,
    who: str,
    now: datetime,
    state: State = State.CONFIRMED,
) -> bool:
    """Put a person on a list with the evidence kept; False where they were on it in that state already.

    Raises RefusedError where the list's basis asks for more evidence. Suppressions are the caller's to ask for first:
    one in force keeps mail from them whatever stands here.
    """
    why_not = check_evidence(Basis(target.basis), evidence, now=now)
    if why_not:
        raise RefusedError(f"Not added to {target.slug}: {why_not}.")
    changed = set_state(connection, subscriber, target.id, state, who=who, how=evidence.how or "added", now=now)
    if changed and evidence.given_at and evidence.wording:
        keep_consent(connection, subscriber, target.id, evidence, who=who, now=now)
    return changed


def keep_consent(
    connection: Connection, subscriber: int, list_id: int, evidence: Evidence, *, who: str, now: datetime
) -> None:
    """Keep the proof of one consent: who, when, how, and the exact words shown."""
    words = wording(connection, list_id, evidence.wording, controllers=evidence.controllers, now=now)
    given = evidence.given_at or now
    connection.execute(
        insert(consents).values(
            subscriber=subscriber,
            list=list_id,
            wording=words.id,
            given_at=to_micros(given),
            how=evidence.how,
            who=who,
            recorded_at=to_micros(now),
        )
    )


def set_state(
    connection: Connection,
    subscriber: int,
    list_id: int,
    state: State,
    *,
    who: str,
    how: str,
    now: datetime,
    reason: str = "",
    paused_until: datetime | None = None,
) -> bool:
    """Bring one subscription to a state, and write it into its history; False where it was so already."""
    u = subscriptions.c
    match = (u.subscriber == subscriber) & (u.list == list_id)
    until = to_micros(paused_until) if paused_until else None
    row = connection.execute(select(u.state, u.paused_until).where(match).with_for_update()).first()
    if row is not None and (row.state, row.paused_until) == (state, until):
        return False
    values = {"state": str(state), "paused_until": until, "changed_at": to_micros(now)}
    if row is None:
        connection.execute(insert(subscriptions).values(subscriber=subscriber, list=list_id, **values))
    else:
        connection.execute(update(subscriptions).where(match).values(**values))
    shown = "paused" if until else str(state)
    connection.execute(
        insert(subscription_events).values(
            subscriber=subscriber, list=list_id, at=to_micros(now), state=shown, who=who, how=how, reason=reason
        )
    )
    bump(connection)
    return True


def leave(
    connection: Connection,
    ring: KeyRing,
    person: Subscriber,
    targets: Iterable[MailingList],
    *,
    who: str,
    how: str,
    now: datetime,
    reason: str = "",
) -> list[str]:
    """Take a person off these lists at their wish: unsubscribed, and suppressed so that no import brings them back.

    Idempotent. Answers the names of the lists they were on.
    """
    before = {each.list for each in person.subscriptions if each.state is not State.UNSUBSCRIBED}
    key = parse(person.address).key
    left = list(targets)
    suppress(connection, ring, key, reason=Reason.LEFT, scope=Scope.LIST, targets=[each.slug for each in left], now=now)
    on = {each.list for each in person.subscriptions}
    for each in left:
        if each.slug in on:
            set_state(connection, person.id, each.id, State.UNSUBSCRIBED, who=who, how=how, reason=reason, now=now)
    return [each.slug for each in left if each.slug in before]


def leave_all(
    connection: Connection, ring: KeyRing, person: Subscriber, *, who: str, how: str, now: datetime, reason: str = ""
) -> list[str]:
    """Take a person off everything, also lists that do not exist yet. Answers the lists they were on."""
    u = subscriptions.c
    before = [each.list for each in person.subscriptions if each.state is not State.UNSUBSCRIBED]
    suppress(connection, ring, parse(person.address).key, reason=Reason.LEFT, now=now)
    for number in connection.scalars(select(u.list).where(u.subscriber == person.id)).all():
        set_state(connection, person.id, number, State.UNSUBSCRIBED, who=who, how=how, reason=reason, now=now)
    return before


def change_address(
    connection: Connection, ring: KeyRing, person: Subscriber, new: Address, *, who: str, now: datetime
) -> None:
    """The same person under a new address. What is suppressed for either address stays suppressed.

    Raises RefusedError where somebody has that address already.
    """
    holder = connection.scalar(select(subscribers.c.id).where(subscribers.c.address_key == new.key))
    if holder is not None and holder != person.id:
        raise RefusedError("Somebody has that address here already. Show both, then erase or leave one of them.")
    old = parse(person.address).key
    carry(connection, ring, [new.key], now=now)
    for each in for_addresses(connection, ring, [old])[old]:
        if each.reason in (Reason.LEFT, Reason.STAFF):
            suppress(connection, ring, new.key, reason=each.reason, scope=each.scope, targets=[each.target], now=now)
    connection.execute(
        update(subscribers)
        .where(subscribers.c.id == person.id)
        .values(address=new.wire, address_key=new.key, address_hash=ring.hash(new.key), changed_at=to_micros(now))
    )
    record(connection, who=who, act=CHANGED_ADDRESS, now=now, target=f"subscriber {person.id}")
    bump(connection)


def rehash(connection: Connection, ring: KeyRing, *, after: int, limit: int, now: datetime) -> int | None:
    """Bring a slice of subscribers under the key in use after it changed; the last id looked at, None at the end."""
    s = subscribers.c
    rows = connection.execute(
        select(s.id, s.address_key, s.address_hash).where(s.id > after).order_by(s.id).limit(limit)
    ).all()
    if not rows:
        return None
    carry(connection, ring, [row.address_key for row in rows], now=now)
    for row in rows:
        mark = ring.hash(row.address_key)
        if mark != row.address_hash:
            connection.execute(update(subscribers).where(s.id == row.id).values(address_hash=mark))
    return int(rows[-1].id)
