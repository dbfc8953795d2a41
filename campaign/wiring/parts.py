"""The ledger of an installation, and everything the delivery room works with."""

from __future__ import annotations

from campaign.clock import Clock
from campaign.delivery.parts import Parts
from campaign.delivery.parts import Ways as AnyWays
from campaign.errors import RefusedError
from campaign.model import Programme
from campaign.render import Pages
from campaign.render.pages import PersonUrls
from campaign.settings import Approving, Installation, Settings
from campaign.settings.key_file import load_key_file
from campaign.store import Cipher, Database, Store, migrations
from campaign.tokens import Key


def open_store(settings: Settings, key: Key, *, create: bool = False) -> Store:
    """The ledger of this installation. `create` makes the tables (init, rehearsals).

    Raises RefusedError where there is no ledger, and SettingsError where the key is not the ledger's.
    """
    database = Database(settings.database, patience=settings.lock_seconds)
    if create:
        migrations.create(database)
    elif database.file is not None and not database.file.exists():
        raise RefusedError(
            f"There is no ledger at {database.file.resolve()}. Run `campaign init` first, or set CAMPAIGN_HOME."
        )
    else:
        migrations.check(database)
    database.kept_apart = settings.home / "suppressions.log"
    return Store(database, folder=settings.home, cipher=Cipher(*load_key_file(settings.key_file).secrets))


def make_parts(
    settings: Settings, store: Store, key: Key, clock: Clock, installation: Installation, ways: AnyWays
) -> Parts:
    """Everything the delivery room works with."""

    def pages(programme: Programme) -> Pages:
        campaign = programme.campaign
        return Pages(base_url=settings.base_url, home_url=campaign.home_url, campaign=campaign.id)

    def approving() -> bool:
        if settings.approvals is Approving.AUTO:
            return store.channels.any_live()
        return settings.approvals is not Approving.OFF

    return Parts(
        store=store,
        clock=clock,
        key=key,
        ways=ways,
        senders=lambda: installation.senders,
        pages=pages,
        urls=PersonUrls(settings.base_url),
        approving=approving,
        guests=settings.guests,
    )
