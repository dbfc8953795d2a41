"""One door for every file that can become a programme: told by its content, and its name where that leaves a doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from campaign import sheets
from campaign.errors import FileError, Problem
from campaign.programme.importing.book import import_workbook
from campaign.programme.importing.documents import MAX_BYTES, import_document
from campaign.programme.importing.draft import Draft
from campaign.programme.importing.wrapped import is_unreadable_document, is_wrapped

#: Ends of the names of prose. Those that are not read are among them: it says what to do about each.
DOCUMENTS = frozenset(
    {".docx", ".docm", ".doc", ".odt", ".rtf", ".html", ".htm", ".mhtml", ".mht", ".eml"} | {".md", ".markdown", ".txt"}
)


def import_file(path: Path, *, year: int | None = None, known: Mapping[str, Any] | None = None) -> tuple[Draft, ...]:
    """What a file makes: one draft, or one for each week that a document tells of.

    `year` and `known` as for `import_workbook`. Raises FileError where the file cannot be read or tells of no week.
    """
    if path.suffix.lower() in {".yaml", ".yml"}:
        hint = "Use it as it is: `campaign check` and `campaign load` read it."
        raise FileError(Problem("IMPORT", "this is a programme already.", file=str(path), hint=hint))
    if _is_document(path):
        return import_document(path.read_bytes(), str(path), year=year)
    return (import_workbook(sheets.read(path), year=year, known=known),)


def import_bytes(data: bytes, name: str, *, year: int | None = None) -> tuple[Draft, ...]:
    """As `import_file`, of a file that is at hand as bytes, with the name it had."""
    word = data[:4] == b"PK\x03\x04" and b"word/document.xml" in data
    if word or Path(name).suffix.lower() in DOCUMENTS or is_wrapped(data) or is_unreadable_document(data):
        return import_document(data, name, year=year)
    return (import_workbook(sheets.read(data, name), year=year),)


def _is_document(path: Path) -> bool:
    """Whether a file is prose: by its name, or by how it begins, or, in a zip, by the parts that only prose has."""
    if not path.is_file():
        return False
    if path.suffix.lower() in DOCUMENTS:
        return True
    with path.open("rb") as file:
        start = file.read(8192)
        if is_wrapped(start):
            return True
        if not start.startswith((b"PK\x03\x04", b"\xd0\xcf")) or path.stat().st_size > MAX_BYTES:
            return False
        whole = start + file.read()
    return b"word/document.xml" in whole or is_unreadable_document(whole)


def without_missing_images(draft: Draft, there: Callable[[str], bool]) -> None:
    """Take images out of posts that are not at hand, for the loader refuses them; each is asked for by name."""
    for ident, post in draft.tree.get("posts", {}).items():
        images = post.get("images", [])
        missing = [image for image in images if not there(image["file"])]
        for image in missing:
            alt = f", which shows: {image['alt']}" if image.get("alt") else ""
            draft.ask(f"put the image '{image['file']}'{alt} into images/ and import again", f"posts.{ident}")
        if missing:
            post["images"] = [image for image in images if image not in missing]
            if not post["images"]:
                del post["images"]
