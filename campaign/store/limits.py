"""Rate limits that hold over processes. Whom they count is kept as a keyed hash alone, and forgotten within a day."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from campaign.address import KeyRing
from campaign.clock import to_micros
from campaign.store.tables_lists import counts

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
    since = to_micros(now)
    row = connection.execute(select(counts).where(counts.c.name == name).with_for_update()).first()
    if row is None:
        connection.execute(insert(counts).values(name=name, since=since, used=1))
        return True
    if since - row.since >= window // timedelta(microseconds=1) or since < row.since:
        connection.execute(update(counts).where(counts.c.name == name).values(since=since, used=1))
        return True
    connection.execute(update(counts).where(counts.c.name == name).values(used=row.used + 1))
    return bool(row.used < most)


def forget_counts(connection: Connection, *, now: datetime) -> int:
    """Delete the counts of windows that began over a day ago. How many."""
    return connection.execute(delete(counts).where(counts.c.since < to_micros(now - KEPT))).rowcount
