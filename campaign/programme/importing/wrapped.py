"""Documents that another program wrapped (a page saved as a single file, an email), and those that cannot be read."""

from __future__ import annotations

import email
import email.policy
import io
import re
import zipfile
from dataclasses import dataclass

from campaign.errors import FileError, Problem

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LETTER = re.compile(rb"(?im)\A(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?(?:mime-version|content-type):")
_SAVE = "In Word choose Save As, and pick Word document (.docx)."


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The words in a wrapping: a page, whose own address is `base` where that is known, or plain text."""

    text: str
    html: bool
    base: str = ""


def is_wrapped(data: bytes) -> bool:
    """Whether bytes begin as a single-file web page (RFC 2557) or a saved email (RFC 5322) does."""
    return bool(_LETTER.match(data[:8192].replace(b"\r\n", b"\n")))


def unwrap(data: bytes, name: str) -> Unwrapped:
    """The page, or the words, that a single-file page or a saved email holds. Raises FileError where there are none."""
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
        for kind in ("text/html", "text/plain"):
            for part in parts:
                if part.get_content_type() == kind and not part.get_filename():
                    where = part.get("Content-Location") or message.get("Snapshot-Content-Location") or ""
                    return Unwrapped(str(part.get_content()), kind == "text/html", _address(str(where)))
    except (RecursionError, LookupError, ValueError, AttributeError, KeyError):
        pass
    hint = "Open it, choose Save As, and pick Web page, HTML only; or copy its words into a text file."
    raise FileError(Problem("IMPORT", "no page and no words were found in it.", file=name, hint=hint))


def refuse_unreadable(data: bytes, name: str) -> None:
    """Raise FileError for a document of a kind that is not read, saying which it is and what to do."""
    said = _unreadable(data)
    if said:
        raise FileError(Problem("IMPORT", said[0], file=name, hint=said[1]))


def is_unreadable_document(data: bytes) -> bool:
    """Whether it is prose, though of a kind that is not read: an old or locked Word file, one of OpenOffice."""
    return data.startswith((_OLE, b"PK\x03\x04")) and bool(_unreadable(data)) and not _of_a_sheet(data)


def _of_a_sheet(data: bytes) -> bool:
    return "EncryptedPackage".encode("utf-16-le") in data


def _unreadable(data: bytes) -> tuple[str, str] | None:
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return "the file is protected by a password.", "Save it without one: File, Info, Protect Document."
        if "WordDocument".encode("utf-16-le") in data:
            return "this is an old Word file (.doc).", _SAVE
    if data.startswith(b"{\\rtf"):
        return "this is a rich text file.", _SAVE
    if data.startswith(b"%PDF"):
        return "this is a PDF, which keeps no tables and links.", "Ask for the Word file or the page it was made from."
    return _unreadable_zip(data) if data.startswith(b"PK\x03\x04") else None


def _unreadable_zip(data: bytes) -> tuple[str, str] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = archive.open("mimetype").read(100) if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
        return None
    if b"opendocument.text" in kind:
        return "this is an OpenDocument text (.odt).", "In LibreOffice choose Save As, and pick Word (.docx)."
    if "word/vbaProject.bin" in names:
        return "this Word file holds macros, and is not read.", _SAVE
    return None


def _address(text: str) -> str:
    return text if re.match(r"https?://\S+$", text) else ""


__all__ = ["Unwrapped", "is_unreadable_document", "is_wrapped", "refuse_unreadable", "unwrap"]
