"""The tables of the desk: accounts and what they sign in with, sessions, forms that were sent, uploads that wait."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint

from campaign.store.tables import Id, flag, instant, metadata, number, words

#: Who may sign in. `password` is an argon2id hash, "" where there is none; `second` an encrypted TOTP secret, "" where
#: there is none, and `second_step` the last time step that was used, so that no code works twice. `ready`: they can
#: sign in, for they chose a password or were recognised by a provider.
accounts = Table(
    "accounts",
    metadata,
    Column("person", Id, ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("login", String(320), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    words("password"),
    words("second"),
    Column("second_step", BigInteger, nullable=False, server_default="0"),
    flag("ready"),
    Column("theme", String(8), nullable=False, server_default=""),
    instant("made_at", required=True),
)

#: Codes on paper that stand in for an app's, each once: their hashes.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    number(),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("code_hash", String(64), nullable=False, unique=True),
    instant("made_at", required=True),
    instant("used_at"),
)

#: Passkeys (Web Authentication): the authenticator's name for the key, and the public key itself.
passkeys = Table(
    "passkeys",
    metadata,
    number(),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("credential", String(1400), nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False, server_default="0"),
    words("name"),
    instant("made_at", required=True),
    instant("used_at"),
)

#: Who somebody is elsewhere: a subject of an OpenID Connect issuer.
identities = Table(
    "identities",
    metadata,
    number(),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("issuer", String(400), nullable=False),
    Column("subject", String(255), nullable=False),
    instant("made_at", required=True),
    UniqueConstraint("issuer", "subject"),
)

#: What was begun and waits for an answer, once: a passkey's challenge, a way to a provider, a key for an app.
challenges = Table(
    "challenges",
    metadata,
    number(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("person", BigInteger, nullable=False, server_default="0"),
    words("content"),
    instant("until", required=True),
)

#: Sessions, by the hash of the token that the browser holds.
sessions = Table(
    "sessions",
    metadata,
    number(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    words("network"),
    words("agent"),
    words("said"),
    instant("made_at", required=True),
    instant("seen_at", required=True),
    instant("ended_at"),
)

#: Links that work once: `first` makes the first administrator, `invite` lets a person choose a password, `enter` signs
#: in, `browser` makes a browser known, so that nobody's guesses elsewhere can keep it out.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    number(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("person", BigInteger, nullable=False, server_default="0"),
    words("author"),
    instant("made_at", required=True),
    instant("until", required=True),
    instant("used_at"),
)

#: Forms that were sent, so that none counts twice.
sent_forms = Table(
    "sent_forms",
    metadata,
    number(),
    Column("nonce", String(64), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False, index=True),
)

#: What the checks last found of each campaign: problems as JSON, and how many of them are errors.
judgements = Table(
    "judgements",
    metadata,
    Column("campaign", String(100), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    words("problems"),
    instant("made_at", required=True),
)

#: Programmes that were uploaded and are not loaded yet: a ZIP of the file and what it uses.
uploads = Table(
    "uploads",
    metadata,
    number(),
    Column("token", String(64), nullable=False, unique=True),
    words("author"),
    words("name"),
    words("slug"),
    Column("base", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    instant("made_at", required=True),
)

#: Who has the form of a message open, so that two people who edit one message know of each other.
edits = Table(
    "edits",
    metadata,
    number(),
    words("campaign"),
    words("message"),
    words("who"),
    instant("began_at", required=True),
    instant("seen_at", required=True),
    UniqueConstraint("campaign", "message", "who"),
)
