"""From a file to a programme: read strictly, with every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from campaign.errors import Problem, ProgrammeError
from campaign.model import Programme
from campaign.programme import whole
from campaign.programme.reading import BAD, Reader, Source
from campaign.programme.shelf import FileProblem, FolderShelf, GivenShelf, Shelf, read_regular
from campaign.programme.tables import PROGRAMME
from campaign.programme.tree import MAX_BYTES, read_tree


@dataclass(frozen=True, slots=True)
class Loaded:
    """A programme that was read without an error.

    `source` knows the line and column of every value. `files` holds each template, body and image by its name
    (`messages/briefing.md`, `images/ce.png`); `data` is the programme file itself.
    """

    programme: Programme
    source: Source
    files: Mapping[str, bytes] = field(repr=False)
    data: bytes = field(default=b"", repr=False)


def load_file(path: Path | str) -> Loaded:
    """Read a programme file and the files beside it. Raises ProgrammeError with ALL problems."""
    path = Path(path)
    try:
        data = read_regular(path, MAX_BYTES)
    except FileProblem as problem:
        code = "F3" if problem.code == "M3" else "F1"
        raise ProgrammeError(Problem(code, str(problem), file=str(path), hint=problem.hint)) from problem
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        hint = "Programmes are kept in schedules/."
        raise ProgrammeError(Problem("F1", f"the file cannot be read: {what}", file=str(path), hint=hint)) from error
    return _load(data, str(path), FolderShelf(path.parent))


def load_bytes(data: bytes, *, name: str = "programme.yaml", files: Mapping[str, bytes] | None = None) -> Loaded:
    """Read a programme from bytes. `files` are those it may use; None: files are not looked for.

    Raises ProgrammeError with ALL problems.
    """
    return _load(data, name, None if files is None else GivenShelf(files))


def _load(data: bytes, name: str, shelf: Shelf | None) -> Loaded:
    tree, problems = read_tree(data, file=name)
    if tree is None:
        raise ProgrammeError(*problems)
    reader = Reader(name, problems)
    reader.place("", tree)
    programme = PROGRAMME.read(tree, reader, "")
    reader.settle()
    source = reader.source()
    files: Mapping[str, bytes] = {}
    if programme is not BAD:
        programme = whole.with_dates(cast(Programme, programme))
        problems.extend(whole.rules(programme, source))
        if shelf is not None:
            files, missing = whole.gather(programme, source, shelf)
            problems.extend(missing)
    if problems:
        raise ProgrammeError(*sorted(problems, key=lambda each: (each.file != name, each.file, each.line, each.column)))
    return Loaded(programme, source, files, data)
