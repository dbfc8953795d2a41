"""Uploading a programme: read strictly, compared with what is loaded, and applied only when a person says so."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from starlette.responses import Response

from campaign.delivery import approving, loading, workbooks
from campaign.delivery.loading import Change
from campaign.delivery.shelf import InForce
from campaign.delivery.workbooks import Brought
from campaign.errors import FileError, RefusedError
from campaign.model import Programme
from campaign.programme import load_bytes
from campaign.programme.diff import differences
from campaign.programme.importing.door import DOCUMENTS
from campaign.web.desk import called
from campaign.web.desk.door import Ask

#: The largest upload, packed and unpacked, in bytes, and the most files in it.
LARGEST, UNPACKED, MOST = 12 * 1024 * 1024, 40 * 1024 * 1024, 400
FOLDERS = ("messages/", "images/")
#: Files that are imported, by the end of their name: sheets, and prose that tells of a week.
#: Those that no import reads are among them, for it says what to do about each.
IMPORTED = DOCUMENTS | {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers", ".csv", ".tsv", ".pdf", ".png", ".jpg"}
#: What an import left to a person, kept beside the programme that it made.
ASKED = "asked.json"


def form(ask: Ask) -> Response:
    """Choose a file."""
    return ask.page("desk/upload.html", here="programme", errors={}, problems=())


def upload(ask: Ask) -> Response:
    """Take a file; what is wrong with it, each problem in its place, or on to the comparison."""
    files = ask.files("file")
    words = ask.door.templates.words()
    if len(files) != 1:
        return _wrong(ask, words("upload.none"))
    name = PurePosixPath(files[0].filename or "").name[:200]
    data = files[0].file.read(LARGEST + 1)
    try:
        brought = _read(ask, name, data)
    except RefusedError as error:
        return _wrong(ask, str(error))
    except FileError as error:
        return ask.page(
            "desk/upload.html", status=422, here="programme", errors={"file": words("upload.wrong", name=name)},
            problems=error.problems,
        )  # fmt: skip
    kept = [(_keep(ask, name, each), each.loaded.programme.campaign.title) for each in brought]
    if len(kept) > 1:
        return ask.page("desk/upload_several.html", here="programme", kept=kept, name=name)
    return ask.back(f"/desk/programme/upload/{kept[0][0]}")


def _keep(ask: Ask, name: str, brought: Brought) -> str:
    slug = brought.loaded.programme.campaign.id
    known = ask.work.store.campaigns.get(slug)
    return ask.work.store.forms.keep(
        author=ask.who, name=name, slug=slug, base=known.revision if known else 0, data=_pack(brought), now=ask.now
    )


def _wrong(ask: Ask, text: str) -> Response:
    return ask.page("desk/upload.html", status=422, here="programme", errors={"file": text}, problems=())


def _read(ask: Ask, name: str, data: bytes) -> list[Brought]:
    """From a YAML file, whose files are those of the revision in force, from a ZIP that brings its own, or imported."""
    suffix = PurePosixPath(name).suffix.lower()
    if data[:4] == b"PK\x03\x04" and suffix not in IMPORTED:
        found = _unpack(data)
        tops = [each for each in found if "/" not in each and each.lower().endswith((".yaml", ".yml"))]
        if len(tops) != 1:
            raise RefusedError("The ZIP has to hold one programme file (.yaml) at its top, and its folders beside it.")
        files = {each: content for each, content in found.items() if each.startswith(FOLDERS)}
        return [Brought(load_bytes(found[tops[0]], name=tops[0], files=files))]
    if suffix in IMPORTED:
        known = {
            force.slug: workbooks.Known(force, workbooks.opened(ask.work, force.slug)) for force in ask.door.shelf.all()
        }
        return workbooks.bring(data, name, known)
    if b"\x00" in data[:1024]:
        raise RefusedError("This is neither a programme file (.yaml) nor a ZIP of one. Choose another file.")
    plain = load_bytes(data, name=name)
    there = ask.work.store.campaigns.get(plain.programme.campaign.id)
    return [Brought(load_bytes(data, name=name, files=ask.door.shelf.get(there.slug).files if there else {}))]


def _unpack(data: bytes) -> Mapping[str, bytes]:
    """The files of a ZIP by name, none of them written anywhere; RefusedError for too much, or what is no ZIP."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MOST or sum(info.file_size for info in infos) > UNPACKED:
                raise RefusedError(f"The ZIP holds too much: at most {MOST} files and 40 MB.")
            found, total = {}, 0
            for info in infos:
                with archive.open(info) as part:
                    found[info.filename] = part.read(UNPACKED - total + 1)
                total += len(found[info.filename])
                if total > UNPACKED:
                    raise RefusedError("The ZIP holds too much: at most 40 MB.")
            return found
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError):
        raise RefusedError("This ZIP cannot be read. Make it anew, without a password.") from None


