"""Editing a message: the form, what is wrong with it in its place, and two people who edit the same one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from campaign.delivery import editing, showing
from campaign.delivery.editing import Draft, Judged
from campaign.delivery.shelf import InForce
from campaign.errors import Conflict, Problem
from campaign.model import PlannedMailing, PlannedPost
from campaign.programme.diff import tree_differences
from campaign.web.desk import cards, fields, pictures, times
from campaign.web.desk.door import Ask
from campaign.web.desk.fields import Values
from campaign.web.desk.found import Message, find
from campaign.web.desk.requests import nothing_new
from campaign.web.words import PageWords

#: The largest form, in bytes: a picture and the words beside it.
LARGEST = pictures.LARGEST + 1024 * 1024
#: Fields that a form may bring besides those of the message itself.
OWN = ("new-alt", "new-decorative", "kept")

#: Names to be filled in, and whatever else there is of the language of templates.
_NAMES, _CALLS = re.compile(r"\{\{\s*[\w.]{1,100}\s*\}\}"), re.compile(r"\{[{%#]")


@dataclass(slots=True)
class Form:
    """The form as it stands: what is in its fields, and what is wrong with them."""

    found: Message
    base: int
    planned: PlannedPost | PlannedMailing
    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    draft: Draft | None = None
    judged: Judged | None = None

    @property
    def drawn(self) -> bool:
        """Whether it may be drawn: rendering comes to an end."""
        return self.judged is None or self.judged.loaded is not None


def form(ask: Ask) -> Response:
    """The form, with what the message says now."""
    found = _editable(ask)
    planned = editing.planned_message(found.force, found.id)
    return _page(ask, Form(found, found.force.number, planned, fields.values_of(found.force, planned)))


def change(ask: Ask) -> Response:
    """Check what was sent, and save it where nothing stands against it."""
    found = _editable(ask)
    now_planned = editing.planned_message(found.force, found.id)
    base = _based_on(ask, found)
    planned = editing.planned_message(base, found.id)
    clash = base.number != found.force.number and _theirs(found.force, base, found.id)
    number = base.number if clash else found.force.number
    sent = Form(found, number, now_planned, _sent(ask, fields.values_of(base, planned)))
    files = pictures.taken(ask, sent.values, sent.errors, found.force)
    message, wrong = fields.message_of(base, planned, sent.values)
    sent.errors |= wrong
    message = pictures.added(message, sent.values, files)
    files |= _body(base, planned, sent.values)
    if sent.errors or ask.text("do") == "again":
        return _page(ask, sent, 422 if sent.errors else 200)
    sent.draft = editing.draft(found.force, message, files)
    if clash:
        return _compare(ask, sent, base)
    sent.judged = editing.judge(ask.work, sent.draft, now=ask.now, facts=ask.door.desk.facts)
    sent.errors |= _in_place(sent, sent.judged.errors)
    sent.warnings = sent.judged.warnings
    if sent.errors:
        return _page(ask, sent, 422)
    if ask.text("do") == "try" or (sent.warnings and ask.text("do") != "anyway"):
        return _page(ask, sent)
    return _save(ask, sent)


def counts(ask: Ask) -> Response:
    """The form as it stands, drawn and counted for whoever is writing; nothing is kept.

    Nothing new where it cannot be read as yet, or calls for more than names to be filled in: such is drawn by the
    form's own button, under the limits of a check.
    """
    found = _editable(ask)
    base = _based_on(ask, found)
    planned = editing.planned_message(base, found.id)
    sent = Form(found, found.force.number, planned, _sent(ask, fields.values_of(base, planned)))
    message, wrong = fields.message_of(base, planned, sent.values)
    if wrong or not isinstance(message, PlannedPost) or not all(map(_plain, sent.values.values())):
        return nothing_new()
    files = pictures.brought(ask, sent.values, sent.errors, found.force)
    sent.draft = editing.draft(found.force, pictures.added(message, sent.values, files), files)
    return ask.fragment("desk/edit_counts.html", shown=_drawn(ask, sent))


def _plain(text: str) -> bool:
    """Whether a text asks for nothing of its template language but names."""
    return not _CALLS.search(_NAMES.sub("", text))


def _save(ask: Ask, sent: Form) -> Response:
    if sent.draft is None or sent.judged is None:
        raise TypeError("only what was judged is saved")
    try:
        number = editing.save(ask.work, sent.draft, sent.judged, author=ask.who, now=ask.now)
    except Conflict as error:
        sent.errors["save"] = str(error)
        return _page(ask, sent, 409)
    pictures.drop(ask, sent.values)
    ask.work.store.editors.gone(sent.found.force.slug, sent.found.id, ask.who)
    if number == sent.found.force.number:
        return ask.back(sent.found.path, "edit.same")
    path = sent.found.path
    if sent.draft.message.when.day:
        path = f"{path.rpartition('/')[0]}/{sent.draft.message.when.day}"
    return ask.back(path, "edit.saved", number=number)


def leave(ask: Ask) -> Response:
    """Turn back: nothing is changed, and nobody is told any more that one edits."""
    found = find(ask)
    ask.work.store.editors.gone(found.force.slug, found.id, ask.who)
    return ask.back(found.path)


def others(ask: Ask) -> Response:
    """Who else edits it, for the open form to ask again and again; it also tells that this form is still open."""
    found = _editable(ask)
    base = ask.number("base")
    company = _company(ask, found, base)
    return ask.fragment("desk/edit_others.html", base=base, **company)


def _company(ask: Ask, found: Message, base: int) -> dict[str, Any]:
    """The others who have it open, and who saved it since `base`."""
    store, slug = ask.work.store, found.force.slug
    store.editors.here(slug, found.id, ask.who, now=ask.now)
    changed = ""
    if 0 < base < found.force.number and _theirs(found.force, _force_of(ask, slug, base), found.id):
        changed = store.campaigns.revision(slug).author
    people = [
        (each.who, max(0, int((ask.now - each.since).total_seconds() // 60)))
        for each in store.editors.others(slug, found.id, ask.who, now=ask.now)
    ]
    return {"company": people, "changed": changed, "path": found.path}


def _editable(ask: Ask) -> Message:
    found = find(ask)
    editing.refuse_opened(ask.work, found.force, found.id, ask.path("day"))
    return found


def _force_of(ask: Ask, slug: str, number: int) -> InForce:
    return ask.door.shelf.as_of(slug, number, ask.now)


def _based_on(ask: Ask, found: Message) -> InForce:
    """The revision that the form was opened with."""
    number = ask.number("base") or found.force.number
    if not 0 < number < found.force.number:
        return found.force
    known = _force_of(ask, found.force.slug, number)
    return known if found.id in {*known.programme.posts, *known.programme.mailings} else found.force


def _theirs(now: InForce, base: InForce, message: str) -> bool:
    """Whether the message says something else now than in the revision it was edited from."""
    old, new = editing.planned_message(base, message), editing.planned_message(now, message)
    return old != new or fields.values_of(base, old) != fields.values_of(now, new)


def _sent(ask: Ask, shown: Values) -> dict[str, str]:
    """What the form brought: its own fields and those of pictures; a tick that is not there is no tick."""
    names = [*shown, *OWN, *(f"remove-{name.removeprefix('alt-')}" for name in shown if name.startswith("alt-"))]
    return {name: fields.tidy(str(ask.form.get(name) or "")) for name in names if name in ask.form or "decor" in name}


def _body(base: InForce, planned: PlannedPost | PlannedMailing, values: Values) -> dict[str, bytes]:
    """The body of a mailing where it was changed."""
    if not isinstance(planned, PlannedMailing) or not planned.body or "body" not in values:
        return {}
    name = f"messages/{planned.body}"
    old = base.files.get(name, b"").decode("utf-8", "replace")
    return {} if fields.tidy(old) == values["body"] else {name: f"{values['body']}\n".encode()}


def _in_place(sent: Form, problems: tuple[Problem, ...]) -> dict[str, str]:
    """Each error beside its field; those of no field beside the button."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        name = fields.field_of(problem.where, sent.planned)
        found.setdefault(name if name in sent.values else "save", []).append(_said(sent, problem))
    return {name: " ".join(dict.fromkeys(texts)) for name, texts in found.items()}


