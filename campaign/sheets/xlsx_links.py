"""Web addresses behind the words of cells: a sheet's hyperlinks (ECMA-376 part 1, 18.3.1.47) and HYPERLINK formulas."""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePosixPath

from campaign.sheets.cells import Linked, Value
from campaign.sheets.xlsx_values import column_index
from campaign.sheets.xml_parts import walk

#: More links than this in one sheet are left unread, so that memory stays flat.
MOST = 20_000

_WEB = re.compile(r"https?://\S+\Z", re.IGNORECASE)
_TAG = re.compile(rb"<(?:\w+:)?hyperlink\b([^>]*)>")
_REF = re.compile(rb"\bref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})(?::[A-Z]{1,3}\d{1,7})?[\"']")
_ID = re.compile(rb"\b\w+:id\s*=\s*[\"']([^\"']+)[\"']")
_FORMULA = re.compile(r'\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)

Links = dict[tuple[int, int], str]
"""Web address by row (from 1) and column (from 0)."""


def targets_of(archive: zipfile.ZipFile, part: str, name: str) -> dict[str, str]:
    """The web addresses that a sheet's part refers to, by their ids. Raises FileError where the list is broken."""
    path = PurePosixPath(part)
    listing = str(path.parent / "_rels" / f"{path.name}.rels")
    found: dict[str, str] = {}

    def relation(tag: str, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "").strip()
        if tag == "Relationship" and len(found) < MOST and _WEB.match(target):
            found[attributes.get("Id", "")] = target

    if listing in archive.namelist():
        walk(archive, listing, name, relation)
    return found


def links_in(block: bytes, targets: dict[str, str]) -> Links:
    """The links that a piece of a sheet's part tells of."""
    found: Links = {}
    for match in _TAG.finditer(block):
        ref, ident = _REF.search(match[1]), _ID.search(match[1])
        if ref and ident and (url := targets.get(ident[1].decode())):
            found[int(ref[2]), column_index(ref[1].decode())] = url
    return found


def formula_link(formula: str) -> str:
    """The web address of a HYPERLINK formula whose first argument is written out; "" for every other."""
    match = _FORMULA.match(formula)
    return match[1].strip() if match and _WEB.match(match[1].strip()) else ""


def linked(value: Value, url: str) -> Value:
    """The cell with the address behind its words; a cell of anything but text stays as it is."""
    return Linked(value, url) if url and isinstance(value, str) else value