def _pack(brought: Brought) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("programme.yaml", brought.loaded.data)
        archive.writestr(ASKED, json.dumps({"questions": brought.questions, "refused": brought.refused}))
        for name, data in brought.loaded.files.items():
            archive.writestr(name, data)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Compared:
    """An upload beside what is loaded: `base` is the revision it was compared with, 0 for none."""

    shown: loading.Preview
    old: InForce | None
    name: str
    base: int
    asked: Mapping[str, Sequence[str]]


def _compared(ask: Ask, token: str) -> Compared:
    kept = ask.work.store.forms.upload(token)
    found = dict(_unpack(kept.data))
    data, asked = found.pop("programme.yaml"), json.loads(found.pop(ASKED))
    try:
        loaded = load_bytes(data, name=kept.name, files=found)
    except FileError as error:
        raise RefusedError(str(error)) from None
    known = ask.work.store.campaigns.get(kept.slug)
    old = ask.door.shelf.get(kept.slug) if known else None
    shown = loading.preview(ask.work, loaded.programme, loaded.files, old, ask.now)
    return Compared(shown, old, kept.name, known.revision if known else 0, asked)


@dataclass(frozen=True, slots=True)
class Told:
    """What happens to one message, over every channel alike."""

    title: str
    name: str
    when: str
    channels: tuple[str, ...]
    row: loading.Row


def _told(ask: Ask, rows: Sequence[loading.Row], new: InForce, old: InForce | None) -> list[Told]:
    """Rows in words; those of one message to which the same happens at the same time are one."""
    known = called.planned(ask, [new, *([old] if old else [])])
    found: dict[tuple[object, ...], Told] = {}
    for row in rows:
        one = known.get(row.key)
        if one is None:
            found[row.key,] = Told(row.key, "", "", (), row)
            continue
        alike = (row.key.rpartition("/")[0], row.at, row.reason, row.late, row.approval_falls)
        channels = found[alike].channels if alike in found else ()
        found[alike] = Told(one.title, one.name, one.when, (*channels, one.channel), row)
    return list(found.values())


def compare(ask: Ask) -> Response:
    """What applying the upload would do, in words."""
    compared = _compared(ask, ask.path("token"))
    shown, old = compared.shown, compared.old
    groups = {
        change.value: _told(ask, [row for row in shown.rows if row.change is change], shown.new, old)
        for change in (Change.REFUSED, Change.ADDED, Change.CHANGED, Change.REMOVED)
    }
    new = shown.new.programme
    if old:
        found = differences(old.programme, new, files=(old.files, shown.new.files))
    else:  # all of it is new: a draft without messages would show nothing otherwise
        found = differences(Programme(campaign=new.campaign), new)
    return ask.page(
        "desk/compare.html",
        here="programme",
        shown=shown,
        groups={kind: rows for kind, rows in groups.items() if rows},
        same=shown.count(Change.UNCHANGED),
        differences=found,
        old=old,
        name=compared.name,
        base=compared.base,
        asked=compared.asked,
        token=ask.path("token"),
        approving=ask.work.approving(),
    )


def apply(ask: Ask) -> Response:
    """Load it. RefusedError where somebody loaded another version since it was compared."""
    token = ask.path("token")
    compared = _compared(ask, token)
    shown = compared.shown
    if ask.text("base") != str(compared.base):
        raise RefusedError("Somebody loaded another version meanwhile. Look at the comparison again, then apply it.")
    number = loading.apply(ask.work, shown, author=ask.who, reason=f"upload {compared.name}", now=ask.now)
    ask.work.store.forms.drop_upload(token)
    if not ask.work.approving():
        force = ask.door.shelf.get(shown.slug)
        approving.approve(ask.work, force, force.planned, author=ask.who, now=ask.now, by_loading=True)
    return ask.back(f"/desk/programme?week={shown.slug}", "upload.done", number=number)


def cancel(ask: Ask) -> Response:
    """Keep the programme as it is."""
    ask.work.store.forms.drop_upload(ask.path("token"))
    return ask.back("/desk/programme", "upload.cancelled")
