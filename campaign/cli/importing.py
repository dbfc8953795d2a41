"""`campaign template`, `import`, `export`, `new` and `diff`: programmes from and to what people keep."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.common import opened
from campaign.cli.progress import Working
from campaign.errors import FileError, Problem, RefusedError

if TYPE_CHECKING:
    from campaign.model import Programme
    from campaign.programme.importing.draft import Draft
    from campaign.programme.importing.merge import Merged
    from campaign.programme.workbook import SentState

MONDAY = click.DateTime(["%Y-%m-%d", "%d/%m/%Y"])


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def template(file: Path, force: bool) -> None:
    """Write a workbook to fill in: FILE.xlsx."""
    from campaign.programme.workbook_file import template as make

    _save(file, make(), force=force)
    click.echo(f"Wrote {file}. Fill in its sheet Schedule, then: campaign import {file} -o schedules/YOUR-WEEK.yaml")


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write the programme here; without it, only show."
)
@click.option("--year", type=click.IntRange(1900, 2200), help="The year of dates that name none.")
@click.option("--remove", multiple=True, metavar="REF", help="Take out what the file no longer has. May be repeated.")
@click.pass_context
def import_(ctx: click.Context, file: Path, output: Path | None, year: int | None, remove: tuple[str, ...]) -> None:
    """Make a programme of FILE: a spreadsheet, a Word file, a saved web page, Markdown or plain text.

    Shows what is added, changed, unchanged and refused, and what is left to answer. Where OUTPUT is there, it is
    brought up to date: what was edited in it since is kept.
    """
    from campaign.programme.importing.door import import_file

    with Working(f"Reading {file.name}"):
        drafts = import_file(file, year=year, known=_now(output))
    refused = False
    targets = [_target(output, draft, len(drafts)) for draft in drafts]
    for draft, target in zip(drafts, targets, strict=True):
        merged = _merge(draft, target, remove)
        _report(merged, target)
        if target is not None:
            _write(merged, target)
        refused = refused or bool(merged.draft.refused)
    if output is None:
        click.echo("Nothing is written yet. To write it: add -o schedules/YOUR-WEEK.yaml")
    if refused:
        ctx.exit(1)


def _now(output: Path | None) -> Mapping[str, Any] | None:
    """The programme that is already there, as nested text."""
    from campaign.programme import load_file
    from campaign.programme.writing import to_tree

    return to_tree(load_file(output).programme) if output and output.is_file() else None


def _target(output: Path | None, draft: Draft, many: int) -> Path | None:
    if output is None:
        return None
    ident = draft.tree["campaign"]["id"]
    if not output.is_dir() and many == 1:
        return output
    target = output / f"{ident}.yaml" if output.is_dir() else output.with_name(f"{output.stem}-{ident}.yaml")
    if target.exists() and not _beside(target).exists():
        raise RefusedError(
            f"{target} is there already, and no import made it. To bring it up to date, name it: -o {target}"
        )
    return target


def _beside(target: Path) -> Path:
    """Where the last import is remembered, so that the next one can tell what was edited since."""
    return target.with_name(f".{target.stem}.imported.json")


def _merge(draft: Draft, target: Path | None, remove: tuple[str, ...]) -> Merged:
    from campaign.programme.diff import tree_differences
    from campaign.programme.importing.door import without_missing_images
    from campaign.programme.importing.merge import Merged, merge

    folder = target.parent / "images" if target else Path("images")
    without_missing_images(draft, lambda name: (folder / name).is_file())
    mine = _now(target)
    if mine is None:
        return Merged(draft, tree_differences({}, draft.tree))
    base = _base(target) if target else None
    return merge(draft, mine, base, sent=_sent(str(mine["campaign"]["id"])), remove=remove)


def _base(target: Path) -> Mapping[str, Any] | None:
    beside = _beside(target)
    if not beside.is_file():
        click.echo(
            f"{beside.name} is not there: what was edited since the last import cannot be told from what was not."
        )
        return None
    try:
        return dict(json.loads(beside.read_text("utf-8"))["tree"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "Delete it; then the sheet wins wherever the two differ."
        raise FileError(Problem("IMPORT", "it cannot be read", file=str(beside), hint=hint)) from error


def _sent(slug: str) -> set[str]:
    """Ids of the messages of a loaded campaign that have opened; none where there is no installation."""
    try:
        with opened() as app:
            return {row.key.message for row in app.store.ledger.of(slug).values() if row.opened_at is not None}
    except RefusedError:
        click.echo("There is no installation here, so what has been sent is not known.")
        return set()


def _report(merged: Merged, target: Path | None) -> None:
    from campaign.programme.diff import side_by_side

    draft = merged.draft
    click.echo(f"{draft.tree['campaign']['title']}{f' -> {target}' if target else ''}")
    if merged.changes:
        click.echo(side_by_side(merged.changes))
    counts = ", ".join(f"{merged.count(kind)} {kind}" for kind in ("added", "changed", "removed"))
    click.echo(f"{counts}, {merged.unchanged} messages unchanged, {len(draft.refused)} refused.")
    _listed("Kept as edited:", merged.kept)
    _listed("Refused:", (problem.message for problem in draft.refused))
    _listed("To answer:", draft.asked())


def _listed(head: str, lines: Iterable[str]) -> None:
    held = list(lines)
    if held:
        click.echo("\n".join([f"\n{head}", *(f"  - {' '.join(line.split())}" for line in held)]))


def _write(merged: Merged, target: Path) -> None:
    """Save the programme, the bodies it needs, and what this import made of the file."""
    draft = merged.draft
    beside = _beside(target)
    known = json.loads(beside.read_text("utf-8")).get("files", {}) if beside.is_file() else {}
    for name, data in draft.files.items():
        path = _messages(target) / name
        if path.exists() and path.read_bytes() != data and known.get(name) != _digest(path.read_bytes()):
            click.echo(f"{path} was edited or is another's, and was kept as it is.")
            continue
        _save(path, data, force=True)
    _save(target, draft.yaml().encode(), force=True)
    files = {name: _digest(data) for name, data in draft.files.items()}
    kept = {"version": 1, "from": Path(draft.name).name, "files": files, "tree": merged.memory or draft.tree}
    _save(_beside(target), json.dumps(kept, indent=1, ensure_ascii=False).encode(), force=True)
    click.echo(f"\nWrote {target}. Next: campaign check {target}")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _messages(target: Path) -> Path:
    """The folder that `messages/` stands in: the programme's own, or the one above where that has it."""
    above = target.absolute().parent.parent
    return above if not (target.parent / "messages").is_dir() and (above / "messages").is_dir() else target.parent


