"""The files beside a programme: templates and bodies in `messages/`, images in `images/`, and nothing outside."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

MAX_TEXT = 500_000
MAX_IMAGE = 20_000_000
MAX_TOTAL = 100_000_000
MAX_TEMPLATES = 300
TEMPLATE_FOLDERS = ("messages/emails", "messages/posts")


class FileProblem(Exception):
    """A file cannot be used. `code` names the rule; `str()` is the sentence, `hint` how to mend it."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class Shelf(Protocol):
    """Where the files of a programme come from."""

    def read(self, name: str) -> bytes:
        """The content of `messages/...` or `images/...`. Raises FileProblem."""
        ...

    def templates(self) -> Mapping[str, bytes]:
        """Every template by name. Raises FileProblem."""
        ...


def check_name(name: str) -> None:
    """Refuse names that could lead out of their folder. Raises FileProblem."""
    path = PurePosixPath(name)
    if path.is_absolute() or "//" in name or "\\" in name or ":" in name:
        raise FileProblem("M2", f"'{name}' is not a name inside the folder", "Write its name alone.")
    if ".." in path.parts:
        raise FileProblem("M2", f"'{name}' leads out of the folder", "Keep the file beside the programme.")
    if any(part.startswith(".") for part in path.parts):
        raise FileProblem("M2", f"'{name}' is a hidden file", "Rename it.")


class GivenShelf:
    """Files that are already at hand, such as those of a stored revision."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def read(self, name: str) -> bytes:
        """The content of that name. Raises FileProblem."""
        check_name(name)
        if name not in self._files:
            raise FileProblem("M1", f"there is no file {name}", "Add it, or mend the name.")
        return self._files[name]

    def templates(self) -> Mapping[str, bytes]:
        """Every template among them."""
        return {name: data for name, data in self._files.items() if name.startswith(TEMPLATE_FOLDERS)}


class FolderShelf:
    """Files in the folders beside a programme; `messages/` may also stand beside the programme's folder."""

    def __init__(self, folder: Path) -> None:
        self._homes = {"images": (folder, folder), "messages": (folder, folder)}
        if not (folder / "messages").exists():
            self._homes["messages"] = (folder.absolute().parent, folder.absolute().parent)
        self._total = 0

    def read(self, name: str) -> bytes:
        """The content of a regular file of that name. Raises FileProblem."""
        check_name(name)
        return self._read(name, self._inside(name))

    def templates(self) -> Mapping[str, bytes]:
        """Every regular file below messages/emails and messages/posts."""
        home = self._homes["messages"][0]
        found: dict[str, bytes] = {}
        for folder in TEMPLATE_FOLDERS:
            for path in sorted((home / folder).rglob("*")):
                name = path.relative_to(home).as_posix()
                if path.is_dir() or any(part.startswith(".") for part in path.relative_to(home).parts):
                    continue
                if len(found) >= MAX_TEMPLATES:
                    raise FileProblem("M3", f"more than {MAX_TEMPLATES} files stand in {home / 'messages'}")
                found[name] = self.read(name)
        return found

    def _inside(self, name: str) -> Path:
        home, bound = self._homes[name.partition("/")[0]]
        path = home / name
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise FileProblem("M1", f"there is no file {path}", _nearby(path)) from error
        if not real.is_relative_to(bound.resolve() / name.partition("/")[0]):
            raise FileProblem("M2", f"{path} is a link that leads out of its folder", "Copy the file there instead.")
        return real

    def _read(self, name: str, path: Path) -> bytes:
        limit = MAX_IMAGE if name.startswith("images/") else MAX_TEXT
        try:
            data = read_regular(path, limit)
        except FileProblem:
            raise
        except OSError as error:
            raise FileProblem("M1", f"{path} cannot be read: {error.strerror}", "Mend its permissions.") from error
        self._total += len(data)
        if self._total > MAX_TOTAL:
            raise FileProblem("M3", f"the files come to more than {MAX_TOTAL:,} bytes", "Make the images smaller.")
        return data


def read_regular(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of a regular file. Raises FileProblem for anything else, OSError from the system."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise FileProblem("M2", f"{path} is not a regular file", "Give a file's name.")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(handle)
    if len(data) > limit:
        raise FileProblem("M3", f"{path} is larger than {limit:,} bytes", "Make it smaller.")
    return data


def _nearby(path: Path) -> str:
    from campaign.programme.reading import nearest

    if not path.parent.is_dir():
        return f"There is no folder {path.parent}."
    near = nearest(path.name, [each.name for each in path.parent.iterdir()])
    return f"Did you mean '{near}'?" if near else "Add it, or mend the name."
