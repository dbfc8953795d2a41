"""A ring of the alarm clock: look at the plan, and write down what opens, waits, is held or was missed.

A ring that finds nothing changed and nothing due reads one integer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from campaign import plan, render
from campaign.delivery import gates
from campaign.delivery.frozen import freeze, mailing_digest, post_digest
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce, Shelf
from campaign.errors import TemplateError
from campaign.model import (
    Broadcast,
    BroadcastKind,
    BroadcastState,
    Hold,
    InDoubt,
    PlannedMailing,
    PlannedPost,
    Post,
)
from campaign.plan import Decision, Known, Planned, Verdict
from campaign.store.controls import Approval
from campaign.store.ledger import Opening
from campaign.store.log import SERVICE

WRITTEN = {Verdict.WAIT: BroadcastState.WAITING, Verdict.HOLD: BroadcastState.HELD, Verdict.MISS: BroadcastState.MISSED}
SETTLED = frozenset(BroadcastState) - {BroadcastState.PLANNED, BroadcastState.WAITING}


@dataclass(frozen=True, slots=True)
class Scene:
    """What one look at the ledger saw, shared by every decision of a ring."""

    now: datetime
    holds: list[Hold]
    approvals: Mapping[str, Approval]
    last_opened: dict[str, datetime]


class Ring:
    """One scheduler's view of what is to be opened. Safe to run in many processes at once."""

    def __init__(self, parts: Parts, shelf: Shelf) -> None:
        self._parts = parts
        self._shelf = shelf
        self._seen = -1
        self._next: datetime | None = None
        self._unlocked: set[tuple[str, str]] = set()

    @property
    def next_due(self) -> datetime | None:
        """When the plan next has something to do (aware UTC); None: never, as things stand."""
        return self._next

    def __call__(self, now: datetime) -> int:
        """Ring once; how many broadcasts were opened."""
        changes = self._parts.store.ledger.changes()
        if changes == self._seen and (self._next is None or now < self._next):
            return 0
        opened = self._look(now)
        self._seen = changes if not opened else -1
        return opened

    def _look(self, now: datetime) -> int:
        store = self._parts.store
        scene = Scene(now, store.holds.all(), store.approvals.standing(), store.ledger.last_opened())
        self._next = None
        opened = 0
        for force in self._shelf.all():
            scene_here = replace(scene, holds=[*scene.holds, *plan.planned_holds(force.programme)])
            self._unlock(force, scene_here)
            rows, settled = store.ledger.unsettled(force.slug, SETTLED)
            for planned, row in _due(force, rows, settled, now, self._soonest):
                opened += self._decide(force, planned, row, scene_here)
        return opened

    def _decide(self, force: InForce, planned: Planned, row: Broadcast | None, scene: Scene) -> int:
        known = Known(
            state=row.state if row else None,
            holds=tuple(scene.holds),
            waits_for=gates.waits_for(self._parts, force, planned, scene.approvals, scene.holds, scene.now),
            last_opened=scene.last_opened.get(planned.key.channel),
            moved=bool(row and row.moved),
        )
        decision = plan.decide(planned, known, scene.now)
        self._soonest(decision.look_again)
        return self._obey(force, planned, row, decision, scene)

    def _obey(self, force: InForce, planned: Planned, row: Broadcast | None, decision: Decision, scene: Scene) -> int:
        if decision.verdict is Verdict.OPEN:
            try:
                opened = self._open(force, planned, scene.now)
            except TemplateError as error:
                waiting = Decision(verdict=Verdict.WAIT, reason=f"it cannot be rendered: {error}")
                return self._obey(force, planned, row, waiting, scene)
            if opened and planned.kind is BroadcastKind.POST:
                scene.last_opened[planned.key.channel] = scene.now
            return int(opened)
        state = WRITTEN.get(decision.verdict)
        if state and (row is None or (row.state, row.reason) != (state, decision.reason)):
            self._parts.store.ledger.note(opening_of(force, planned), state, decision.reason, scene.now)
        if state is BroadcastState.WAITING and gates.TO_PASTE in decision.reason:
            self._park(force, planned, scene.now)
        return 0

    def _open(self, force: InForce, planned: Planned, now: datetime) -> bool:
        if planned.kind is BroadcastKind.MAILING:
            opening = opening_of(force, planned, digest=mailing_digest(planned))
            return self._parts.store.ledger.open_mailing(opening, now) is not None
        post = post_of(self._parts, force, planned, now)
        opening = replace(opening_of(force, planned, digest=post_digest(post)), content=freeze(post))
        return self._parts.store.ledger.open_post(opening, now) is not None

    def _park(self, force: InForce, planned: Planned, now: datetime) -> None:
        channel = self._parts.ways.channel(force.programme.channels[planned.key.channel])
        post = post_of(self._parts, force, planned, now)
        channel.send(post, key=self._parts.wire_key(planned.key, 0), notes={})

    def _unlock(self, force: InForce, scene: Scene) -> None:
        for unlock in force.unlocks:
            locks = [hold for hold in scene.holds if hold.locks(force.slug, unlock.at, scene.now)]
            if scene.now < unlock.at:
                self._soonest(unlock.at)
            elif locks:
                for hold in locks:
                    self._soonest(hold.until)
            elif (force.slug, unlock.day.id) not in self._unlocked:
                self._unlocked.add((force.slug, unlock.day.id))
                self._log_unlock(unlock, scene.now)

    def _log_unlock(self, unlock: plan.Unlock, now: datetime) -> None:
        log, which = self._parts.store.log, {"campaign": unlock.campaign, "target": unlock.day.id}
        if not log.has(act="unlock", **which):
            log.add(who=SERVICE, act="unlock", now=now, **which, detail={"at": unlock.at.isoformat()})

    def _soonest(self, moment: datetime | None) -> None:
        if moment is not None and (self._next is None or moment < self._next):
            self._next = moment


