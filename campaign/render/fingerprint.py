"""The hash that an approval is bound to: what would be sent, as rendered for its planned time.

It is made over the programme as the file states it, never over the ledger's overlay: a resource's state changed in the
ledger (approved, released, full, recording added) leaves it as it is. Any other change of what readers get, or of when
and by which way, changes it. Facts of every resource that a message uses are in it, so that a link changed behind a
pending approval counts too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any

from campaign.model import (
    ChannelRef,
    Day,
    PlannedMailing,
    PlannedMessage,
    PlannedPost,
    Programme,
    Recipient,
    Sender,
)
from campaign.render import visible
from campaign.render.compose import Press, compose
from campaign.render.context import library, reader_of, scene
from campaign.render.pages import Pages
from campaign.render.posts import post
from campaign.render.slots import SLOTS, PersonalTemplateError, Slot
from campaign.render.uses import resources_used

VERSION = 1
_NOBODY = Sender(id="", from_name="", from_address="sender@example.org")


def content_hash(
    programme: Programme,
    planned: PlannedPost | PlannedMailing,
    day: Day | None,
    channel: ChannelRef,
    *,
    planned_at: datetime,
    pages: Pages,
    files: Mapping[str, bytes],
) -> str:
    """`1:` and 64 hex digits: the same for the same content, on every machine.

    `programme` is the file's own, without the ledger's overlay; `planned_at` is aware UTC. Raises TemplateError where
    the message cannot be rendered.
    """
    used = resources_used(programme, planned, day, files)
    content: dict[str, Any] = {
        "version": VERSION,
        "campaign": programme.campaign.id,
        "message": planned.id,
        "day": day.id if day else "",
        "channel": [channel.id, channel.kind],
        "at": planned_at.astimezone(UTC).isoformat(),
        "essential": planned.essential,
        "late_ok": planned.late_ok,
        "stop_at": planned.stop_at,
        "areas": planned.areas,
        "audiences": planned.audiences,
        "needs": planned.needs,
        "resources": {name: programme.resources[name] for name in sorted(used)},
        "templates": _own_templates(planned, files),
    }
    if isinstance(planned, PlannedPost):
        content["post"] = _post(programme, planned, day, channel, planned_at, pages, files)
    else:
        content["mailing"] = _mailing(programme, planned, day, planned_at, pages, files)
    text = json.dumps(_plain(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{VERSION}:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"


def _post(
    programme: Programme,
    planned: PlannedPost,
    day: Day | None,
    channel: ChannelRef,
    planned_at: datetime,
    pages: Pages,
    files: Mapping[str, bytes],
) -> dict[str, Any]:
    made = post(programme, planned, day, channel, planned_at=planned_at, now=planned_at, pages=pages, files=files)
    return {
        "text": made.text,
        "title": made.title,
        "link": made.link,
        "target": planned.link,
        "hashtags": made.hashtags,
        "images": [[image.name, image.sha256, image.alt, image.decorative] for image in made.images],
        "language": made.language,
    }


def _mailing(
    programme: Programme,
    planned: PlannedMailing,
    day: Day | None,
    planned_at: datetime,
    pages: Pages,
    files: Mapping[str, bytes],
) -> dict[str, Any]:
    left_out = {"exclude": planned.exclude} if planned.exclude else {}  # so that approvals without it stand
    return {
        **left_out,
        "lists": sorted(planned.lists),
        "first": planned.lists[:1],
        "in_doubt": planned.in_doubt,
        "skip_if_empty": planned.skip_if_empty,
        "subject": planned.subject,
        "preheader": planned.preheader,
        "variants": _variants(programme, planned, day, planned_at, pages, files),
    }


def _variants(
    programme: Programme,
    planned: PlannedMailing,
    day: Day | None,
    planned_at: datetime,
    pages: Pages,
    files: Mapping[str, bytes],
) -> list[list[Any]]:
    """What everyone reads, and each area and audience by itself; what two of them share stands once."""
    press = Press(planned, library(files))
    found: dict[str, list[Any]] = {}
    for areas, audiences in product(_each(programme.areas), _each(programme.audiences)):
        who = Recipient(subscriber=0, address="", areas=areas, audiences=audiences)
        place = scene(programme, planned, day, now=planned_at, reader=reader_of(programme, planned, who), pages=pages)
        resources = programme.resources.values()
        reader = place.stage.reader
        key = repr(
            (
                [theme.id for theme in place.themes],
                [one.id for one in resources if visible.for_reader(programme, one.areas, one.audiences, reader)],
            )
        )
        if key in found or (day is not None and not place.themes and planned.skip_if_empty):
            continue
        slots: dict[str, str | Slot] = {name: Slot(name) for name in SLOTS}
        try:
            words = compose(press, place, _NOBODY, (), _half(slots, "subscriber."), _half(slots, "urls."))
        except PersonalTemplateError:
            given = {name: f"https://example.org/{name}" if SLOTS[name] else name for name in SLOTS}
            words = compose(press, place, _NOBODY, (), _half(given, "subscriber."), _half(given, "urls."))
        found[key] = [words.subject, words.preheader, words.text, list(words.links)]
    return list(found.values())


def _half(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


def _each(names: Iterable[str]) -> list[frozenset[str]]:
    return [frozenset(), *(frozenset({name}) for name in sorted(names))]


def _own_templates(planned: PlannedMessage, files: Mapping[str, bytes]) -> dict[str, str]:
    """The digest of each template file of the campaign itself that this kind of message may reach."""
    folder = "messages/posts/" if isinstance(planned, PlannedPost) else "messages/emails/"
    body = getattr(planned, "body", "")
    names = [name for name in files if name.startswith(folder) or (body and name == f"messages/{body}")]
    return {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(names)}


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it, always in the same form."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(inner) for inner in value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value