def _save_beside(target: Path, files: Mapping[str, bytes], *, force: bool = False) -> None:
    """Save a programme's bodies, templates and images where it looks for them; what another edited there is kept."""
    for name, data in files.items():
        path = (_messages(target) if name.startswith("messages/") else target.parent) / name
        if not path.exists() or force:
            _save(path, data, force=True)
        elif path.read_bytes() != data:
            click.echo(f"{path} is there already and differs; it was kept. --force writes over it.")


def _save(path: Path, data: bytes, *, force: bool = False) -> None:
    if path.exists() and not force:
        raise RefusedError(f"{path} is there already. Choose another name, or add --force.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise FileError(
            Problem("IMPORT", f"it cannot be written: {error.strerror or error}", file=str(path))
        ) from error


@click.command()
@click.argument("campaign")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="A .xlsx or .yaml file."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def export(campaign: str, output: Path, force: bool) -> None:
    """Write CAMPAIGN (a loaded one, or a FILE) as a workbook or as YAML. Importing it again changes nothing."""
    with Working(f"Reading {campaign}"):
        programme, files, states = _found(campaign)
    if output.suffix.lower() == ".xlsx":
        from campaign.programme.workbook import export as make

        _save(output, make(programme, files=files, states=states), force=force)
    elif output.suffix.lower() in {".yaml", ".yml"}:
        from campaign.programme.writing import write

        _save(
            output,
            write(programme, notes=_as_notes(states), head=[f"Written from {campaign}.", ""]).encode(),
            force=force,
        )
        _save_beside(output, files, force=force)
    else:
        raise RefusedError(f"{output.name} ends neither in .xlsx nor in .yaml: choose one of them.")
    click.echo(f"Wrote {output}.")


def _as_notes(states: Mapping[str, SentState]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for ident, state in states.items():
        when = f" on {state.sent_at:%d/%m/%Y} at {state.sent_at:%H:%M}" if state.sent_at else ""
        for section in ("posts", "mailings"):
            found[f"{section}.{ident}"] = (f"State: {state.state}{when}.",)
    return found


def _found(named: str, *, number: int = 0) -> tuple[Programme, Mapping[str, bytes], Mapping[str, SentState]]:
    """A programme by file, or by the id it is loaded under, with its files and what the ledger knows."""
    from campaign.programme import load_file

    path = Path(named)
    if path.suffix.lower() in {".yaml", ".yml"} or path.is_file():
        loaded = load_file(path)
        return loaded.programme, loaded.files, {}
    from campaign.delivery.shelf import Shelf
    from campaign.programme import canonical

    with opened() as app:
        if number:
            revision = app.store.campaigns.revision(named, number)
            return canonical.from_json(revision.programme), app.store.campaigns.files(revision.id), {}
        force = Shelf(app.store).get(named)
        return force.programme, force.files, _states(app, force)


def _states(app: Any, force: Any) -> dict[str, SentState]:
    from campaign.delivery.workbooks import sent_states

    return sent_states(app.parts, force, app.clock.now())


@click.command()
@click.option("--monday", required=True, type=MONDAY, help="The week's Monday: 2024-10-07 or 07/10/2024.")
@click.option("--from", "source", default="", metavar="CAMPAIGN|FILE", help="The week to make it from.")
@click.option("--title", default="", help="What an empty week is called.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it here; without it, show it."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def new(monday: datetime, source: str, title: str, output: Path | None, force: bool) -> None:
    """Make a week: an empty one, or last year's with everything of its time cleared and listed."""
    from campaign.programme.renewal import empty_week, renew

    if source:
        programme, files, _ = _found(source)
        draft = renew(programme, monday.date(), name=source, files=files)
    else:
        draft = empty_week(monday.date(), title=title)
    if output is None:
        click.echo(draft.yaml(), nl=False)
        return
    _save(output, draft.yaml().encode(), force=force)
    _save_beside(output, draft.files)
    _listed("To answer:", draft.asked())
    click.echo(f"\nWrote {output}.")


@click.command()
@click.argument("before")
@click.argument("after")
def diff(before: str, after: str) -> None:
    """What differs between two programmes: each a FILE, a loaded CAMPAIGN, or a revision of one (CAMPAIGN@2)."""
    from campaign.programme.diff import differences, side_by_side

    with Working("Comparing"):
        old, new = _revision(before), _revision(after)
    found = differences(old[0], new[0], files=(old[1], new[1]))
    click.echo(side_by_side(found) if found else "They are the same.")


def _revision(named: str) -> tuple[Programme, Mapping[str, bytes], Mapping[str, SentState]]:
    slug, at, number = named.rpartition("@")
    if at and number.isdigit() and not Path(named).exists():
        return _found(slug, number=int(number))
    return _found(named)