def _due(
    force: InForce,
    rows: Mapping[str, Broadcast],
    settled: Collection[str],
    now: datetime,
    ahead: Callable[[datetime], None],
) -> Iterable[tuple[Planned, Broadcast | None]]:
    due = []
    for planned in force.planned:
        key = str(planned.key)
        if key in settled:
            continue
        row = rows.get(key)
        if row is not None and row.moved:
            planned = as_moved(planned, row)
        if planned.at <= now:
            due.append((planned, row))
        else:
            ahead(planned.at)
    return sorted(due, key=lambda pair: (pair[0].at, pair[0].kind is BroadcastKind.MAILING))


def as_moved(planned: Planned, row: Broadcast) -> Planned:
    """The planned broadcast at the time a person moved it to."""
    return replace(planned, at=row.planned_at, late_until=row.late_until, stop_at=row.stop_at)


def opening_of(force: InForce, planned: Planned, *, digest: str = "") -> Opening:
    """What the ledger keeps of a broadcast when it enters."""
    message = planned.message
    return Opening(
        key=planned.key,
        kind=planned.kind,
        planned_at=planned.at,
        late_until=planned.late_until,
        stop_at=planned.stop_at,
        essential=message.essential,
        in_doubt=message.in_doubt if isinstance(message, PlannedMailing) else InDoubt.HOLD,
        revision=force.number,
        digest=digest,
    )


def post_of(parts: Parts, force: InForce, planned: Planned, now: datetime) -> Post:
    """The post as it would be sent at `now`, with the ledger's facts."""
    if not isinstance(planned.message, PlannedPost):
        raise TypeError(f"{planned.key} is a mailing")
    return render.post(
        force.now_says,
        planned.message,
        planned.day,
        force.programme.channels[planned.key.channel],
        planned_at=planned.at,
        now=now,
        pages=parts.pages(force.programme),
        files=force.files,
    )
