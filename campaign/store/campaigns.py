"""Campaigns as loaded: numbered revisions with every file they use, and facts about resources changed since."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from campaign.clock import from_micros, to_micros
from campaign.errors import Conflict, RefusedError
from campaign.store.database import Database, bump
from campaign.store.log import record
from campaign.store.tables import blobs, campaigns, resource_changes, revision_files, revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    """A campaign the ledger knows. `revision` is the number of the current one."""

    id: int
    slug: str
    title: str
    kind: str
    series: str
    edition: int | None
    revision: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision: the canonical programme as JSON, who made it and why."""

    id: int
    number: int
    programme: str
    digest: str
    author: str
    reason: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """A fact about a resource, changed in the ledger by a named person."""

    resource: str
    field: str
    value: str
    author: str
    made_at: datetime


class Campaigns:
    """The campaigns of an installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, *, closed: bool = False) -> list[CampaignRow]:
        """Every campaign by slug; those closed only where asked for."""
        query = select(campaigns).order_by(campaigns.c.slug)
        if not closed:
            query = query.where(campaigns.c.closed_at.is_(None))
        with self._database.read() as connection:
            return [_campaign(row) for row in connection.execute(query)]

    def get(self, slug: str) -> CampaignRow | None:
        """The campaign of that slug, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(campaigns).where(campaigns.c.slug == slug)).first()
        return _campaign(row) if row else None

    def need(self, slug: str) -> CampaignRow:
        """The campaign of that slug; RefusedError naming those there are."""
        found = self.get(slug)
        if found is None:
            names = ", ".join(row.slug for row in self.all(closed=True)) or "none yet"
            raise RefusedError(f"No campaign “{slug}” is loaded. Loaded: {names}.")
        return found

    def save(
        self,
        *,
        slug: str,
        title: str,
        kind: str,
        series: str,
        edition: int | None,
        programme: str,
        files: Mapping[str, bytes],
        author: str,
        reason: str,
        now: datetime,
        base: int | None = None,
    ) -> int:
        """Store the programme (canonical JSON) and its files as a new revision; its number.

        Content equal to the current revision's makes none and gives that number. `base` is the number of the revision
        it was made from (0: none); Conflict where that is not the current one any more.
        """
        digest = revision_digest(programme, files)
        facts = {"title": title, "kind": kind, "series": series, "edition": edition}
        with self._database.write() as connection:
            row = connection.execute(select(campaigns).where(campaigns.c.slug == slug)).first()
            if row and _digest_of(connection, row.id, row.revision) == digest:
                return int(row.revision)
            number = (row.revision if row else 0) + 1
            if base is not None and number != base + 1:
                raise Conflict(
                    "Somebody saved another version meanwhile. Nothing was overwritten: look at theirs first."
                )
            if row:
                connection.execute(
                    update(campaigns).where(campaigns.c.id == row.id).values(revision=number, closed_at=None, **facts)
                )
            else:
                connection.execute(insert(campaigns).values(slug=slug, revision=1, loaded_at=to_micros(now), **facts))
            campaign_id = connection.execute(select(campaigns.c.id).where(campaigns.c.slug == slug)).scalar_one()
            made = {
                "programme": programme,
                "digest": digest,
                "author": author,
                "reason": reason,
                "made_at": to_micros(now),
            }
            revision_id = connection.execute(
                insert(revisions).values(campaign=campaign_id, number=number, **made).returning(revisions.c.id)
            ).scalar_one()
            _keep_files(connection, revision_id, files)
            record(
                connection,
                who=author,
                act="load",
                now=now,
                campaign=slug,
                target=str(number),
                detail={"reason": reason},
            )
            bump(connection)
        return number

    def revision(self, slug: str, number: int = 0) -> Revision:
        """One revision (0: the current one); RefusedError where there is none."""
        row = self.need(slug)
        query = select(revisions).where(revisions.c.campaign == row.id, revisions.c.number == (number or row.revision))
        with self._database.read() as connection:
            found = connection.execute(query).first()
        if found is None:
            raise RefusedError(f"{slug} has no revision {number}; the newest is {row.revision}.")
        return _revision(found)

    def files(self, revision: int) -> dict[str, bytes]:
        """Name -> content of every file of the revision with that row id."""
        query = (
            select(revision_files.c.name, blobs.c.data)
            .join(blobs, blobs.c.digest == revision_files.c.digest)
            .where(revision_files.c.revision == revision)
        )
        with self._database.read() as connection:
            return {row.name: bytes(row.data) for row in connection.execute(query)}

    def history(self, slug: str) -> list[Revision]:
        """Every revision, oldest first."""
        query = select(revisions).where(revisions.c.campaign == self.need(slug).id).order_by(revisions.c.number)
        with self._database.read() as connection:
            return [_revision(row) for row in connection.execute(query)]

    def file_digests(self, slug: str) -> dict[int, dict[str, str]]:
        """Number of each revision -> name and SHA-256 of every file of it."""
        query = (
            select(revisions.c.number, revision_files.c.name, revision_files.c.digest)
            .join(revision_files, revision_files.c.revision == revisions.c.id)
            .where(revisions.c.campaign == self.need(slug).id)
        )
        found: dict[int, dict[str, str]] = {}
        with self._database.read() as connection:
            for number, name, digest in connection.execute(query):
                found.setdefault(number, {})[name] = digest
        return found

    def close(self, slug: str, *, author: str, now: datetime) -> None:
        """Mark a campaign as over: it is planned no more, and stays readable."""
        with self._database.write() as connection:
            connection.execute(update(campaigns).where(campaigns.c.slug == slug).values(closed_at=to_micros(now)))
            record(connection, who=author, act="close", now=now, campaign=slug)
            bump(connection)

    def change_resource(self, slug: str, resource: str, field: str, value: str, *, author: str, now: datetime) -> None:
        """Record a new fact about a resource. It is applied from the next opening on."""
        row = self.need(slug)
        with self._database.write() as connection:
            connection.execute(
                insert(resource_changes).values(
                    campaign=row.id, resource=resource, field=field, value=value, author=author, made_at=to_micros(now)
                )
            )
            detail = {"field": field, "value": value}
            record(connection, who=author, act="resource", now=now, campaign=slug, target=resource, detail=detail)
            bump(connection)

    def resource_changes(self, slug: str, *, until: datetime | None = None) -> list[ResourceChange]:
        """The facts changed so far, oldest first; only those made by `until` where stated."""
        query = (
            select(resource_changes)
            .join(campaigns, campaigns.c.id == resource_changes.c.campaign)
            .where(campaigns.c.slug == slug)
            .order_by(resource_changes.c.id)
        )
        if until is not None:
            query = query.where(resource_changes.c.made_at <= to_micros(until))
        with self._database.read() as connection:
            return [
                ResourceChange(
                    resource=row.resource,
                    field=row.field,
                    value=row.value,
                    author=row.author,
                    made_at=from_micros(row.made_at),
                )
                for row in connection.execute(query)
            ]


