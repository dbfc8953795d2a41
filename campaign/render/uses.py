"""Which resources a message uses, and which addresses in texts would slip past a resource's gate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from campaign.model import Day, PlannedMailing, PlannedMessage, PlannedPost, Programme, Theme
from campaign.render import visible
from campaign.render.compose import body_name
from campaign.render.compose import template_name as email_name
from campaign.render.posts import template_name
from campaign.render.shipped import shipped

_RESOURCE = re.compile(r"resource:([A-Za-z0-9][A-Za-z0-9_-]*)")
_ADDRESS = re.compile(r"https?://[^\s<>\"')\]}]+", re.IGNORECASE)


def resources_used(
    programme: Programme, planned: PlannedMessage, day: Day | None, files: Mapping[str, bytes]
) -> frozenset[str]:
    """The ids of the resources that a message may show: its link and needs, its themes', and those its texts name."""
    found = {*planned.needs}
    if isinstance(planned, PlannedPost):
        found.add(planned.link)
    texts = own_texts(planned, files)
    for theme in _themes(programme, planned, day):
        found.update(theme.resources)
        found.add(theme.one_thing.link)
        texts += [theme.text, theme.one_thing.text]
    if isinstance(planned, PlannedMailing):
        found.update(programme.campaign.resources)
        found.add(programme.campaign.one_thing.link)
        texts += [programme.campaign.text, programme.campaign.one_thing.text]
    found.update(name for text in texts for name in _RESOURCE.findall(text))
    return frozenset(found & set(programme.resources))


def _themes(programme: Programme, planned: PlannedMessage, day: Day | None) -> tuple[Theme, ...]:
    themes = day.themes if day is not None else programme.themes() if planned.theme else ()
    return tuple(theme for theme in themes if not planned.theme or theme.id == planned.theme)


def own_texts(planned: PlannedMessage, files: Mapping[str, bytes]) -> list[str]:
    """What was written for this message alone: its texts, its template and its body, as they stand."""
    names: list[str] = []
    texts: list[str] = []
    if isinstance(planned, PlannedPost):
        texts += [planned.text, planned.title, *planned.text_for.values()]
        names += [template_name(planned)] if planned.template else []
    if isinstance(planned, PlannedMailing):
        texts += [planned.subject, planned.preheader]
        names += [body_name(planned)] if planned.body else []
    return texts + [files[name].decode("utf-8", "replace") for name in names if name in files]


def links_to_page(planned: PlannedMessage, day: Day | None, files: Mapping[str, bytes]) -> bool:
    """Whether a message leads its readers to its day's page."""
    if day is None:
        return False
    texts = own_texts(planned, files)
    if isinstance(planned, PlannedMailing):
        name = email_name(planned)
        texts.append((files.get(name) or shipped().get(name, b"")).decode("utf-8", "replace"))
    return (isinstance(planned, PlannedPost) and planned.link == "day") or any("page_url" in text for text in texts)


def needed_blocks(
    programme: Programme, planned: PlannedMessage, day: Day | None, files: Mapping[str, bytes]
) -> tuple[str, ...]:
    """The resources that hold this message back: used by it, pending, and `if_pending: block`."""
    return visible.blocking(programme, sorted(resources_used(programme, planned, day, files)))


def gated_addresses(programme: Programme, text: str, now: datetime | None = None) -> tuple[tuple[str, str], ...]:
    """(address, resource id) for each address in a text that is a gated resource's own and so would escape its gate.

    Write `[words](resource:ID)` instead. `now`: see `visible.gated_links`.
    """
    gated = visible.gated_links(programme, now)
    found = (address.rstrip(".,;:!?") for address in _ADDRESS.findall(text))
    return tuple((address, gated[key]) for address in found if (key := visible.same_address(address)) in gated)
