"""Erasure, access and keeping, where they reach beyond the database: copies in the outbox, a page a person can read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from campaign.address import Address, KeyRing
from campaign.store import rights
from campaign.store.database import Database
from campaign.store.held import access
from campaign.store.rights import Sent
from campaign.tokens import Key

#: Consents are kept this long after somebody left the last list: six years, in which a claim can be brought.
KEEP_PROOF = timedelta(days=6 * 366)
#: Letters written to the outbox, whose links stop working after a week.
KEEP_LETTERS = timedelta(days=8)
MONTH = timedelta(days=31)
#: The `To` of an email, with the lines that go on with it (RFC 5322 2.2.3).
_TO = re.compile(r"^to:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)


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


def held(database: Database, ring: KeyRing, outbox: Path | None, address: Address) -> dict[str, Any]:
    """Everything held about a person, copies of emails in the outbox too (as their names and when they were written).

    `outbox` None: not known here.
    """
    paths = sorted(addressed(outbox, address)) if outbox else []
    written = [datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds") for path in paths]
    copies = [
        {"file": path.relative_to(outbox).as_posix(), "written_at": at}
        for path, at in zip(paths, written, strict=True)
        if outbox
    ]
    return {**access(database, ring, address), "copies": copies}


def delete_copies(outbox: Path, key: Key, emails: Iterable[Sent]) -> int:
    """Delete the files in the outbox that hold these emails; how many there were."""
    pages = _pages(outbox)
    deleted = 0
    for sent in emails:
        name = key.token("delivery-v1", sent.broadcast, str(sent.subscriber))
        home = outbox.joinpath(*(quote(part, safe="").replace(".", "%2E") for part in sent.broadcast.split("/")))
        deleted += _delete([home / f"{name}.eml", *pages.get(name[:12], ())])
    return deleted


def _pages(outbox: Path) -> Mapping[str, Sequence[Path]]:
    """The pages that show emails in the outbox, by the mark in their name that is the email's too."""
    found: dict[str, list[Path]] = {}
    for path in outbox.glob("*/*--*.html"):
        found.setdefault(path.stem.rpartition("--")[2], []).append(path)
    return found


def delete_addressed(outbox: Path, address: Address) -> int:
    """Delete every email in the outbox whose `To` is that address, whatever wrote it; how many there were."""
    pages, found = _pages(outbox), addressed(outbox, address)
    return _delete([*found, *(page for path in found for page in pages.get(path.stem[:12], ()))])


def addressed(outbox: Path, address: Address) -> list[Path]:
    """Every email in the outbox whose `To` is that address, in any case; what a killed process left unnamed too."""
    wanted = re.escape(address.wire.casefold())
    theirs = re.compile(rf"(?:^|[\s<,:]){wanted}(?:$|[\s>,;])")
    found = []
    for path in [*outbox.rglob("*.eml"), *outbox.rglob("*.part")]:
        with path.open("rb") as file:
            head = file.read(16 * 1024).partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        to = _TO.search(head)
        if to and theirs.search(to[1].casefold()):
            found.append(path)
    return found


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
    "attempts": "What came of each try to send them",
    "copies": "Copies of emails kept as files",
    "feedback": "What your mail provider told us",
    "suppressions": "Why we do not email you",
    "requests": "What you asked for",
    "letters": "Answers that we mailed you",
    "team": "You as a member of the team",
    "ways_to_sign_in": "What you sign in with",
    "sign_ins": "Where you signed in",
    "acts": "What you did here",
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
        value = held.get(name, ())
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
