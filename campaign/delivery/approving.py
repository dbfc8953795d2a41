"""Approving messages: a named person's yes, bound to what would be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from campaign.delivery import gates
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import BroadcastState, HoldScope, Strength
from campaign.plan import Planned


def choose(force: InForce, names: Sequence[str], *, everything: bool = False) -> list[Planned]:
    """The planned broadcasts that `names` (message ids or whole keys) stand for; RefusedError for one that is none."""
    if everything:
        return list(force.planned)
    if not names:
        raise RefusedError("Name the messages to approve, or say --all.")
    chosen = [planned for planned in force.planned if {planned.message.id, str(planned.key)} & set(names)]
    known = {planned.message.id for planned in chosen} | {str(planned.key) for planned in chosen}
    missing = sorted(set(names) - known)
    if missing:
        there = ", ".join(sorted({planned.message.id for planned in force.planned}))
        raise RefusedError(f"{force.slug} has no message {', '.join(missing)}. It has: {there}.")
    return chosen


def approve(
    parts: Parts,
    force: InForce,
    chosen: Iterable[Planned],
    *,
    author: str,
    now: datetime,
    comment: str = "",
    by_loading: bool = False,
    other: bool = False,
) -> int:
    """Approve what is not approved as it stands; how many that were.

    With `other`, RefusedError where `author` made the revision in force (nobody approves what they last edited).
    """
    if other and parts.store.campaigns.revision(force.slug).author == author:
        raise RefusedError(f"{author} made this revision of {force.slug}; another person has to approve it.")
    standing = parts.store.approvals.standing(f"{force.slug}/")
    wanted = {str(planned.key): gates.digest_of(parts, force, planned) for planned in chosen}
    fresh = {
        key: digest
        for key, digest in wanted.items()
        if key not in standing or standing[key].digest != digest or (standing[key].by_loading and not by_loading)
    }
    parts.store.approvals.give(
        fresh, author=author, now=now, campaign=force.slug, comment=comment, by_loading=by_loading
    )
    return len(fresh)


def withdraw(
    parts: Parts, force: InForce, chosen: Iterable[Planned], *, author: str, now: datetime, comment: str = ""
) -> None:
    """Take approvals back, and send what they were of back to whoever wrote it.

    A broadcast that is open is put on hold with that reason.
    """
    digests = {str(planned.key): gates.digest_of(parts, force, planned) for planned in chosen}
    keys = list(digests)
    parts.store.approvals.withdraw(keys, author=author, now=now, campaign=force.slug, comment=comment)
    parts.store.approvals.send_back(digests, author=author, now=now, comment=comment)
    rows = parts.store.ledger.of(force.slug)
    for key in keys:
        if key in rows and rows[key].state in {BroadcastState.OPENING, BroadcastState.OPEN}:
            parts.store.holds.place(
                scope=HoldScope.BROADCAST,
                target=key,
                strength=Strength.ALL,
                reason=comment or "its approval was withdrawn",
                author=author,
                now=now,
            )
