"""Correcting: a document's facts, the words of a message that has not opened, a post that is out already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from campaign import render
from campaign.channels.base import Deletes
from campaign.delivery import loading
from campaign.delivery.parts import Parts
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import BroadcastKey, BroadcastState, DeliveryState, HoldScope, PlannedPost, Strength
from campaign.programme import states

#: Values of `approval` after which nothing that uses the document may go on.
STOPPING = frozenset({"withdrawn", "pending"})


def change_resource(
    parts: Parts, force: InForce, resource: str, field: str, value: str, *, author: str, now: datetime
) -> int:
    """Record a new fact about a document; how many open messages were put on hold because they use it.

    Raises RefusedError for a document, a field or a value that there is none of.
    """
    if resource not in force.programme.resources:
        known = ", ".join(sorted(force.programme.resources)) or "none"
        raise RefusedError(f"{force.slug} has no resource {resource}. It has: {known}.")
    states.read_fact(field, value)
    parts.store.campaigns.change_resource(force.slug, resource, field, value, author=author, now=now)
    if field == "approval" and value in STOPPING:
        return _hold_users(parts, force, resource, author=author, now=now)
    return 0


def _hold_users(parts: Parts, force: InForce, resource: str, *, author: str, now: datetime) -> int:
    count = 0
    rows = parts.store.ledger.of(force.slug)
    for planned in force.planned:
        row = rows.get(str(planned.key))
        if row is None or row.state not in {BroadcastState.OPENING, BroadcastState.OPEN}:
            continue
        if resource in render.resources_used(force.programme, planned.message, planned.day, force.files):
            parts.store.holds.place(
                scope=HoldScope.BROADCAST,
                target=str(planned.key),
                strength=Strength.ALL,
                reason=f"{force.programme.resources[resource].title} was withdrawn",
                author=author,
                now=now,
            )
            count += 1
    return count


def edit(
    parts: Parts,
    force: InForce,
    message: str,
    changes: Mapping[str, Any],
    *,
    text_for: Mapping[str, str],
    author: str,
    now: datetime,
) -> int:
    """Change a message that has not opened, as a new revision (its number); its approval falls.

    `changes` are fields of the planned message. Raises RefusedError where it has opened or has no such field.
    """
    posts, mailings = dict(force.programme.posts), dict(force.programme.mailings)
    planned = posts.get(message) or mailings.get(message)
    if planned is None:
        raise RefusedError(f"{force.slug} has no message {message}. It has: {', '.join([*posts, *mailings])}.")
    opened = [
        key for key, row in parts.store.ledger.of(force.slug).items() if row.opened_at and row.key.message == message
    ]
    if opened:
        raise RefusedError(
            f"{', '.join(opened)} has opened: what is out stays as it was. A new message can correct it."
        )
    wrong = sorted(name for name in changes if not hasattr(planned, name))
    if wrong or (text_for and not isinstance(planned, PlannedPost)):
        raise RefusedError(f"{message} has no {', '.join(wrong) or 'wording for a channel'}.")
    edited = replace(planned, **changes)
    if isinstance(edited, PlannedPost):
        posts[message] = replace(edited, text_for=MappingProxyType({**edited.text_for, **text_for}))
        programme = replace(force.programme, posts=MappingProxyType(posts))
    else:
        mailings[message] = edited
        programme = replace(force.programme, mailings=MappingProxyType(mailings))
    shown = loading.preview(parts, programme, force.files, force, now)
    return loading.apply(parts, shown, author=author, reason=f"edit {message}", now=now)


def delete_post(parts: Parts, force: InForce, key: str, *, author: str, now: datetime) -> str:
    """Take a sent post back from its network; its remote id. The ledger keeps that it was sent and deleted.

    Raises RefusedError where it was not sent or the network does not allow it, and ChannelError where that failed.
    """
    parsed = BroadcastKey.parse(key)
    row = parts.store.ledger.get(parsed)
    sent = parts.store.deliveries.of(row.id, DeliveryState.SENT) if row else []
    if not sent or not sent[0].remote_id:
        raise RefusedError(f"{key} has not been sent, so there is nothing to delete.")
    channel = parts.ways.channel(force.programme.channels[parsed.channel])
    if not isinstance(channel, Deletes):
        raise RefusedError(f"{channel.title} does not let us delete. Take it down there: {sent[0].url or 'its page'}.")
    channel.delete(sent[0].remote_id)
    parts.store.log.add(who=author, act="delete", now=now, campaign=force.slug, target=key, detail={"url": sent[0].url})
    return sent[0].remote_id
