"""The tables of people: staff, mailing lists, subscribers, subscriptions, suppressions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, UniqueConstraint

from campaign.store.tables import flag, instant, metadata, number, words

#: Staff: those whose names an act can bear.
people = Table(
    "people",
    metadata,
    number(),
    Column("name", String(200), nullable=False, unique=True),
    words("email"),
    words("role"),
    instant("added_at", required=True),
    instant("removed_at"),
)

senders = Table(
    "senders",
    metadata,
    Column("id", String(100), primary_key=True),
    words("from_name"),
    words("from_address"),
    words("reply_to"),
    words("return_path"),
    words("unsubscribe_mailbox"),
    words("domain"),
    words("organisation"),
    words("postal_address"),
    words("privacy_url"),
)

lists = Table(
    "lists",
    metadata,
    number(),
    Column("slug", String(100), nullable=False, unique=True),
    words("title"),
    Column("sender", ForeignKey("senders.id"), nullable=False),
    words("basis"),
    words("organisation"),
    words("audiences"),
    flag("public"),
    flag("double_opt_in"),
    instant("made_at", required=True),
)

#: `areas` and `audiences` are labels between commas (",HAM,IOW,"), "" for all; `address_key` is what compares.
subscribers = Table(
    "subscribers",
    metadata,
    number(),
    Column("address", String(320), nullable=False),
    Column("address_key", String(320), nullable=False, unique=True),
    Column("address_hash", String(64), nullable=False, index=True),
    words("first_name"),
    words("organisation"),
    words("language"),
    words("areas"),
    words("audiences"),
    Column("token", String(64), nullable=False, unique=True),
    instant("made_at", required=True),
    instant("changed_at", required=True),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    number(),
    Column("subscriber", ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("list", ForeignKey("lists.id"), nullable=False),
    Column("state", String(12), nullable=False),
    instant("paused_until"),
    instant("changed_at", required=True),
    UniqueConstraint("subscriber", "list"),
    Index("ix_subscriptions_list", "list", "state", "subscriber"),
)

#: Addresses not to be mailed, as keyed hashes; they outlive the subscriber.
suppressions = Table(
    "suppressions",
    metadata,
    number(),
    Column("address_hash", String(64), nullable=False),
    words("key_id"),
    words("scope"),
    words("target"),
    words("reason"),
    words("detail"),
    Column("subscriber", BigInteger, nullable=False, server_default="0"),
    instant("made_at", required=True),
    instant("lifted_at"),
    words("lifted_by"),
    Index("ix_suppressions_hash", "address_hash"),
    Index("ix_suppressions_made", "made_at"),
)
