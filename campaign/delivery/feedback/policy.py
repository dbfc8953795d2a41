"""What follows from feedback: at once for a dead address or a complaint, after three days for a failing one, never
for a fault of ours. Each thing counts once, however often it is delivered.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from campaign.address import Address, KeyRing, parse, redact
from campaign.channels.base import Feedback, FeedbackKind
from campaign.errors import AddressError
from campaign.store.database import Database
from campaign.store.feedback import Came, keep_once, moved_since, of_address, of_delivery, set_outcome, soft_days
from campaign.store.links import link, read_link
from campaign.store.subscribers import SELF, Subscriber, leave, leave_all
from campaign.store.suppressions import Reason, suppress
from campaign.tokens import Key

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Labels of the tokens that our own messages carry: in the return path and in the Message-ID.
LABELS = ("return-path-v1", "message-v1")
#: Temporary failures on this many different days of a month mean that nobody is there.
SOFT_DAYS = 3


class Outcome(StrEnum):
    """What was done."""

    SUPPRESSED = "suppressed"
    LEFT = "left"
    COUNTED = "counted"
    UNMATCHED = "unmatched"
    BEFORE = "came before"


class Policy:
    """Applies feedback. Everything it needs is handed to it; it asks no clock."""

    def __init__(self, database: Database, ring: KeyRing, key: Key) -> None:
        self._database = database
        self._ring = ring
        self._key = key

    def apply(self, found: Iterable[Feedback], *, source: str, trusted: bool, now: datetime) -> list[Outcome]:
        """Do what each says; what was done, in order.

        `trusted`: the source is proven (a signed callback), so that an address alone names a person. Anybody can write
        to a mailbox: there only our own token does.
        """
        return [self._once(each, source, trusted, now) for each in found]

    def _once(self, each: Feedback, source: str, trusted: bool, now: datetime) -> Outcome:
        with self._database.write() as connection:
            return self._apply(connection, each, source, trusted, now)

    def _apply(self, connection: Connection, each: Feedback, source: str, trusted: bool, now: datetime) -> Outcome:
        address = _address(each.address)
        delivery = self._delivery(each.token)
        person = of_delivery(connection, delivery) if delivery else None
        if person is None and trusted and address is not None:
            person = of_address(connection, self._ring, address)
        came = Came(
            key=_storable(each.id)[:128],
            source=source,
            kind=each.kind,
            code=_storable(each.code)[:40],
            reason=redact(_storable(each.reason))[:200],
            at=min(each.at, now),
        )
        number = keep_once(
            connection,
            came,
            subscriber=person.id if person else 0,
            delivery=delivery,
            address_hash=person.address_hash if person else "",
            now=now,
        )
        if number is None:
            return Outcome.BEFORE
        outcome = self._act(connection, each, person, address, delivery, now)
        set_outcome(connection, number, outcome)
        return outcome

    def _act(
        self,
        connection: Connection,
        each: Feedback,
        person: Subscriber | None,
        address: Address | None,
        delivery: int,
        now: datetime,
    ) -> Outcome:
        if each.kind is FeedbackKind.UNSUBSCRIBE:
            return self._leave(connection, each, person, address, now)
        if each.kind in (FeedbackKind.POLICY, FeedbackKind.DELIVERED, FeedbackKind.AUTO_REPLY, FeedbackKind.UNKNOWN):
            return Outcome.COUNTED
        if person is None:
            return Outcome.UNMATCHED
        if each.kind is FeedbackKind.COMPLAINT:
            return self._suppress(connection, person, Reason.COMPLAINT, each.code, now)
        if delivery and moved_since(connection, person, delivery):
            return Outcome.COUNTED
        if each.kind is FeedbackKind.HARD:
            return self._suppress(connection, person, Reason.HARD, each.code, now)
        if soft_days(connection, person, now=now) >= SOFT_DAYS:
            return self._suppress(connection, person, Reason.HARD, f"failed on {SOFT_DAYS} days", now)
        return Outcome.COUNTED

    def _suppress(
        self, connection: Connection, person: Subscriber, reason: Reason, detail: str, now: datetime
    ) -> Outcome:
        key, words = parse(person.address).key, redact(_storable(detail))[:100]
        suppress(connection, self._ring, key, reason=reason, detail=words, now=now)
        return Outcome.SUPPRESSED

    def _leave(
        self,
        connection: Connection,
        each: Feedback,
        person: Subscriber | None,
        address: Address | None,
        now: datetime,
    ) -> Outcome:
        """By the link's own secret: its lists. By a delivery's token, or their address: everything."""
        text = each.token if "." in each.token else link(each.token)
        reader = read_link(connection, text)
        if reader is not None and reader.lists:
            leave(connection, self._ring, reader.person, reader.lists, who=SELF, how="email", now=now)
            return Outcome.LEFT
        found = reader.person if reader else person
        if found is None and address is not None:
            found = of_address(connection, self._ring, address)
        if found is None:
            return Outcome.UNMATCHED
        leave_all(connection, self._ring, found, who=SELF, how="email", now=now)
        return Outcome.LEFT

    def _delivery(self, token: str) -> int:
        found = (self._key.read_stamped(label, token) for label in LABELS)
        return next((number for number in found if number is not None), 0)


def _storable(text: str) -> str:
    """Without what a database may refuse: NUL (PostgreSQL), and half characters that bad mail decodes to."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _address(text: str) -> Address | None:
    try:
        return parse(text)
    except AddressError:
        return None
