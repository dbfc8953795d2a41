"""The XML parts of a workbook, parsed a piece at a time; a document type is refused, so no entity expands."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from campaign.errors import FileError
from campaign.sheets.reading import refuse

CHUNK = 256 * 1024
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError, OSError)


def broken(name: str) -> FileError:
    """The error of a workbook that cannot be unpacked or parsed."""
    return refuse(
        name, "The workbook is damaged and cannot be read.", "Open it in Excel, let it repair the file, save it again."
    )


def local(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition(" ")[2]


def new_parser(name: str) -> expat.XMLParserType:
    """A parser whose tags read `namespace name`, and that refuses a document type declaration."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse_doctype(*_: Any) -> None:
        raise refuse(name, "The workbook holds a document type declaration, which no spreadsheet program writes.")

    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.EntityDeclHandler = refuse_doctype
    return parser


def feed(archive: zipfile.ZipFile, part: str, parser: expat.XMLParserType, name: str) -> Iterator[None]:
    """Parse a part of the archive, pausing after each piece so that a caller can take what was gathered."""
    try:
        with archive.open(part) as file:
            while chunk := file.read(CHUNK):
                parser.Parse(chunk, False)
                yield
            parser.Parse(b"", True)
            yield
    except (expat.ExpatError, *DAMAGE) as error:
        raise broken(name) from error


def walk(archive: zipfile.ZipFile, part: str, name: str, start: Callable[[str, dict[str, str]], None]) -> None:
    """Call `start(tag, attributes)` for every element of a part."""
    parser = new_parser(name)
    parser.StartElementHandler = lambda tag, attributes: start(local(tag), attributes)
    for _ in feed(archive, part, parser, name):
        pass
