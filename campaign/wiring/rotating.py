"""Changing the key under which sign-ins are kept, so that a crash at any moment loses none of them.

First the new key joins the key file, in front of the old; then every secret is encrypted anew in one transaction; then
the old key leaves the file. Whoever opens the installation in between can read everything, and a change that was cut
short is finished by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from campaign.errors import BusyError, RefusedError
from campaign.settings import Settings
from campaign.settings.key_file import KeyFile, fresh, load_key_file, write_key_file
from campaign.store import Cipher, Store
from campaign.store.ciphers import relock_all, unreadable
from campaign.store.log import record
from campaign.wiring.parts import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What was done: how many secrets are under the new key, and whether this finished a change that was cut short."""

    secrets: int
    resumed: bool


def rotate(
    settings: Settings, *, who: str, now: datetime, reached: Callable[[str], None] = lambda step: None
) -> Rotation:
    """Keep every secret of the ledger under a new key.

    Refused (BusyError) while a service runs, for it holds the old key; RefusedError names what cannot be read, and
    SettingsError says that the key file cannot be written: then nothing has changed. `reached` is told each step done.
    """
    held = load_key_file(settings.key_file)
    store = open_store(settings, held.key)
    try:
        with store.workers.none():
            _nobody_works(store)
            return _rotate(settings, store, held, who=who, now=now, reached=reached)
    finally:
        store.close()


def _nobody_works(store: Store) -> None:
    for worker in store.workers.unended():
        if not store.workers.is_dead(worker.id):
            raise BusyError(f"The service runs (process {worker.pid} on {worker.host}). Stop it first.")


def _rotate(
    settings: Settings, store: Store, held: KeyFile, *, who: str, now: datetime, reached: Callable[[str], None]
) -> Rotation:
    resumed = len(held.secrets) > 1
    with store.database.read() as connection:
        lost = unreadable(connection, Cipher(*held.secrets))
    if lost:
        raise RefusedError(
            f"No key at hand can read {', '.join(lost)}. Put the right key file back, or forget and connect those "
            "channels again (second factors: switch them off for those people). Nothing is changed."
        )
    both = held if resumed else KeyFile(held.key, (fresh(), *held.secrets))
    write_key_file(settings.key_file, both)
    reached("both keys are in the file")
    with store.database.write() as connection:
        count = relock_all(connection, Cipher(*both.secrets))
        record(connection, who=who, act="channels.rotate-key", now=now, detail={"secrets": count})
        reached("every secret is encrypted anew, and not yet committed")
    reached("every secret is under the new key")
    write_key_file(settings.key_file, KeyFile(held.key, both.secrets[:1]))
    reached("the old key is gone")
    return Rotation(secrets=count, resumed=resumed)
