"""The tables of the ledger (SQLAlchemy Core). Times are microseconds since 1970 in BIGINT on both databases.

`tables_lists` holds those of people and mailing lists; both share `metadata`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")


def number(name: str = "id") -> Column[int]:
    """An integer primary key."""
    return Column(name, Id, primary_key=True, autoincrement=True)


def instant(name: str, *, required: bool = False) -> Column[int]:
    """A moment: microseconds since 1970, UTC."""
    return Column(name, BigInteger, nullable=not required)


def words(name: str, **options: Any) -> Column[str]:
    """A text that is never NULL."""
    return Column(name, Text, nullable=False, server_default="", **options)


def flag(name: str) -> Column[bool]:
    """A yes or no that is never NULL."""
    return Column(name, Boolean, nullable=False, server_default=text("false"))


#: One integer that every write which can make work raises by one.
changes = Table(
    "changes", metadata, Column("id", Integer, primary_key=True), Column("count", BigInteger, nullable=False)
)

#: Facts of the installation: id of the key, when it was made, what was restored.
meta = Table("meta", metadata, Column("name", String(64), primary_key=True), words("value"))

campaigns = Table(
    "campaigns",
    metadata,
    number(),
    Column("slug", String(100), nullable=False, unique=True),
    words("title"),
    words("kind"),
    words("series"),
    Column("edition", Integer),
    Column("revision", Integer, nullable=False, server_default="0"),
    instant("loaded_at", required=True),
    instant("closed_at"),
)

revisions = Table(
    "revisions",
    metadata,
    number(),
    Column("campaign", ForeignKey("campaigns.id"), nullable=False),
    Column("number", Integer, nullable=False),
    words("programme"),
    words("digest"),
    words("author"),
    words("reason"),
    instant("made_at", required=True),
    UniqueConstraint("campaign", "number"),
)

#: File contents by their SHA-256.
blobs = Table(
    "blobs", metadata, Column("digest", String(64), primary_key=True), Column("data", LargeBinary, nullable=False)
)

revision_files = Table(
    "revision_files",
    metadata,
    Column("revision", ForeignKey("revisions.id"), primary_key=True),
    Column("name", String(300), primary_key=True),
    Column("digest", ForeignKey("blobs.digest"), nullable=False),
)

#: Facts about resources changed in the ledger by a named person; the latest of a field counts.
resource_changes = Table(
    "resource_changes",
    metadata,
    number(),
    Column("campaign", ForeignKey("campaigns.id"), nullable=False),
    words("resource"),
    words("field"),
    words("value"),
    words("author"),
    instant("made_at", required=True),
    Index("ix_resource_changes_campaign", "campaign", "made_at"),
)

channels = Table(
    "channels",
    metadata,
    Column("name", String(100), primary_key=True),
    words("kind"),
    flag("live"),
    words("live_by"),
    instant("live_at"),
    words("down"),
    instant("down_at"),
)

approvals = Table(
    "approvals",
    metadata,
    number(),
    Column("key", String(400), nullable=False),
    words("digest"),
    words("author"),
    words("comment"),
    flag("by_loading"),
    instant("made_at", required=True),
    instant("withdrawn_at"),
    words("withdrawn_by"),
    Index("ix_approvals_key", "key"),
)

holds = Table(
    "holds",
    metadata,
    number(),
    words("scope"),
    words("target"),
    words("strength"),
    flag("pages"),
    words("reason"),
    words("author"),
    instant("since", required=True),
    instant("until"),
    words("lifted_by"),
)

broadcasts = Table(
    "broadcasts",
    metadata,
    number(),
    Column("campaign", ForeignKey("campaigns.id"), nullable=False),
    Column("key", String(400), nullable=False, unique=True),
    words("kind"),
    words("channel"),
    words("state"),
    words("reason"),
    Column("revision", Integer, nullable=False, server_default="0"),
    words("digest"),
    words("content"),
    instant("planned_at", required=True),
    instant("late_until", required=True),
    instant("stop_at", required=True),
    flag("essential"),
    words("in_doubt"),
    flag("moved"),
    Column("cursor", BigInteger, nullable=False, server_default="0"),
    instant("opened_at"),
    instant("finished_at"),
    instant("changed_at", required=True),
    Index("ix_broadcasts_state", "state"),
    Index("ix_broadcasts_channel", "channel", "opened_at"),
)

#: One message to one recipient over one channel. `subscriber` is 0 for a post; it points at nothing once erased.
deliveries = Table(
    "deliveries",
    metadata,
    number(),
    Column("broadcast", ForeignKey("broadcasts.id"), nullable=False),
    Column("subscriber", BigInteger, nullable=False, server_default="0"),
    Column("lists", BigInteger, nullable=False, server_default="0"),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("not_before"),
    Column("worker", BigInteger, nullable=False, server_default="0"),
    instant("began_at"),
    instant("settled_at"),
    words("code"),
    words("reason"),
    words("remote_id"),
    words("url"),
    Column("said", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("broadcast", "subscriber"),
    Index("ix_deliveries_state", "broadcast", "state"),
    Index("ix_deliveries_subscriber", "subscriber"),
    # Only those who wait for another try: few, whom status and metrics count again and again.
    Index(
        "ix_deliveries_deferred",
        "broadcast",
        "not_before",
        sqlite_where=text("not_before IS NOT NULL"),
        postgresql_where=text("not_before IS NOT NULL"),
    ),
    sqlite_autoincrement=True,  # its number is in tokens on the wire: no later delivery may answer for a forgotten one
)

#: How many deliveries of a broadcast are in each state, those not settled as `pending`. See `tallies.py`.
tallies = Table(
    "tallies",
    metadata,
    Column("broadcast", ForeignKey("broadcasts.id"), primary_key=True),
    Column("state", String(12), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Index("ix_tallies_state", "state"),
)

#: What next hops say when they accept an email, each wording once; `{}` stands for their own number of the email.
replies = Table(
    "replies",
    metadata,
    number(),
    Column("text", String(200), nullable=False, unique=True),
)

attempts = Table(
    "attempts",
    metadata,
    number(),
    Column("delivery", ForeignKey("deliveries.id"), nullable=False),
    Column("number", Integer, nullable=False),
    instant("began_at"),
    instant("ended_at", required=True),
    words("outcome"),
    words("code"),
    words("reply"),
    Index("ix_attempts_delivery", "delivery"),
)

#: What a network said of a post that is out, a row a figure (likes, views, ...). The newest reading counts.
figures = Table(
    "figures",
    metadata,
    Column("broadcast", ForeignKey("broadcasts.id"), primary_key=True),
    Column("read_at", BigInteger, primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

#: What an adapter wants to find again before or after an attempt: uploads, containers.
delivery_notes = Table(
    "delivery_notes", metadata, Column("delivery", ForeignKey("deliveries.id"), primary_key=True), words("notes")
)

#: A channel's own small store: tokens, limits learnt. Secret values are kept encrypted.
channel_notes = Table(
    "channel_notes",
    metadata,
    Column("channel", String(100), primary_key=True),
    Column("name", String(200), primary_key=True),
    words("value"),
    flag("secret"),
)

#: When a relay or a recipient domain may be sent to again, and when it was first used.
paces = Table(
    "paces",
    metadata,
    Column("name", String(400), primary_key=True),
    instant("first_at", required=True),
    instant("ready_at", required=True),
)

workers = Table(
    "workers",
    metadata,
    number(),
    words("host"),
    Column("pid", Integer, nullable=False),
    words("boot"),
    words("lock"),
    instant("started_at", required=True),
    instant("beat_at", required=True),
    instant("ended_at"),
)

#: Everything a person did, and what the service did on the clock (unlocks). Only ever appended to.
log = Table(
    "log",
    metadata,
    number(),
    instant("at", required=True),
    words("who"),
    words("act"),
    words("campaign"),
    words("target"),
    words("detail"),
    Index("ix_log_at", "at"),
    Index("ix_log_act", "act", "campaign"),
)

alerts = Table(
    "alerts",
    metadata,
    number(),
    Column("key", String(400), nullable=False, unique=True),
    words("kind"),
    words("text"),
    instant("raised_at", required=True),
    instant("told_at"),
    instant("cleared_at"),
)
