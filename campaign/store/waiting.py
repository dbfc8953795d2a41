"""People whom staff put on a list that confirms each of them: asked once, by a mailed link."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Select, exists, func, insert, select

from campaign.address import KeyRing, parse
from campaign.clock import to_micros
from campaign.model import MailingList
from campaign.store.database import Database
from campaign.store.joining import SignUp, ask
from campaign.store.letters import LetterKind
from campaign.store.lists import standard_wording
from campaign.store.log import record
from campaign.store.subscribers import State, blocked_by
from campaign.store.tables_lists import subscribers, subscription_events, subscriptions

#: What the history of a subscription calls it.
ASKED = "asked to confirm"
#: People asked in one transaction.
SLICE = 50


def _not_asked(target: MailingList) -> Select[tuple[int]]:
    u, e = subscriptions.c, subscription_events.c
    before = exists().where(e.subscriber == u.subscriber, e.list == u.list, e.how == ASKED)
    return select(u.subscriber).where(u.list == target.id, u.state == State.UNCONFIRMED, ~before)


def not_asked(connection: Connection, target: MailingList) -> int:
    """How many wait on a list and were never asked."""
    return connection.scalar(select(func.count()).select_from(_not_asked(target).subquery())) or 0


def ask_waiting(database: Database, ring: KeyRing, target: MailingList, *, who: str, now: datetime) -> int:
    """Queue a letter with a link to everybody who waits on a list and was never asked; how many.

    Nobody is asked who left, was erased, bounced or complained, and nobody twice.
    """
    asked, after = 0, 0
    while True:
        with database.write() as connection:
            number = subscriptions.c.subscriber
            query = _not_asked(target).where(number > after).order_by(number).limit(SLICE)
            some = [int(row.subscriber) for row in connection.execute(query)]
            asked += sum(_ask(connection, ring, person, target, who, now) for person in some)
        if not some:
            break
        after = some[-1]
    with database.write() as connection:
        record(connection, who=who, act="ask to confirm", now=now, target=target.slug, detail={"asked": asked})
    return asked


def _ask(connection: Connection, ring: KeyRing, number: int, target: MailingList, who: str, now: datetime) -> bool:
    written = connection.execute(select(subscribers.c.address).where(subscribers.c.id == number)).scalar_one()
    address = parse(written)
    if blocked_by(connection, ring, address, target) is not None:
        return False
    words = standard_wording([target], [target.organisation] if target.organisation else [])
    said = SignUp(address="", lists=(), wording=words, controllers=target.organisation, how=ASKED)
    if not ask(connection, ring, address, said, [target], now=now, kind=LetterKind.ASK):
        return False
    connection.execute(
        insert(subscription_events).values(
            subscriber=number, list=target.id, at=to_micros(now), state=State.UNCONFIRMED, who=who, how=ASKED
        )
    )
    return True
