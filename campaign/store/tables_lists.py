"""The tables of people: staff, mailing lists, subscribers, subscriptions, suppressions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

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
    words("description"),
    words("basis"),
    words("charity_number"),
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
    words("last_name"),
    words("organisation"),
    words("language"),
    words("areas"),
    words("audiences"),
    Column("token", String(64), nullable=False, unique=True),
    instant("made_at", required=True),
    instant("changed_at", required=True),
    sqlite_autoincrement=True,  # no newcomer gets the number of somebody erased, and with it what was kept of them
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

#: What happened to a subscription, in order: how it came to be as it is. `who` is `self` or a staff name.
subscription_events = Table(
    "subscription_events",
    metadata,
    number(),
    Column("subscriber", ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("list", ForeignKey("lists.id"), nullable=False),
    instant("at", required=True),
    words("state"),
    words("who"),
    words("how"),
    words("reason"),
    Index("ix_subscription_events_subscriber", "subscriber"),
)

#: The exact words of consent, once each: numbered from 1 for each list, never changed.
wordings = Table(
    "wordings",
    metadata,
    number(),
    Column("list", ForeignKey("lists.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    words("text"),
    words("controllers"),
    instant("made_at", required=True),
    UniqueConstraint("list", "digest"),
    UniqueConstraint("list", "version"),
)

#: Proof of each consent: who, when, how, and the words shown (UK GDPR article 7(1)).
consents = Table(
    "consents",
    metadata,
    number(),
    Column("subscriber", ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("list", ForeignKey("lists.id"), nullable=False),
    Column("wording", ForeignKey("wordings.id"), nullable=False),
    instant("given_at", required=True),
    words("how"),
    words("who"),
    instant("recorded_at", required=True),
    Index("ix_consents_subscriber", "subscriber"),
)

#: Sets of lists that one link in a mailing leaves, by a short number. `lists` are ids between commas, ascending.
list_sets = Table("list_sets", metadata, number(), Column("lists", String(400), nullable=False, unique=True))

#: What a person asked for and confirms by the link mailed to them: `join`, `erase`, `export`. Emptied when they do, and
#: deleted after a week. `subscriber` is 0 until it is known who asked.
requests = Table(
    "requests",
    metadata,
    number(),
    Column("token", String(64), nullable=False, unique=True),
    words("kind"),
    words("address"),
    Column("address_hash", String(64), nullable=False, index=True),
    words("first_name"),
    words("language"),
    words("areas"),
    words("audiences"),
    words("lists"),
    words("wording"),
    words("controllers"),
    words("how"),
    Column("subscriber", BigInteger, nullable=False, server_default="0"),
    instant("asked_at", required=True),
    instant("done_at"),
    Index("ix_requests_asked", "asked_at"),
)

#: Answers to a person's own act, waiting to be mailed: confirmations, a copy of their data. Emptied when sent.
letters = Table(
    "letters",
    metadata,
    number(),
    words("kind"),
    words("address"),
    Column("address_hash", String(64), nullable=False, index=True),
    words("sender"),
    words("content"),
    instant("made_at", required=True),
    instant("not_before", required=True),
    instant("sent_at"),
    instant("given_up_at"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index("ix_letters_waiting", "sent_at", "given_up_at", "not_before"),
    sqlite_autoincrement=True,  # its number is in the Message-ID
)

#: Counts for rate limits: `name` is a use and a keyed hash of whom it counts.
counts = Table(
    "counts",
    metadata,
    Column("name", String(120), primary_key=True),
    instant("since", required=True),
    Column("used", Integer, nullable=False),
    Index("ix_counts_since", "since"),
)

#: What came back, once each (`key`). `subscriber` and `delivery` are 0 where it matched none.
feedback = Table(
    "feedback",
    metadata,
    number(),
    Column("key", String(128), nullable=False, unique=True),
    words("source"),
    words("kind"),
    Column("subscriber", BigInteger, nullable=False, server_default="0"),
    Column("delivery", BigInteger, nullable=False, server_default="0"),
    Column("address_hash", String(64), nullable=False, server_default=""),
    words("code"),
    words("reason"),
    words("outcome"),
    instant("at", required=True),
    instant("received_at", required=True),
    Index("ix_feedback_subscriber", "subscriber", "at"),
    Index("ix_feedback_received", "received_at"),
    Index("ix_feedback_hash", "address_hash"),
)