def _said(sent: Form, problem: Problem) -> str:
    """A problem as a sentence, and what to do about it."""
    text = problem.message.rstrip(".")
    if text.split(" ")[0].rstrip(":") not in sent.found.force.programme.channels:
        text = text[:1].upper() + text[1:]
    return f"{text}. {problem.hint}".strip()


def _to_look_at(sent: Form, words: PageWords) -> list[tuple[str, str]]:
    """Each warning with its field; those of one rule that come again for other days are counted."""
    alike: dict[tuple[str, str], list[Problem]] = {}
    for problem in sent.warnings:
        alike.setdefault((problem.code, problem.where), []).append(problem)
    return [
        (
            fields.field_of(first.where, sent.planned),
            _said(sent, first) + (f" {words.count('edit.more', len(more))}" if more else ""),
        )
        for first, *more in alike.values()
    ]


def _page(ask: Ask, sent: Form, status: int = 200) -> Response:
    found, words = sent.found, ask.door.templates.words()
    programme = found.force.programme
    each_day = sent.planned.when.each_day and len(programme.days) > 1
    return ask.page(
        "desk/edit.html",
        status=status,
        here="week",
        week=programme.campaign.title,
        message=found,
        entry=found.entry,
        sent=sent,
        values={**fields.values_of(found.force, sent.planned), **sent.values},
        errors=sent.errors,
        warnings=_to_look_at(sent, words),
        days={day.id: times.day(day, words) for day in programme.days},
        timed=editing.time_may_change(ask.work, found.force, found.id),
        each_day=each_day,
        approved=any(item.approved for item in found.entry.items) and ask.work.approving(),
        shown=_drawn(ask, sent),
        largest=pictures.LARGEST // (1024 * 1024),
        base=sent.base,
        **_company(ask, found, 0),
    )


