"""Importing people: a file is taken, its columns are named, each row is judged, and only then is anything written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePosixPath

from starlette.responses import Response

from campaign.delivery import audience
from campaign.delivery import people as staff
from campaign.delivery.importing import COLUMNS, Opened, open_people
from campaign.delivery.people import Judged, Verdict
from campaign.errors import FileError, RefusedError
from campaign.sheets import shown
from campaign.web.desk.door import Ask
from campaign.web.desk.people import PROOF, proof_of

#: The largest file of people, in bytes.
LARGEST = 20 * 1024 * 1024
#: Rows of each verdict that a report shows, and rows of the file that the form shows.
SHOWN, FIRST = 20, 3


@dataclass(slots=True)
class Report:
    """What each row would come to, or came to."""

    counted: Counter[str] = field(default_factory=Counter)
    troubles: list[Judged] = field(default_factory=list)
    warnings: list[Judged] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many rows there were."""
        return self.counted.total()


def form(ask: Ask) -> Response:
    """Choose a file."""
    return ask.page("desk/people_upload.html", here="people", errors={}, columns=COLUMNS)


def upload(ask: Ask) -> Response:
    """Take a file, and lead on to its columns; a sentence where it cannot be read."""
    files, words = ask.files("file"), ask.door.templates.words()
    if len(files) != 1:
        return _wrong(ask, words("upload.none"))
    name = PurePosixPath(files[0].filename or "").name[:200]
    data = files[0].file.read(LARGEST + 1)
    if len(data) > LARGEST:
        return _wrong(ask, words("import.large", size=LARGEST // 1024 // 1024))
    try:
        open_people(data, name)
    except FileError as error:
        return _wrong(ask, " ".join(f"{each.message} {each.hint}".strip() for each in error.problems))
    token = ask.work.store.forms.keep(author=ask.who, name=name, slug=staff.OF_PEOPLE, base=0, data=data, now=ask.now)
    return ask.back(f"/desk/people/import/{token}")


def _wrong(ask: Ask, text: str) -> Response:
    return ask.page("desk/people_upload.html", status=422, here="people", errors={"file": text}, columns=COLUMNS)


def columns(ask: Ask) -> Response:
    """Say which column is what, on which list the people go, and how it is known that they agreed."""
    return _columns(ask, *_opened(ask), {}, None)


def _opened(ask: Ask) -> tuple[Opened, str]:
    kept = ask.work.store.forms.upload(ask.path("token"))
    if kept.slug != staff.OF_PEOPLE:
        raise RefusedError("This upload is not of people. Upload the file again.")
    return open_people(kept.data, kept.name), kept.name


def _columns(
    ask: Ask, opened: Opened, name: str, errors: Mapping[str, str], report: Report | None, status: int = 200
) -> Response:
    by_index = {index: ours for ours, index in opened.table.columns.items()}
    top = islice(opened.table.sheet.rows(), opened.table.header + FIRST)
    first = [row for row in top if row.number > opened.table.header]
    words = ask.door.templates.words()
    return ask.page(
        "desk/people_import.html",
        status=422 if errors else status,
        here="people",
        errors=errors,
        name=name,
        token=ask.path("token"),
        notes=opened.notes,
        heads=[
            (index, text, by_index.get(index, ""), [_cell(row.cells, index) for row in first])
            for index, text in sorted(opened.table.headers.items())
        ],
        ours={"": words("import.not_used"), **{ours: words(f"import.{ours.replace(' ', '_')}") for ours in COLUMNS}},
        lists={"": words("import.no_list"), **_lists(ask)},
        values={each: ask.text(each) for each in ("list", *PROOF)},
        report=report,
        shown=SHOWN,
    )


def _cell(cells: tuple[object, ...], index: int) -> str:
    value = cells[index] if index < len(cells) else None
    return "" if value is None else str(shown(value))[:80]  # type: ignore[arg-type]


def _lists(ask: Ask) -> dict[str, str]:
    return {each.list.slug: each.list.title or each.list.slug for each in audience.lists(ask.work)}


def judge(ask: Ask) -> Response:
    """Say what each row would do; with `do` = apply, do it. Nobody who left comes back by a file."""
    opened, name = _opened(ask)
    errors: dict[str, str] = {}
    named = _named(ask, opened, errors)
    evidence = proof_of(ask, errors)
    if ask.text("list") and ask.text("list") not in _lists(ask):
        errors["list"] = ask.door.templates.words()("people.choose_list")
    if errors:
        return _columns(ask, opened, name, errors, None)
    chosen = replace(opened, table=replace(opened.table, columns=named))
    apply = ask.text("do") == "apply"
    judged = staff.import_people(
        ask.work, chosen, words=staff.vocabulary(ask.door.shelf.all()), evidence=evidence, default=ask.text("list"),
        who=ask.who, now=ask.now, apply=apply,
    )  # fmt: skip
    report = Report()
    for one in judged:
        report.counted[one.verdict] += 1
        if one.verdict in (Verdict.REFUSED, Verdict.SUPPRESSED) and report.counted[one.verdict] <= SHOWN:
            report.troubles.append(one)
        if one.warning and len(report.warnings) < SHOWN:
            report.warnings.append(one)
    if not apply:
        return _columns(ask, chosen, name, {}, report)
    ask.work.store.forms.drop_upload(ask.path("token"))
    return ask.page("desk/people_imported.html", here="people", name=name, report=report)


def _named(ask: Ask, opened: Opened, errors: dict[str, str]) -> dict[str, int]:
    """Our fields by the column that a person gave them."""
    words = ask.door.templates.words()
    found: dict[str, int] = {}
    for index in opened.table.headers:
        ours = ask.text(f"column-{index}")
        if ours in COLUMNS:
            if ours in found:
                errors[f"column-{index}"] = words("import.twice")
            found[ours] = index
    if "email" not in found:
        errors["columns"] = words("import.no_email")
    return found


def cancel(ask: Ask) -> Response:
    """Leave the file; nothing is written."""
    ask.work.store.forms.drop_upload(ask.path("token"))
    return ask.back("/desk/people", "import.cancelled")
