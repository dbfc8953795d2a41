"""Facts about resources that were changed in the ledger, laid over the programme's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from campaign.errors import RefusedError
from campaign.model import Event, EventState, IfPending, Media, Programme, Resource, ResourceApproval
from campaign.programme import dates
from campaign.programme.kinds import LINK
from campaign.programme.reading import nearest


class Change(Protocol):
    """One fact: the resource's id, the field, and its new value as text ("" takes the fact away)."""

    @property
    def resource(self) -> str:
        """The id."""
        ...

    @property
    def field(self) -> str:
        """A key of FACTS, such as `approval` or `event.state`."""
        ...

    @property
    def value(self) -> str:
        """The new value, as the programme file would say it."""
        ...


def _link(text: str) -> str:
    if text and not (LINK.fullmatch(text) and not text.startswith("#")):
        raise ValueError("not a web address")
    return text


def _embargo(text: str) -> datetime | str | None:
    if text in {"", "released"}:
        return None
    return text if text == "held" else dates.parse_datetime(text)


def _moment(text: str) -> datetime | None:
    return dates.parse_datetime(text) if text else None


def _date(text: str) -> date | None:
    return dates.parse_date(text) if text else None


def _one_of(kind: type[StrEnum], text: str) -> StrEnum:
    if text not in set(kind):
        raise ValueError(f"it is one of {', '.join(kind)}")
    return kind(text)


#: What can be changed in the ledger, and how its text is read.
FACTS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "approval": lambda text: _one_of(ResourceApproval, text) if text else None,
        "approved_by": str,
        "approved_on": _date,
        "if_pending": partial(_one_of, IfPending),
        "embargo_until": _embargo,
        "visible_from": _moment,
        "link": _link,
        "event.state": partial(_one_of, EventState),
        "event.booking": _link,
        "event.recording": _link,
        "event.place": str,
        "event.starts": _moment,
        "event.ends": _moment,
        "media.link": _link,
        "media.transcript": _link,
    }
)


def read_fact(field: str, value: str) -> Any:
    """The value of a fact. Raises RefusedError with the words that are allowed."""
    reader = FACTS.get(field)
    if reader is None:
        near = nearest(field, FACTS)
        hint = f"did you mean '{near}'?" if near else f"it is one of {', '.join(FACTS)}"
        raise RefusedError(f"'{field}' of a resource cannot be changed in the ledger; {hint}")
    try:
        return reader(value.strip())
    except ValueError as error:
        raise RefusedError(f"'{value}' is no value for {field}: {error}") from error


def apply(programme: Programme, changes: Iterable[Change]) -> Programme:
    """The programme with the changes laid over it, in their order.

    A change of a resource that this revision does not have is passed over: the resource may have gone, or come later.
    Raises RefusedError for a field or value that is none.
    """
    resources = dict(programme.resources)
    for change in changes:
        value = read_fact(change.field, change.value)
        if change.resource in resources:
            resources[change.resource] = _changed(resources[change.resource], change.field, value)
    return replace(programme, resources=MappingProxyType(resources))


def _changed(resource: Resource, field: str, value: Any) -> Resource:
    head, _, tail = field.partition(".")
    if not tail:
        return replace(resource, **{head: value})
    part: Any = getattr(resource, head) or (Event() if head == "event" else Media())
    if tail not in {each.name for each in fields(part)}:
        raise RefusedError(f"'{field}' of a resource cannot be changed in the ledger")
    return replace(resource, **{head: replace(part, **{tail: value})})
