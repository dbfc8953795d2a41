"""The programme: its days, themes and resources, and facts about resources that people state here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from campaign.delivery import workbooks
from campaign.delivery.shelf import InForce
from campaign.errors import RefusedError
from campaign.model import EventState, Programme, Resource, ResourceApproval
from campaign.programme import states
from campaign.programme.workbook_file import template as empty_workbook
from campaign.programme.writing import write
from campaign.render import speak
from campaign.web.desk import times
from campaign.web.desk.door import Ask
from campaign.web.words import PageWords

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What an editor may state of a resource; approval and embargo are an approver's.
EDITABLE = ("event.state", "event.booking", "event.recording", "event.place", "link", "media.link", "media.transcript")


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource as it is drawn."""

    resource: Resource
    approval: str
    embargo: str
    event: str


def _force(ask: Ask) -> InForce | None:
    """The campaign that is asked for, else the first."""
    forces = ask.door.shelf.all()
    wanted = ask.request.path_params.get("campaign") or ask.text("week")
    return next((each for each in forces if each.slug == wanted), forces[0] if forces and not wanted else None)


def need(ask: Ask) -> InForce:
    """The campaign of the address; RefusedError where there is none."""
    found = _force(ask)
    if found is None:
        raise RefusedError("There is no such programme here.")
    return found


def programme(ask: Ask) -> Response:
    """Days, themes and resources of one campaign."""
    force = _force(ask)
    forces = ask.door.shelf.all()
    if force is None:
        return ask.page("desk/no_week.html", here="programme")
    words, now_says = ask.door.templates.words(), force.now_says
    revision = ask.work.store.campaigns.revision(force.slug)
    zone = force.programme.campaign.timezone
    return ask.page(
        "desk/programme.html",
        here="programme",
        week=now_says.campaign.title,
        force=force,
        days=[(day, _dates(day.dates, words)) for day in now_says.days],
        resources=[_shown(each, words) for each in now_says.resources.values()],
        weeks={each.slug: each.programme.campaign.title for each in forces},
        named=lambda theme: _named(now_says, (*theme.areas, *theme.audiences), words),
        made=times.moment(revision.made_at, zone, ask.now, words.shared),
        author=revision.author,
        messages=len(force.planned),
    )


def _dates(dates: Sequence[date], words: PageWords) -> str:
    if not dates:
        return ""
    weekdays = words.join([speak.weekday(each, words.shared) for each in dates])
    return words("date.full", weekday=weekdays, date=speak.span(dates, words.shared))


def _named(programme: Programme, ids: Sequence[str], words: PageWords) -> str:
    """Areas, groups of them and audiences by their names; a group by those of its areas."""
    areas = programme.areas
    names = {**areas, **{each.id: each.name for each in programme.audiences.values()}}
    names |= {
        group: words("programme.group", name=group, areas=", ".join(areas.get(one, one) for one in members))
        for group, members in programme.area_groups.items()
    }
    return "; ".join(names.get(one, one) for one in ids)


def _shown(resource: Resource, words: PageWords) -> Shown:
    return Shown(
        resource,
        (resource.approval or ResourceApproval.PENDING).value,
        _embargo(resource.embargo_until, words),
        resource.event.state.value if resource.event else "",
    )


def _embargo(until: date | str | None, words: PageWords) -> str:
    """Until when it is under embargo: wall time of the campaign, as the programme has it."""
    if isinstance(until, date):
        return words("embargo.until", when=speak.event_time(until, None, words.shared))
    return words(f"embargo.{until}") if until else ""


def resource(ask: Ask) -> Response:
    """One resource, and the forms that state something new of it."""
    force = need(ask)
    found = force.now_says.resources.get(ask.path("resource"))
    if found is None:
        raise RefusedError("There is no such resource in this programme.")
    words, zone = ask.door.templates.words(), force.programme.campaign.timezone
    changes = [
        (times.moment(each.made_at, zone, ask.now, words.shared), each.author, _fact(each.field, each.value, words))
        for each in ask.work.store.campaigns.resource_changes(force.slug)
        if each.resource == found.id
    ]
    return ask.page(
        "desk/resource.html",
        here="programme",
        week=force.now_says.campaign.title,
        force=force,
        shown=_shown(found, words),
        changes=changes,
        approvals={each.value: words(f"approval.{each.value}") for each in ResourceApproval},
        events={each.value: words(f"event_state.{each.value}") for each in EventState},
    )


def _fact(field: str, value: str, words: PageWords) -> str:
    """What was stated: `Booking: Fully booked`."""
    name = field.replace(".", "_")
    known = f"{name}.{value}"
    return f"{words(f'fact.{name}')}: {words(known) if known in words.texts else value or '–'}"


def change(ask: Ask) -> Response:
    """State a fact that an editor may state."""
    return _change(ask, EDITABLE)


def release(ask: Ask) -> Response:
    """State a fact that takes an approver: approval, or the end of an embargo."""
    return _change(ask, ("approval", "approved_by", "embargo_until", "visible_from"))


def _change(ask: Ask, allowed: tuple[str, ...]) -> Response:
    force, field, value = need(ask), ask.text("field"), ask.text("value")
    name = ask.path("resource")
    if field not in allowed or name not in force.programme.resources:
        raise RefusedError("This cannot be changed here.")
    states.read_fact(field, value)
    ask.work.store.campaigns.change_resource(force.slug, name, field, value, author=ask.who, now=ask.now)
    return ask.back(f"/desk/programme/{force.slug}/resources/{name}", "programme.noted")


def workbook(ask: Ask) -> Response:
    """The programme as a workbook, with the edits made here: uploading it again changes nothing."""
    force = need(ask)
    kept = {"Content-Disposition": f'attachment; filename="{force.slug}.xlsx"', "Cache-Control": "no-store"}
    return Response(workbooks.workbook(ask.work, force, ask.now), 200, kept, XLSX)


def template(ask: Ask) -> Response:
    """An empty workbook to fill in."""
    kept = {"Content-Disposition": 'attachment; filename="programme.xlsx"', "Cache-Control": "no-store"}
    return Response(empty_workbook(), 200, kept, XLSX)


def _beside(ask: Ask, force: InForce) -> Iterator[str]:
    """What the ledger knows besides the file, a line each."""
    words, zone = ask.door.templates.words(), force.programme.campaign.timezone
    facts = {(each.resource, each.field): each for each in ask.work.store.campaigns.resource_changes(force.slug)}
    for fact in facts.values():
        yield words(
            "programme.fact", what=f"{fact.resource} {fact.field}", value=_line(fact.value), who=_line(fact.author)
        )
    for item in ask.week(force).items:
        if item.moved:
            at = times.dated(item.at, zone, words.shared)
            yield words("programme.moved", what=item.key.partition("/")[2], when=at)


def _line(text: str) -> str:
    """Without what would end a line of comment."""
    return " ".join(text.split())


def download(ask: Ask) -> Response:
    """The programme as it stands, with its files: a ZIP that can be uploaded again.

    What was edited here is in it. What was stated of resources, and times that were given to single messages, hold in
    the ledger whatever a file says, and stand at its head.
    """
    force = need(ask)
    head = [f"{force.slug}, revision {force.number}.", *_beside(ask, force)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{force.slug}.yaml", write(force.programme, head=head))
        for name, data in sorted(force.files.items()):
            archive.writestr(name, data)
    kept = {"Content-Disposition": f'attachment; filename="{force.slug}.zip"', "Cache-Control": "no-store"}
    return Response(out.getvalue(), 200, kept, "application/zip")
