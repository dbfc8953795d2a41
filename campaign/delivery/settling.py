"""Settling what asks for a person: send now, move to, drop; it went out, it did not; try again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from campaign import plan
from campaign.delivery import gates
from campaign.delivery.frozen import freeze, post_digest
from campaign.delivery.parts import Parts
from campaign.delivery.ring import opening_of, post_of
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import Broadcast, BroadcastKey, BroadcastKind, BroadcastState, DeliveryState
from campaign.plan import Planned
from campaign.store.evidence import ALL, Which, of_subscriber


def find(force: InForce, key: str) -> Planned:
    """The planned broadcast of that key; RefusedError where the programme has none."""
    for planned in force.planned:
        if str(planned.key) == key:
            return planned
    raise RefusedError(f"{force.slug} has no {key}; `campaign status` lists what it has.")


def move(parts: Parts, force: InForce, key: str, to: datetime, *, author: str, now: datetime) -> None:
    """Give a message that has not opened a new time (aware UTC), as that named person's decision.

    It opens then, or as soon as it may, on that day. What a mailing that had begun missed goes from then on. Raises
    RefusedError for a time that is over, or after its `stop_at`, and for any other message that has opened.
    """
    if to < now - plan.ON_TIME:
        raise RefusedError("That time is over. Choose one ahead, or send it now.")
    planned = find(force, key)
    late_until, stop_at = plan.opening_window(force.programme, planned.message, planned.kind, to)
    if to >= stop_at:
        raise RefusedError("That is past the time of day at which this message must stop. Choose an earlier one.")
    if rest := _with_rest(parts, planned):
        parts.store.deliveries.judge_missed(rest.id, author=author, now=now, again=(to, stop_at))
        return
    moved = replace(planned, at=to, late_until=late_until, stop_at=stop_at)
    parts.store.ledger.move(opening_of(force, moved), author=author, now=now)


def send_now(parts: Parts, force: InForce, key: str, *, author: str, now: datetime) -> None:
    """Let it open at once, or let a mailing's rest go that was missed; RefusedError while a pause stops it."""
    planned = find(force, key)
    for hold in parts.store.holds.current(now):
        if hold.covers(campaign=force.slug, channel=planned.key.channel, broadcast=key) and hold.stops(
            planned.message.essential
        ):
            raise RefusedError(f"A pause by {hold.author} is on: lift it first (campaign resume).")
    rest = _with_rest(parts, planned)
    if rest is None:
        move(parts, force, key, now, author=author, now=now)
        return
    _, stop_at = plan.opening_window(force.programme, planned.message, planned.kind, now)
    if now >= stop_at:
        raise RefusedError("That is past the time of day at which this message must stop. Send it tomorrow.")
    parts.store.deliveries.judge_missed(rest.id, author=author, now=now, again=(now, stop_at))


def _with_rest(parts: Parts, planned: Planned) -> Broadcast | None:
    """The mailing, where it is over and not all of it went in its time."""
    row = parts.store.ledger.get(planned.key)
    if row is None or row.kind is not BroadcastKind.MAILING or row.state is not BroadcastState.DONE:
        return None
    return row if parts.store.deliveries.of(row.id, DeliveryState.MISSED, limit=1) else None


def drop(parts: Parts, force: InForce, key: str, *, author: str, now: datetime, reason: str = "") -> None:
    """Decide that it, or a mailing's rest that was missed, never goes."""
    rest = _with_rest(parts, find(force, key))
    if rest is not None:
        parts.store.deliveries.judge_missed(rest.id, author=author, now=now, again=None, reason=reason)
        return
    parts.store.ledger.move(
        opening_of(force, find(force, key)), author=author, now=now, state=BroadcastState.DROPPED, reason=reason
    )


def pasted(parts: Parts, force: InForce, key: str, *, author: str, now: datetime, url: str = "") -> None:
    """A person pasted a waiting post: it opens and is sent in one step."""
    planned = find(force, key)
    row = parts.store.ledger.get(planned.key)
    if row is None or gates.TO_PASTE not in row.reason or planned.kind is not BroadcastKind.POST:
        raise RefusedError(f"{key} does not wait to be pasted.")
    post = post_of(parts, force, planned, now)
    opening = replace(opening_of(force, planned, digest=post_digest(post)), content=freeze(post))
    parts.store.ledger.paste(opening, url=url, author=author, now=now)


def went_out(parts: Parts, delivery: int, *, author: str, now: datetime, url: str = "") -> None:
    """A person looked: it is there."""
    parts.store.deliveries.judge(
        delivery, DeliveryState.SENT, author=author, now=now, reason="a person saw it", url=url
    )


def is_over(parts: Parts, delivery: int, now: datetime) -> bool:
    """Whether the delivery's time of day is over, so that it can go no more. RefusedError where there is none."""
    return now > _broadcast_of(parts, delivery).stop_at


def did_not(parts: Parts, delivery: int, *, author: str, now: datetime) -> None:
    """A person looked: it is not there. It is sent again if its day still allows it, else dropped."""
    row = _broadcast_of(parts, delivery)
    if now > row.stop_at:
        reason = "a person saw that it had not gone out; its time of day is over"
        parts.store.deliveries.judge(delivery, DeliveryState.DROPPED, author=author, now=now, reason=reason)
        return
    parts.store.deliveries.judge(delivery, DeliveryState.PENDING, author=author, now=now)


def try_again(parts: Parts, delivery: int, *, author: str, now: datetime) -> None:
    """Try a failed or missed delivery again, on its day."""
    row = _broadcast_of(parts, delivery)
    if now > row.stop_at:
        raise RefusedError("Its time of day is over: it would go out after its day.")
    parts.store.deliveries.judge(delivery, DeliveryState.PENDING, author=author, now=now)


def drop_delivery(parts: Parts, delivery: int, *, author: str, now: datetime, reason: str = "") -> None:
    """Decide that this one never goes."""
    parts.store.deliveries.judge(delivery, DeliveryState.DROPPED, author=author, now=now, reason=reason)


def retry_failed(parts: Parts, key: BroadcastKey, *, author: str, now: datetime, which: Which = ALL) -> int:
    """Try the failed deliveries of a mailing again, those of `which` alone, and nothing else; how many."""
    row = parts.store.ledger.get(key)
    if row is None:
        raise RefusedError(f"{key} has not opened.")
    if now > row.stop_at:
        raise RefusedError("Its time of day is over: it would go out after its day.")
    return parts.store.groups.retry(row.id, author=author, now=now, which=which)


def retry_person(parts: Parts, subscriber: int, *, author: str, now: datetime, which: Which = ALL) -> tuple[int, int]:
    """Try what failed for one person again; how many emails, and of how many the time of day is over."""
    with parts.store.database.read() as connection:
        failed = list(of_subscriber(connection, subscriber, replace(which, states=(DeliveryState.FAILED,))))
    again = 0
    for line in failed:
        if now <= _broadcast_of(parts, line.delivery).stop_at:
            try_again(parts, line.delivery, author=author, now=now)
            again += 1
    return again, len(failed) - again


def _broadcast_of(parts: Parts, delivery: int) -> Broadcast:
    return parts.store.ledger.by_id(parts.store.deliveries.get(delivery).broadcast)
