"""A person's rights, and everybody's details: a copy, an erasure, and the file of all, for administrators alone."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import HTMLResponse, Response, StreamingResponse

from campaign.address import KeyRing, parse
from campaign.delivery import people as staff
from campaign.delivery import rights
from campaign.errors import AddressError, RefusedError
from campaign.web.desk import people
from campaign.web.desk.door import Ask
from campaign.web.security import policy

#: A copy is a page of its own: its styles are in it, and nothing else is fetched or run.
COPY = {
    "Content-Security-Policy": policy({"default-src": "'none'", "style-src": "'unsafe-inline'"}) + "; sandbox",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


def copy(ask: Ask) -> Response:
    """Everything held about a person, as a page or as data; that it was taken is in the log."""
    found = people.need(ask)
    held = staff.copied(ask.work, found.person.address, outbox=ask.door.desk.outbox, who=ask.who, now=ask.now)
    if ask.text("form_of") == "data":
        kept = {"Content-Disposition": 'attachment; filename="copy.json"', "Cache-Control": "no-store"}
        return Response(rights.as_json(held), 200, kept, "application/json")
    kept = {**COPY, "Content-Disposition": 'attachment; filename="copy.html"'}
    return HTMLResponse(rights.as_page(held), 200, kept)


def sure(ask: Ask) -> Response:
    """What an erasure takes away, before it is done."""
    found = people.need(ask)
    return ask.page(
        "desk/person_erase.html", here="people", person=found.person, address=found.person.address,
        emails=len(found.emails), errors={},
    )  # fmt: skip


def erase(ask: Ask) -> Response:
    """Erase a person: the whole address has to be typed, so that it is nobody else."""
    found = people.need(ask)
    address = parse(found.person.address)
    try:
        typed = parse(ask.text("address")).key
    except AddressError:
        typed = ""
    if typed != address.key:
        wrong = {"address": ask.door.templates.words()("people.other_address")}
        return ask.page(
            "desk/person_erase.html", status=422, here="people", person=found.person, address=found.person.address,
            emails=len(found.emails), errors=wrong,
        )  # fmt: skip
    outbox = ask.door.desk.outbox
    if outbox is None:
        raise RefusedError("This desk does not know where copies of emails are. Erase on the command line.")
    ring = KeyRing(ask.work.key)
    rights.erase(ask.work.store.database, ring, ask.work.key, outbox, address, who=ask.who, now=ask.now)
    return ask.back("/desk/people", "people.erased")


def export(ask: Ask) -> Response:
    """Everybody on the lists (or on one) as a spreadsheet file, in cells that a spreadsheet will not run."""
    lines = staff.exported(ask.work, ask.text("list"), who=ask.who, now=ask.now)
    kept = {"Content-Disposition": 'attachment; filename="people.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(_marked(lines), 200, kept, "text/csv; charset=utf-8")


def _marked(lines: Iterator[str]) -> Iterator[str]:
    """With the mark by which spreadsheets know UTF-8."""
    yield "\ufeff"
    yield from lines
