"""People: lists with their figures, a search, a person's page, and what staff do for a person."""

from __future__ import annotations

from datetime import UTC, datetime, time
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from campaign.address import KeyRing, mask
from campaign.delivery import audience
from campaign.delivery import people as staff
from campaign.delivery.importing import labelled
from campaign.delivery.people import Details, Evidence, Verdict
from campaign.errors import AddressError, RefusedError
from campaign.programme.dates import WordsError, parse_date
from campaign.web.desk import called, times
from campaign.web.desk.door import Ask

#: The fields of a person that a form asks for.
FIELDS = ("address", "first_name", "last_name", "organisation", "areas", "audiences", "language")
#: The fields of the proof that somebody agreed.
PROOF = ("date", "source", "wording")


def people(ask: Ask) -> Response:
    """Lists, and who matches a search. Whole addresses are for editors; others see them masked."""
    text, chosen = ask.text("q"), ask.text("list")
    page = max(1, ask.number("page"))
    figures = audience.lists(ask.work)
    known = {each.list.slug: each.list.title for each in figures}
    chosen = chosen if chosen in known else ""
    found, more = audience.find(ask.work, text, list_slug=chosen, page=page) if text or chosen else ([], False)
    return ask.page(
        "desk/people.html",
        here="people",
        figures=figures,
        found=[(each, address_of(ask, each.address)) for each in found],
        text=text,
        chosen=chosen,
        known={"": ask.door.templates.words()("week.any"), **known},
        page=page,
        earlier=_page(text, chosen, page - 1) if page > 1 else "",
        later=_page(text, chosen, page + 1) if more else "",
    )


def look(ask: Ask) -> Response:
    """A search from the form. Words lead to an address that can be kept; an email address stands in no URL."""
    text = ask.text("q")
    if "@" in text:
        return people(ask)
    return ask.door.lead(f"/desk/people?{urlencode({'q': text, 'list': ask.text('list')})}")


def _page(text: str, chosen: str, page: int) -> str:
    return "" if "@" in text else f"/desk/people?{urlencode({'q': text, 'list': chosen, 'page': page})}"


def address_of(ask: Ask, address: str) -> str:
    """An address as the asker may see it."""
    return address if ask.may("editor") else mask(address)


def person(ask: Ask) -> Response:
    """A person's page: subscriptions with their proof, what they were to get, and what stops mail to them."""
    return _person(ask, {})


def _person(ask: Ask, errors: dict[str, str]) -> Response:
    found = need(ask)
    words, zone = ask.door.templates.words(), ask.door.zone()

    def when(at: datetime | None) -> str:
        return times.moment(at, zone, ask.now, words.shared) if at else ""

    held = staff.held(ask.work, found.person.address)
    theirs = {each.key.split("/")[0] for each in found.emails}
    return ask.page(
        "desk/person.html",
        status=422 if errors else 200,
        here="people",
        errors=errors,
        person=found.person,
        labels=_labels(ask),
        called=called.planned(ask, [each for each in ask.door.shelf.all() if each.slug in theirs]),
        address=address_of(ask, found.person.address),
        on=[(each, when(each.changed_at)) for each in found.person.subscriptions],
        consents=[(each, when(_moment(each["given_at"]))) for each in held["consents"]],
        history=[(each, when(_moment(each["at"]))) for each in reversed(held["history"])],
        emails=[(each, when(each.at)) for each in found.emails],
        stopped=[(each, when(each.made_at)) for each in found.stopped],
        lists={each.list.slug: each.list.title or each.list.slug for each in audience.lists(ask.work)},
        values={name: ask.text(name) for name in ("reason", "new", "lift", *PROOF)},
    )


def _labels(ask: Ask) -> dict[str, str]:
    """Areas and audiences by what the programmes call them."""
    programmes = [force.programme for force in ask.door.shelf.all()]
    found = {key: name for programme in programmes for key, name in programme.areas.items()}
    return found | {key: each.name for programme in programmes for key, each in programme.audiences.items()}


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def need(ask: Ask) -> audience.Person:
    """The person of the address; 404 where there is nobody."""
    found = audience.person(ask.work, int(ask.path("id")))
    if found is None:
        raise HTTPException(404)
    return found


# --- adding


def new(ask: Ask) -> Response:
    """The form that adds a person."""
    return _new(ask, {})


def _new(ask: Ask, errors: dict[str, str]) -> Response:
    known = audience.lists(ask.work)
    vocabulary = staff.vocabulary(ask.door.shelf.all())
    return ask.page(
        "desk/person_new.html",
        status=422 if errors else 200,
        here="people",
        errors=errors,
        values={name: ask.text(name) for name in (*FIELDS, *PROOF)},
        lists={each.list.slug: each.list.title or each.list.slug for each in known},
        chosen=ask.all("lists"),
        vocabulary=vocabulary,
    )


