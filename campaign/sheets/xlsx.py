"""Excel's own format (ECMA-376 part 1), read as a stream so that a million rows cost no more memory than ten.

The workbook is a zip of XML parts; what its directory claims bounds what is unpacked.
"""

from __future__ import annotations

import zipfile
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath

from campaign.sheets.cells import tidy
from campaign.sheets.reading import Limits, Opener, Sheet, Workbook, refuse
from campaign.sheets.xlsx_sheet import Book, Strings, Styles, sheet_rows
from campaign.sheets.xlsx_values import built_in_kind, format_kind, unescape
from campaign.sheets.xml_parts import DAMAGE, broken, feed, local, new_parser, walk

_NOT_A_WORKBOOK = (
    (
        "word/document.xml",
        "This is a Word file, not a spreadsheet.",
        "Give it to `campaign import` as a document: name it .docx.",
    ),
    ("ppt/presentation.xml", "This is a PowerPoint file, not a spreadsheet.", "Ask for the table as .xlsx or .csv."),
    ("Index/Document.iwa", "This is an Apple Numbers file.", "In Numbers choose File, Export To, Excel."),
    ("Index/Tables/DataList.iwa", "This is an Apple Numbers file.", "In Numbers choose File, Export To, Excel."),
    ("xl/workbook.bin", "This is a binary Excel file (.xlsb).", "In Excel choose Save As, and pick .xlsx."),
    ("content.xml", "This is an OpenDocument file (.ods).", "In LibreOffice choose Save As, and pick .xlsx."),
)


def open_xlsx(opener: Opener, size: int, name: str, limits: Limits) -> Workbook:
    """Open a workbook's bytes. Raises FileError where it is broken, a bomb, or another kind of zip."""
    try:
        with opener() as file, zipfile.ZipFile(file) as archive:
            parts = _bounded(archive, size, name, limits)
            _refuse_other_kinds(parts, name)
            entries, epoch = _entries(archive, name, limits)
            book = Book(
                opener, name, limits, _strings(archive, parts, name, limits), _styles(archive, parts, name), epoch
            )
    except DAMAGE as error:
        raise broken(name) from error
    sheets = tuple(
        Sheet(title, partial(sheet_rows, book, part), hidden=hidden) for title, part, hidden in entries if part in parts
    )
    if not sheets:
        raise refuse(name, "The workbook holds no sheet with cells.", "Charts and pictures alone cannot be read.")
    pictures = sum(part.startswith("xl/media/") for part in parts)
    return Workbook(name, "xlsx", sheets, pictures)


def _bounded(archive: zipfile.ZipFile, size: int, name: str, limits: Limits) -> frozenset[str]:
    infos = archive.infolist()
    if len(infos) > limits.parts:
        raise refuse(name, f"The file holds {len(infos)} parts; a workbook holds at most {limits.parts}.")
    if any(info.flag_bits & 0x1 for info in infos):
        raise refuse(name, "The file is protected by a password.", "Save it without one.")
    read = [info for info in infos if info.filename.endswith((".xml", ".rels"))]
    unpacked = sum(info.file_size for info in read)
    if unpacked > limits.unpacked:
        raise refuse(
            name,
            f"The workbook unpacks to {unpacked / 1e6:.0f} MB; at most {limits.unpacked / 1e6:.0f} MB is read.",
            "Copy the rows you need into a new workbook.",
        )
    if unpacked > 16 * 1024 * 1024 and unpacked > limits.ratio * size:
        raise refuse(
            name,
            f"The workbook unpacks to {unpacked // max(size, 1)} times its size, as a zip bomb does; it is not read.",
            "Copy the rows you need into a new workbook.",
        )
    return frozenset(info.filename for info in infos)


def _refuse_other_kinds(parts: frozenset[str], name: str) -> None:
    if any(part.endswith("vbaProject.bin") for part in parts):
        raise refuse(name, "The workbook holds macros, and is not read.", "In Excel choose Save As, and pick .xlsx.")
    if "xl/workbook.xml" in parts:
        return
    for part, message, hint in _NOT_A_WORKBOOK:
        if part in parts:
            raise refuse(name, message, hint)
    raise refuse(name, "This is a zip file, not a workbook.", "Unpack it, and give the spreadsheet inside.")


