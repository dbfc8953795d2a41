"""After a restore: an old ledger would send a week again, so all is paused and in doubt until a person settles it.

Who left since the backup stays away: their suppressions come from the ledger that is replaced, and from the log of
keyed hashes beside it.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from campaign.clock import to_micros
from campaign.errors import CampaignError
from campaign.model import BroadcastState, DeliveryState, HoldScope, Strength
from campaign.store import tallies
from campaign.store.database import Database, bump
from campaign.store.log import record
from campaign.store.rights import erase_again
from campaign.store.suppressions import Reason
from campaign.store.tables import broadcasts, deliveries, holds, meta
from campaign.store.tables_desk import challenges, sessions, sign_in_links
from campaign.store.tables_lists import suppressions

REASON = "restored from a backup"
#: Name in `meta` of the hold that a restore placed, until all is settled.
RESTORED = "restored"
COPIED = ("address_hash", "key_id", "scope", "target", "reason", "detail", "made_at")


def read_suppressions(database: Database | None, log: Path) -> list[dict[str, Any]] | None:
    """Every suppression of the ledger being replaced and of the log; None where neither can be read."""
    found: list[dict[str, Any]] = []
    readable = False
    if database is not None:
        try:
            with database.read() as connection:
                rows = connection.execute(select(suppressions).where(suppressions.c.lifted_at.is_(None)))
                found += [{name: row._mapping[name] for name in COPIED} for row in rows]
            readable = True
        except CampaignError:
            readable = False
    if log.exists():
        found += _whole_lines(log.read_text(encoding="utf-8", errors="replace"))
        readable = True
    return found if readable else None


def _whole_lines(text: str) -> list[dict[str, Any]]:
    """The rows of a log. A line that broke off belongs to a change that was never made, and is left out."""
    found = []
    for line in text.splitlines():
        try:
            row = json.loads(line)
            found.append({name: row[name] for name in COPIED})
        except (ValueError, KeyError, TypeError):
            continue
    return found


def settle_in(
    connection: Connection, known: list[dict[str, Any]] | None, *, taken_at: datetime, author: str, now: datetime
) -> tuple[int, int]:
    """Pause everything from the backup's instant on, and put what was open in doubt.

    Answers how many suppressions were brought over and how many deliveries are uncertain.
    """
    brought = sum(_suppress(connection, row) for row in known or [])
    erase_again(connection, _erased_since(known or [], to_micros(taken_at)))
    doubt = _doubt_unsettled(connection, now)
    connection.execute(
        update(broadcasts)
        .where(broadcasts.c.state == BroadcastState.OPENING)
        .values(state=BroadcastState.OPEN, reason=REASON)
    )
    hold = connection.execute(
        insert(holds)
        .values(
            scope=HoldScope.ALL,
            target="",
            strength=Strength.ALL,
            pages=False,
            reason=REASON if known is not None else f"{REASON}; who left since cannot be known",
            author=author,
            since=to_micros(taken_at),
        )
        .returning(holds.c.id)
    ).scalar_one()
    _sign_everybody_out(connection, now)
    connection.execute(meta.delete().where(meta.c.name == RESTORED))
    connection.execute(insert(meta).values(name=RESTORED, value=str(hold)))
    detail = {"taken_at": taken_at.isoformat(), "suppressions": brought, "uncertain": doubt}
    record(connection, who=author, act="restore", now=now, detail=detail)
    bump(connection)
    return brought, doubt


def _doubt_unsettled(connection: Connection, now: datetime) -> int:
    found = list(
        connection.scalars(
            update(deliveries)
            .where(deliveries.c.state.in_(tallies.UNSETTLED))
            .values(state=DeliveryState.UNCERTAIN, reason=REASON, settled_at=to_micros(now), worker=0)
            .returning(deliveries.c.broadcast)
        )
    )
    tallies.settled(connection, found, DeliveryState.UNCERTAIN)
    return len(found)


def _sign_everybody_out(connection: Connection, now: datetime) -> None:
    """A session that was ended, or a link that was used, since the backup must not come back."""
    connection.execute(update(sessions).where(sessions.c.ended_at.is_(None)).values(ended_at=to_micros(now)))
    connection.execute(update(sign_in_links).where(sign_in_links.c.used_at.is_(None)).values(used_at=to_micros(now)))
    connection.execute(delete(challenges))


def unsettled(connection: Connection, hold: int) -> int:
    """How much still has to be settled before the pause of a restore (`hold`) may be lifted; 0 for any other pause."""
    mine = connection.execute(select(meta.c.value).where(meta.c.name == RESTORED)).scalar()
    if mine != str(hold):
        return 0
    doubt = select(deliveries.c.id).where(deliveries.c.state == DeliveryState.UNCERTAIN, deliveries.c.reason == REASON)
    held = select(broadcasts.c.id).where(
        broadcasts.c.state == BroadcastState.HELD, broadcasts.c.reason.contains(REASON)
    )
    return len(connection.execute(doubt).all()) + len(connection.execute(held).all())


def _erased_since(known: list[dict[str, Any]], taken_at: int) -> list[str]:
    """The address hashes of those whom the backup still holds, and who were erased after it was taken."""
    return [row["address_hash"] for row in known if row["reason"] == Reason.ERASED and row["made_at"] >= taken_at]


def _suppress(connection: Connection, row: dict[str, Any]) -> int:
    """Bring one suppression over; 0 where it stands already, or the backup knows that this very one was lifted."""
    same = [suppressions.c[name] == row[name] for name in ("address_hash", "scope", "target", "reason")]
    known = or_(suppressions.c.lifted_at.is_(None), suppressions.c.made_at == row["made_at"])
    there = select(suppressions.c.id).where(*same, known)
    if connection.execute(there).first() is not None:
        return 0
    connection.execute(insert(suppressions).values(**row))
    return 1