def add(ask: Ask) -> Response:
    """Add a person to lists, with the proof of their consent."""
    words, lists = ask.door.templates.words(), ask.all("lists")
    errors: dict[str, str] = {}
    if not ask.text("address"):
        errors["address"] = words("people.no_address")
    if not lists:
        errors["lists"] = words("people.choose_list")
    proof = proof_of(ask, errors)
    details = _details(ask, errors)
    if errors or details is None:
        return _new(ask, errors)
    try:
        judged = staff.add(
            ask.work.store.database, KeyRing(ask.work.key), ask.text("address"), lists, details=details,
            evidence=proof, who=ask.who, now=ask.now,
        )  # fmt: skip
    except AddressError as error:
        return _new(ask, {"address": str(error)})
    bad = [f"{name}: {one.why}" for name, one in judged.items() if one.verdict in (Verdict.REFUSED, Verdict.SUPPRESSED)]
    if bad:
        return _new(ask, {"lists": "; ".join(bad)})
    made = staff.number_of(ask.work, ask.text("address"))
    what = ", ".join(f"{name}: {one.verdict}" for name, one in judged.items())
    return ask.back(f"/desk/people/{made}" if made else "/desk/people", "people.added", what=what)


def proof_of(ask: Ask, errors: dict[str, str]) -> Evidence:
    """How it is known that somebody agreed, from the form; `errors` hears of a date that is none."""
    given: datetime | None = None
    if ask.text("date"):
        try:
            given = datetime.combine(parse_date(ask.text("date")), time(), UTC)
        except WordsError as error:
            errors["date"] = str(error)
    return Evidence(given_at=given, how=ask.text("source"), wording=ask.text("wording"))


def _details(ask: Ask, errors: dict[str, str]) -> Details | None:
    vocabulary = staff.vocabulary(ask.door.shelf.all())
    found: dict[str, frozenset[str]] = {}
    for name, what in (("areas", "area"), ("audiences", "audience")):
        try:
            found[name] = labelled(ask.all(name), vocabulary, what)
        except RefusedError as error:
            errors[name] = str(error)
    if errors:
        return None
    return Details(
        first_name=ask.text("first_name"),
        last_name=ask.text("last_name"),
        organisation=ask.text("organisation"),
        language=ask.text("language"),
        areas=found["areas"],
        audiences=found["audiences"],
    )


# --- what staff do for a person


def join(ask: Ask) -> Response:
    """Put somebody who is here on another list."""
    found = need(ask)
    errors: dict[str, str] = {}
    proof = proof_of(ask, errors)
    if errors or not ask.text("list"):
        return _person(ask, errors or {"list": ask.door.templates.words()("people.choose_list")})
    judged = staff.add(
        ask.work.store.database, KeyRing(ask.work.key), found.person.address, [ask.text("list")], details=Details(),
        evidence=proof, who=ask.who, now=ask.now,
    )[ask.text("list")]  # fmt: skip
    if judged.verdict in (Verdict.REFUSED, Verdict.SUPPRESSED):
        return _person(ask, {"list": judged.why})
    return ask.back(_path(found), "people.added", what=f"{ask.text('list')}: {judged.verdict}")


def leave(ask: Ask) -> Response:
    """Take somebody off at their wish: a phone call, a letter."""
    found, words = need(ask), ask.door.templates.words()
    if not ask.text("reason"):
        return _person(ask, {"reason": words("people.say_why")})
    left = staff.take_off(
        ask.work.store.database, KeyRing(ask.work.key), found.person.address, ask.all("lists"), who=ask.who,
        reason=ask.text("reason")[:500], now=ask.now,
    )  # fmt: skip
    return ask.back(_path(found), "people.left" if left else "people.left_none", lists=", ".join(left))


def move(ask: Ask) -> Response:
    """Somebody has a new address."""
    found = need(ask)
    try:
        staff.move(
            ask.work.store.database, KeyRing(ask.work.key), found.person.address, ask.text("new"), who=ask.who,
            now=ask.now,
        )  # fmt: skip
    except (AddressError, RefusedError) as error:
        return _person(ask, {"new": str(error)})
    return ask.back(_path(found), "people.moved")


def lift(ask: Ask) -> Response:
    """Let mail go to somebody again after a bounce, a complaint or a stop by staff."""
    found = need(ask)
    if not ask.text("lift"):
        return _person(ask, {"lift": ask.door.templates.words()("people.say_why")})
    try:
        staff.let_through(ask.work, found.person.address, who=ask.who, reason=ask.text("lift"), now=ask.now)
    except RefusedError as error:
        return _person(ask, {"lift": str(error)})
    return ask.back(_path(found), "people.lifted")


def _path(found: audience.Person) -> str:
    return f"/desk/people/{found.person.id}"