def _entries(archive: zipfile.ZipFile, name: str, limits: Limits) -> tuple[list[tuple[str, str, bool]], datetime]:
    """Each sheet's name, part and whether it is hidden, in the workbook's order; and the day that dates count from."""
    targets: dict[str, str] = {}
    listed: list[tuple[str, str, bool]] = []
    epoch = [datetime(1899, 12, 30)]  # noqa: DTZ001 - a wall date, as cells are

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
            targets[attributes.get("Id", "")] = path

    def workbook(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            key = next((value for at, value in attributes.items() if local(at) == "id" and " " in at), "")
            listed.append((attributes.get("name", ""), key, attributes.get("state", "visible") != "visible"))
        elif tag == "workbookPr" and attributes.get("date1904", "0") in {"1", "true"}:
            epoch[0] = datetime(1904, 1, 1)  # noqa: DTZ001

    walk(archive, "xl/_rels/workbook.xml.rels", name, relation)
    walk(archive, "xl/workbook.xml", name, workbook)
    if len(listed) > limits.sheets:
        raise refuse(name, f"The workbook holds {len(listed)} sheets; at most {limits.sheets} are read.")
    entries = [(tidy(title), targets.get(key, ""), hidden) for title, key, hidden in listed]
    return [entry for entry in entries if entry[1].startswith("xl/worksheets/")], epoch[0]


class _StringsReader:
    """Callbacks for the shared strings: the runs of each are joined, its reading aids (`rPh`) left out."""

    def __init__(self, strings: Strings) -> None:
        self.strings = strings
        self.pieces: list[str] = []
        self.taking = False
        self.phonetic = False

    def start(self, tag: str, _: dict[str, str]) -> None:
        tag = local(tag)
        if tag == "si":
            self.pieces.clear()
        elif tag == "rPh":
            self.phonetic = True
        elif tag == "t":
            self.taking = not self.phonetic

    def end(self, tag: str) -> None:
        tag = local(tag)
        if tag == "si":
            self.strings.add(unescape("".join(self.pieces)))
        elif tag == "rPh":
            self.phonetic = False
        elif tag == "t":
            self.taking = False

    def text(self, data: str) -> None:
        if self.taking:
            self.pieces.append(data)


def _strings(archive: zipfile.ZipFile, parts: frozenset[str], name: str, limits: Limits) -> Strings:
    strings = Strings()
    part = next((part for part in parts if part.lower() == "xl/sharedstrings.xml"), None)
    if part is None:
        return strings
    if archive.getinfo(part).file_size > limits.strings:
        raise refuse(name, f"The workbook's texts pass {limits.strings / 1e6:.0f} MB.", "Split it, or save it as .csv.")
    reader, parser = _StringsReader(strings), new_parser(name)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    for _ in feed(archive, part, parser, name):
        pass
    return strings


class _StylesReader:
    """Callbacks for the styles: `kinds` gets, for each cell format, what it makes of a number."""

    def __init__(self) -> None:
        self.formats: dict[int, str] = {}
        self.kinds: list[str] = []
        self.inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = local(tag)
        number = attributes.get("numFmtId", "0")
        ident = int(number) if number.isdigit() else 0
        if tag == "numFmt":
            self.formats[ident] = format_kind(attributes.get("formatCode", ""))
        elif tag == "cellXfs":
            self.inside = True
        elif tag == "xf" and self.inside:
            self.kinds.append(self.formats.get(ident, built_in_kind(ident)))

    def end(self, tag: str) -> None:
        if local(tag) == "cellXfs":
            self.inside = False


def _styles(archive: zipfile.ZipFile, parts: frozenset[str], name: str) -> Styles:
    if "xl/styles.xml" not in parts:
        return Styles()
    reader, parser = _StylesReader(), new_parser(name)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    for _ in feed(archive, "xl/styles.xml", parser, name):
        pass
    return Styles(tuple(reader.kinds))
