"""One door for every file: says what it is, refuses what cannot be read with a sentence, and gives sheets of rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from campaign.errors import FileError, Problem
from campaign.sheets.cells import Value

Opener = Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost. Sizes in bytes; `ratio` is unpacked size over packed size."""

    file: int = 64 * 1024 * 1024
    unpacked: int = 1024 * 1024 * 1024
    strings: int = 256 * 1024 * 1024
    ratio: int = 150
    parts: int = 2_000
    sheets: int = 100
    rows: int = 1_048_576
    columns: int = 500
    cell: int = 128 * 1024


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds something. `number` counts from 1 as the spreadsheet shows it.

    `cells` ends at the last cell that holds something. `across` are the columns whose value was copied from the left by
    a merged cell.
    """

    number: int
    cells: tuple[Value, ...]
    hidden: bool = False
    across: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `rows()` may be called again; each call reads the file from its start, a piece at a time."""

    name: str
    source: Callable[[], Iterator[Row]] = field(repr=False)
    hidden: bool = False

    def rows(self) -> Iterator[Row]:
        """The rows that hold something, in order. Raises FileError where the file breaks off or passes a limit."""
        return self.source()


@dataclass(frozen=True, slots=True)
class Workbook:
    """A file of one sheet (.csv) or several (.xlsx)."""

    name: str
    kind: str
    sheets: tuple[Sheet, ...]
    pictures: int = 0

    def sheet(self, name: str) -> Sheet | None:
        """The first sheet of that name, whatever its case; None where there is none."""
        wanted = name.strip().casefold()
        return next((sheet for sheet in self.sheets if sheet.name.strip().casefold() == wanted), None)


def refuse(name: str, message: str, hint: str = "", *, code: str = "SHEET", line: int = 0) -> FileError:
    """The error of a file that cannot be read, in words."""
    return FileError(Problem(code=code, message=message, hint=hint, file=name, line=line))


_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "is a picture, and words cannot be read from a picture.", "Ask for the table itself, or type it in."),
    (
        b"\xff\xd8\xff",
        "is a picture, and words cannot be read from a picture.",
        "Ask for the table itself, or type it in.",
    ),
    (b"GIF8", "is a picture, and words cannot be read from a picture.", "Ask for the table itself, or type it in."),
    (b"%PDF", "is a PDF, which keeps no table.", "Ask for the spreadsheet or Word file that it was made from."),
    (b"{\\rtf", "is a rich text file.", "Open it in Word and save it as .docx, or save the table as .csv."),
)
_SAVE_AS = "Open it in Excel or LibreOffice, choose Save As, and pick .xlsx."


def read(source: str | Path | bytes, name: str = "", *, limits: Limits = LIMITS) -> Workbook:
    """Read a spreadsheet: a path, or its bytes with a `name` for messages. What it is is told by its content.

    Raises FileError where it is empty, too large, password-protected, broken, a picture, or of a kind that is not read.
    """
    opener, size, name = _open(source, name)
    if size == 0:
        raise refuse(name, "The file is empty.", "Check that it finished saving or downloading.")
    if size > limits.file:
        raise refuse(
            name,
            f"The file is {size / 1e6:.0f} MB; at most {limits.file / 1e6:.0f} MB is read.",
            "Take pictures out of it, or split it.",
        )
    with opener() as file:
        head = file.read(4096)
    _refuse_by_look(name, head, opener)
    if head.startswith(b"PK\x03\x04"):
        from campaign.sheets.xlsx import open_xlsx

        return open_xlsx(opener, size, name, limits)
    from campaign.sheets.delimited import open_delimited

    return open_delimited(opener, name, limits)


def _open(source: str | Path | bytes, name: str) -> tuple[Opener, int, str]:
    if isinstance(source, bytes):
        data = source
        return lambda: io.BytesIO(data), len(data), name or "the file"
    path = Path(source)
    try:
        if not path.is_file():
            raise refuse(str(path), "There is no such file." if not path.exists() else "This is not a file.")
        return lambda: path.open("rb"), path.stat().st_size, name or str(path)
    except OSError as error:
        raise refuse(str(path), f"The file cannot be opened: {error.strerror or error}.") from error


def _ole_names(head: bytes, opener: Opener) -> bytes:
    """The first part of an OLE file's directory, which names what it holds ([MS-CFB] 2.2 and 2.6)."""
    shift = int.from_bytes(head[30:32], "little")
    sector = int.from_bytes(head[48:52], "little")
    with opener() as file:
        file.seek((sector + 1) << shift if shift in {9, 12} and sector < 1 << 24 else 0)
        return file.read(8192)


def _refuse_by_look(name: str, head: bytes, opener: Opener) -> None:
    for magic, message, hint in _MAGIC:
        if head.startswith(magic):
            raise refuse(name, f"This {message}", hint)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        raise refuse(name, f"This {_MAGIC[0][1]}", _MAGIC[0][2])
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in _ole_names(head, opener):
            raise refuse(
                name,
                "The workbook is protected by a password.",
                "Open it in Excel, choose File, Info, Protect Workbook, Encrypt with Password, clear it, and save.",
            )
        raise refuse(name, "This is an old Excel file (.xls).", _SAVE_AS)
    if head.startswith(b"PK\x05\x06"):
        raise refuse(name, "The file is an empty archive.", "Check that it finished saving or downloading.")
    look = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if look.startswith((b"<html", b"<!doctype html", b"<table")):
        raise refuse(name, "This is a web page, whatever its name says, not a spreadsheet.", _SAVE_AS)
    if look.startswith(b"<?xml"):
        raise refuse(name, "This is an XML file, not a spreadsheet.", _SAVE_AS)
