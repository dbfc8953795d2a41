"""The programmes in force and the moments at which something of them begins or ceases to show."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from threading import Lock

from campaign.clock import EPOCH, Clock
from campaign.delivery.forms import Published
from campaign.model import CampaignKind, CampaignStatus, Programme
from campaign.render import visible
from campaign.web.parts import Weeks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Edition:
    """The programmes at one count of the ledger's changes. Drafts and briefings have no pages and are left out.

    `serial` moves only when something that pages draw on is different: most changes of the ledger are not theirs.

    `edges` are the instants, sorted, at which any page may change by the clock alone. `marks` are those of them that
    every reader may know of: unlocks and midnights, not the ends of holds, of embargoes and of events that are hidden.
    """

    count: int
    serial: int = 0
    campaigns: Mapping[str, Published] = field(default_factory=dict)
    edges: tuple[datetime, ...] = ()
    marks: tuple[datetime, ...] = ()

    def epoch(self, now: datetime) -> int:
        """The number of edges passed: between two edges every page stays as it is."""
        return bisect_right(self.edges, now)

    def since(self, now: datetime) -> datetime:
        """The last mark passed; the first day of 1970 where none did. It is told to readers: a hidden edge is none."""
        passed = bisect_right(self.marks, now)
        return self.marks[passed - 1] if passed else EPOCH

    def next_edge(self, now: datetime) -> datetime | None:
        """The next instant at which a page may change by the clock alone."""
        passed = self.epoch(now)
        return self.edges[passed] if passed < len(self.edges) else None


@dataclass(frozen=True, slots=True)
class Moment:
    """What a request is answered from: one edition, and one reading of the clock."""

    edition: Edition
    now: datetime

    @property
    def mark(self) -> tuple[int, int]:
        """Equal for two moments exactly when every public page is the same at both."""
        return (self.edition.serial, self.edition.epoch(self.now))


def has_pages(programme: Programme) -> bool:
    """Whether a programme has public pages: a week that is ready and has dates."""
    head = programme.campaign
    dated = head.starts is not None and head.ends is not None
    return head.kind is CampaignKind.WEEK and head.status is CampaignStatus.READY and dated


def marks(programme: Programme) -> Iterator[datetime]:
    """The instants of change that every reader may know of: unlocks, and the midnights of the week."""
    for day in programme.days:
        opens = visible.unlock_at(programme, day)
        if opens is not None:
            yield opens
    starts, ends = programme.campaign.starts, programme.campaign.ends
    if starts is not None and ends is not None:
        for number in range((ends - starts).days + 2):
            midnight = datetime.combine(starts + timedelta(days=number), time())
            yield visible.moment(midnight, programme.campaign.timezone)


def edges(published: Published) -> Iterator[datetime]:
    """The instants at which its pages may change by the clock: unlocks, embargoes, ends, midnights, holds."""
    programme = published.programme
    zone = programme.campaign.timezone
    yield from marks(programme)
    for resource in programme.resources.values():
        yield from (
            found
            for found in (visible.visible_from(programme, resource), visible.event_end(programme, resource))
            if found is not None
        )
    for planned in programme.campaign.holds:
        yield visible.moment(planned.start, zone)
        yield visible.moment(planned.end, zone)
    for hold in published.holds:
        yield from (found for found in (hold.since, hold.until) if found is not None)


def edition(count: int, weeks: Weeks) -> Edition:
    """The edition of the programmes as they are now."""
    campaigns = {one.programme.campaign.id: one for one in weeks.all() if has_pages(one.programme)}
    found = sorted({edge.astimezone(UTC) for one in campaigns.values() for edge in edges(one)})
    known = sorted({mark.astimezone(UTC) for one in campaigns.values() for mark in marks(one.programme)})
    return Edition(count, 0, campaigns, tuple(found), tuple(known))


class Almanac:
    """Keeps the edition in force, and looks for a newer one at most every `look_every` seconds."""

    def __init__(self, weeks: Weeks, clock: Clock, look_every: float) -> None:
        self.clock = clock
        self.edition: Edition | None = None
        self._weeks = weeks
        self._every = look_every
        self._looked = 0.0
        self._lock = Lock()

    def stale(self) -> bool:
        """Whether it is time to look again."""
        return self.edition is None or self.clock.monotonic() - self._looked >= self._every

    def look(self) -> Edition:
        """Read the ledger's count, and the programmes where it moved. May wait for the database.

        Where the ledger cannot be read, the edition at hand stays in force and the log says so; the error itself where
        there is none yet.
        """
        with self._lock:
            self._looked = self.clock.monotonic()
            try:
                self.edition = self._newest(self.edition)
            except Exception:  # whatever ails the ledger, readers keep the pages they have
                if self.edition is None:
                    raise
                log.exception("the ledger cannot be read; the pages stay as they were")
            return self.edition

    def _newest(self, old: Edition | None) -> Edition:
        count = self._weeks.count()
        if old is None:
            return edition(count, self._weeks)
        if old.count == count:
            return old
        new = edition(count, self._weeks)
        same = new.campaigns == old.campaigns and new.edges == old.edges
        return replace(new, serial=old.serial if same else old.serial + 1)

    def moment(self) -> Moment:
        """The present: looks first where that is due."""
        found = self.look() if self.stale() or self.edition is None else self.edition
        return Moment(found, self.clock.now())
