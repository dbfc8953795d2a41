"""Loading a programme into the ledger: shown first, then applied. What has opened stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from campaign import plan
from campaign.delivery.frozen import mailing_digest, post_digest
from campaign.delivery.parts import Parts
from campaign.delivery.ring import post_of
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import Broadcast, BroadcastKind, BroadcastState, Programme
from campaign.programme import canonical


class Change(StrEnum):
    """What loading does to one broadcast."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One broadcast of the programme to be loaded, and what loading does to it. `at` is aware UTC.

    `late`: it would be missed at once, for its time and all that it allows after it are over.
    """

    key: str
    change: Change
    at: datetime | None = None
    reason: str = ""
    approval_falls: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What loading would do. It may be applied where `refused` is empty."""

    slug: str
    rows: tuple[Row, ...]
    programme: str = field(repr=False)
    new: InForce = field(repr=False)

    @property
    def refused(self) -> tuple[Row, ...]:
        """The rows that forbid it."""
        return tuple(row for row in self.rows if row.change is Change.REFUSED)

    def count(self, change: Change) -> int:
        """How many rows are of that kind."""
        return sum(row.change is change for row in self.rows)


def preview(
    parts: Parts, programme: Programme, files: Mapping[str, bytes], old: InForce | None, now: datetime
) -> Preview:
    """Compare a programme with what is loaded (`old`, None for a new campaign) and with what has opened."""
    text = canonical.to_json(programme)
    new = InForce(
        slug=programme.campaign.id,
        number=(old.number if old else 0) + 1,
        programme=programme,
        now_says=programme,
        files=files,
        planned=plan.broadcasts(programme),
        unlocks=plan.unlocks(programme),
    )
    opened = _opened(parts, new.slug) if old else {}
    before = {str(each.key): each for each in old.planned} if old else {}
    rows = [*_rows(parts, new, old, before, opened, now), *_gone(new, before, opened)]
    return Preview(slug=new.slug, rows=tuple(rows), programme=text, new=new)


def apply(parts: Parts, shown: Preview, *, author: str, reason: str, now: datetime) -> int:
    """Store the previewed programme as a new revision; its number.

    Raises RefusedError where a row is refused, and Conflict where another revision came in since the preview.
    """
    if shown.refused:
        lines = "\n".join(f"  {row.key}: {row.reason}" for row in shown.refused)
        raise RefusedError(f"Nothing was loaded. What has opened cannot be moved, removed or renamed:\n{lines}")
    campaign = shown.new.programme.campaign
    number = parts.store.campaigns.save(
        slug=shown.slug,
        title=campaign.title,
        kind=campaign.kind,
        series=campaign.series,
        edition=campaign.edition,
        programme=shown.programme,
        files=shown.new.files,
        author=author,
        reason=reason,
        now=now,
        base=shown.new.number - 1,
    )
    for row in shown.rows:
        if row.change is Change.REMOVED:
            _cancel(parts, shown, row.key, author=author, now=now)
    return number


def _opened(parts: Parts, slug: str) -> dict[str, Broadcast]:
    return {key: row for key, row in parts.store.ledger.of(slug).items() if row.opened_at is not None}


def _rows(
    parts: Parts,
    new: InForce,
    old: InForce | None,
    before: Mapping[str, plan.Planned],
    opened: Mapping[str, Broadcast],
    now: datetime,
) -> Iterable[Row]:
    sent = parts.store.ledger.sent_digests(new.slug) if opened else {}
    for planned in new.planned:
        key = str(planned.key)
        if key in opened:
            yield _opened_row(planned, opened[key])
        elif old is None or key not in before:
            yield _new_row(parts, new, planned, sent, now)
        else:
            changed = _content(parts, new, planned, now) != _content(parts, old, before[key], now)
            moved = planned.at != before[key].at
            kind = Change.CHANGED if changed or moved else Change.UNCHANGED
            late = moved and _late(planned, now)
            yield Row(key=key, change=kind, at=planned.at, approval_falls=changed or moved, late=late)


def _opened_row(planned: plan.Planned, row: Broadcast) -> Row:
    key = str(planned.key)
    if planned.at != row.planned_at and not row.moved:
        reason = f"it went out for {row.planned_at:%d %B %Y %H:%M} UTC and cannot be moved; put its time back"
        return Row(key=key, change=Change.REFUSED, at=planned.at, reason=reason)
    return Row(key=key, change=Change.UNCHANGED, at=planned.at, reason="it has opened, and stays as it was")


def _new_row(parts: Parts, new: InForce, planned: plan.Planned, sent: Mapping[str, str], now: datetime) -> Row:
    key = str(planned.key)
    twin = sent.get(_content(parts, new, planned, now)) if sent else None
    if twin and not planned.message.again:
        reason = f"it says what {twin} has said already; write again: true if that is meant"
        return Row(key=key, change=Change.REFUSED, at=planned.at, reason=reason)
    return Row(key=key, change=Change.ADDED, at=planned.at, late=_late(planned, now))


def _late(planned: plan.Planned, now: datetime) -> bool:
    return now > planned.late_until


def _gone(new: InForce, before: Mapping[str, plan.Planned], opened: Mapping[str, Broadcast]) -> Iterable[Row]:
    kept = {str(planned.key) for planned in new.planned}
    for key in sorted((set(before) | set(opened)) - kept):
        if key in opened:
            yield Row(key=key, change=Change.REFUSED, reason="it has opened and cannot be removed or renamed")
        else:
            yield Row(key=key, change=Change.REMOVED, at=before[key].at)


def _content(parts: Parts, force: InForce, planned: plan.Planned, now: datetime) -> str:
    if planned.kind is BroadcastKind.MAILING:
        return mailing_digest(planned)
    return post_digest(post_of(parts, force, planned, now))


def _cancel(parts: Parts, shown: Preview, key: str, *, author: str, now: datetime) -> None:
    """What a person waits for no more, because its message left the programme, is cancelled in the ledger too."""
    row = parts.store.ledger.of(shown.slug).get(key)
    if row is None or row.opened_at is not None:
        return
    old = parts.store.campaigns.need(shown.slug)
    waiting = row.state in {BroadcastState.WAITING, BroadcastState.HELD, BroadcastState.MISSED, BroadcastState.PLANNED}
    if waiting:
        parts.store.ledger.withdraw_row(row.key, reason=f"removed in revision {old.revision}", author=author, now=now)
