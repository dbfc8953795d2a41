"""Erasure, access and keeping, where they reach beyond the database: copies in the outbox, a page a person can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from campaign.address import Address, KeyRing
from campaign.store import rights
from campaign.store.database import Database
from campaign.store.rights import Sent
from campaign.tokens import Key

#: Consents are kept this long after somebody left the last list: six years, in which a claim can be brought.
KEEP_PROOF = timedelta(days=6 * 366)
#: Letters written to the outbox, whose links stop working after a week.
KEEP_LETTERS = timedelta(days=8)
MONTH = timedelta(days=31)


def erase(
    database: Database, ring: KeyRing, key: Key, outbox: Path, address: Address, *, who: str, now: datetime
) -> int:
    """Erase a person from the database and the outbox; how many copies of emails went. Safe to repeat.

    Erasing somebody unknown suppresses the address all the same.
    """
    found = rights.erase(database, ring, address, who=who, now=now)
    return delete_copies(outbox, key, found.emails) + delete_addressed(outbox, address)


def forget_old(database: Database, key: Key, outbox: Path, *, now: datetime, keep_months: int) -> int:
    """Take away what is kept no longer; how many emails' detail went."""
    people = 0
    for gone in rights.forget_old(database, now=now, keep=keep_months * MONTH, keep_proof=KEEP_PROOF):
        delete_copies(outbox, key, gone)
        people += len(gone)
    old = (now - KEEP_LETTERS).timestamp()
    _delete([path for path in (outbox / "letters").rglob("*.eml") if path.stat().st_mtime < old])
    return people


def delete_copies(outbox: Path, key: Key, emails: Iterable[Sent]) -> int:
    """Delete the files in the outbox that hold these emails; how many there were."""
    deleted = 0
    for sent in emails:
        name = key.token("delivery-v1", sent.broadcast, str(sent.subscriber))
        home = outbox.joinpath(*(quote(part, safe="").replace(".", "%2E") for part in sent.broadcast.split("/")))
        deleted += _delete([home / f"{name}.eml", *outbox.glob(f"*/*--{name[:12]}.html")])
    return deleted


def delete_addressed(outbox: Path, address: Address) -> int:
    """Delete every email in the outbox whose `To` is that address, whatever wrote it; how many there were."""
    wanted = address.wire.lower().encode("utf-8")
    found = []
    for path in [*outbox.rglob("*.eml"), *outbox.rglob("*.part")]:  # .part: what a killed process left unnamed
        with path.open("rb") as file:
            head = file.read(16 * 1024).partition(b"\r\n\r\n")[0].lower()
        if wanted in head:
            found.append(path)
            found += outbox.glob(f"*/*--{path.stem[:12]}.html")
    return _delete(found)


def _delete(paths: Sequence[Path]) -> int:
    there = [path for path in paths if path.exists()]
    for path in there:
        path.unlink()
    return sum(path.suffix == ".eml" for path in there)


def as_json(held: Mapping[str, Any]) -> str:
    """What is held about a person, for a machine."""
    return json.dumps(held, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


_TITLES = {
    "person": "You",
    "subscriptions": "Your lists",
    "history": "What happened to them",
    "consents": "What you agreed to, and the words you were shown",
    "emails": "Emails we sent you or were to send you",
    "feedback": "What your mail provider told us",
    "suppressions": "Why we do not email you",
    "requests": "What you asked for",
    "letters": "Answers that we mailed you",
}


def as_page(held: Mapping[str, Any]) -> str:
    """What is held about a person, as one HTML page to read: no script, no style from elsewhere."""
    parts = [
        "<!doctype html>",
        '<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        '<meta name="color-scheme" content="light dark"><title>What we hold about you</title>',
        "<style>body{font:1rem/1.5 sans-serif;max-width:60rem;margin:auto;padding:1rem}td,th{text-align:left;"
        "padding:.25rem 1rem .25rem 0;vertical-align:top;overflow-wrap:anywhere}div{overflow-x:auto}</style></head>",
        f"<body><main><h1>What we hold about you</h1><p>Address: {escape(str(held['address']))}</p>",
    ]
    for name, title in _TITLES.items():
        parts.append(f"<h2>{escape(title)}</h2>")
        value = held[name]
        rows = [value] if isinstance(value, Mapping) and value else list(value)
        parts.append(_table(title, rows) if rows else "<p>Nothing.</p>")
    return "\n".join([*parts, "</main></body></html>\n"])


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(rows[0])
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape('' if row[name] is None else str(row[name]))}</td>" for name in names) + "</tr>"
        for row in rows
    )
    label = escape(title)
    return f'<div tabindex="0" role="region" aria-label="{label}"><table><tr>{head}</tr>{body}</table></div>'
