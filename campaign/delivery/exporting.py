"""People written out as a spreadsheet that a spreadsheet will not run, in the columns that an import reads."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from campaign.errors import RefusedError
from campaign.sheets import neutralise
from campaign.store.database import Database
from campaign.store.exports import export_rows

HEADER = (
    "Email",
    "First name",
    "Last name",
    "Organisation",
    "Area",
    "Audience",
    "Language",
    "List",
    "Basis",
    "State",
    "Consent date",
    "Consent source",
    "Consent wording",
    "Controllers",
)


def export_people(database: Database, file: Path, *, list_slug: str = "") -> int:
    """Write every subscription (of one list) to a new .csv that only its owner may read; how many rows.

    RefusedError where the file is there already or cannot be written.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RefusedError(f"{file} cannot be written: {error.strerror}. Choose another name.") from None
    count = 0
    with os.fdopen(handle, "w", newline="", encoding="utf-8-sig") as out:
        for line in lines(database, list_slug=list_slug):
            out.write(line)
            count += 1
    return count - 1


def lines(database: Database, *, list_slug: str = "") -> Iterator[str]:
    """The lines of such a file, its header first: flat memory however many people there are."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in chain([HEADER], export_rows(database, list_slug=list_slug)):
        writer.writerow([neutralise(cell) for cell in row])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
