"""Rate limits that hold over processes. Whom they count is kept as a keyed hash alone, and forgotten within a day."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, or_

from campaign.address import KeyRing
from campaign.clock import to_micros
from campaign.store.tables_lists import counts
from campaign.store.upserts import insert_into

#: How long a count is kept after its window began.
KEPT = timedelta(days=1)


def network_of(client: str) -> str:
    """The network that a client's IP address counts for: /24 of IPv4, /56 of IPv6; `unknown` for anything else."""
    try:
        address = ipaddress.ip_address(client.strip())
    except ValueError:
        return "unknown"
    mapped = getattr(address, "ipv4_mapped", None)
    found = mapped or address
    width = 24 if found.version == 4 else 56
    return str(ipaddress.ip_network(f"{found}/{width}", strict=False))


def allow(
    connection: Connection, ring: KeyRing, use: str, whom: str, *, most: int, window: timedelta, now: datetime
) -> bool:
    """Count one `use` by `whom`; False where it is more than `most` within `window`."""
    name = f"{use}:{ring.current.hash('limit', whom)[:32]}"
    return count_one(connection, name, window=window, now=now) <= most


def count_one(connection: Connection, name: str, *, window: timedelta, now: datetime) -> int:
    """Count one more under `name`; how many there are within the `window` that began with the first."""
    at = to_micros(now)
    old = or_(counts.c.since <= at - window // timedelta(microseconds=1), counts.c.since > at)
    again = {"since": case((old, at), else_=counts.c.since), "used": case((old, 1), else_=counts.c.used + 1)}
    statement = (
        insert_into(counts, connection.dialect.name)
        .values(name=name, since=at, used=1)
        .on_conflict_do_update(index_elements=[counts.c.name], set_=again)
        .returning(counts.c.used)
    )
    return int(connection.execute(statement).scalar_one())


def forget_counts(connection: Connection, *, now: datetime) -> int:
    """Delete the counts of windows that began over a day ago. How many."""
    return connection.execute(delete(counts).where(counts.c.since < to_micros(now - KEPT))).rowcount