def _drawn(ask: Ask, sent: Form) -> list[cards.Card]:
    """The post as each channel would show it with what stands in the form."""
    if not isinstance(sent.planned, PlannedPost) or not sent.drawn:
        return []
    force = editing.in_force(ask.work, sent.draft) if sent.draft else sent.found.force
    day = (sent.draft.message.when.day if sent.draft else "") or ask.path("day")
    picture = pictures.of(force.slug, sent.found.force.number, sent.values.get("kept", ""), sent.found.force.files)
    return [
        cards.card(
            showing.post(ask.work, ask.door.shelf, force, each, None),
            force.programme,
            ask.door.templates.words(),
            picture=picture,
        )
        for each in force.planned
        if each.key.message == sent.found.id and each.key.day == day
    ]


def _compare(ask: Ask, sent: Form, base: InForce) -> Response:
    """Theirs and mine beside each other; nothing is saved."""
    if sent.draft is None:
        raise TypeError("only what can be read is compared")
    slug, name = sent.found.force.slug, sent.found.id
    was, theirs = editing.as_tree(base, name), editing.as_tree(sent.found.force, name)
    mine = editing.as_tree(editing.in_force(ask.work, sent.draft), name)
    part = sent.draft.where.split(".")[0]
    revision = ask.work.store.campaigns.revision(slug)
    rows: dict[str, dict[str, str]] = {}
    for kind, tree in (("theirs", theirs), ("mine", mine)):
        for one in tree_differences({part: {name: was}}, {part: {name: tree}}):
            rows.setdefault(one.part or one.item, {"was": one.before})[kind] = one.after
    return ask.page(
        "desk/edit_compare.html",
        status=409,
        here="week",
        week=sent.found.force.programme.campaign.title,
        message=sent.found,
        entry=sent.found.entry,
        author=revision.author,
        rows=rows,
        values={name: value for name, value in sent.values.items() if value},
        base=sent.found.force.number,
    )