def revision_digest(programme: str, files: Mapping[str, bytes]) -> str:
    """SHA-256 over the canonical programme and every file's name and content."""
    whole = hashlib.sha256(programme.encode())
    for name in sorted(files):
        whole.update(f"\x1f{name}\x1f{hashlib.sha256(files[name]).hexdigest()}".encode())
    return whole.hexdigest()


def _digest_of(connection: Connection, campaign: int, number: int) -> str:
    query = select(revisions.c.digest).where(revisions.c.campaign == campaign, revisions.c.number == number)
    return str(connection.execute(query).scalar() or "")


def _keep_files(connection: Connection, revision: int, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        digest = hashlib.sha256(data).hexdigest()
        if connection.execute(select(blobs.c.digest).where(blobs.c.digest == digest)).first() is None:
            connection.execute(insert(blobs).values(digest=digest, data=data))
        connection.execute(insert(revision_files).values(revision=revision, name=name, digest=digest))


def _revision(row: Row[Any]) -> Revision:
    fields = {name: getattr(row, name) for name in ("id", "number", "programme", "digest", "author", "reason")}
    return Revision(**fields, made_at=from_micros(row.made_at))


def _campaign(row: Row[Any]) -> CampaignRow:
    fields = {name: getattr(row, name) for name in ("id", "slug", "title", "kind", "series", "edition", "revision")}
    return CampaignRow(**fields, closed=row.closed_at is not None)
