"""What people say the service may do: holds, approvals, and which channels are live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from campaign.clock import from_micros, to_micros
from campaign.errors import RefusedError
from campaign.model import Hold, HoldScope, Strength
from campaign.store.database import Database, bump
from campaign.store.log import SERVICE, record
from campaign.store.restoring import unsettled
from campaign.store.tables import approvals, channels, holds


class Holds:
    """Pauses, past and present."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(
        self,
        *,
        scope: HoldScope,
        target: str,
        strength: Strength,
        reason: str,
        author: str,
        now: datetime,
        pages: bool = False,
    ) -> int:
        """Put a hold in force at once; its id."""
        with self._database.write() as connection:
            found: int = connection.execute(
                insert(holds)
                .values(
                    scope=scope,
                    target=target,
                    strength=strength,
                    reason=reason,
                    author=author,
                    pages=pages,
                    since=to_micros(now),
                )
                .returning(holds.c.id)
            ).scalar_one()
            detail = {"scope": scope, "strength": strength, "reason": reason}
            record(connection, who=author, act="pause", now=now, target=target, detail=detail)
            bump(connection)
        return found

    def lift(self, hold: int, *, author: str, now: datetime) -> None:
        """End a hold. What fell due in it stays held; RefusedError where it is not on, or a restore is not settled."""
        with self._database.write() as connection:
            left = unsettled(connection, hold)
            if left:
                raise RefusedError(f"{left} things of before the restore are not settled yet: see campaign status.")
            done = connection.execute(
                update(holds)
                .where(holds.c.id == hold, holds.c.until.is_(None))
                .values(until=to_micros(now), lifted_by=author)
            )
            if not done.rowcount:
                raise RefusedError(f"Hold {hold} is not on.")
            record(connection, who=author, act="resume", now=now, target=str(hold))
            bump(connection)

    def all(self) -> list[Hold]:
        """Every hold there ever was, oldest first."""
        with self._database.read() as connection:
            return [_hold(row) for row in connection.execute(select(holds).order_by(holds.c.id))]

    def current(self, now: datetime) -> list[Hold]:
        """Those on at `now`."""
        return [hold for hold in self.all() if hold.stands(now)]


