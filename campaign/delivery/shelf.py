"""The programmes in force: each campaign's current revision, kept in memory until it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from campaign import plan
from campaign.model import Programme
from campaign.programme import canonical, states
from campaign.store import Store


@dataclass(frozen=True, slots=True)
class InForce:
    """One revision of a campaign. `programme` is as the file says; `now_says` has the ledger's facts laid over it.

    `digests` remembers the hash of each message as this revision would send it: see `gates.digest_of`.
    """

    slug: str
    number: int
    programme: Programme
    now_says: Programme
    files: Mapping[str, bytes] = field(repr=False)
    planned: tuple[plan.Planned, ...] = field(default=(), repr=False)
    unlocks: tuple[plan.Unlock, ...] = ()
    digests: dict[object, str] = field(default_factory=dict, repr=False, compare=False)


class Shelf:
    """Reads each revision once. Resource facts are read anew whenever `changes` moved."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[str, int], InForce] = {}
        self._facts: tuple[int, dict[str, InForce]] = (-1, {})

    def all(self) -> list[InForce]:
        """Every campaign that is not closed, at its current revision, with the facts of this moment."""
        changes = self._store.ledger.changes()
        if changes != self._facts[0]:
            rows = self._store.campaigns.all()
            self._facts = (changes, {row.slug: self._fresh(row.slug, row.revision) for row in rows})
        return list(self._facts[1].values())

    def get(self, slug: str) -> InForce:
        """The campaign of that slug, as it stands; RefusedError where there is none."""
        row = self._store.campaigns.need(slug)
        return self._fresh(row.slug, row.revision)

    def as_of(self, slug: str, number: int, moment: datetime) -> InForce:
        """A revision with the facts that were known at `moment`: what an opened broadcast was frozen with."""
        return self._with_facts(self._read(slug, number), self._store.campaigns.resource_changes(slug, until=moment))

    def _fresh(self, slug: str, number: int) -> InForce:
        return self._with_facts(self._read(slug, number), self._store.campaigns.resource_changes(slug))

    def _with_facts(self, read: InForce, changes: Sequence[states.Change]) -> InForce:
        if not changes:
            return read
        return InForce(
            slug=read.slug,
            number=read.number,
            programme=read.programme,
            now_says=states.apply(read.programme, changes),
            files=read.files,
            planned=read.planned,
            unlocks=read.unlocks,
            digests=read.digests,
        )

    def _read(self, slug: str, number: int) -> InForce:
        if (slug, number) not in self._kept:
            revision = self._store.campaigns.revision(slug, number)
            programme = canonical.from_json(revision.programme)
            self._kept[slug, number] = InForce(
                slug=slug,
                number=number,
                programme=programme,
                now_says=programme,
                files=self._store.campaigns.files(revision.id),
                planned=plan.broadcasts(programme),
                unlocks=plan.unlocks(programme),
            )
        return self._kept[slug, number]
