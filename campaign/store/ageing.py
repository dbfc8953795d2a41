"""Copies of the ledger that are too old to keep: backups, and what a restore or an upgrade put aside.

Each holds people who were erased since, so none outlives the time that is stated to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

#: What `campaign backup` calls its files: the day or the second (UTC) at which they were taken, and no more.
_NAMED = re.compile(r"campaign-(\d{4})-?(\d\d)-?(\d\d)(?:-(\d\d)(\d\d)(\d\d))?\.tar\.gz(?:\.partial)?")
#: What a restore and an upgrade leave beside a SQLite ledger.
_ASIDE = ("*.db.replaced-*", "*.db.before-*")


def name_of(taken_at: datetime) -> str:
    """The name of a backup taken then (aware UTC)."""
    return f"campaign-{taken_at:%Y%m%d-%H%M%S}.tar.gz"


def age_out(backups: Path, home: Path, *, now: datetime, keep: timedelta) -> list[str]:
    """Delete copies older than `keep`: named backups in the folder `backups`, and ledgers put aside in `home`.

    Answers the names deleted. A backup's age is that of its name, for a copied file looks newer than it is; a ledger
    put aside is as old as its last write. Anything else is left alone.
    """
    old = [*_old_backups(backups, now - keep), *_old_ledgers(home, now - keep)]
    for path in old:
        path.unlink(missing_ok=True)
    return [path.name for path in old]


def _old_backups(folder: Path, before: datetime) -> Iterator[Path]:
    for path in sorted(folder.glob("campaign-*")):
        found = _NAMED.fullmatch(path.name)
        if found is None or not path.is_file():
            continue
        try:
            taken = datetime(*(int(part or 0) for part in found.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
        except ValueError:  # such as the 31 February: no name of ours
            continue
        if taken < before:
            yield path


def _old_ledgers(home: Path, before: datetime) -> Iterator[Path]:
    for pattern in _ASIDE:
        for path in sorted(home.glob(pattern)):
            if path.is_file() and path.stat().st_mtime < before.timestamp():
                yield path