def _hold(row: Row[Any]) -> Hold:
    until = row.until
    return Hold(
        id=row.id,
        scope=HoldScope(row.scope),
        target=row.target,
        strength=Strength(row.strength),
        reason=row.reason,
        author=row.author,
        since=from_micros(row.since),
        until=from_micros(until) if until is not None else None,
        pages=bool(row.pages),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's yes to one broadcast with exactly that content."""

    key: str
    digest: str
    author: str
    comment: str
    by_loading: bool
    made_at: datetime


class Approvals:
    """Who approved what, bound to a hash of the content."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(
        self,
        digests: dict[str, str],
        *,
        author: str,
        now: datetime,
        campaign: str = "",
        comment: str = "",
        by_loading: bool = False,
    ) -> None:
        """Approve broadcasts: key -> content hash, all in one transaction."""
        rows = [
            {
                "key": key,
                "digest": digest,
                "author": author,
                "comment": comment,
                "by_loading": by_loading,
                "made_at": to_micros(now),
            }
            for key, digest in digests.items()
        ]
        if not rows:
            return
        with self._database.write() as connection:
            connection.execute(insert(approvals), rows)
            for key in digests:
                detail = {"comment": comment, "by_loading": by_loading}
                record(connection, who=author, act="approve", now=now, campaign=campaign, target=key, detail=detail)
            bump(connection)

    def withdraw(
        self, keys: Iterable[str], *, author: str, now: datetime, campaign: str = "", comment: str = ""
    ) -> None:
        """Take back every approval of those broadcasts."""
        with self._database.write() as connection:
            for key in keys:
                connection.execute(
                    update(approvals)
                    .where(approvals.c.key == key, approvals.c.withdrawn_at.is_(None))
                    .values(withdrawn_at=to_micros(now), withdrawn_by=author)
                )
                detail = {"comment": comment}
                record(connection, who=author, act="withdraw", now=now, campaign=campaign, target=key, detail=detail)
            bump(connection)

    def send_back(self, digests: Mapping[str, str], *, author: str, now: datetime, comment: str) -> None:
        """Remember that broadcasts as they stand (key -> content hash) went back to whoever wrote them."""
        at = to_micros(now)
        row = {"author": author, "comment": comment, "made_at": at, "withdrawn_at": at, "withdrawn_by": author}
        rows = [{"key": key, "digest": digest, **row} for key, digest in digests.items()]
        with self._database.write() as connection:
            connection.execute(insert(approvals), rows)
            bump(connection)

    def sent_back(self, prefix: str = "") -> dict[str, Approval]:
        """The newest word on each broadcast where that word was to send it back (those that start with `prefix`)."""
        query = select(approvals).order_by(approvals.c.id)
        if prefix:
            query = query.where(approvals.c.key.startswith(prefix, autoescape=True))
        with self._database.read() as connection:
            newest = {row.key: row for row in connection.execute(query)}
        back = (row for row in newest.values() if row.withdrawn_at == row.made_at and row.withdrawn_by == row.author)
        return {row.key: _approval(row) for row in back}

    def standing(self, prefix: str = "") -> dict[str, Approval]:
        """The newest approval of each broadcast that was not withdrawn, by key (those that start with `prefix`)."""
        query = select(approvals).where(approvals.c.withdrawn_at.is_(None)).order_by(approvals.c.id)
        if prefix:
            query = query.where(approvals.c.key.startswith(prefix, autoescape=True))
        with self._database.read() as connection:
            return {row.key: _approval(row) for row in connection.execute(query)}


def _approval(row: Row[Any]) -> Approval:
    fields = {name: getattr(row, name) for name in ("key", "digest", "author", "comment")}
    return Approval(**fields, by_loading=bool(row.by_loading), made_at=from_micros(row.made_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """What the ledger knows of a channel: whether it is live, and why it is down ("" where it is not)."""

    name: str
    kind: str
    live: bool = False
    down: str = ""


class ChannelStates:
    """Which channels are live, and which are down."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, ChannelState]:
        """Every channel the ledger has heard of, by name."""
        with self._database.read() as connection:
            return {
                row.name: ChannelState(name=row.name, kind=row.kind, live=bool(row.live), down=row.down)
                for row in connection.execute(select(channels))
            }

    def any_live(self) -> bool:
        """Whether anything may leave this installation."""
        return any(state.live for state in self.all().values())

    def set_live(self, name: str, kind: str, live: bool, *, author: str, now: datetime) -> None:
        """Switch a channel live, or back to the outbox. Going live voids every approval that loading gave."""
        values = {"kind": kind, "live": live, "live_by": author, "live_at": to_micros(now)}
        with self._database.write() as connection:
            if connection.execute(update(channels).where(channels.c.name == name).values(**values)).rowcount == 0:
                connection.execute(insert(channels).values(name=name, **values))
            if live:
                connection.execute(
                    update(approvals)
                    .where(approvals.c.by_loading.is_(True), approvals.c.withdrawn_at.is_(None))
                    .values(withdrawn_at=to_micros(now), withdrawn_by=SERVICE)
                )
            record(connection, who=author, act="live" if live else "not live", now=now, target=name)
            bump(connection)

    def set_down(self, name: str, kind: str, reason: str, *, now: datetime, author: str = SERVICE) -> None:
        """Mark a channel as down for `reason`, or up again (""). Its messages wait meanwhile."""
        values = {"kind": kind, "down": reason, "down_at": to_micros(now)}
        with self._database.write() as connection:
            if connection.execute(update(channels).where(channels.c.name == name).values(**values)).rowcount == 0:
                connection.execute(insert(channels).values(name=name, **values))
            record(
                connection, who=author, act="down" if reason else "up", now=now, target=name, detail={"reason": reason}
            )
            bump(connection)
