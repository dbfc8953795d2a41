"""Write the next version: `python -m campaign.store.migrations "what changed"`."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from campaign.store.database import Database
from campaign.store.migrations import config, known


def main() -> None:
    """Compare the newest version with the tables, and write what is between them."""
    message = sys.argv[1] if len(sys.argv) > 1 else "change"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.db'}")
        settings = config(database)
        if known():
            command.upgrade(settings, "head")
        command.revision(settings, message=message, autogenerate=True, rev_id=f"{len(known()) + 1:04d}")
        database.close()


main()
